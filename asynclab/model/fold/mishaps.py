"""Folds events that report mistakes, and reports of idle loops, into the state of a lab.

Most functions only add an `Incident`. They choose its line of code, and whether it is sure to be a mistake.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from asynclab.model import events
from asynclab.model.events import Wait
from asynclab.model.incidents import IgnoredCancel
from asynclab.model.resources import CLIENT_USES_KEPT, CLIENTS_KEPT, ClientUse
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState, place_in, place_of
from asynclab.model.wording.wake import ENDED_BY_TASKS

_KEPT_WAITS = ENDED_BY_TASKS | {"future", "thread"}
"""A cancelled task may wait for these again until they end: their work can't be cancelled, or is shielded."""


def _mistake(
    state: LabState,
    event: events.CoroutineDropped
    | events.CallbackFailed
    | events.LoopSpun
    | events.CancelMisplaced
    | events.ClockMistaken
    | events.CoroutineCached,
    at: float,
) -> None:
    """Add an incident that is always a mistake."""
    state.remember(event, at, place_in(event))


coroutine_dropped = coroutine_cached = callback_failed = loop_spun = cancel_misplaced = clock_mistaken = _mistake


def _suspicion(
    state: LabState, event: events.TimeoutDropped | events.LocksPrivate | events.GeneratorKilled, at: float
) -> None:
    """Add an incident that may do no harm."""
    state.remember(event, at, place_in(event), is_sure=False)


timeout_dropped = locks_private = generator_killed = _suspicion


def update_lost(state: LabState, event: events.UpdateLost, at: float) -> None:
    """Add a lost update. If the tasks compute the value by a call, both may write the same value."""
    state.remember(event, at, place_in(event), event.tasks, is_sure=event.is_computed)


def item_lost(state: LabState, event: events.ItemLost, at: float) -> None:
    """Add a lost item. The item may have become useless, but a lost connection is missing in its pool."""
    state.remember(event, at, place_in(event), is_sure=event.is_leaked)


def write_undrained(state: LabState, event: events.WriteUndrained, at: float) -> None:
    """Add writes without drain(). They may do no harm, except to a lost connection."""
    state.remember(event, at, place_in(event), is_sure=event.is_lost)


def cancel_ignored(state: LabState, event: events.CancelIgnored, at: float) -> None:
    """Add an ignored cancel. Unless it is sure, `check_return` may confirm it later."""
    task = state.tasks.get(event.task)
    is_sure = event.by_timeout or event.by_group or _mistook_its_own_cancel(state, task)
    incident = state.remember(event, at, None if task is None else task.place, is_sure=is_sure)
    if task is None or is_sure:
        return
    began = None if task.last_wait is None else (task.last_wait, task.last_wait_began)
    wait = task.cancelled_in or began
    if wait is not None:
        state.ignored_cancels[task.id] = IgnoredCancel(incident, *wait, event.is_endless)
        check_return(state, task)


def _mistook_its_own_cancel(state: LabState, task: TaskState | None) -> bool:
    """Whether a task was cancelled while it waited for the end of a task that it had cancelled itself.

    Then the code that should catch the other task's CancelledError has caught the task's own.
    """
    wait = None if task is None or task.cancelled_in is None else task.cancelled_in[0]
    awaited = (state.tasks.get(number) for number in (() if wait is None else wait.tasks))
    return any(
        each is not None and task is not None and each.state == "cancelled" and each.first_cancelled_by == task.id
        for each in awaited
    )


def check_return(state: LabState, task: TaskState) -> None:
    """Confirm an ignored cancel if the task waits again where it was cancelled, and another task waits for its end."""
    ignored, now = state.ignored_cancels.get(task.id), task.waits_for
    if ignored is None or now is None or not now.line or not (ignored.is_endless or _is_back(ignored.wait, now)):
        return
    waiting = (_waits_for_end(state, other, task.id, ignored.began) for other in state.tasks.values())
    main = next((each for each in state.tasks.values() if each.parent is None), task)
    if any(waiting) or (ignored.is_endless and main.has_ended):
        del state.ignored_cancels[task.id]
        sure = replace(ignored.incident, is_sure=True)
        state.incidents = tuple(sure if each is ignored.incident else each for each in state.incidents)


def _is_back(before: Wait, now: Wait) -> bool:
    is_kept = now.kind in _KEPT_WAITS and now.tasks == before.tasks
    return not is_kept and (now.kind, now.file, now.line) == (before.kind, before.file, before.line)


