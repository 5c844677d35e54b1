"""Detects that tasks wait to write, or for a connection from a pool, while nobody reads the data that has arrived.

A writer waits until its peer reads. If both ends are in the program, and each waits for the other to read, neither can
proceed. And if all connections of a pool belong to responses that nobody reads, no task gets a connection any more.
"""

from __future__ import annotations

from asyncio import StreamReaderProtocol, StreamWriter, Task
from collections.abc import Hashable
from itertools import islice
from types import CodeType, FrameType
from typing import Any

import msgspec

from asynclab.model.events import StreamUnread
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.mishaps.full_pipes import may_read
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.recording.future_state import coroutine_of, is_done
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.task_registry import TaskRegistry

UNREAD_AFTER = 1.0
"""Real seconds in which nothing was read or written."""

_AGAIN_AFTER = 0.5
_MOST_TASKS = 50
_DRAIN = StreamWriter.drain.__code__
POOL_LIBRARY = "aiohttp"
_POOL_WAIT, _POOL_FILE = "_wait_for_available_connection", "aiohttp/connector.py"


class _Buffered(msgspec.Struct, frozen=True):
    """Data that has arrived and isn't read."""

    streams: list[Any]
    """The streams or response bodies that hold it."""
    size: int
    """The number of bytes that are buffered."""
    progress: Hashable
    """A value that changes whenever any of the data is read, more arrives, or something is written."""
    library: str = ""
    ends: tuple[Any, Any] = (None, None)
    """The addresses of both ends of a connection."""


class UnreadStreams:
    """Watches the tasks that wait to write, or for a connection, and reports those that wait in vain."""

    def __init__(self, recorder: Recorder, registry: TaskRegistry) -> None:
        self._recorder = recorder
        self._registry = registry
        self._waiting: dict[int, TaskRecord] = {}
        self._since: dict[int, tuple[Hashable, float]] = {}
        """By the number of a task: the `progress` of its streams, and the real time at which that was first seen."""
        self._next_look = 0.0

    def begins(self, record: TaskRecord, task: Task[Any]) -> None:
        """Note that a task begins to wait for a stream, or in a library."""
        if len(self._waiting) < _MOST_TASKS and _waiting_for_other_side(task) is not None:
            self._waiting[record.id] = record

    def look(self) -> None:
        """Check the waiting tasks. Call this several times a second, on any thread but the loop's."""
        now = self._recorder.clock.real_time()
        if not self._waiting or now < self._next_look:
            return
        self._next_look = now + _AGAIN_AFTER
        before, self._since = self._since, {}
        stuck: dict[int, _Buffered] = {}
        for number, record in list(self._waiting.items()):
            task = record()
            frame = None if task is None or is_done(task) else _waiting_for_other_side(task)
            if frame is None:
                del self._waiting[number]
                continue
            unread = _unread(frame)
            if unread is None:  # the wait may still end
                continue
            progress, since = before.get(number, (None, now))
            since = since if progress == unread.progress else now
            self._since[number] = unread.progress, since
            if now - since >= UNREAD_AFTER and not self._is_read_by_others(unread):
                stuck[number] = unread
        ends = {each.ends for each in stuck.values()}
        for number, unread in stuck.items():
            if unread.library or unread.ends[::-1] in ends:
                del self._waiting[number]
                count, at = len(unread.streams), self._recorder.clock.now()
                self._recorder.write(StreamUnread(at, number, unread.library, count, unread.size))

    def _is_read_by_others(self, unread: _Buffered) -> bool:
        """Whether another task, which isn't one of the watched ones, may read any of the streams."""
        others = (task for record, task in self._registry.tasks() if record.id not in self._waiting)
        return any(may_read(task, stream) for task in islice(others, _MOST_TASKS) for stream in unread.streams)


def _waiting_for_other_side(task: Task[Any]) -> FrameType | None:
    """The frame in which a suspended task waits to write, or for a connection; None if it doesn't."""
    return next((frame for frame in follow(coroutine_of(task)).frames if _is_such_a_wait(frame.f_code)), None)


def _is_such_a_wait(code: CodeType) -> bool:
    return code is _DRAIN or (code.co_name == _POOL_WAIT and code.co_filename.endswith(_POOL_FILE))


def _unread(frame: FrameType) -> _Buffered | None:
    """The unread data that keeps a task waiting; None if the wait may end by something else."""
    owner: Any = variables_of(frame)["self"]
    return _unread_by_writer(owner) if frame.f_code is _DRAIN else _unread_of_pool(owner)


def _unread_by_writer(writer: Any) -> _Buffered | None:
    protocol = writer._protocol
    reader = protocol._stream_reader if issubclass(type(protocol), StreamReaderProtocol) else None
    if reader is None or not (protocol._paused and reader._paused) or reader._waiter is not None:
        return None
    size, ends = len(reader._buffer), tuple(map(writer.get_extra_info, ("sockname", "peername")))
    return _Buffered([reader], size, (size, writer._transport.get_write_buffer_size()), "", ends)


def _unread_of_pool(connector: Any) -> _Buffered | None:
    bodies: list[Any] = [getattr(each, "_payload", None) for each in connector._acquired]
    if not bodies or any(body is None or body._waiter is not None or body.is_eof() for body in bodies):
        return None
    progress = tuple((id(body), body.total_bytes, body._size) for body in bodies)
    return _Buffered(bodies, sum(body._size for body in bodies), progress, POOL_LIBRARY)
