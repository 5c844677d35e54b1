"""Reads the docstrings that users see, also where Python runs with -OO and has dropped them."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any


def docstring(function: Callable[..., Any]) -> str:
    """The docstring of a function, from its source if need be; empty if there is neither."""
    if function.__doc__ is not None:
        return inspect.cleandoc(function.__doc__)
    try:
        source = inspect.getsource(function)
    except OSError:
        return ""
    # Not by ast.parse: since Python 3.14 it drops docstrings where the interpreter does.
    tree: Any = compile(textwrap.dedent(source), "", "exec", ast.PyCF_ONLY_AST, dont_inherit=True, optimize=0)
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef):
        return ""
    return ast.get_docstring(definition) or ""
