"""Shows the event loop: the running task, the ready queue, timers, and tasks that wait for I/O or threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from asynclab.model.loop_anatomy import Due, LoopParts, loop_parts
from asynclab.model.state import NOTHING_YET, LabState
from asynclab.model.tasks import TaskState
from asynclab.model.wording.glyphs import GLYPHS
from asynclab.model.wording.grammar import fitting
from asynclab.model.wording.quantities import plural
from asynclab.model.wording.wait import short_wait
from asynclab.widgets.spans import Line, bar, left, left_cut_end, right, width_of
from asynclab.widgets.state_reasons import reason
from asynclab.widgets.task_view import TaskView

LISTED = 100
"""The most entries of each part that are listed; further ones are only counted."""

PLACE = 6
"""The width of a position in the ready queue, in cells."""

COUNTDOWN = 9
"""The width of the time until a timer is due, in cells."""

Draw: TypeAlias = Callable[[int], Line]


@dataclass(frozen=True, slots=True)
class _Row:
    """A line, which is drawn only while it is in sight."""

    draw: Draw
    """Draws the line after the mark of the cursor, in a number of cells."""
    task: int | None = None
    """The task that the line is about."""


class LoopView(TaskView):
    """The event loop of a lab.

    While a lab is paused, the task that the next step will run is marked in the ready queue.
    """

    BORDER_TITLE = "Event loop"
    _state = NOTHING_YET
    _now = 0.0
    _next: int | None = None
    _parts = LoopParts()
    _parts_of: object = None
    entries: Sequence[_Row] = ()

    def show(self, state: LabState, now: float, next_task: int | None = None) -> None:
        """Show a lab at lab time `now`, in seconds. The next step of a paused lab runs `next_task`."""
        if not self.is_news(id(state), state.version, now, next_task):
            return
        self._state, self._now, self._next = state, now, next_task
        self._update()

    def compose_line(self, index: int, width: int) -> Line:
        return (self.mark(index), *self.entries[index].draw(width - 1))

    def task_at(self, index: int) -> int | None:
        return self.entries[index].task

    def line_of(self, task: int) -> int | None:
        """The first line about a task."""
        return next((at for at, entry in enumerate(self.entries) if entry.task == task), None)

    def cursor_moved(self, index: int | None) -> None:
        """Select the task of the line under the cursor, if it has one."""
        if index is not None and self.task_at(index) is not None:
            super().cursor_moved(index)

    def _update(self) -> None:
        state = self._state
        version = id(state), state.version
        if version != self._parts_of:  # the parts don't change while only lab time advances
            self._parts_of = version
            self._parts = loop_parts(state, LISTED)
        self.entries = tuple(self._lay_out(state)) if state.version else ()
        self.place_cursor()
        self.set_subtitle(self._summary())
        self.repaint()

    def _summary(self) -> Line:
        if not self._state.version:
            return ()
        parts = self._parts
        said = f"{parts.ready_count:,} ready · {plural(parts.timer_count, 'timer')}"
        return ((f"{said} · {parts.outside_count:,} outside" if parts.outside_count else said, "past"),)

    def _lay_out(self, state: LabState) -> Iterator[_Row]:
        parts = self._parts
        yield self._now_entry(state)
        yield _heading("ready queue", parts.ready_count)
        for place, task in enumerate(parts.ready, 1):
            yield _Row(partial(self._ready_line, place, state.tasks[task], state), task)
        if parts.timer_count:
            yield _heading("timers", parts.timer_count)
            for due in parts.timers:
                yield _Row(partial(_timer_line, due, state, self._now), due.task)
        if parts.outside_count:
            yield _heading("outside the loop", parts.outside_count)
            for task in parts.outside:
                yield _Row(partial(_outside_line, state.tasks[task], state), task)

    def _now_entry(self, state: LabState) -> _Row:
        running = self._parts.running
        if running is not None:
            return _Row(_always(f"{GLYPHS['running']} {state.task_name(running)} runs", "running"), running)
        if state.outcome is not None:
            return _Row(_always("the run has ended", "past"))
        if state.clock.paused:
            return _Row(_always("paused: no step runs", "ready"))
        return _Row(_always("between steps" if self._parts.ready_count else "idle: nothing is ready", "past"))

    def _ready_line(self, place: int, task: TaskState, state: LabState, width: int) -> Line:
        is_next = task.id == self._next
        names, rest = _split(width - PLACE)
        label = f"{GLYPHS['running']}next" if is_next else right(str(place), 4)
        part = "strong running" if is_next else "past"
        name = (f"{left(state.task_name(task.id), names - 1)} ", "ready")
        why = reason(task, state, rest) or ("yielded" if task.steps else "")
        return ((left(label, PLACE), part), name, (left_cut_end(why, rest), "past"))


def _always(text: str, part: str) -> Draw:
    """A function that draws the same text at any width."""
    return lambda width: ((text, part),)


def _heading(text: str, count: int) -> _Row:
    said = f"{text}  {count:,}" if count else f"{text}  empty"
    return _Row(lambda width: (("", ""), (left_cut_end(said, width), "heading")))


def _timer_line(due: Due, state: LabState, now: float, width: int) -> Line:
    """The line of a timer: the time left as a number and as a bar, and its purpose."""
    remaining = max(0.0, due.at - now)
    whole = due.at - due.started_at
    bar_width = max(0, min(16, (width - 30) // 2))
    over = 1.0 if whole <= 0 else 1 - remaining / whole
    left_of_it: Line = ((f"{_countdown(remaining):>{COUNTDOWN}} ", ""), *bar(over, bar_width, "waiting"))
    room = width - width_of(left_of_it) - 1
    if due.task is None:
        return (*left_of_it, (f" {left_cut_end(due.what, room)}", "past"))
    names, rest = _split(room)
    name = state.task_name(due.task)
    return (*left_of_it, (f" {left(name, names - 1)} ", "waiting"), (left_cut_end(due.what, rest), "past"))


def _countdown(seconds: float) -> str:
    return f"{seconds:.3f} s" if seconds < 1000 else f"{seconds:,.0f} s"


def _outside_line(task: TaskState, state: LabState, width: int) -> Line:
    names, rest = _split(width - 2)
    what = "" if task.waits_for is None else fitting(short_wait(task.waits_for, state), rest)
    name = (f"{left(state.task_name(task.id), names - 1)} ", "waiting")
    return (("  ", ""), name, (left_cut_end(what, rest), "past"))


def _split(room: int) -> tuple[int, int]:
    """Divide cells between a name and the words after it."""
    names = max(2, min(20, room * 9 // 20))
    return names, max(0, room - names)
