"""Folds the items of queues into the state of a lab. Which tasks wait for a queue is folded by `waits.py`."""

from __future__ import annotations

from asynclab.model.events import ITEMS_SHOWN, QueueCreated, QueueGot, QueuePut, QueueShutDown, QueueTaskDone
from asynclab.model.resources import LENT_KEPT, LOW_SECONDS, SOURCES_KEPT, QueueState, make_room
from asynclab.model.state import LabState
from asynclab.model.text import one_line
from asynclab.model.wording import deed
from asynclab.model.wording.deed import ITEM_LIMIT


def queue_created(state: LabState, event: QueueCreated, at: float) -> None:
    """Add a queue. It is empty unless it was created before the observation began."""
    if event.queue not in state.queues:
        gone, state.queue_room = make_room(state.queues, state.queue_room)
        state.dropped.queues += len(gone)
        queue = state.queues[event.queue] = QueueState(event.queue, event.kind, event.maxsize)
        if event.size or event.unfinished:
            queue.items.extend(one_line(item, ITEM_LIMIT) for item in event.items[:ITEMS_SHOWN])
            _resize(queue, event.size, event.unfinished, at)


def queue_put(state: LabState, event: QueuePut, at: float) -> None:
    """Add an item to a queue."""
    state.mark(event.task, "put", at, event)
    queue = state.queues.get(event.queue)
    item = one_line(event.item, ITEM_LIMIT)
    if queue is not None:
        queue.puts += 1
        if event.task in queue.sources or len(queue.sources) < SOURCES_KEPT:
            queue.sources[event.task] = at
        if queue.lent and queue.lent.pop(item, queue) is not queue:
            queue.returned += 1
        if event.line and queue.filled_at is None:
            queue.filled_at = event.file, event.line
        if len(queue.items) == event.size - 1 < ITEMS_SHOWN:
            queue.items.append(item)
        _resize(queue, event.size, event.unfinished, at)
    state.tell(at, event.task, "put", deed.put(event, state))


def queue_got(state: LabState, event: QueueGot, at: float) -> None:
    """Remove an item from a queue, at any position."""
    state.mark(event.task, "got", at, event)
    queue = state.queues.get(event.queue)
    item = one_line(event.item, ITEM_LIMIT)
    if queue is not None:
        queue.gets += 1
        if event.task in queue.takers or len(queue.takers) < SOURCES_KEPT:
            queue.takers[event.task] = at
        if queue.lent is not None:
            _lend(queue, item, event.task)
        if 0 <= event.index < len(queue.items):
            del queue.items[event.index]
        _resize(queue, event.size, event.unfinished, at)
    state.tell(at, event.task, "got", deed.got(event, state))


def queue_task_done(state: LabState, event: QueueTaskDone, at: float) -> None:
    """Note a call of task_done()."""
    state.mark(event.task, "task_done", at, event)
    queue = state.queues.get(event.queue)
    if queue is not None:
        queue.dones += 1
        queue.unfinished = event.unfinished
    state.tell(at, event.task, "task_done", deed.task_done(event, state))


def queue_shut_down(state: LabState, event: QueueShutDown, at: float) -> None:
    """Note that a queue was shut down. An immediate shutdown drops its items."""
    state.mark(event.task, "changed", at, event)
    queue = state.queues.get(event.queue)
    if queue is not None:
        queue.is_shut_down = True
        if event.immediate:
            _resize(queue, 0, max(0, queue.unfinished - queue.size), at)
    state.tell(at, event.task, "event", deed.shut_down(event, state))


def _lend(queue: QueueState, item: str, task: int | None) -> None:
    """Note which task took an item. If many items are out, or two have the same repr, the queue can't be a pool."""
    if queue.lent is None or item in queue.lent or len(queue.lent) == LENT_KEPT:
        queue.lent = None
    else:
        queue.lent[item] = task


def _resize(queue: QueueState, size: int, unfinished: int, at: float) -> None:
    queue.size = size
    queue.unfinished = unfinished
    queue.peak = max(queue.peak, size)
    queue.depth.append((at, size))
    lows = queue.lows
    if not lows or at - lows[-1][0] >= LOW_SECONDS:
        lows.append((at, size, queue.gets))
    elif size < lows[-1][1]:
        begin, _, gets = lows[-1]
        lows[-1] = begin, size, gets
    while len(queue.items) > max(0, size):
        queue.items.pop()
