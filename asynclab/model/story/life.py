"""Reads a task's lane, and divides the task's life into turns: each is a wait and the step that follows it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Literal

from asynclab.model import events
from asynclab.model.lanes import READY, RUNNING, WAITING, Lane, Mark, Timeline
from asynclab.model.state import LabState
from asynclab.model.story import mark_reading
from asynclab.model.story.turns import CancelRequest, Summary, Turn, Verb
from asynclab.model.tasks import TaskState
from asynclab.model.wording.outcome import COLLECTED

TURNS_KEPT = 1_000
"""How many turns are kept individually at the start and at the end of a life. The turns between are only summed up."""

COMPLAINTS_KEPT = 3
"""The most warnings about an ended task that are kept."""

_ENDINGS = events.TaskEnded, events.TaskCollected


@dataclass(slots=True)
class Life:
    """The life of one task, as far as its lane has been read."""

    task: int
    turns: list[Turn] = field(default_factory=list)
    """The turns whose step has begun. Of a long life, the first `TURNS_KEPT` and the last ones."""
    between: Summary = field(default_factory=Summary)
    """The sum of the turns between the first and the last ones, if any."""
    created: events.TaskCreated | None = None
    """The event of its creation; None if the start of the lane has been dropped."""
    is_main: bool = False
    turn: Turn | None = None
    """The present turn, whose step has not begun or still runs."""
    phase: Literal["unknown", "ready", "running", "waiting", "ended"] = "unknown"
    ended: events.TaskEnded | events.TaskCollected | None = None
    end: Turn = field(default_factory=lambda: Turn(0.0))
    """A pseudo turn that collects the tasks that its end woke."""
    complaints: list[tuple[float, str]] = field(default_factory=list)
    """Python's first few warnings after its end, each with its lab time."""
    progress: events.Progressed | None = None
    """Its latest report of progress."""
    blocking: events.LoopBlocked | None = None
    """The latest report that its running step blocks the loop."""
    lines_printed: int = 0
    last_cancel: float | None = None
    steps_since_cancel: int = 0
    intervals_read: int = 0
    """How many of the lane's intervals have been read, including dropped ones."""
    marks_read: int = 0

    def read(self, timeline: Timeline, state: LabState, limit: int) -> int:
        """Read at most `limit` more intervals of the lane, up to the moment of a state. Returns how many are left."""
        self._look_at(state)
        lane = timeline.lanes.get(self.task)
        if lane is None:
            return 0
        last = bisect_right(lane.moments, state.version)
        first = max(0, self.intervals_read - lane.intervals_gone)
        until = min(last, first + limit)
        next_mark = lane.next_mark(self.marks_read)
        for index in range(first, until):
            moment = lane.moments[index]
            # The start, marks and end of a step in one event have the same moment, and must be read in this order.
            before = moment - 1 if lane.kinds[index] == RUNNING else moment
            if before >= next_mark:  # most intervals have no mark
                self._read_marks(timeline, lane, before)
                next_mark = lane.next_mark(self.marks_read)
            self._read_interval(timeline, lane, index, moment)
        self.intervals_read = lane.intervals_gone + until
        if until < last:
            return last - until
        self._read_marks(timeline, lane, state.version)
        task = state.tasks.get(self.task)
        if task is not None and self.turn is not None and self.phase == "waiting":
            self.turn.wait = task.waits_for  # not from the lane, which may already have what was found out later
        return 0

    def did(self, verb: Verb, resource: int = 0, thing: str | int | None = None) -> None:
        """Note something that the task did in its latest step."""
        if self.turns:
            self.turns[-1].did(verb, resource, thing)

    def has_missed(self, timeline: Timeline) -> bool:
        """Whether the lane has dropped intervals that were not read yet."""
        lane = timeline.lanes.get(self.task)
        return lane is not None and lane.intervals_gone > self.intervals_read

    @property
    def is_forgotten(self) -> bool:
        """Whether the lane has lost its start."""
        return self.created is None

    def _look_at(self, state: LabState) -> None:
        """Read from a state what it has about the whole life."""
        task = state.tasks.get(self.task)
        if task is None:
            return
        self.is_main = task.parent is None and task.id == next(iter(state.tasks))
        self.progress = task.progress
        if task.ended_at is not None and self.ended is None:
            self.ended = _end_of(task, task.ended_at)

    def _read_marks(self, timeline: Timeline, lane: Lane, until: int) -> None:
        found, self.marks_read = lane.marks_until(until, self.marks_read)
        for mark in found:
            self._read_mark(timeline, lane, mark)

    def _read_mark(self, timeline: Timeline, lane: Lane, mark: Mark) -> None:
        kind, event = mark.kind, mark.event
        if self.phase == "ended":
            self._read_aftermath(event)
        elif isinstance(event, _ENDINGS):
            self._stop()
            self.ended, self.phase = event, "ended"
        elif isinstance(event, events.TaskCancelRequested) and kind == "cancel":
            self._cancel(timeline, event, mark)
        elif kind == "expired" and self.phase != "running":
            timeout = mark_reading.timeout_at(lane, mark)
            if self.turn is not None and timeout is not None:
                self.turn.expired, self.turn.expired_at = timeout.length or 0.0, event.at
        elif isinstance(event, events.LoopBlocked):
            self.blocking = event if self.phase == "running" else None
        elif isinstance(event, events.TaskChosen):
            if self.turn is not None and self.phase == "ready":
                self.turn.chosen_before = event.ahead_of
        elif self.turns and (self.phase == "running" or kind not in mark_reading.ONLY_IN_STEPS):
            self.lines_printed += mark_reading.note(self.turns[-1], lane, mark, self.blocking)

    def _read_aftermath(self, event: events.Event) -> None:
        if isinstance(event, events.TaskReady):
            self.end.did("woke", thing=event.task)
        elif isinstance(event, events.Warned) and len(self.complaints) < COMPLAINTS_KEPT:
            self.complaints.append((event.at, event.text[: mark_reading.TEXT_KEPT]))

    def _read_interval(self, timeline: Timeline, lane: Lane, index: int, moment: int) -> None:
        kind, at = lane.kinds[index], lane.begins[index]
        if self.phase == "running":
            self._stop()
            self.turn = None
        if kind == WAITING:
            self.turn, self.phase = Turn(at), "waiting"
            return
        if self.phase == "waiting" and self.turn is not None:
            wait = lane.reasons[index - 1] if index else None
            self.turn.wait = wait if isinstance(wait, events.Wait) else None
        if kind == READY:
            self._wake(timeline, lane, index)
        else:
            self._start(timeline, lane, at, moment)

    def _wake(self, timeline: Timeline, lane: Lane, index: int) -> None:
        at, reason = lane.begins[index], lane.reasons[index]
        turn = self.turn
        if turn is None:
            turn = self.turn = Turn(at, yielded=reason is None, is_cut=not self.turns and reason is not None)
        turn.ready, self.phase = at, "ready"
        if isinstance(reason, events.TaskCreated):
            self.created = reason
            turn.is_first, turn.is_cut, turn.cause = True, False, "created"
        elif isinstance(reason, events.TaskReady):
            # The task itself had started this, such as a call in a thread, and a callback reports its end.
            is_own = reason.cause == "task" and reason.waker == self.task
            turn.cause, turn.waker = "callback" if is_own else reason.cause, reason.waker
            if reason.waker is not None:
                turn.reason = timeline.deed_before(reason.waker, lane.moments[index])
        turn.ready_moment = lane.moments[index]

    def _start(self, timeline: Timeline, lane: Lane, at: float, moment: int) -> None:
        turn = self.turn = self.turn or Turn(at, is_cut=True)
        turn.ran, self.phase = at, "running"
        if turn.ready_moment is not None and moment - turn.ready_moment > 1:  # otherwise no other task can have run
            turn.went_ahead(timeline.steps_among(turn.ready_moment, moment))
        if turn.is_first and self.created is not None and turn.ready_moment is not None:
            turn.follows_step_of_parent = not timeline.runs_through(self.created.parent, turn.ready_moment, moment)
        self.steps_since_cancel += 1
        self._come_to(turn)

    def _come_to(self, turn: Turn) -> None:
        turns = self.turns
        turns.append(turn)
        if len(turns) >= 3 * TURNS_KEPT:
            self.between.add(turns[TURNS_KEPT : 2 * TURNS_KEPT])
            del turns[TURNS_KEPT : 2 * TURNS_KEPT]

    def _stop(self) -> None:
        """End the step. Two consecutive turns that only yielded are counted as one."""
        self.blocking = None
        turn, turns = self.turn, self.turns
        if self.phase != "running" or turn is None:
            return
        turn.is_over, turn.ready_total = True, turn.was_ready
        before = turns[-2] if len(turns) > 1 and turns[-1] is turn else None
        if turn.is_plain and before is not None and before.is_plain and before.is_over:
            turns.pop()
            before.times += 1
            before.ready_total += turn.was_ready
            before.ran = turn.ran

    def _cancel(self, timeline: Timeline, event: events.TaskCancelRequested, mark: Mark) -> None:
        self.last_cancel, self.steps_since_cancel = mark.at, 0
        if self.phase == "running":
            if event.by == self.task:
                self.did("asked_itself")
            else:
                self.did("was_asked", thing="code outside of tasks" if event.by is None else event.by)
            return
        turn = self.turn = self.turn or Turn(mark.at, is_cut=True)
        if turn.cancel is not None:
            return
        asker = None if event.by is None else timeline.lanes.get(event.by)
        main = timeline.lanes.get(events.MAIN)
        turn.cancel = CancelRequest(
            mark.at,
            event.by,
            self.phase == "waiting",
            None if asker is None else mark_reading.just_expired(asker, mark.moment),
            main is not None and main.had_ended(mark.moment),
            asker is not None and asker.outcome == "failed" and asker.had_ended(mark.moment),
        )


def _end_of(task: TaskState, at: float) -> events.TaskEnded | events.TaskCollected:
    """How a task ended, read from its state because its lane was dropped."""
    if task.detail == COLLECTED:
        return events.TaskCollected(at, task.id)
    outcome: events.Outcome = (
        "failed" if task.state == "failed" else "cancelled" if task.state == "cancelled" else "done"
    )
    return events.TaskEnded(at, task.id, outcome, task.detail, task.tree)
