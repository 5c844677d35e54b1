"""What the marks on a lane say that a task did in its steps."""

from __future__ import annotations

from bisect import bisect_left

from asynclab.model.events import (
    ConditionNotified,
    LoopBlocked,
    Output,
    PrimitiveChanged,
    QueueGot,
    QueuePut,
    QueueShutDown,
    QueueTaskDone,
    StepEnded,
    Stepped,
    TaskCancelRequested,
    TaskCreated,
    TaskReady,
    TimeoutExpired,
    TimeoutMet,
    TimeoutRescheduled,
    TimeoutStarted,
    Warned,
)
from asynclab.model.lanes import Lane, MarkKind
from asynclab.model.lanes.lane import MARK_KINDS
from asynclab.model.resources import TimeoutState
from asynclab.model.story.turns import Turn
from asynclab.model.wording.deed import busy, timeout_text
from asynclab.model.wording.quantities import measured

TEXT_KEPT = 300
"""The most characters of a printed line or an item that are kept."""

ONLY_IN_STEPS: frozenset[MarkKind] = frozenset({"created", "woke", "asked", "expired"})
"""What is not a task's own doing where it happens between its steps."""

_STARTED, _MOVED = MARK_KINDS.index("timeout"), MARK_KINDS.index("moved")


def note(turn: Turn, lane: Lane, index: int, report: LoopBlocked | None) -> int:
    """Note in a turn what a mark says that the task did.

    Args:
        turn: The latest one.
        lane: The task's.
        index: Which of its marks.
        report: That its step blocks the loop, if that was seen.

    Returns:
        How many lines it printed.
    """
    match lane.mark_events[index]:
        case QueuePut(queue=queue, item=item):
            turn.did("put", queue, item[:TEXT_KEPT])
        case QueueGot(queue=queue, item=item):
            turn.did("got", queue, item[:TEXT_KEPT])
        case QueueTaskDone(queue=queue):
            turn.did("task_done", queue)
        case QueueShutDown(queue=queue):
            turn.did("shut_down", queue)
        case PrimitiveChanged(primitive=primitive):
            turn.did("changed", primitive, _DIRECTION.get(MARK_KINDS[lane.mark_kinds[index]]))
        case ConditionNotified(primitive=primitive):
            turn.did("notified", primitive)
        case TaskCreated(task=task):
            turn.did("created", thing=task)
        case TaskReady(task=task):
            turn.did("woke", thing=task)
        case TaskCancelRequested(task=task):
            turn.did("asked", thing=task)
        case Warned(text=text):
            turn.did("warned", thing=text[:TEXT_KEPT])
        case Output(text=text):
            lines = text.removesuffix("\n").split("\n")
            for line in lines:
                turn.did("printed", thing=line[:TEXT_KEPT])
            return len(lines)
        case StepEnded(seconds=seconds) | Stepped(seconds=seconds):
            turn.did("blocked", thing=f"{measured(seconds)}{_place(report)}")
        case _:
            _note_timeout(turn, lane, index)
    return 0


_DIRECTION: dict[MarkKind, int] = {"raised": 1, "lowered": 0}
"""How a deed says whether a primitive's value rose or fell."""


def timeout_at(lane: Lane, index: int) -> TimeoutState | None:
    """The timeout that a mark is about, as it was then; None where its beginning is no longer kept."""
    number = getattr(lane.mark_events[index], "timeout", None)
    start = _last(lane, _STARTED, number, index)
    if start is None:
        return None
    started = lane.mark_events[start]
    assert isinstance(started, TimeoutStarted), "marks of this kind are about nothing else"
    moved = _last(lane, _MOVED, number, index, start)
    change = started if moved is None else lane.mark_events[moved]
    deadline = change.deadline if isinstance(change, TimeoutStarted | TimeoutRescheduled) else None
    return TimeoutState(started.timeout, lane.task, lane.mark_times[start], deadline)


def just_expired(lane: Lane, moment: int) -> float | None:
    """The length of a task's timeout that had expired since its last step, at a moment; None where none had."""
    index = lane.mark_kinds.rfind(MARK_KINDS.index("expired"), 0, bisect_left(lane.mark_moments, moment))
    if index < 0:
        return None
    timeout = None if lane.mark_moments[index] < lane.last_suspended(moment) else timeout_at(lane, index)
    return None if timeout is None else timeout.length or 0.0


def _last(lane: Lane, kind: int, timeout: int | None, before: int, after: int = 0) -> int | None:
    """The index of the last mark of a kind between two, that is about a timeout."""
    index = lane.mark_kinds.rfind(kind, after, before + 1)
    while index >= 0 and getattr(lane.mark_events[index], "timeout", None) != timeout:
        index = lane.mark_kinds.rfind(kind, after, index)
    return index if index >= 0 else None


def _note_timeout(turn: Turn, lane: Lane, index: int) -> None:
    event, timeout = lane.mark_events[index], timeout_at(lane, index)
    if timeout is None:
        return
    text = timeout_text(timeout.length)
    match event:
        case TimeoutStarted():
            turn.did("set_timeout", thing=text)
        case TimeoutRescheduled(deadline=deadline):
            turn.did("moved_timeout", thing="no deadline" if deadline is None else measured(deadline))
        case TimeoutMet(late=late) if late > 0:
            turn.did("missed_timeout", thing=f"{text} by {measured(late)} (the loop was {busy(late)})")
        case TimeoutMet(at=at):
            left = timeout.left(at)
            turn.did("met_timeout", thing=text if left is None else f"{text} with {measured(left)} to spare")
        case TimeoutExpired():
            turn.did("timed_out", thing=text)


def _place(report: LoopBlocked | None) -> str:
    if report is None:
        return ""
    file = report.file.replace("\\", "/").rpartition("/")[2][:TEXT_KEPT]
    return f" in {report.function[:TEXT_KEPT]}() at {file} line {report.line}"
