"""Makes a checkpoint: a few frames that describe a program's present state, for a reader without the earlier frames.

Recordings of limited size begin with one. A frame is a message of an observed program: see `wire.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, get_args

from asynclab.model import events
from asynclab.model.resources import PrimitiveState, QueueState
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.wire import AnyFrame, LoopEvents, LoopOpened, LoopThread

_BATCH = 1_000
"""The most events in a frame."""


def checkpoint(program: ObservedProgram) -> Iterator[AnyFrame]:
    """The frames that bring a new `ObservedProgram` to this one's present state, without ended tasks and loops."""
    if program.started is None:
        return
    yield program.started
    for loop in program.loops.values():
        if loop.state.outcome is None:
            yield LoopOpened(loop.number, loop.kind, loop.state.epoch - program.started.epoch)
            if loop.thread:
                yield LoopThread(loop.number, loop.thread)
            happened = sorted(_events(loop.state), key=lambda event: event.at)  # events of one moment keep their order
            for start in range(0, len(happened), _BATCH):
                batch: Any = tuple(happened[start : start + _BATCH])
                yield LoopEvents(loop.number, batch)


def _events(state: LabState) -> Iterator[events.Event]:
    """The events for a loop's present tasks and resources, with the times when their states began.

    One event has the number of events that are left out.
    """
    tasks = [task for task in state.tasks.values() if not task.has_ended]
    for queue in state.queues.values():
        yield events.QueueCreated(0.0, queue.id, queue.kind, queue.maxsize)
    for primitive in state.primitives.values():
        yield events.PrimitiveCreated(0.0, primitive.id, primitive.kind, primitive.number)
    yield from chain.from_iterable(map(_of_task, tasks))
    ready = [task for task in map(state.tasks.get, state.ready_queue) if task is not None]
    yield from _readied(ready, state.now)
    for timeout in state.timeouts.values():
        if timeout.outcome == "running":
            yield events.TimeoutStarted(timeout.started_at, timeout.id, timeout.deadline, timeout.task)
    yield from state.calls.values()
    yield from chain.from_iterable(_of_queue(queue, state.now) for queue in state.queues.values())
    yield from chain.from_iterable(_of_primitive(primitive, state.now) for primitive in state.primitives.values())
    ended: dict[events.Outcome, int] = {word: state.counts[word] for word in get_args(events.Outcome)}
    yield events.EventsDropped(state.now, state.version + state.dropped.events, dict(state.named_after), ended)
    for number in (*state.outer_steps, state.running):
        if number is not None:
            yield events.StepStarted(state.tasks[number].since, number)


def _of_task(task: TaskState) -> Iterator[events.Event]:
    yield events.TaskCreated(
        task.created_at, task.id, task.name, task.coroutine, task.parent, task.file, task.line, task.internal
    )
    if task.state == "waiting":
        yield events.Stepped(task.since, task.id, 0.0)
        if task.waits_for is not None:
            yield events.TaskWaiting(task.since, task.id, task.waits_for)


def _readied(tasks: Iterable[TaskState], now: float) -> Iterator[events.Event]:
    """The events that make tasks ready, in the order in which the loop will run them."""
    for task in tasks:
        if task.steps:
            yield events.Stepped(task.since, task.id, 0.0)
            yield events.TaskReady(min(task.since, now), task.id, task.wake_cause, task.waker)


def _of_queue(queue: QueueState, now: float) -> Iterator[events.Event]:
    for size, item in enumerate(queue.items, 1):
        yield events.QueuePut(now, queue.id, item, size, queue.unfinished)
    if queue.size > len(queue.items) or (queue.unfinished and not queue.size):
        yield events.QueuePut(now, queue.id, "…", queue.size, queue.unfinished)
    if queue.is_shut_down:
        yield events.QueueShutDown(now, queue.id, False)


def _of_primitive(primitive: PrimitiveState, now: float) -> Iterator[events.Event]:
    if primitive.value:
        yield events.PrimitiveChanged(now, primitive.id, primitive.value, primitive.holder)
