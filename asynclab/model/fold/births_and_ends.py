"""Folds the births, names, cancel requests and ends of tasks."""

from __future__ import annotations

from itertools import islice

from asynclab.model import events
from asynclab.model.fold.output import finish_lines
from asynclab.model.fold.steps import leave_step
from asynclab.model.fold.waits import keep_fraction, leave_place, leave_unwatched, leave_wait
from asynclab.model.lanes import READY, WAITING
from asynclab.model.progress_bars import fraction_of_progress, progress_forms
from asynclab.model.resources import PrimitiveState
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState, place_in, shown_name
from asynclab.model.waits_in_vain import ACQUIRES, LEFT_SECONDS
from asynclab.model.wording import deed
from asynclab.model.wording.outcome import COLLECTED, ending

ENDED_KEPT = 20_000
"""How many ended tasks are kept; the oldest are dropped."""

_NEVER_CANCELLED = ("sleep", "event", "lock", "semaphore", "condition", "queue.get", "queue.put")
"""Waits that no other task shares: to cancel one cancels nobody else."""

_LATEST = 200
"""How many of the newest tasks are searched for a cancelled one that may still be awaited."""

CONDITION_WAITS = frozenset({"Condition.wait", "Condition.wait_for"})
"""Coroutines that release a lock their caller holds, and acquire it again before they end."""

DROPPED_AT_ONCE = 1_000
"""How many ended tasks are dropped together, so that parents' lists of children are cleaned once for all of them."""


def task_created(state: LabState, event: events.TaskCreated, at: float) -> None:
    """Add a task that is ready to run for the first time, or one that was found waiting."""
    tasks = state.tasks
    if event.task in tasks:
        return
    task = TaskState(
        event.task,
        shown_name(event.name, event.coroutine, state.named_after),
        event.coroutine,
        event.parent,
        file=event.file,
        line=event.line,
        internal=event.internal,
        found=event.found,
        state="waiting" if event.found else "ready",
        since=at,
        created_at=at,
    )
    parent = None if event.parent is None else tasks.get(event.parent)
    is_main = not tasks and event.parent is None
    if parent is None:
        state.roots.add(event.task)
    else:
        parent.children.append(event.task)
    tasks[event.task] = task
    state.counts[task.state] += 1
    state.structure += 1
    if not event.found:
        state.ready_queue[event.task] = None
    if state.timeline is not None:
        if event.found:
            state.timeline.begin(event.task, WAITING, at, state.version)
        else:
            state.timeline.begin(event.task, READY, at, state.version, event)
        if not event.internal:
            state.mark(event.parent, "created", at, event)
    if not (is_main or event.internal or event.found):
        state.tell(at, event.parent, "created", deed.created(event.task, state))


def task_renamed(state: LabState, event: events.TaskRenamed, at: float) -> None:
    """Give a task another name; lines already told keep the old one."""
    task = state.tasks.get(event.task)
    if task is not None and task.name != event.name:
        task.name = event.name
        state.structure += 1


def task_cancel_requested(state: LabState, event: events.TaskCancelRequested, at: float) -> None:
    """Note who asked a task to stop; it may still refuse."""
    task = state.tasks.get(event.task)
    if task is None or task.has_ended:
        return
    if not task.cancel_requested:
        task.first_cancelled_by = event.by
    task.cancel_requested = True
    _follow_cancel(state, task, event.by)
    state.mark(event.task, "cancel", at, event)
    if event.by != event.task:
        state.mark(event.by, "asked", at, event)
    if task.waits_for is not None:
        task.cancelled_in = task.waits_for, task.since
        keep_fraction(state, task, at)  # now, before the tasks it waits for are cancelled with it and count as ended
    task.cancel_requested_by = event.by
    state.tell(at, event.task, "cancel", deed.cancel_requested(event, state))