def _waits_for_end(state: LabState, task: TaskState, of: int, since: float) -> bool:
    """Whether a task waits for the end of the task `of`, and started to, or had a timeout expire, after `since`."""
    if task.waits_for is None or of not in task.waits_for.tasks:
        return False
    timeouts = (each for each in state.timeouts.values() if each.task == task.id and each.outcome == "expired")
    return task.since > since or any(each.ended_at is not None and each.ended_at > since for each in timeouts)


def exception_dropped(state: LabState, event: events.ExceptionDropped, at: float) -> None:
    """Add an exception that nobody can retrieve any more. For the future of a library, that may be no mistake."""
    task, waiter = state.task(event.task), state.task(event.ignored_by)
    place = None if task is None else place_in(task)
    if task is not None and waiter is not None and (task.parent, place) != (waiter.id, place_in(event)):
        return  # it was created elsewhere: this gather() may only wait for its end, and other code sees the exception
    is_sure = waiter is None and bool(event.line or event.task)
    state.remember(event, at, place or place_in(event), is_sure=is_sure)


def failure_unseen(state: LabState, event: events.FailureUnseen, at: float) -> None:
    """Add a failure that is not retrieved yet, while other tasks wait. Code may still retrieve it, or wake them."""
    state.remember(event, at, place_in(event), event.waiting, is_sure=False)


def outside(state: LabState, event: events.Outside, at: float) -> None:
    """Note what can still wake an idle loop."""
    state.outside = event
    state.outside_version = state.version
    if not (event.io or event.threads or event.processes or event.signals):
        state.dry_at = at


def executor_full(state: LabState, event: events.ExecutorFull, at: float) -> None:
    """Add a call that waits for a thread, with a line of the user's code: the task's, or its creator's.

    A cancelled call counts only if a timeout cancelled it, because tasks are also cancelled when a program ends.
    """
    makers = list(_makers(state, event.task))
    expired = {each.task for each in state.timeouts.values() if each.outcome == "expired"}
    if not (event.never_begun and expired.isdisjoint(task.id for task in makers)):
        state.remember(event, at, next(filter(None, (task.place for task in makers)), None))


def _makers(state: LabState, number: int | None) -> Iterator[TaskState]:
    """A task, its creator, the creator's creator, and so on."""
    while (task := state.task(number)) is not None:
        yield task
        number = None if number in state.roots else task.parent  # avoids a cycle: a bad recording may contain one


def source_dropped(state: LabState, event: events.SourceDropped, at: float) -> None:
    """Add a wait for an object that only the waiting task refers to.

    For an asyncio.Event, it is sure only if the program has created a later one, probably to replace it. A task that
    waits for a queue with a timeout is left out: it may check on purpose that no item comes any more.
    """
    later = any(each.kind == "event" and each.number > event.event for each in state.primitives.values())
    if not (event.queue and _has_timeout(state, (event.task,))):
        state.remember(event, at, place_of(state.task(event.task)), is_sure=later or not event.event)


def _has_timeout(state: LabState, tasks: Collection[int]) -> bool:
    return any(each.task in tasks and each.outcome == "running" for each in state.timeouts.values())


def task_replaced(state: LabState, event: events.TaskReplaced, at: float) -> None:
    """Add a task that still runs although no variable refers to it any more."""
    task = state.task(event.task)
    state.remember(event, at, (place_in(task) if task is not None else None) or place_of(task))


def task_cut_off(state: LabState, event: events.TaskCutOff, at: float) -> None:
    """Add a task that the end of the program cuts off. That may be intended, unless clean-up code doesn't run."""
    state.remember(event, at, place_of(state.task(event.task)), is_sure=event.cleans_up)


def stream_unread(state: LabState, event: events.StreamUnread, at: float) -> None:
    """Add a task that waits while received data stays unread: the wait may never end."""
    state.remember(event, at, place_of(state.task(event.task)), is_sure=False)


def misused(state: LabState, event: events.Misused, at: float) -> None:
    """Add a misuse, with a line of the task, or of its creators: the task itself may be an inner task of asyncio."""
    places = map(place_of, _makers(state, event.task))
    state.remember(event, at, place_in(event) or next(filter(None, places), None))


