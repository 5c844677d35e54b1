"""Describes the frames of a task, and lines of code, as text."""

from __future__ import annotations

from asynclab.model.events import StackFrame, TaskStands
from asynclab.model.tasks import Place
from asynclab.model.text import one_line

ARROW = " → "
"""Stands between a coroutine and the coroutine that it awaits."""

FILE_LIMIT = 60


def innermost(stands: TaskStands) -> Place | None:
    """The innermost line of the user's code; None if there is none, or if inner frames can't be seen."""
    if stands.opaque:
        return None
    return next(((frame.file, frame.line) for frame in reversed(stands.frames) if frame.line), None)


def chain_text(stands: TaskStands) -> str:
    """A task's coroutines, outermost first: "main → brew → asyncio.sleep", "main → 5 frames in aiohttp"."""
    names = [_frame_text(frame) for frame in stands.frames]
    return ARROW.join([*names, "…"] if stands.opaque else names)


def file_name(path: str) -> str:
    """The file name of a path with slashes or backslashes; safe to show."""
    return one_line(path.replace("\\", "/").rpartition("/")[2], FILE_LIMIT)


def line_of_code(file: str, line: int) -> str:
    """A line of code as "app.py:7", safe to show; empty if it is unknown."""
    return f"{file_name(file)}:{line}" if line else ""


def _frame_text(frame: StackFrame) -> str:
    function = one_line(frame.function).rpartition("<locals>.")[2]
    if frame.count > 1:
        return f"{frame.count} frames in {one_line(frame.library)}" if frame.library else f"{frame.count} more"
    return f"{one_line(frame.library)}.{function}" if frame.library else function
