"""Folds the ends of waits that rules look at: given up in vain, or with other tasks left behind."""

from __future__ import annotations

from asynclab.model.events import HandoverLost, TaskReady, Wait
from asynclab.model.hardships import HARDSHIPS_KEPT, LeftBehind, LostHandover, WaitInVain, key_of
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState

LEFT_BEHIND_KEPT = 200
"""How many tasks that a failed gather() left running are remembered."""


def wait_ended(state: LabState, task: TaskState, event: TaskReady, at: float) -> None:
    """Note what the end of a task's wait tells; to be called before the wait is forgotten."""
    wait = task.waits_for
    if wait is None:
        return
    if event.cause == "cancel":
        since = task.last_wait_began
        if since <= state.dry_at or state.is_stranded(task.id, since):
            state.in_vain.append(WaitInVain(task.id, wait, since, at))
        return
    if state.lost_handovers:
        key = key_of(wait)
        if key is not None:
            state.lost_handovers.pop(key, None)
    if wait.kind == "gather":
        _leave_behind(state, task.id, wait)


def _leave_behind(state: LabState, waiter: int, wait: Wait) -> None:
    """Remember the tasks of a gather() that go on though it has failed."""
    for number in wait.tasks:
        member = state.tasks.get(number)
        if member is not None and not member.has_ended and len(state.left_behind) < LEFT_BEHIND_KEPT:
            is_orphan = (member.parent, member.file, member.line) == (waiter, wait.file, wait.line)
            steps = member.steps + (member.state == "ready")
            state.left_behind[number] = LeftBehind(waiter, steps, is_orphan)


def handover_lost(state: LabState, event: HandoverLost, at: float) -> None:
    """A task will never see what it was woken with; that matters unless another task is woken instead."""
    task = state.tasks.get(event.task)
    wait = None if task is None else task.last_wait
    key = None if wait is None else key_of(wait)
    if task is not None and wait is not None and key is not None and len(state.lost_handovers) < HARDSHIPS_KEPT:
        lost = LostHandover(event.task, task.waker, event.result, wait, at, state.version)
        state.lost_handovers[key] = lost
