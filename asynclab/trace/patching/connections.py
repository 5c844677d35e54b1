"""Notices who opens a connection, who writes faster than the other side reads, and which are dropped without a close.

Of HTTP libraries it sees which client opens one: aiohttp's, as others connect in tasks of their own.
"""

from __future__ import annotations

import os
from asyncio import StreamReaderProtocol, StreamWriter, _get_running_loop
from collections.abc import Iterator
from sys import _getframe
from types import FrameType
from typing import Any, cast

from asynclab.model.events import ConnectionDropped, WriteUndrained
from asynclab.trace import cpython
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.governing.owners import observer
from asynclab.trace.mishaps.left_open import OPENED
from asynclab.trace.patching.extended_functions import AroundFunction, around_body
from asynclab.trace.patching.patches import Patches
from asynclab.trace.recording.code_ownership import place_from
from asynclab.trace.recording.future_state import coroutine_of
from asynclab.trace.recording.loop_tasks import tasks_of
from asynclab.trace.watching.observer import Observer

_CONNECT, _LIBRARY = "connect", "aiohttp"
_FILE = os.path.join("aiohttp", "connector.py")
"""Where a connector waits for a new connection."""

MUCH = 1024 * 1024
"""Bytes that a connection keeps since they are written faster than they are sent."""

MANY_STEPS = 10
"""In how many steps a task has written on meanwhile."""

_UNDRAINED = "_asynclab_undrained"
"""What a transport carries for each task that writes on: how many steps, when the latest began, and the size then."""


def observe_connections(patches: Patches) -> None:
    """Report the connections that clients open, and those that nobody closes, until the patches are undone."""
    patches.wrap_once_used(cpython.SocketTransport, "__init__", lambda init: around_body(init, _Connection))
    patches.wrap_once_used(cpython.SocketTransport, "__del__", lambda delete: around_body(delete, _TransportGone))
    patches.wrap_once_used(cpython.SelectorLoop, cpython.SOCK_CONNECT, lambda connect: around_body(connect, _Attempt))
    patches.wrap_once_used(StreamWriter, "write", lambda write: around_body(write, _Write))
    if hasattr(StreamWriter, "__del__"):  # the first releases of Python 3.11 have none
        patches.wrap_once_used(StreamWriter, "__del__", lambda delete: around_body(delete, _WriterGone))


class _Connection(AroundFunction):
    """Goes around the making of a transport, and reports whose it is."""

    def __init__(self, transport: Any, *_: object, **__: object) -> None:
        self._transport = transport

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        tracer = observer() if kind is None else None
        if tracer is None or tracer.loop is None:
            return
        with tracer.guard("connections"):
            _report(tracer, self._transport, _getframe(1))


class _Attempt(AroundFunction):
    """Goes around the begin of an attempt of create_connection() to connect."""

    def __init__(self, _: object, future: object, connection: object, address: object) -> None:
        tracer = observer()
        if tracer is None or tracer.current is None:
            return
        with tracer.guard("connections"):
            frame = _getframe(1)
            outer = frame.f_back and frame.f_back.f_back
            if outer is not None and outer.f_code.co_name == cpython.CONNECT_SOCK:
                place = place_from(outer, tracer.registry.boundary)
                tracer.mishaps.connects.tries(tracer.current.id, address, place)


class _TransportGone(AroundFunction):
    """Goes around the end of a transport that nobody refers to any more."""

    def __init__(self, transport: Any, *_: object, **__: object) -> None:
        tracer = None if transport._sock is None else observer() or _between_steps(transport)
        if tracer is not None:
            with tracer.guard("connections"):
                _tell_unclosed(tracer, transport, _getframe(2))


def _between_steps(transport: Any) -> Observer | None:
    """Who observes a transport's loop, where nothing of that is under way: a task has gone whose result it was."""
    loop = transport._loop
    tracer = tasks_of(loop).sole if loop is _get_running_loop() else None
    return cast("Observer | None", tracer)


class _WriterGone(_TransportGone):
    """The same for a StreamWriter, which closes its transport then."""

    def __init__(self, writer: Any, *_: object, **__: object) -> None:
        if _is_plain(writer._transport) and not writer.is_closing():
            super().__init__(writer._transport)


class _Write(AroundFunction):
    """Goes around a write: what is written while the transport asks to wait is kept in memory; if lost, it drops it."""

    def __init__(self, writer: Any, *_: object) -> None:
        transport: Any = writer._transport
        if not (_is_plain(transport) and issubclass(type(writer._protocol), StreamReaderProtocol)):
            return
        if transport._conn_lost or vars(writer._protocol).get("_paused"):
            tracer = observer()
            if tracer is not None and tracer.current is not None:
                with tracer.guard("connections"):
                    _note_write(tracer, tracer.current.id, transport, _getframe(2))


def _is_plain(transport: object) -> bool:
    """Whether a transport is asyncio's for a socket, without TLS."""
    return type(transport) is cpython.SocketTransport


def _note_write(tracer: Observer, task: int, transport: Any, frame: FrameType) -> None:
    """Count the steps in which a task writes on though it should wait; drain() would have made it wait, or failed."""
    is_lost = bool(transport._conn_lost)
    size = MUCH if is_lost else transport.get_write_buffer_size()
    earlier, latest, before = vars(transport).setdefault(_UNDRAINED, {}).get(task, (0, 0.0, 0))
    steps = 1 if size < before else earlier + (latest != tracer.step_started)
    transport._asynclab_undrained[task] = steps, tracer.step_started, size
    if steps >= MANY_STEPS and size >= MUCH and not (earlier >= MANY_STEPS and before >= MUCH):
        place = place_from(frame, tracer.registry.boundary)
        tracer.emit(WriteUndrained(tracer.clock.now(), task, 0 if is_lost else size, steps, *place, is_lost))


def _tell_unclosed(tracer: Observer, transport: Any, frame: FrameType) -> None:
    """Tell it while the main task goes on: what is there at the end of a program needs no closing."""
    opened = vars(transport).get(OPENED)
    tasks = tracer.registry.tasks()
    main, task = next((each for each in tasks if cpython.runs_until_end_of(each[1])), (None, None))
    if opened is None or main is None or task is None:
        return
    is_at_work = tracer.current is not main or place_from(frame, tracer.registry.boundary)[1]
    # A step that a cancel begins keeps the CancelledError, with all in its traceback, until it has come to its end.
    if is_at_work or getattr(coroutine_of(task), "cr_suspended", False):
        opener, host, file, line = opened
        tracer.emit(ConnectionDropped(tracer.clock.now(), f"connection to {host}", opener, file, line))


def _report(tracer: Observer, transport: Any, frame: FrameType) -> None:
    tracer.mishaps.connects.connected()
    peer = transport.get_extra_info("peername")
    host = f"{peer[0]}:{peer[1]}" if isinstance(peer, tuple) else ""
    place = place_from(frame, tracer.registry.boundary)
    if place[1]:
        setattr(transport, OPENED, (tracer.current_number(), host, *place))
    client: object = None
    for outer in _outwards(frame):
        code = outer.f_code
        if client is None:
            is_connect = code.co_name == _CONNECT and code.co_filename.endswith(_FILE)
            client = variables_of(outer).get("self") if is_connect else None
        elif tracer.code.owns(code.co_filename):
            tracer.resources.client_connected(client, _LIBRARY, host, (code.co_filename, outer.f_lineno or 0))
            return


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
