"""Folds the waits of tasks: what a suspended task waits for, at which line, and what the end of its wait proves."""

from __future__ import annotations

from dataclasses import replace

from asynclab.model.events import HandoverLost, TaskReady, TasksDropped, TaskStands, TaskWaiting, Wait, WorkLeft
from asynclab.model.fold.mishaps import check_return
from asynclab.model.frames import innermost
from asynclab.model.progress_bars import fraction_of_wait
from asynclab.model.resources import SOURCES_KEPT
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState, place_in
from asynclab.model.waits_in_vain import ACQUIRES, MOST_KEPT, LeftBehind, LostHandover, WaitInVain, key_of
from asynclab.model.wording import deed
from asynclab.model.wording.wait import plain_wait, short_wait
from asynclab.model.wording.wake import ENDED_BY_TASKS

SHOWN_FROM = 0.0005
"""A wait of fewer lab seconds would read "0.000 s"."""

TELLING = frozenset({"gather", "lock", "semaphore", "shield"})
"""The waits whose end proves something even if no cancel ended them."""

LEFT_BEHIND_KEPT = 200
"""How many tasks that a failed gather() or a wait() left running are remembered."""


def task_waiting(state: LabState, event: TaskWaiting, at: float) -> None:
    """Note what a task waits for. An event that comes after the task woke is out of date, and ignored."""
    task = state.tasks.get(event.task)
    if task is None or task.state != "waiting":
        return
    wait, before = event.wait, task.waits_for
    if before is not None:
        _set_queued(state, before, task.id, is_queued=False)
    task.waits_for = wait
    if state.timeline is not None:
        state.timeline.explain_waiting(task.id, wait)
    task.place = place_in(wait)
    if state.left_behind:
        _look_after(state, task.id, wait)
    if state.ignored_cancels:
        check_return(state, task)
    _set_queued(state, wait, task.id, is_queued=True)
    if before is None or (before.kind, before.number) != (wait.kind, wait.number):
        state.tell(at, task.id, "waits", (*plain_wait(wait, state), short_wait(wait, state)[-1]))


def task_stands(state: LabState, event: TaskStands, at: float) -> None:
    """Note the line where a task is suspended. An event that comes after its next step began is ignored."""
    task = state.tasks.get(event.task)
    if task is not None and task.is_suspended:
        task.stands = event
        task.place = innermost(event)


def leave_place(task: TaskState) -> None:
    """Forget the line where a task was suspended, because it runs or has ended."""
    task.place = task.stands = None


def tell_woke(state: LabState, task: TaskState, waited: float, at: float) -> None:
    """Add an activity line for a task that is ready after a wait, unless the wait was too short to show."""
    if waited >= SHOWN_FROM:
        state.tell(at, task.id, "woke", deed.woke(waited))


def leave_wait(state: LabState, task: TaskState, at: float) -> None:
    """Forget what the task waited for, but keep the progress of an interrupted wait."""
    wait = task.waits_for
    if wait is None:
        return
    _set_queued(state, wait, task.id, is_queued=False)
    if not task.cancel_requested or task.last_fraction is None:
        keep_fraction(state, task, at)
    task.waits_for = None


def keep_fraction(state: LabState, task: TaskState, at: float) -> None:
    """Note the progress of the task's wait; nothing if the wait is complete."""
    fraction = None if task.waits_for is None else fraction_of_wait(task.waits_for, task, state, at)
    task.last_fraction = None if fraction == 1.0 else fraction


def _set_queued(state: LabState, wait: Wait, task: int, *, is_queued: bool) -> None:
    """Add a task to the waiters of its wait's queue, or remove it."""
    if wait.tasks and wait.kind in ENDED_BY_TASKS:
        if is_queued:
            state.awaiting[task] = None
        else:
            state.awaiting.pop(task, None)
    if not wait.number:
        return
    if not wait.kind.startswith("queue."):
        _set_waiter(state, wait, task, is_queued=is_queued)
        return
    queue = state.queues.get(wait.number)
    if queue is None:
        return
    lines = {"queue.get": queue.getters, "queue.put": queue.putters, "queue.join": queue.joiners}
    line = lines.get(wait.kind, [])
    if is_queued:
        line.append(task)
    elif task in line:
        line.remove(task)


def _set_waiter(state: LabState, wait: Wait, task: int, *, is_queued: bool) -> None:
    primitive = state.named_primitives.get((wait.kind, wait.number))
    if primitive is None:
        return
    if is_queued:
        primitive.waiters[task] = None
    else:
        primitive.waiters.pop(task, None)


