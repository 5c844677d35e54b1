"""Computes the marks beside source lines: suspended tasks, the blocking line, and where the next step continues."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from asynclab.model.frames import chain_text, line_of_code
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState
from asynclab.model.text import cell_width, shorten_middle
from asynclab.model.wording.glyphs import GLYPHS
from asynclab.widgets.spans import Line, Span, joined

NEXT = "→"
"""Marks the line at which the next step of a paused lab continues."""

FOUND = "✗"
"""Marks the line that a finding is about."""

STANDING = (GLYPHS["waiting"], GLYPHS["ready"])
"""Mark the lines with waiting and with ready tasks."""

MARKS_WIDTH = 5
"""The width of the column with the numbers of tasks at a line, in cells."""

NAME_WIDTH = 20
"""The most cells of a task's name in the frame."""


@dataclass(frozen=True, slots=True)
class CodeMarks:
    """The marks of one file. Lines are numbered from 1."""

    waiting: dict[int, list[int]] = field(default_factory=dict)
    """The waiting tasks at each line."""
    ready: dict[int, list[int]] = field(default_factory=dict)
    """The ready tasks at each line."""
    line_of: dict[int, int] = field(default_factory=dict)
    """The line of each of these tasks."""
    running: int | None = None
    """The line that blocks the loop."""
    next: int | None = None
    """The line at which the next step continues."""
    found: int | None = None
    """The line that a finding is about."""

    def tasks_at(self, line: int) -> list[int]:
        """The tasks at a line, waiting ones first."""
        return [*self.waiting.get(line, ()), *self.ready.get(line, ())]

    def is_lit(self, line: int) -> bool:
        """Whether a line runs now or next, or a finding is about it."""
        return line in (self.running, self.next, self.found)

    def is_marked(self, line: int) -> bool:
        """Whether a line has a mark."""
        return line in self.waiting or line in self.ready or self.is_lit(line)

    def first(self) -> int | None:
        """The first line with a task."""
        return min(self.line_of.values(), default=None)


def marks_in(path: str, state: LabState, next_task: int | None = None) -> CodeMarks:
    """The marks of a file. `path` must be the path that tasks have for it.

    If the lab is paused, `next_task` is the task that the next step runs.
    """
    lines: dict[str, defaultdict[int, list[int]]] = {"waiting": defaultdict(list), "ready": defaultdict(list)}
    line_of = {}
    for task in state.tasks.values():
        if task.place is not None and task.place[0] == path:
            line_of[task.id] = task.place[1]
            lines[task.state][task.place[1]].append(task.id)
    goes_on = None if next_task is None else line_of.get(next_task)
    return CodeMarks(dict(lines["waiting"]), dict(lines["ready"]), line_of, _blocking_line(path, state), goes_on)


def mark_spans(marks: CodeMarks, line: int) -> Line:
    """The cells beside a line's number: a mark for the line that runs now or next, and the number of tasks there."""
    lit: Span = (" ", "")
    if line == marks.running:
        lit = (GLYPHS["running"], "strong running")
    elif line == marks.found:
        lit = (FOUND, "strong failed")
    elif line == marks.next:
        lit = (NEXT, "strong ready")
    waiting, ready = len(marks.waiting.get(line, ())), len(marks.ready.get(line, ()))
    texts = _counts(waiting, ready)
    spans = [(text, part) for text, part in zip(texts, ("strong waiting", "strong ready"), strict=True) if text]
    return (lit, *spans, (" " * (MARKS_WIDTH - sum(map(len, texts))), ""))


def legend(marks: CodeMarks) -> Line:
    """The meaning of the marks that the file has."""
    entries: list[Line] = []
    if marks.running is not None:
        entries.append(((f"{GLYPHS['running']} blocks the loop", "running"),))
    if marks.found is not None:
        entries.append(((f"{FOUND} finding", "failed"),))
    if marks.next is not None:
        entries.append(((f"{NEXT} next", "ready"),))
    if marks.waiting:
        entries.append(((f"{GLYPHS['waiting']} suspended", "past"),))
    if marks.ready:
        entries.append(((f"{GLYPHS['ready']} ready", "past"),))
    return joined(entries)


def standing(task: TaskState, state: LabState, width: int) -> Line:
    """A task's frames in `width` cells, or a note that they are unknown; empty for a task that has ended."""
    if task.has_ended:
        return ()
    name = shorten_middle(state.task_name(task.id), NAME_WIDTH)
    if task.state == "running":
        return ((f"{GLYPHS['running']} {name}", "running"), (" is running", "past"))
    if task.stands is None:
        return () if task.place is not None else ((f"{name}: line unknown", "cancelled"),)
    before = _before_frames(task, name)
    return (before, (shorten_middle(chain_text(task.stands), max(10, width - cell_width(before[0]))), "past"))


def out_of_reach(task: TaskState, state: LabState) -> Line:
    """A note that a task is in a file that can't be read."""
    assert task.place is not None
    name = shorten_middle(state.task_name(task.id), NAME_WIDTH)
    return ((f"{name} is at {line_of_code(*task.place)}: file can't be read", "cancelled"),)


def _before_frames(task: TaskState, name: str) -> Span:
    if task.place is not None:
        return (f"{name}: ", "text")
    if task.stands is not None and task.stands.opaque:
        return (f"{name}, line unknown: ", "cancelled")
    return (f"{name} is inside library code: ", "text")


def _blocking_line(path: str, state: LabState) -> int | None:
    """The line of a file that blocks the loop; None after its step has ended, even if the report comes later."""
    blocked = state.blocked
    if blocked is None or not state.is_blocking or blocked.file != path:
        return None
    task = state.task(blocked.task)
    return blocked.line if task is None or task.state == "running" else None


def _counts(waiting: int, ready: int) -> tuple[str, str]:
    """The numbers of waiting and ready tasks at a line, in `MARKS_WIDTH` cells. "+" replaces a long number."""
    texts = [f"{glyph}{count}" if count else "" for glyph, count in zip(STANDING, (waiting, ready), strict=True)]
    while len("".join(texts)) > MARKS_WIDTH:
        longest = texts.index(max(texts, key=len))
        texts[longest] = f"{texts[longest][0]}+"
    return texts[0], texts[1]
