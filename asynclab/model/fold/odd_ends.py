"""Notes how a task ended, where nobody asked for that end or nobody will notice it."""

from __future__ import annotations

from itertools import islice

from asynclab.model import events
from asynclab.model.fold.waits import leave_unwatched
from asynclab.model.resources import PrimitiveState
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState, place_in
from asynclab.model.waits_in_vain import ACQUIRES, LEFT_SECONDS

_NEVER_CANCELLED = ("sleep", "event", "lock", "semaphore", "condition", "queue.get", "queue.put")
"""Waits that no other task shares: to cancel one cancels nobody else."""

_NO_RESULTS = ("None", "True", "False")
"""The reprs of results that are lost without harm."""

_LATEST = 200
"""How many of the newest tasks are searched for a cancelled one that may still be awaited."""


def note_odd_end(state: LabState, task: TaskState, event: events.TaskEnded, at: float) -> None:
    """Remember an incident if a task ends although nobody asked for that, or if nobody will notice its end."""
    place = place_in(task)
    state.ignored_cancels.pop(event.task, None)
    left = state.left_behind.pop(event.task, None)
    more_steps = 0 if left is None else task.steps - left.steps
    is_seen = left is not None and left.cause != "gather failed"  # asyncio complains of what no gather() hides
    is_failed = event.outcome == "failed" and not is_seen
    is_left = not task.cancel_requested and (is_failed or (event.outcome == "done" and more_steps > 0))
    if left is not None and left.cause == "waiter cancelled" and event.outcome == "cancelled":  # as the program ends
        is_left = task.cancel_requested_by is None and at - left.since >= LEFT_SECONDS
    waker = state.task(task.waker)
    if event.outcome == "cancelled":
        leave_unwatched(state, task, at)
    if left is not None and left.cause == "wait returned":
        has_work = task.coroutine not in ACQUIRES and (more_steps > 1 or event.detail not in _NO_RESULTS)
        if is_left and has_work:
            state.remember(event, at, place, (left.waiter,), "left_by_wait")
    elif left is not None and is_left:
        is_more = more_steps > 1 or left.is_called_again or left.acts_at is not None
        is_sure = event.outcome == "failed" or (left.is_orphan and is_more)
        state.remember(event, at, left.acts_at or place, (left.waiter,), "left_behind", is_sure=is_sure)
    elif event.outcome == "cancelled" and task.cancelled_with is not None and not task.cancel_requested:
        wait = task.last_wait
        where = (wait and place_in(wait)) or place
        state.remember(event, at, where, (task.cancelled_with,), "cancel_shared")
    elif event.outcome == "cancelled" and task.raised_of is not None:
        where = (task.last_wait and place_in(task.last_wait)) or place
        state.remember(event, at, where, (task.raised_of,), "cancel_raised_again")
    elif event.outcome == "cancelled" and (kept := _cancelled_before(state, task, waker)) is not None:
        first = state.tasks[kept.cancelled_for or 0]
        where = (first.cancelled_in and place_in(first.cancelled_in[0])) or place
        state.remember(event, at, where, (kept.id, first.id), "cancel_kept", is_sure=False)
    elif waker is None or task.cancel_requested or task.last_wait is None:
        return
    elif waker.id not in task.last_wait.tasks:
        if event.outcome == "cancelled" and _asked_to_end(state, waker, task) and not _is_timed_out(state, task, 0.0):
            where = place_in(task.last_wait) or place
            state.remember(event, at, where, (waker.id,), "cancel_raised_again", is_sure=False)
    elif waker.state == "cancelled":
        where = place_in(task.last_wait) or place
        asked_by = None if waker.cancelled_for == task.id else state.task(waker.cancelled_for)
        is_sure = event.outcome == "cancelled"  # what is caught may be expected, as by who only waits for the end
        is_caught = event.outcome == "done" and task.last_wait.kind == "task"
        if asked_by is not None and (is_sure or (is_caught and _waits_still(asked_by, waker.id))):
            state.remember(event, at, where, (waker.id, asked_by.id), "cancel_shared", is_sure=is_sure)
        elif event.outcome == "done" and waker.cancelled_for != task.id and _may_be_missed(state, task):
            state.remember(event, at, where, (waker.id,), "cancel_of_another")


def _cancelled_before(state: LabState, task: TaskState, waker: TaskState | None) -> TaskState | None:
    """The task that a task may have awaited, cancelled long before with another task that runs the same coroutine.

    Nobody had asked the task itself to end, and what it waited for last can't have been cancelled.
    """
    wait = task.last_wait
    is_hit = wait is not None and wait.kind not in _NEVER_CANCELLED
    if task.cancel_requested or is_hit or (waker is not None and waker.state == "cancelled"):
        return None
    for each in islice(reversed(state.tasks.values()), _LATEST):
        first = state.tasks.get(each.cancelled_for or 0)
        if each.state == "cancelled" and first is not None and first.coroutine == task.coroutine:
            return each
    return None


def _waits_still(task: TaskState, other: int) -> bool:
    """Whether a task waits for another one that has just ended, or has made no other wait since then."""
    wait = task.last_wait if task.waits_for is None and task.state != "waiting" else task.waits_for
    return wait is not None and other in wait.tasks


def _asked_to_end(state: LabState, waker: TaskState, woken: TaskState) -> bool:
    """Whether the waker was cancelled, or timed out, while the woken task waited for it."""
    return waker.cancel_requested or _is_timed_out(state, waker, woken.last_wait_began)


def _is_timed_out(state: LabState, task: TaskState, since: float) -> bool:
    ends = (each.ended_at for each in state.timeouts.values() if each.task == task.id and each.outcome == "expired")
    return any(at is not None and at >= since for at in ends)


def _may_be_missed(state: LabState, task: TaskState) -> bool:
    """Whether tasks may miss a task: it has woken some by a queue or primitive, or an event was never set."""
    return any(
        task.id in each.sources or (isinstance(each, PrimitiveState) and each.is_never_set)
        for each in state.resources()
    )
