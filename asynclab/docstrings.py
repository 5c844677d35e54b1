"""Reads the docstrings that users see, also where Python runs with -OO and has dropped them."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any


def docstring(function: Callable[..., Any]) -> str:
    """The docstring of a function, from its source if need be; empty where there is neither."""
    if function.__doc__ is not None:
        return inspect.cleandoc(function.__doc__)
    try:
        source = inspect.getsource(function)
    except OSError:
        return ""
    (definition,) = ast.parse(textwrap.dedent(source)).body
    assert isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef)
    return ast.get_docstring(definition) or ""
