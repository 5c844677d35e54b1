"""Reads docstrings that are shown as help texts, even if Python runs with -OO, which drops them."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any


def docstring(function: Callable[..., Any]) -> str:
    """The docstring of a function, if necessary from its source; empty if it has none."""
    if function.__doc__ is not None:
        return inspect.cleandoc(function.__doc__)
    try:
        source = inspect.getsource(function)
    except OSError:
        return ""
    # ast.parse isn't used, because since Python 3.14 it also drops docstrings with -OO.
    tree: Any = compile(textwrap.dedent(source), "", "exec", ast.PyCF_ONLY_AST, dont_inherit=True, optimize=0)
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef):
        return ""
    return ast.get_docstring(definition) or ""
