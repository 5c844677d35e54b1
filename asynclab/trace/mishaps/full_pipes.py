"""Detects tasks that wait forever for a child process, because of a pipe between them.

- Nobody reads the child's output. A StreamReader that holds more than twice its limit stops reading from its pipe. Once
  the pipe is full too, the child blocks in its next write. A task that waits for the child's end, or to write its
  input, or for its other stream, then waits forever.
- The child has ended, but its pipes aren't closed, because another process has inherited them. asyncio considers a
  child as ended only when its pipes are closed.
- The child reads its input to the end, and nobody closes this pipe.
"""

from __future__ import annotations

import fcntl
import gc
import os
import select
import stat
import struct
import termios
from asyncio import StreamReader, StreamWriter, Task
from asyncio.subprocess import Process, SubprocessStreamProtocol
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from os import listdir
from typing import Any

import msgspec

from asynclab.model.events import PipeFull, PipeKeptOpen
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.reading.await_chain import follow, waits_for_end
from asynclab.trace.reading.private_waits import others
from asynclab.trace.reading.reachable_objects import Reach
from asynclab.trace.recording.code_ownership import is_asyncio
from asynclab.trace.recording.future_state import coroutine_of
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.task_registry import TaskRegistry

_open = open
"""Bound here: a program may replace `open`, for example by a mock that counts its calls."""

_ATOMIC = 4_096
"""Bytes: a write of at most this size blocks until the pipe has room for all of it."""

FULL_AFTER = 0.3
"""Real seconds in which nobody has read from the full stream."""

KEPT_AFTER = 1.0
"""Real seconds since the child has ended, or began to wait for input."""

ALONE_AFTER = 0.5
"""Real seconds for which nobody must be able to write to a child that waits for input."""

_READ = {"x86_64": "0", "aarch64": "63"}.get(os.uname().machine, "")
"""The number of the system call read() on Linux."""

_ALONE = -1
"""Used instead of a stream's number in `_since`, for the time since when nobody can write to a child."""

_MOST_TASKS = 50
_MOST_OBJECTS = 500
_CAPACITY = 65_536
"""The assumed size of a pipe in bytes if the system doesn't return it."""


class FullPipes:
    """Watches child processes, and reports the tasks that wait for them in vain."""

    def __init__(self, recorder: Recorder, registry: TaskRegistry) -> None:
        self._recorder = recorder
        self._registry = registry
        self._since: dict[tuple[int, int, int], float] = {}
        """When a state was first seen, by task, stream, and either the stream's number of bytes or the child's pid."""
        self._told: set[tuple[int, int]] = set()
        self._ended: dict[Any, float] = {}
        """The transports of ended children whose pipes aren't closed yet, with the real time of the end."""

    def child_ended(self, transport: Any) -> None:
        """Note that a child process has ended. Normally its pipes are closed a moment later."""
        self._ended[transport] = self._recorder.clock.real_time()

    def look(self, processes: int) -> None:
        """Check the pipes of child processes; `processes` is their number.

        Call this several times a second, on any thread but the loop's.
        """
        before, self._since = self._since, {}
        if not (processes or self._ended):
            return
        now = self._recorder.clock.real_time()
        tasks = list(islice(self._registry.tasks(), _MOST_TASKS))
        self._look_at_ended(tasks, now)
        self._look_for_readers(tasks, before, now)
        for record, task in tasks:
            for number, reader in _full_streams(task):
                key = record.id, number, len(reader._buffer)
                self._since[key] = since = before.get(key, now)
                if now - since < FULL_AFTER or key[:2] in self._told:
                    continue
                others = [other for _, other in tasks if other is not task and not waits_for_end(other, task)]
                if not any(may_read(other, reader) for other in others):
                    self._told.add(key[:2])
                    stream = "stdout" if number == 1 else "stderr"
                    self._recorder.write(PipeFull(self._recorder.clock.now(), record.id, stream, key[2]))

    def _look_for_readers(
        self, tasks: list[tuple[TaskRecord, Task[Any]]], before: dict[tuple[int, int, int], float], now: float
    ) -> None:
        """Report children that wait for input that nobody can write, because only the waiting tasks refer to them."""
        for record, task in tasks:
            protocols = {id(protocol): protocol for _, protocol in _children(task)}
            for protocol in protocols.values():
                key = record.id, 0, protocol._transport.get_pid()
                if key[:2] in self._told or not _waits_for_input(protocol):
                    continue
                self._since[key] = since = before.get(key, now)
                waiting = [other for _, other in tasks if other is not task and waits_for_end(other, task)]
                if now - since < KEPT_AFTER or not _are_alone_with([task, *waiting], protocol):
                    continue
                alone = record.id, _ALONE, key[2]
                self._since[alone] = alone_since = before.get(alone, now)
                if now - alone_since >= ALONE_AFTER:
                    self._told.add(key[:2])
                    self._recorder.write(PipeKeptOpen(self._recorder.clock.now(), record.id, "stdin"))

    def _look_at_ended(self, tasks: list[tuple[TaskRecord, Task[Any]]], now: float) -> None:
        for transport, since in list(self._ended.items()):
            kept = [number for number, pipe in transport._pipes.items() if number and not pipe.disconnected]
            if all(_has_ended(transport.get_pipe_transport(number)) for number in kept):
                del self._ended[transport]
            elif now - since >= KEPT_AFTER:
                del self._ended[transport]
                stream = "stdout" if kept[0] == 1 else "stderr"
                for record, task in tasks:
                    protocols = (each for _, each in _children(task) if each._transport is transport)
                    readers = [getattr(protocol, stream) for protocol in protocols]
                    if readers and not any(each is None or each._paused for each in readers):
                        self._recorder.write(PipeKeptOpen(self._recorder.clock.now(), record.id, stream))
                        break  # the inner tasks of communicate() wait for the same child


