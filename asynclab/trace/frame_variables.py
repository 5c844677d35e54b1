"""Reads the variables of frames, and leaves no trace in them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from inspect import CO_OPTIMIZED
from types import FrameType
from typing import Any


def variables_of(frame: FrameType) -> Mapping[str, Any]:
    """The variables of a function that is not the program's: what the program has of `locals()` stays as it is.

    Up to Python 3.12 a frame keeps the dict that it gives, and so all values in it until it ends: the dict is emptied.
    """
    variables = frame.f_locals
    if sys.version_info >= (3, 13) or not frame.f_code.co_flags & CO_OPTIMIZED:
        return variables
    copied = dict(variables)
    variables.clear()
    return copied


_READERS = frozenset({"locals", "vars", "dir", "eval", "exec", "_getframe", "currentframe"})
"""The functions by which code gets at the variables of its own frame."""


def variables_if_unseen(frame: FrameType) -> Mapping[str, Any] | None:
    """The variables of a function of the program's; None if that may notice that they were read."""
    if sys.version_info < (3, 13) and not _READERS.isdisjoint(frame.f_code.co_names):
        return None
    return variables_of(frame)
