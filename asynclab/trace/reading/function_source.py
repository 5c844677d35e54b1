"""Reads the source of a function, with its lines and columns."""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterator
from itertools import islice
from types import CodeType

UNREADABLE = (OSError, LookupError, SyntaxError, TypeError, ValueError, RecursionError, tokenize.TokenError)
"""What is raised where a source is not to be had, or is no Python."""


def parsed(code: CodeType) -> ast.stmt:
    """The statement that defines a function.

    Raises:
        Exception: One of `UNREADABLE`.
        SystemError: Python 3.11 lost count of how deep it is, as the garbage collector ran a destructor while it made
            the nodes of a tree.
    """
    source = _source_of(code)
    is_indented = source[0].isspace()
    # Empty lines keep its lines as they are, and an `if` the columns of a method, which tracebacks underline.
    before = "\n" * (code.co_firstlineno - 2) + "if True:\n" if is_indented else "\n" * (code.co_firstlineno - 1)
    statement: ast.stmt = ast.parse(before + source).body[0]
    return statement.body[0] if is_indented and isinstance(statement, ast.If) else statement


def _source_of(code: CodeType) -> str:
    """The lines of a function, up to the last that does something.

    `inspect.getsource` would look at all modules of the program and at each token, which takes 10 ms more.

    Raises:
        OSError: They are not to be had.
    """
    last = max(place[1] or 0 for each in codes_in(code) for place in each.co_positions())
    with tokenize.open(code.co_filename) as file:
        lines = list(islice(file, code.co_firstlineno - 1, last))
    if not lines:
        raise OSError(f"{code.co_filename} is shorter now")
    return "".join(lines)


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """The code of a function, and of all functions within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_in(constant)