def cancel_shared(state: LabState, event: events.CancelShared, at: float) -> None:
    """Note which task's cancel has hit a task too; it may catch the CancelledError."""
    task = state.tasks.get(event.task)
    if task is not None and event.is_raised_again:
        task.raised_of = event.by
    elif task is not None:
        task.cancelled_with = event.by


def _follow_cancel(state: LabState, task: TaskState, by: int | None) -> None:
    """Note whose cancellation is passed on to a task: a cancel goes down a chain of awaits."""
    asker = state.task(by)
    if asker is not None and asker.waits_for is not None and task.id in asker.waits_for.tasks:
        task.cancelled_for = asker.id  # as by its timeout: it runs no step in which it could ask by itself
    elif asker is not None and asker.waited_for == "wait_for" and _waited_for(asker, task.id):
        task.cancelled_for = asker.id  # up to Python 3.11 wait_for() itself cancels what it has waited for
    wait = task.waits_for
    for number in () if wait is None or wait.kind == "shield" else wait.tasks:
        awaited = state.tasks.get(number)
        if awaited is not None and awaited.cancel_requested:
            awaited.cancelled_for = task.id


def task_ended(state: LabState, event: events.TaskEnded, at: float) -> None:
    """Note how a task ended."""
    task = state.tasks.get(event.task)
    if task is not None and not task.has_ended:
        task.tree = event.tree
        _note_odd_end(state, task, event, at)
        _pass_on(state, task, event.outcome)
    _end(state, event, event.outcome, event.detail, ending(event.outcome, event.detail)[:1], at)


def _pass_on(state: LabState, task: TaskState, outcome: events.Outcome) -> None:
    """Pass what an inner task has acquired on to its creator: up to Python 3.11, wait_for() makes such a task."""
    maker = state.task(task.parent)
    if maker is None or maker.has_ended:
        return
    if task.coroutine not in CONDITION_WAITS:
        is_taken = outcome == "done" and task.coroutine in ACQUIRES and not maker.cancel_requested
        if not is_taken or maker.waits_for is None or task.id not in maker.waits_for.tasks:
            return
    for primitive in state.primitives.values():
        if primitive.kind == "lock" and primitive.holder == task.id:
            primitive.holder = maker.id
        elif primitive.kind == "semaphore" and task.id in primitive.takers:
            primitive.takers[maker.id] = primitive.takers.get(maker.id, 0) + primitive.takers.pop(task.id)
    for queue in state.queues.values():
        for item, taker in (queue.lent or {}).items():
            if taker == task.id and queue.lent is not None:
                queue.lent[item] = maker.id


def _note_odd_end(state: LabState, task: TaskState, event: events.TaskEnded, at: float) -> None:
    """Remember an incident if nobody asked for the end, or nobody will notice it."""
    place = place_in(task)
    state.ignored_cancels.pop(event.task, None)
    left = state.left_behind.pop(event.task, None)
    more_steps = 0 if left is None else task.steps - left.steps
    is_seen = left is not None and left.since is not None  # asyncio complains of a failure that no gather() hides
    is_failed = event.outcome == "failed" and not is_seen
    is_left = not task.cancel_requested and (is_failed or (event.outcome == "done" and more_steps > 0))
    if left is not None and left.since is not None and event.outcome == "cancelled":  # as the program ends
        is_left = task.cancel_requested_by is None and at - left.since >= LEFT_SECONDS
    waker = state.task(task.waker)
    if event.outcome == "cancelled":
        leave_unwatched(state, task, at)
    if left is not None and is_left:
        is_sure = event.outcome == "failed" or (left.is_orphan and (more_steps > 1 or left.is_called_again))
        state.remember(event, at, place, (left.waiter,), "left_behind", is_sure=is_sure)
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


def _waited_for(task: TaskState, other: int) -> bool:
    """Whether a task's latest wait was for another one."""
    return task.last_wait is not None and other in task.last_wait.tasks


