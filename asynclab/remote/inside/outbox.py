"""The queue of frames to send, with bounded memory: if the viewer is slow, details are dropped and counted.

Events of the life of tasks, such as their creation and end, are kept.
"""

from __future__ import annotations

import socket
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from select import select
from time import monotonic

from asynclab.model.events import (
    CallEnded,
    CallScheduled,
    ClientConnected,
    ClockChanged,
    ConditionNotified,
    Event,
    EventsDropped,
    LoopLagged,
    Outcome,
    Output,
    Outside,
    PrimitiveChanged,
    Progressed,
    QueueGot,
    QueuePut,
    QueueTaskDone,
    StepEvent,
    Stepped,
    StepReported,
    TaskCollected,
    TaskCreated,
    TaskEnded,
    TaskReady,
    TaskRenamed,
    TaskWaiting,
    TimeoutRescheduled,
)
from asynclab.remote.wire import Frame, events_frame, to_bytes

ROOM = 2 * 1024 * 1024
"""How many bytes may wait for the viewer before details are dropped."""

LASTING_ROOM = 100_000
"""How many lasting events may wait while the viewer is behind. Of later tasks, those that end are only counted."""

DETAILS = (
    StepEvent,
    Progressed,
    QueuePut,
    QueueGot,
    QueueTaskDone,
    PrimitiveChanged,
    ConditionNotified,
    TimeoutRescheduled,
    CallScheduled,
    CallEnded,
    Output,
    Outside,
    ClientConnected,
    LoopLagged,
)
"""Events that may be dropped. The others are lasting: creation, names and ends of tasks, changes of the clock."""


class Outbox:
    """Sends frames over a non-blocking socket, and keeps those that are still to be sent."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._dropped: dict[int, _Dropped] = {}
        """By loop number, the events dropped since the viewer fell behind."""
        self._moved_at = monotonic()
        """When the viewer last took something, or everything was sent."""
        self.is_broken = False
        """Whether the viewer doesn't read any more."""

    @property
    def size(self) -> int:
        """The number of bytes that wait."""
        return self._size

    def add(self, frame: Frame) -> None:
        """Queue a frame, which is never dropped."""
        self._put(to_bytes(frame))

    def add_events(self, loop: int, events: Sequence[Event]) -> None:
        """Queue events of a loop; if the viewer is far behind, only lasting ones."""
        dropped = self._dropped.get(loop)
        if dropped is None and self._size <= ROOM:
            self._put(events_frame(loop, list(events)))
            return
        if dropped is None:
            dropped = self._dropped[loop] = _Dropped()
        if lasting := dropped.leave_out(events):
            self._put(events_frame(loop, lasting))

    def send(self) -> None:
        """Send as much as possible without blocking."""
        while self._waiting and not self.is_broken:
            piece = self._waiting[0]
            try:
                sent = self._connection.send(piece)
            except BlockingIOError:
                return
            except OSError:
                self._break()
                return
            self._moved_at = monotonic()
            self._size -= sent
            self._waiting.popleft()
            if sent < len(piece):
                self._waiting.appendleft(piece[sent:])
        self._moved_at = monotonic()
        self._catch_up()

    def send_all(self, patience: float) -> None:
        """Send everything, and wait for the viewer, unless it takes nothing for `patience` real seconds."""
        self.send()
        while (self._waiting or self._dropped) and not self.is_broken:
            left = self._moved_at + patience - monotonic()
            if left <= 0:
                return
            select([], [self._connection], [], left)
            self.send()

    def end(self) -> None:
        """Drop the queue, and tell the viewer that nothing more comes."""
        self._break()
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close the socket, and drop the queue."""
        self._waiting.clear()
        self.is_broken = True
        self._connection.close()

    def _catch_up(self) -> None:
        """Once the viewer has caught up, send how many events were dropped, and the present state of their tasks."""
        while self._dropped and not self._waiting and not self.is_broken:
            loop, dropped = self._dropped.popitem()
            self._put(events_frame(loop, list(dropped.told())))

    def _put(self, piece: bytes) -> None:
        if not self.is_broken:
            self._waiting.append(piece)
            self._size += len(piece)

    def _break(self) -> None:
        self.is_broken = True
        self._waiting.clear()
        self._size = 0


class _Dropped:
    """The dropped events of one loop: their number, and the latest state of each task in them."""

    def __init__(self) -> None:
        self._count = 0
        self._at = 0.0
        self._latest: dict[int, TaskReady | TaskWaiting] = {}
        self._lasting = 0
        """The number of events that were not dropped."""
        self._renamed: dict[int, TaskRenamed] = {}
        """The latest new names in dropped events, by the number of the task."""
        self._untold: dict[int, TaskCreated] = {}
        """The dropped creation events of tasks that have not ended."""
        self._ended: Counter[Outcome] = Counter()
        """The outcomes of ended tasks whose creation events were dropped."""

    def leave_out(self, events: Sequence[Event]) -> list[Event]:
        """Drop details, and if there are too many lasting events, also new tasks.

        Returns:
            The events that are not dropped.
        """
        lasting: list[Event] = []
        for event in events:
            if not isinstance(event, DETAILS) and self._is_told(event):
                self._lasting += 1
                lasting.append(event)
                continue
            self._count += 1
            if isinstance(event, TaskReady | TaskWaiting):
                self._latest[event.task] = event
        if events:
            self._at = events[-1].at
        return lasting

    def _is_told(self, event: Event) -> bool:
        """Whether to send a lasting event now. The end of a task whose creation was sent is always sent."""
        is_full = self._lasting >= LASTING_ROOM
        match event:
            case TaskCreated() if is_full:
                self._untold[event.task] = event
                return False
            case TaskEnded() | TaskCollected():
                self._latest.pop(event.task, None)
                self._renamed.pop(event.task, None)
                if self._untold.pop(event.task, None) is None:
                    return True
                self._ended[event.outcome if isinstance(event, TaskEnded) else "failed"] += 1  # as the model counts it
                return False
            case ClockChanged() | StepReported():  # the viewer has asked for it, and waits for it
                return True
            case TaskRenamed() if is_full:
                self._renamed[event.task] = event
                return False
        return not is_full

    def told(self) -> Iterator[Event]:
        """Yield how many events were dropped, then each task's state. A waiting task first gets a step of 0 s."""
        told_late = len(self._untold) + len(self._renamed)
        yield EventsDropped(self._at, self._count - told_late, ended=dict(self._ended))
        yield from self._untold.values()
        yield from self._renamed.values()
        for event in self._latest.values():
            if isinstance(event, TaskWaiting):
                yield Stepped(self._at, event.task, 0.0)
            yield event
