"""Parses the source of a function, and keeps its lines and columns."""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterator
from itertools import islice
from types import CodeType
from typing import TypeAlias

Span: TypeAlias = tuple[int | None, int | None, int | None, int | None]
"""The first line, last line, first column and last column of a piece of code; None for what is unknown."""

UNREADABLE = (OSError, LookupError, SyntaxError, TypeError, ValueError, RecursionError, tokenize.TokenError)
"""The exceptions that mean that a source can't be read, or isn't Python."""


def parsed(code: CodeType) -> ast.stmt:
    """The statement that defines a function.

    Raises:
        Exception: One of `UNREADABLE`.
        SystemError: A bug of Python 3.11: its recursion count is wrong after the garbage collector has run a finalizer
            while the parser made nodes.
    """
    source = _source_of(code)
    is_indented = source[0].isspace()
    # Empty lines keep the line numbers. The `if` allows an indented method, and so keeps its columns.
    before = "\n" * (code.co_firstlineno - 2) + "if True:\n" if is_indented else "\n" * (code.co_firstlineno - 1)
    statement: ast.stmt = ast.parse(before + source).body[0]
    return statement.body[0] if is_indented and isinstance(statement, ast.If) else statement


def span_of(node: ast.expr) -> Span:
    """The span of an expression. It is that of its instructions, so the two can be compared."""
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def span_at(code: CodeType, at: int) -> Span | None:
    """The span of the instruction at the offset `at`."""
    return next(islice(code.co_positions(), at // 2, None), None)


def _source_of(code: CodeType) -> str:
    """The source lines of a function, up to the last line that has code.

    `inspect.getsource` would search all modules of the program, and read each token, which takes 10 ms more.

    Raises:
        OSError: The file can't be read, or has become shorter.
    """
    last = max(place[1] or 0 for each in codes_in(code) for place in each.co_positions())
    with tokenize.open(code.co_filename) as file:
        lines = list(islice(file, code.co_firstlineno - 1, last))
    if not lines:
        raise OSError(f"{code.co_filename} is shorter now")
    return "".join(lines)


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """The code of a function, and of all functions nested in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_in(constant)