def _waits_still(task: TaskState, other: int) -> bool:
    """Whether a task waits for another that has just ended, or has not waited since."""
    wait = task.last_wait if task.waits_for is None and task.state != "waiting" else task.waits_for
    return wait is not None and other in wait.tasks


def _asked_to_end(state: LabState, waker: TaskState, woken: TaskState) -> bool:
    """Whether the waker was cancelled, or timed out, while the woken task waited for it."""
    return waker.cancel_requested or _is_timed_out(state, waker, woken.last_wait_began)


def _is_timed_out(state: LabState, task: TaskState, since: float) -> bool:
    ends = (each.ended_at for each in state.timeouts.values() if each.task == task.id and each.outcome == "expired")
    return any(at is not None and at >= since for at in ends)


def _may_be_missed(state: LabState, task: TaskState) -> bool:
    """Whether a task has woken others through a queue or primitive, or some wait for an event that was never set."""
    return any(
        task.id in each.sources or (isinstance(each, PrimitiveState) and each.is_never_set)
        for each in state.resources()
    )


def task_collected(state: LabState, event: events.TaskCollected, at: float) -> None:
    """A task that can never proceed counts as failed."""
    task = state.tasks.get(event.task)
    if task is not None and not task.has_ended:
        state.remember(event, at, task.place)
    _end(state, event, "failed", COLLECTED, (COLLECTED,), at)


def progressed(state: LabState, event: events.Progressed, at: float) -> None:
    """Note a task's own report of progress, and tell it at each tenth."""
    task = state.tasks.get(event.task)
    if task is None or task.has_ended:
        return
    before = _tenth(task.progress)
    task.progress = event
    if _tenth(task.progress) > before:
        forms = progress_forms(task.progress)
        state.tell(at, event.task, "progress", (f"progress {forms[0]}", *forms))


def _tenth(progress: events.Progressed | None) -> int:
    return int(10 * (fraction_of_progress(progress) or 0.0))


def _end(
    state: LabState,
    event: events.TaskEnded | events.TaskCollected,
    outcome: events.Outcome,
    detail: str,
    said: tuple[str, ...],
    at: float,
) -> None:
    number = event.task
    task = state.tasks.get(number)
    if task is None or task.has_ended:
        return
    _leave_state(state, task, at)
    state.counts[outcome] += 1
    task.state = outcome
    task.since = task.ended_at = at
    task.detail = detail
    if state.timeline is not None:
        state.timeline.end(number, outcome, at, state.version, event)
    if state.unfinished_lines:
        finish_lines(state, number, at)
    state.tell(at, number, outcome, said)
    state.ended_tasks.append(number)
    _drop_oldest(state)


def _leave_state(state: LabState, task: TaskState, at: float) -> None:
    state.counts[task.state] -= 1
    if state.held:
        state.held.pop(task.id, None)
    if task.state == "running":
        leave_step(state, task)
    elif task.state == "waiting":
        task.waiting_seconds += at - task.since
        leave_wait(state, task, at)
    else:
        task.ready_seconds += at - task.since
        del state.ready_queue[task.id]
    leave_place(task)


def _drop_oldest(state: LabState) -> None:
    """Drop the oldest ended tasks if too many are kept, but none with an incident; their children become roots."""
    if len(state.ended_tasks) <= ENDED_KEPT:
        return
    told = {number for each in state.incidents for number in (getattr(each.event, "task", None), *each.others)}
    oldest = [state.ended_tasks.popleft() for _ in range(DROPPED_AT_ONCE)]
    gone = [state.tasks.pop(number) for number in oldest if number not in told]
    for task in gone:
        state.roots.discard(task.id)
        if state.timeline is not None:
            state.timeline.forget(task.id)
    for task in gone:
        state.roots.update(child for child in task.children if child in state.tasks)
    for parent in {task.parent for task in gone}:
        if parent in state.tasks:
            family = state.tasks[parent]
            family.children = [child for child in family.children if child in state.tasks]
    state.dropped.tasks += len(gone)
    state.structure += 1
