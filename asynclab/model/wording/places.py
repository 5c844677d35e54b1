"""Words for lines of code, such as where a task waits or was created."""

from __future__ import annotations

from asynclab.model.frames import file_name, line_of_code
from asynclab.model.tasks import Place, TaskState, place_in


def line_of(place: Place | None) -> str:
    """A line of code as "app.py:7"; empty if it is unknown."""
    return "" if place is None else line_of_code(*place)


def in_brackets(place: Place | None) -> str:
    """A line of code as " (app.py:7)"; empty if it is unknown."""
    return "" if place is None else f" ({line_of(place)})"


def at_line(place: Place | None) -> str:
    """A line of code as " at app.py:7"; empty if it is unknown."""
    return "" if place is None else f" at {line_of(place)}"


def origin(task: TaskState) -> str:
    """The line that created a task: "(made at app.py:7)"; empty if it is unknown."""
    return f"(made{at_line(place_in(task))})" if task.line else ""


def made_at(task: TaskState | None) -> str:
    """The same with a space before it: " (made at app.py:7)"."""
    return f" {origin(task)}" if task is not None and task.line else ""


def line_in_story(file: str, line: int, home: str = "") -> str:
    """A line of code as " (cafe.py line 3)"; without the file if that is `home`. Empty for line 0."""
    if not line:
        return ""
    return f" (line {line})" if file == home or not file else f" ({file_name(file)} line {line})"
