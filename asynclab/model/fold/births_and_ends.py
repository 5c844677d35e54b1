"""Folds the creation, names, cancel requests and ends of tasks into the state of a lab."""

from __future__ import annotations

from asynclab.model import events
from asynclab.model.fold.odd_ends import note_odd_end
from asynclab.model.fold.output import finish_lines
from asynclab.model.fold.steps import leave_step
from asynclab.model.fold.waits import keep_fraction, leave_place, leave_wait
from asynclab.model.lanes import READY, WAITING
from asynclab.model.progress_bars import fraction_of_progress, progress_forms
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState, shown_name
from asynclab.model.waits_in_vain import ACQUIRES
from asynclab.model.wording import deed
from asynclab.model.wording.outcome import COLLECTED, ending

ENDED_KEPT = 20_000
"""The most ended tasks that are kept; then the oldest are dropped."""


CONDITION_WAITS = frozenset({"Condition.wait", "Condition.wait_for"})
"""Coroutines that release a lock of their caller, and acquire it again before they end."""

DROPPED_AT_ONCE = 1_000
"""How many ended tasks are dropped at once, so that their parents' lists of children are cleaned only once."""


def task_created(state: LabState, event: events.TaskCreated, at: float) -> None:
    """Add a new task, which is ready, or an older one that was found waiting."""
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
    """Change a task's name. Existing lines of the activity log keep the old name."""
    task = state.tasks.get(event.task)
    if task is not None and task.name != event.name:
        task.name = event.name
        state.structure += 1


def task_cancel_requested(state: LabState, event: events.TaskCancelRequested, at: float) -> None:
    """Note that a task is cancelled, and by which task. It may still ignore that."""
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
        keep_fraction(state, task, at)  # before the tasks that it waits for are cancelled too, and count as ended
    task.cancel_requested_by = event.by
    state.tell(at, event.task, "cancel", deed.cancel_requested(event, state))


def cancel_shared(state: LabState, event: events.CancelShared, at: float) -> None:
    """Note which other task's cancel has also hit a task. It may still catch the CancelledError."""
    task = state.tasks.get(event.task)
    if task is not None and event.is_raised_again:
        task.raised_of = event.by
    elif task is not None:
        task.cancelled_with = event.by


def _follow_cancel(state: LabState, task: TaskState, by: int | None) -> None:
    """Note which task's cancellation is passed on to a task: a cancel is passed on along a chain of awaits."""
    asker = state.task(by)
    if asker is not None and asker.waits_for is not None and task.id in asker.waits_for.tasks:
        task.cancelled_for = asker.id  # the asker waits, so not its own code cancels, but for example its timeout
    elif asker is not None and asker.waited_for == "wait_for" and _waited_for(asker, task.id):
        task.cancelled_for = asker.id  # up to Python 3.11, wait_for() cancels its inner task in a step of the caller
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
        note_odd_end(state, task, event, at)
        _pass_on(state, task, event.outcome)
    _end(state, event, event.outcome, event.detail, ending(event.outcome, event.detail)[:1], at)


def _pass_on(state: LabState, task: TaskState, outcome: events.Outcome) -> None:
    """Assign what an inner task has acquired to its creator. Up to Python 3.11, wait_for() creates inner tasks."""
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


def _waited_for(task: TaskState, other: int) -> bool:
    """Whether a task's latest wait was for another task."""
    return task.last_wait is not None and other in task.last_wait.tasks


def task_collected(state: LabState, event: events.TaskCollected, at: float) -> None:
    """Count a collected task, which can never continue, as failed."""
    task = state.tasks.get(event.task)
    if task is not None and not task.has_ended:
        state.remember(event, at, task.place)
    _end(state, event, "failed", COLLECTED, (COLLECTED,), at)


def progressed(state: LabState, event: events.Progressed, at: float) -> None:
    """Note the progress that a task reports, and log each tenth of it."""
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
    """Drop the oldest ended tasks without an incident, if too many are kept. Their children become roots."""
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
