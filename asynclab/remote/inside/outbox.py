"""Keeps in bounded memory what the reader has not taken yet: details are dropped and counted, lives are kept."""

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
"""How many bytes may wait for the reader before details are dropped."""

LASTING_ROOM = 100_000
"""How many lasting events may wait while the reader stalls. Later births are only counted once they have ended."""

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
"""Events that may be left out. The others are lasting: births, names, ends and the clock."""


class Outbox:
    """What is still to be sent over a socket that doesn't block."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._dropped: dict[int, _Dropped] = {}
        """By loop: what was left out since the reader last kept up."""
        self._moved_at = monotonic()
        """When the reader last took something, or had nothing left to take."""
        self.is_broken = False
        """Whether nobody reads any more."""

    @property
    def size(self) -> int:
        """How many bytes wait."""
        return self._size

    def add(self, frame: Frame) -> None:
        """Send a frame, whatever else is dropped."""
        self._put(to_bytes(frame))

    def add_events(self, loop: int, events: Sequence[Event]) -> None:
        """Send events of a loop; if the reader is far behind, only lasting ones."""
        dropped = self._dropped.get(loop)
        if dropped is None and self._size <= ROOM:
            self._put(events_frame(loop, list(events)))
            return
        if dropped is None:
            dropped = self._dropped[loop] = _Dropped()
        if lasting := dropped.leave_out(events):
            self._put(events_frame(loop, lasting))

    def send(self) -> None:
        """Send as much as the reader's side takes at once."""
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
        """Send everything, and wait for the reader, unless it takes nothing for `patience` seconds."""
        self.send()
        while (self._waiting or self._dropped) and not self.is_broken:
            left = self._moved_at + patience - monotonic()
            if left <= 0:
                return
            select([], [self._connection], [], left)
            self.send()

    def end(self) -> None:
        """Send nothing more."""
        self._break()
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Drop the socket."""
        self._waiting.clear()
        self.is_broken = True
        self._connection.close()

    def _catch_up(self) -> None:
        """Once the reader has caught up, tell it how many events it missed, and the state of the tasks in them."""
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
    """Counts the events of one loop that were left out, and keeps the latest state of each task in them."""

    def __init__(self) -> None:
        self._count = 0
        self._at = 0.0
        self._latest: dict[int, TaskReady | TaskWaiting] = {}
        self._lasting = 0
        """How many events were not left out."""
        self._renamed: dict[int, TaskRenamed] = {}
        """The latest new names among the events left out."""
        self._untold: dict[int, TaskCreated] = {}
        """The births that were left out, of tasks that still live."""
        self._ended: Counter[Outcome] = Counter()
        """How the other tasks ended whose births were left out."""

    def leave_out(self, events: Sequence[Event]) -> list[Event]:
        """Leave out details, and lives where there are too many.

        Returns:
            The events that are not left out.
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
        """Whether a lasting event is sent all the same; events of a reported task always are."""
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
                self._ended[event.outcome if isinstance(event, TaskEnded) else "failed"] += 1  # as the model has it
                return False
            case ClockChanged() | StepReported():  # whoever asked for it waits for it
                return True
            case TaskRenamed() if is_full:
                self._renamed[event.task] = event
                return False
        return not is_full

    def told(self) -> Iterator[Event]:
        """Yield how many events were left out, then each task's state; a waiting task first gets a step of 0 s."""
        told_late = len(self._untold) + len(self._renamed)
        yield EventsDropped(self._at, self._count - told_late, ended=dict(self._ended))
        yield from self._untold.values()
        yield from self._renamed.values()
        for event in self._latest.values():
            if isinstance(event, TaskWaiting):
                yield Stepped(self._at, event.task, 0.0)
            yield event
