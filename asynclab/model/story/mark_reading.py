"""Reads from the marks of a lane what a task did in its steps."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from asynclab.model import events
from asynclab.model.frames import file_name
from asynclab.model.lanes import Lane, Mark, MarkKind
from asynclab.model.lanes.lane import MARK_KINDS
from asynclab.model.resources import TimeoutState
from asynclab.model.story.turns import Turn
from asynclab.model.wording.deed import busy, timeout_text
from asynclab.model.wording.quantities import measured

TEXT_KEPT = 300
"""The most characters of a printed line or an item that are kept."""

ONLY_IN_STEPS: frozenset[MarkKind] = frozenset({"created", "woke", "asked", "expired"})
"""Kinds of marks for what a task does in its steps. Between its steps, other code did it."""

_STARTED, _EXPIRED = MARK_KINDS.index("timeout"), MARK_KINDS.index("expired")


def note(turn: Turn, lane: Lane, mark: Mark, report: events.LoopBlocked | None) -> int:
    """Add to the latest turn what the task did, according to a mark. Returns how many lines it printed."""
    match mark.event:
        case events.QueuePut(queue=queue, item=item):
            turn.did("put", queue, item[:TEXT_KEPT])
        case events.QueueGot(queue=queue, item=item):
            turn.did("got", queue, item[:TEXT_KEPT])
        case events.QueueTaskDone(queue=queue):
            turn.did("task_done", queue)
        case events.QueueShutDown(queue=queue):
            turn.did("shut_down", queue)
        case events.PrimitiveChanged(primitive=primitive):
            turn.did("changed", primitive, _DIRECTION.get(mark.kind))
        case events.ConditionNotified(primitive=primitive):
            turn.did("notified", primitive)
        case events.TaskCreated(task=task):
            turn.did("created", thing=task)
        case events.TaskReady(task=task):
            turn.did("woke", thing=task)
        case events.TaskCancelRequested(task=task):
            turn.did("asked", thing=task)
        case events.Warned(text=text):
            turn.did("warned", thing=text[:TEXT_KEPT])
        case events.Output(text=text):
            lines = text.removesuffix("\n").split("\n")
            for line in lines:
                turn.did("printed", thing=line[:TEXT_KEPT])
            return len(lines)
        case events.StepEnded(seconds=seconds) | events.Stepped(seconds=seconds):
            turn.did("blocked", thing=f"{measured(seconds)}{_place(report)}")
        case _:
            _note_timeout(turn, lane, mark)
    return 0


_DIRECTION: dict[str, int] = {"raised": 1, "lowered": 0}
"""The object of a deed "changed": 1 if the primitive's value rose, 0 if it fell."""


def timeout_at(lane: Lane, mark: Mark) -> TimeoutState | None:
    """The timeout that a mark is about, as it was at that moment; None if the mark of its start was dropped."""
    number = getattr(mark.event, "timeout", None)
    index = lane.mark_kinds.rfind(_STARTED, 0, bisect_right(lane.mark_moments, mark.moment))
    while index >= 0:
        started = lane.mark_events[index]
        if isinstance(started, events.TimeoutStarted) and started.timeout == number:
            deadline = _moved_to(lane, started, lane.mark_moments[index], mark.moment)
            return TimeoutState(started.timeout, lane.task, lane.mark_times[index], deadline, library=started.library)
        index = lane.mark_kinds.rfind(_STARTED, 0, index)
    return None


def just_expired(lane: Lane, moment: int) -> float | None:
    """The length of a task's timeout that expired after its last step before a moment; None if none did."""
    index = lane.mark_kinds.rfind(_EXPIRED, 0, bisect_left(lane.mark_moments, moment))
    if index < 0 or lane.mark_moments[index] < lane.last_suspended(moment):
        return None
    timeout = timeout_at(lane, lane.mark_at(index))
    return None if timeout is None else timeout.length or 0.0


def _moved_to(lane: Lane, started: events.TimeoutStarted, after: int, until: int) -> float | None:
    first, last = bisect_left(lane.mark_moments, after), bisect_right(lane.mark_moments, until)
    for event in reversed(lane.mark_events[first:last]):
        if isinstance(event, events.TimeoutRescheduled) and event.timeout == started.timeout:
            return event.deadline
    return started.deadline


def _note_timeout(turn: Turn, lane: Lane, mark: Mark) -> None:
    event, timeout = mark.event, timeout_at(lane, mark)
    if timeout is None:
        return
    text = timeout_text(timeout.length, timeout.library)
    match event:
        case events.TimeoutStarted():
            turn.did("set_timeout", thing=text)
        case events.TimeoutRescheduled(deadline=deadline):
            turn.did("moved_timeout", thing="no deadline" if deadline is None else measured(deadline))
        case events.TimeoutMet(late=late) if late > 0:
            turn.did("missed_timeout", thing=f"{text} by {measured(late)} (the loop was {busy(late)})")
        case events.TimeoutMet(at=at):
            left = timeout.left(at)
            turn.did("met_timeout", thing=text if left is None else f"{text} with {measured(left)} to spare")
        case events.TimeoutExpired():
            turn.did("timed_out", thing=text)


def _place(report: events.LoopBlocked | None) -> str:
    return (
        "" if report is None else f" in {report.function[:TEXT_KEPT]}() at {file_name(report.file)} line {report.line}"
    )
