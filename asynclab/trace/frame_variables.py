"""Reads the local variables of frames without a side effect on the program."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from inspect import CO_OPTIMIZED
from types import FrameType
from typing import Any


def variables_of(frame: FrameType) -> Mapping[str, Any]:
    """The variables of a frame whose function isn't the program's, but asyncio's for example.

    Up to Python 3.12 `f_locals` is a dict that the frame keeps, with all its values, until the frame ends. So this
    copies the dict and then clears it. The clearing would show in a dict that the program got from `locals()`.
    """
    variables = frame.f_locals
    if sys.version_info >= (3, 13) or not frame.f_code.co_flags & CO_OPTIMIZED:
        return variables
    copied = dict(variables)
    variables.clear()
    return copied


_READERS = frozenset({"locals", "vars", "dir", "eval", "exec", "_getframe", "currentframe"})
"""The names of functions by which code can read the variables of its own frame."""


def variables_if_unseen(frame: FrameType) -> Mapping[str, Any] | None:
    """The variables of a frame of the program's; None if the program could notice that they were read."""
    if sys.version_info < (3, 13) and not _READERS.isdisjoint(frame.f_code.co_names):
        return None
    return variables_of(frame)