def wait_ended(state: LabState, task: TaskState, event: TaskReady, at: float) -> None:
    """Note what the end of a task's wait proves. Call this before the wait is forgotten."""
    wait = task.waits_for
    dropped = state.dropped_tasks.pop(task.id, ())
    if wait is None:
        return
    if event.cause in ("cancel", "timer"):
        for number in wait.tasks if wait.kind == "shield" else ():
            if (member := state.tasks.get(number)) is not None:
                member.given_up = task.id, place_in(wait)
        primitive = state.named_primitives.get((wait.kind, wait.number))
        if primitive is not None and len(primitive.given_up) < SOURCES_KEPT:
            primitive.given_up[task.id] = WaitInVain(task.id, wait, task.last_wait_began, at)
        if primitive is not None and len(primitive.gave_up) < SOURCES_KEPT:
            helps = task.parent is not None and task.coroutine in ACQUIRES  # as for wait_for() up to Python 3.11
            primitive.gave_up.add(task.parent if helps and task.parent is not None else task.id)
    if event.cause == "cancel":
        since = task.last_wait_began
        if state.is_in_vain(task.id, since):
            state.in_vain.append(WaitInVain(task.id, wait, since, at))
        return
    if state.lost_handovers:
        key = key_of(wait)
        if key is not None:
            state.lost_handovers.pop(key, None)
    if wait.kind == "gather":
        _leave_behind(state, task.id, wait)
    for number in dropped:
        member = state.tasks.get(number)
        if member is not None and not member.has_ended and len(state.left_behind) < LEFT_BEHIND_KEPT:
            state.left_behind[number] = LeftBehind(task.id, _steps(member), True, "wait returned")


def _leave_behind(state: LabState, waiter: int, wait: Wait) -> None:
    """Remember the tasks of a failed gather() that still run."""
    for number in wait.tasks:
        member = state.tasks.get(number)
        before = state.left_behind.get(number)
        has_room = before is not None or len(state.left_behind) < LEFT_BEHIND_KEPT
        if member is not None and not member.has_ended and has_room:
            is_orphan = (member.parent, member.file, member.line) == (waiter, wait.file, wait.line)
            left = LeftBehind(waiter, _steps(member), is_orphan, called_at=place_in(wait))
            state.left_behind[number] = left if before is None else replace(left, acts_at=before.acts_at)


def _steps(task: TaskState) -> int:
    """How many steps a task has made, or is about to make."""
    return task.steps + (task.state == "ready")


def work_left(state: LabState, event: WorkLeft, at: float) -> None:
    """Note where a task will act after its gather() has failed. `_leave_behind` adds the rest when that wait ends."""
    if len(state.left_behind) < LEFT_BEHIND_KEPT:
        state.left_behind[event.task] = LeftBehind(event.waiter, 0, False, acts_at=place_in(event))


def tasks_dropped(state: LabState, event: TasksDropped, at: float) -> None:
    """Note the tasks that a task's code never uses again after its wait()."""
    if len(state.dropped_tasks) < LEFT_BEHIND_KEPT:
        state.dropped_tasks[event.task] = event.tasks


def _look_after(state: LabState, waiter: int, wait: Wait) -> None:
    """Forget left tasks for which a task waits now; note a second call of the gather() that has left tasks behind."""
    for number in wait.tasks:
        state.left_behind.pop(number, None)
    for number, left in state.left_behind.items() if wait.kind == "gather" and wait.line else ():
        if (left.waiter, left.called_at) == (waiter, place_in(wait)):
            state.left_behind[number] = replace(left, is_called_again=True)


def leave_unwatched(state: LabState, task: TaskState, at: float) -> None:
    """Remember the tasks that a cancelled task had made and waited for with wait(): wait() does not cancel them."""
    wait = task.last_wait
    for number in wait.tasks if wait is not None and wait.kind == "wait" else ():
        member = state.tasks.get(number)
        if member is None or member.has_ended or member.cancel_requested or member.parent != task.id:
            continue
        if len(state.left_behind) < LEFT_BEHIND_KEPT:
            state.left_behind[number] = LeftBehind(task.id, member.steps, False, "waiter cancelled", at)


def handover_lost(state: LabState, event: HandoverLost, at: float) -> None:
    """Note a result that woke a task but was lost by a cancel. It is forgotten if another task is woken instead."""
    task = state.tasks.get(event.task)
    wait = None if task is None else task.last_wait
    key = None if wait is None else key_of(wait)
    if task is not None and wait is not None and key is not None and len(state.lost_handovers) < MOST_KEPT:
        lost = LostHandover(event.task, task.waker, event.result, wait, at, state.version)
        state.lost_handovers[key] = lost
