"""Detects a child process or connection that stays open after its task was cancelled, and that nobody can close.

A timeout around communicate() doesn't end the child, and a timeout around code that uses create_connection() doesn't
close the transport.
"""

from __future__ import annotations

import gc
import weakref
from asyncio import Task
from asyncio.subprocess import Process
from types import FrameType, MethodType
from typing import Any

import msgspec

from asynclab.model.events import ChildLeft, ConnectionDropped
from asynclab.trace import cpython
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.recording.code_ownership import Place, is_asyncio
from asynclab.trace.recording.future_state import coroutine_of
from asynclab.trace.recording.recorder import Recorder, TaskRecord

LEFT_AFTER = 0.25
"""Real seconds for which nobody must refer to a child: code that has just killed it may drop it."""

_CANCELLED_FOR = 0.05
"""Real seconds since a task with a connection was cancelled: it drops the connection only after some loop turns."""

OPENED = "_asynclab_opened"
"""The attribute of a transport with the task that has opened it, the host, and the file and line."""

_MOST = 100

_SEARCHES = 20
"""How often all objects may be searched for references to a connection."""


class _Leftover(msgspec.Struct, frozen=True):
    """A child process or connection that a task had when it was cancelled."""

    task: int
    place: Place
    """The place at which the task waited."""
    child: weakref.ref[Process] | None
    """The Process object of a child; None for a connection."""
    at: float
    """Real time at which the task was cancelled."""


class LeftOpen:
    """Watches the children and connections that tasks had when they were cancelled."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._given_up: dict[weakref.ref[Any], _Leftover] = {}
        """The watched children and connections, by their transports."""
        self._since: dict[weakref.ref[Any], float] = {}
        """The real time since when nobody refers to a child, by its transport."""
        self._searches = _SEARCHES

    def wait_cancelled(self, record: TaskRecord, task: Task[Any]) -> None:
        """Note the children and connections of a task that is cancelled. Call this before the task runs."""
        chain, now = follow(coroutine_of(task)), self._recorder.clock.real_time()
        place: Place = ("", 0)
        for link, frame in zip(chain.links, chain.frames, strict=True):
            if not is_asyncio(frame.f_code.co_filename):
                place = frame.f_code.co_filename, frame.f_lineno or 0
            for each in gc.get_referents(link) if len(self._given_up) < _MOST else ():
                if type(each) is Process:
                    given_up = _Leftover(record.id, place, weakref.ref(each), now)
                    self._given_up[weakref.ref(vars(each)["_transport"])] = given_up
                elif type(each) is cpython.SocketTransport and _has_opened(frame, vars(each).get(OPENED)):
                    self._given_up[weakref.ref(each)] = _Leftover(record.id, place, None, now)

    def look(self) -> None:
        """Check the noted ones. Call this several times a second, on any thread but the loop's."""
        now = self._recorder.clock.real_time()
        for reference, given_up in list(self._given_up.items()):
            transport = reference()
            if transport is None or not _is_open(transport):
                self._forget(reference)
            elif given_up.child is not None and given_up.child() is not None:
                self._since.pop(reference, None)
            elif self._is_left(reference, given_up, now):
                self._forget(reference)
                self._report(transport, given_up)

    def _is_left(self, reference: weakref.ref[Any], given_up: _Leftover, now: float) -> bool:
        if given_up.child is None:
            return now - given_up.at >= _CANCELLED_FOR
        return now - self._since.setdefault(reference, now) >= LEFT_AFTER

    def _forget(self, reference: weakref.ref[Any]) -> None:
        del self._given_up[reference]
        self._since.pop(reference, None)

    def _report(self, transport: Any, given_up: _Leftover) -> None:
        now = self._recorder.clock.now()
        if given_up.child is not None:
            self._recorder.write(ChildLeft(now, given_up.task, transport.get_pid(), *given_up.place))
        elif self._searches > 0:
            self._searches -= 1
            if not _is_kept(transport):
                opener, host, file, line = vars(transport)[OPENED]
                left_at = given_up.place[1]
                self._recorder.write(
                    ConnectionDropped(now, f"connection to {host}", opener, file, line, left_at=left_at)
                )


def _has_opened(frame: FrameType, opened: tuple[int, str, str, int] | None) -> bool:
    """Whether the function of a frame has opened a connection itself."""
    code = frame.f_code
    lines = {line for _, _, line in code.co_lines()}
    return opened is not None and opened[2] == code.co_filename and opened[3] in lines


def _is_open(transport: Any) -> bool:
    kind: type = type(transport)
    if kind is cpython.SocketTransport:
        return transport._sock is not None and not transport.is_closing()
    return transport.get_returncode() is None


def _is_kept(transport: Any) -> bool:
    """Whether an object refers to a transport or its protocol, besides these two and the loop's own callbacks."""
    protocol = transport.get_protocol()
    both = [transport, vars(transport), protocol, getattr(protocol, "__dict__", None)]
    known = {*map(id, both), id(both)}
    for each in gc.get_referrers(transport, protocol):  # a generator's cells would be found too
        if not (id(each) in known or type(each) is FrameType or _is_private_method(each)):
            return True
    return False


def _is_private_method(value: object) -> bool:
    """Whether an object is a private method of asyncio, as the loop calls when a socket is ready: it closes nothing."""
    return type(value) is MethodType and value.__name__.startswith("_") and is_asyncio(value.__code__.co_filename)