def may_read(task: Task[Any], reader: object) -> bool:
    """Whether a task may read from a stream: its functions refer to the stream, or to its process."""
    chain = follow(coroutine_of(task))
    return Reach(chain.links, chain.frames, _MOST_OBJECTS).has(reader)


def _waits_for_input(protocol: Any) -> bool:
    """Whether a child only waits in a read of its stdin, and the program has written all its data."""
    child = protocol._transport
    pipe = child.get_pipe_transport(0)
    if pipe is None or pipe.is_closing() or pipe.get_write_buffer_size() or child.get_returncode() is not None:
        return False
    answers = (child.get_pipe_transport(number) for number in (1, 2))
    if _bytes_in(pipe) != 0 or any(_bytes_in(answer) for answer in answers if answer is not None):
        return False  # on a busy machine the child, or the loop, may not have woken yet
    process = f"/proc/{child.get_pid()}"
    with suppress(OSError), _open(f"{process}/syscall") as call:
        return call.read().split()[:2] == [_READ, "0x0"] and len(listdir(f"{process}/task")) == 1
    return False


def _are_alone_with(tasks: list[Task[Any]], protocol: Any) -> bool:
    """Whether only the coroutines of these tasks refer to a child process, and to the stream of its input."""
    chains = [follow(coroutine_of(task)) for task in tasks]
    chain = msgspec.structs.replace(chains[0], links=[link for each in chains for link in each.links])
    inside = (each for link in chain.links for each in gc.get_referents(link))
    child = [each for each in inside if type(each) is Process and _protocol_of(each) is protocol][:1]
    del inside
    return not (child and others(child, chain)) and others([protocol.stdin], chain) <= 1 + len(child)


def _full_streams(task: Task[Any]) -> Iterator[tuple[int, Any]]:
    """The full output streams of the child process that a suspended task waits for, by their file descriptors."""
    for waits_for, protocol in _children(task):
        for number in (1, 2):
            reader: Any = protocol.stdout if number == 1 else protocol.stderr
            if reader is None or reader is waits_for or not reader._paused:
                continue
            if _is_full(protocol._transport.get_pipe_transport(number)):
                yield number, reader


def _children(task: Task[Any]) -> Iterator[tuple[Any, Any]]:
    """The child processes and their streams that a suspended task waits for, each with the child's protocol."""
    for frame in follow(coroutine_of(task)).frames:
        waits_for = variables_of(frame).get("self") if is_asyncio(frame.f_code.co_filename) else None
        protocol = _protocol_of(waits_for)
        if protocol is not None:
            yield waits_for, protocol


def _protocol_of(value: Any) -> Any:
    """The protocol of the child process that a stream or a process belongs to; None for anything else."""
    protocol = None
    if type(value) is Process or type(value) is StreamWriter:
        protocol = value._protocol  # type: ignore[union-attr]
    elif type(value) is StreamReader:
        pipe = getattr(getattr(value, "_transport", None), "_protocol", None)
        protocol = getattr(getattr(pipe, "proc", None), "_protocol", None)
    return protocol if type(protocol) is SubprocessStreamProtocol else None


def _is_full(transport: Any) -> bool:
    """Whether the pipe of a transport is so full that a write may block."""
    unread = _bytes_in(transport)
    size = getattr(fcntl, "F_GETPIPE_SZ", None)
    with suppress(OSError, ValueError, AttributeError):  # it was closed meanwhile
        capacity = _CAPACITY if size is None else fcntl.fcntl(_file_of(transport), size)
        return unread is not None and unread > capacity - _ATOMIC
    return False


def _bytes_in(transport: Any) -> int | None:
    """The number of unread bytes in the pipe of a transport; None if unknown. Up to Python 3.11 stdin is a socket."""
    with suppress(OSError, ValueError, AttributeError):
        file = _file_of(transport)
        asks = termios.TIOCOUTQ if stat.S_ISSOCK(os.fstat(file).st_mode) else termios.FIONREAD
        (unread,) = struct.unpack("i", fcntl.ioctl(file, asks, bytes(4)))
        return int(unread)
    return None


def _has_ended(transport: Any) -> bool:
    """Whether all processes have closed the other end of a pipe, even if the loop hasn't noticed that yet."""
    with suppress(OSError, ValueError, AttributeError):
        poll = select.poll()
        poll.register(_file_of(transport), 0)
        return bool(poll.poll(0))
    return True


def _file_of(transport: Any) -> int:
    """The file descriptor of a pipe. If the pipe is closed, this raises one of several errors."""
    return int(transport.get_extra_info("pipe").fileno())