def child_left(state: LabState, event: events.ChildLeft, at: float) -> None:
    """Add a child process that still runs although no code refers to it, which may be intended."""
    state.remember(event, at, place_in(event) or place_of(state.task(event.task)), is_sure=False)


def pipe_kept_open(state: LabState, event: events.PipeKeptOpen, at: float) -> None:
    """Add a wait for a child's pipe. Another process may still close an output pipe, but not the child's input."""
    is_input = event.stream == "stdin"
    if not (is_input and _has_timeout(state, _behind(state, event.task))):
        state.remember(event, at, place_of(state.task(event.task)), is_sure=is_input)


def tasks_stranded(state: LabState, event: events.TasksStranded, at: float) -> None:
    """Note tasks that nothing can wake."""
    if state.outside_version == state.version - 1:  # the loop is still idle
        state.outside_version = state.version
    state.stranded = dict.fromkeys(event.tasks, at) if event.is_sure and not event.serves else {}
    state.remember(event, at, None, is_sure=event.is_sure and not event.serves)


def pipe_full(state: LabState, event: events.PipeFull, at: float) -> None:
    """Add a wait for a child process that is blocked by its full pipe, unless another task reads from the pipe."""
    is_sure = not state.calls and _all_wait_for(state, event.task)
    state.remember(event, at, place_of(state.task(event.task)), is_sure=is_sure)


def generator_left(state: LabState, event: events.GeneratorLeft, at: float) -> None:
    """Add an abandoned generator. Code may still resume it."""
    state.remember(event, at, place_in(event.generator), is_sure=False)


def _all_wait_for(state: LabState, number: int) -> bool:
    """Whether all other pending tasks wait for a task's end, directly or through others."""
    behind = _behind(state, number)
    return all(task.has_ended or task.id in behind for task in state.tasks.values())


def _behind(state: LabState, number: int) -> set[int]:
    """A task and all tasks that wait for its end, directly or through others."""
    behind, left = {number}, [task for task in state.tasks.values() if task.waits_for is not None]
    while found := {task.id for task in left if task.waits_for and not behind.isdisjoint(task.waits_for.tasks)}:
        behind |= found
        left = [task for task in left if task.id not in behind]
    return behind


def reply_unread(state: LabState, event: events.ReplyUnread, at: float) -> None:
    """Add a read that gets the reply to another request. The task may read until it finds its own reply.

    An item of a queue may not be a reply at all, but the next job.
    """
    is_sure = event.reads_once and not event.is_queue
    state.remember(event, at, place_in(event), (event.of,), is_sure=is_sure)


def result_unread(state: LabState, event: events.ResultUnread, at: float) -> None:
    """Add a result that nobody has read: an item of a queue, or an object that must be closed.

    A result that came before the last wait of the task `meant_for` is left out: that task may have got it.
    """
    task, waiter = state.tasks.get(event.task), state.task(event.meant_for)
    if event.is_given_up:
        if task is not None and task.given_up is not None:
            number, place = task.given_up
            state.remember(event, at, place, (number,))
    elif waiter is None:
        state.remember(event, at, None if task is None else place_in(task), is_sure=event.is_sure)
    elif task is None or task.ended_at is None or task.ended_at >= waiter.last_wait_began:
        state.remember(event, at, None if waiter.last_wait is None else place_in(waiter.last_wait), (waiter.id,))


def scheduled_from_thread(state: LabState, event: events.ScheduledFromThread, at: float) -> None:
    """Add a use of the loop from another thread, with the line of that code, or else of the waiting task."""
    state.remember(event, at, place_in(event) or place_of(state.task(event.task)))


def client_connected(state: LabState, event: events.ClientConnected, at: float) -> None:
    """Count the clients with which a line of code connects to a host."""
    key = event.library, (event.file, event.line), event.host
    if key not in state.client_uses and len(state.client_uses) >= CLIENT_USES_KEPT:
        return
    use = state.client_uses.setdefault(key, ClientUse())
    if event.client in use.connections or len(use.connections) < CLIENTS_KEPT:
        use.connections[event.client] = use.connections.get(event.client, 0) + 1
        use.at, use.version = at, state.version


def connection_dropped(state: LabState, event: events.ConnectionDropped, at: float) -> None:
    """Add a connection or client that was not closed, with the line that opened the connection."""
    places = (key[1] for key, use in state.client_uses.items() if event.client in use.connections)
    state.remember(event, at, place_in(event) or next(places, place_of(state.task(event.task))))
