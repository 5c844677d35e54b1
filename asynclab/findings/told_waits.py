"""Describes what a task waits for, and which task holds it or brought it last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from asynclab.findings.phrases import how_ended, listed, quoted
from asynclab.model.events import Wait
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState
from asynclab.model.wording.wait import NAMING, NOT_RECORDED, plain_wait


def doing(task: TaskState, state: LabState) -> str:
    """What a task does: "waits to get from queue#1, last put by 'feed', which failed at 0.200 s"."""
    if task.state != "waiting":
        return f"is {task.state}"
    wait = task.waits_for
    return f"waits ({NOT_RECORDED})" if wait is None else waiting(task.id, wait, state)


def waiting(task: int, wait: Wait, state: LabState) -> str:
    """A task's wait in words, with the task that holds or last brought what it awaits, if that is another."""
    holders = waited_tasks(wait, state)
    if wait.kind == "lock":
        wait = Wait("lock", number=wait.number, tasks=holders)
    return plain_wait(wait, state)[0] + _more_of(task, wait, holders, state)


def waited_tasks(wait: Wait, state: LabState) -> tuple[int, ...]:
    """The unfinished tasks that a wait is for.

    For a lock or semaphore, the tasks that hold it now: it may have changed hands since the wait began.
    """
    primitive = state.named_primitives.get((wait.kind, wait.number))
    if primitive is not None:
        return tuple(primitive.holders)
    left = (number for number in wait.tasks if number not in state.tasks or not state.tasks[number].has_ended)
    return tuple(sorted(left))  # a group has them in a set


def _more_of(task: int, wait: Wait, holders: Sequence[int], state: LabState) -> str:
    """The tasks that hold or brought the awaited thing, where the words for the wait don't name them."""
    if wait.kind == "semaphore" and holders:
        return f", whose permits are with {listed(state, holders)}"
    if wait.kind in _BROUGHT:
        primitive = state.named_primitives.get((wait.kind, wait.number))
        if primitive is None:
            return ""
        did = _BROUGHT[wait.kind]
        last = last_by(state, did, primitive.sources) if primitive.sources else f", which nobody has {did}"
        if primitive.kind == "semaphore" and primitive.sole_taker:
            last = f", whose permits were all taken by {quoted(state, primitive.sole_taker)}{last}"
        by = "" if primitive.cleared is None else f", and cleared by {quoted(state, primitive.cleared[0])} since"
        return last and f"{last}{by}"
    if wait.kind in NAMING or not wait.kind.startswith("queue."):
        return f": {listed(state, holders)}" if holders and wait.kind not in NAMING else ""
    queue = state.queues.get(wait.number)
    if queue is None:
        return ""
    if wait.kind == "queue.get":
        borrowers = dict.fromkeys(task for task in (queue.lent or {}).values() if task is not None)
        if queue.returned and borrowers:  # a pool: what is taken comes back
            return f", whose items are with {listed(state, borrowers)}"
        got = "" if _latest(queue.takers) == task else last_by(state, "got", queue.takers)
        return last_by(state, "put", queue.sources) + got
    return last_by(state, "got", queue.takers)


_BROUGHT = {"event": "set", "condition": "notified", "semaphore": "released"}


def last_by(state: LabState, did: str, tasks: Mapping[int | None, float]) -> str:
    """The task that did something last, and how it ended; empty where no task did it."""
    number = _latest(tasks)
    if number is None:
        return ""
    task = state.tasks.get(number)
    end = "" if task is None or not task.has_ended else f", which {how_ended(task)}"
    return f", last{did and f' {did}'} by {quoted(state, number)}{end}"


def _latest(tasks: Mapping[int | None, float]) -> int | None:
    return max(tasks, key=tasks.__getitem__, default=None)
