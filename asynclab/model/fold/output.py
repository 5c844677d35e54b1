"""Folds printed text into the state of a lab: adds a line to the activity log for each printed line."""

from __future__ import annotations

from asynclab.model.events import Output
from asynclab.model.state import LabState
from asynclab.model.text import one_line

PRINTED_LIMIT = 500
"""The most characters of a printed line in the log."""

UNFINISHED_LIMIT = 4_000
"""Printed text without a newline becomes a line of the log when it has more characters than this."""


def output(state: LabState, event: Output, at: float) -> None:
    """Log the complete lines. Keep the rest until its newline comes, or the task ends."""
    state.mark(event.task, "printed", at, event)
    key = event.task, event.stream
    *lines, rest = (state.unfinished_lines.pop(key, "") + event.text).split("\n")
    for line in lines:
        _tell(state, event.task, line, at)
    if not rest:
        return
    if len(rest) > UNFINISHED_LIMIT or not _may_print_more(state, event.task):
        _tell(state, event.task, rest, at)
    else:
        state.unfinished_lines[key] = rest


def finish_lines(state: LabState, task: int | None, at: float) -> None:
    """Log what a task has printed without a newline, as nothing will follow it."""
    for stream in ("stdout", "stderr"):
        text = state.unfinished_lines.pop((task, stream), "")
        if text:
            _tell(state, task, text, at)


def finish_all_lines(state: LabState, at: float) -> None:
    """Log everything that was printed without a newline."""
    for task in dict.fromkeys(task for task, _ in state.unfinished_lines):
        finish_lines(state, task, at)


def _may_print_more(state: LabState, task: int | None) -> bool:
    if task is None:
        return True
    known = state.tasks.get(task)
    return known is not None and not known.has_ended


def _tell(state: LabState, task: int | None, line: str, at: float) -> None:
    state.tell(at, task, "printed", (f"“{one_line(line, PRINTED_LIMIT)}”",))
