"""Folds what went wrong and leaves no other trace, and what could still wake an idle loop."""

from __future__ import annotations

from dataclasses import replace

from asynclab.model.events import (
    CancelIgnored,
    ClientConnected,
    CoroutineDropped,
    ExceptionDropped,
    ExecutorFull,
    LoopSpun,
    Outside,
    SourceDropped,
)
from asynclab.model.fold.handler import Handlers
from asynclab.model.incidents import IgnoredCancel, Incident
from asynclab.model.resources import CLIENT_USES_KEPT, CLIENTS_KEPT, ClientUse
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState
from asynclab.model.wording.wake import ENDED_BY_TASKS

_KEPT_WAITS = ENDED_BY_TASKS | {"future", "thread"}
"""What a task may wait for again, cancelled or not, until it is over: work that can't be broken off, or is shielded."""


def coroutine_dropped(state: LabState, event: CoroutineDropped, at: float) -> None:
    """A coroutine was made and never awaited; Python's warning is an event of its own."""
    state.remember(Incident(event, state.version, at, (event.file, event.line) if event.line else None))


def cancel_ignored(state: LabState, event: CancelIgnored, at: float) -> None:
    """A task carries on as if it had not been cancelled."""
    task = state.tasks.get(event.task)
    place = None if task is None else task.place
    is_sure = event.by_timeout or event.by_group
    incident = Incident(event, state.version, at, place, is_sure=is_sure)
    state.remember(incident)
    if task is not None and task.last_wait is not None and not is_sure:
        state.ignored_cancels[task.id] = IgnoredCancel(incident, task.last_wait, task.last_wait_began)
        see_round(state, task)


def see_round(state: LabState, task: TaskState) -> None:
    """See whether a task that has ignored a cancel is back where it was cancelled, while somebody waits for its end."""
    ignored, now = state.ignored_cancels.get(task.id), task.waits_for
    if ignored is None or now is None or not now.line:
        return
    before = ignored.wait
    if (now.kind, now.file, now.line) != (before.kind, before.file, before.line):
        return
    if now.kind in _KEPT_WAITS and now.tasks == before.tasks:
        return
    waits = [(other.waits_for, other.since) for other in state.tasks.values() if other.waits_for is not None]
    if any(wait is not None and task.id in wait.tasks and since > ignored.began for wait, since in waits):
        del state.ignored_cancels[task.id]
        sure = replace(ignored.incident, is_sure=True)
        state.incidents = tuple(sure if each is ignored.incident else each for each in state.incidents)


def exception_dropped(state: LabState, event: ExceptionDropped, at: float) -> None:
    """A task failed, and nobody can look at its exception any more."""
    task = state.tasks.get(event.task)
    place = None if task is None or not task.line else (task.file, task.line)
    state.remember(Incident(event, state.version, at, place))


def outside(state: LabState, event: Outside, at: float) -> None:
    """The loop is idle."""
    state.outside = event
    state.outside_version = state.version
    if not (event.io or event.threads or event.processes or event.signals):
        state.dry_at = at


def executor_full(state: LabState, event: ExecutorFull, at: float) -> None:
    """A lookup waits for a thread."""
    task = None if event.task is None else state.tasks.get(event.task)
    state.remember(Incident(event, state.version, at, None if task is None else task.place))


def loop_spun(state: LabState, event: LoopSpun, at: float) -> None:
    """Tasks wake nobody but themselves."""
    state.remember(Incident(event, state.version, at, (event.file, event.line) if event.line else None))


def source_dropped(state: LabState, event: SourceDropped, at: float) -> None:
    """A task waits for what nobody can set. An event that was not replaced may be one that nobody needs."""
    task = state.tasks.get(event.task)
    place = None if task is None else task.place or ((task.file, task.line) if task.line else None)
    later = any(each.kind == "event" and each.number > event.event for each in state.primitives.values())
    state.remember(Incident(event, state.version, at, place, is_sure=later or not event.event))


def client_connected(state: LabState, event: ClientConnected, at: float) -> None:
    """Count the clients that a line of code connects with."""
    key = event.library, (event.file, event.line), event.host
    if key not in state.client_uses and len(state.client_uses) >= CLIENT_USES_KEPT:
        return
    use = state.client_uses.setdefault(key, ClientUse())
    if event.client in use.connections or len(use.connections) < CLIENTS_KEPT:
        use.connections[event.client] = use.connections.get(event.client, 0) + 1
        use.at, use.version = at, state.version


HANDLERS: Handlers = {
    CancelIgnored: cancel_ignored,
    ClientConnected: client_connected,
    CoroutineDropped: coroutine_dropped,
    ExceptionDropped: exception_dropped,
    ExecutorFull: executor_full,
    LoopSpun: loop_spun,
    Outside: outside,
    SourceDropped: source_dropped,
}
