"""Watches connections: who opens them, who writes faster than the peer reads, and which are dropped without a close.

For aiohttp it also finds which client session opens a connection. Other HTTP libraries connect in their own tasks, so
their stack doesn't show it.
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
"""The file with the method `connect`, in which aiohttp's connector waits for a new connection."""

MUCH = 1024 * 1024
"""Bytes in a connection's write buffer that are worth a report."""

MANY_STEPS = 10
"""The number of steps in which a task must have written meanwhile."""

_UNDRAINED = "_asynclab_undrained"
"""The attribute of a transport with a tuple per writing task: the number of steps, the latest one's start, the size."""


def observe_connections(patches: Patches) -> None:
    """Report connections that clients open, that are written too fast, and that nobody closes.

    Lasts until the patches are undone.
    """
    patches.wrap_once_used(cpython.SocketTransport, "__init__", lambda init: around_body(init, _Connection))
    patches.wrap_once_used(cpython.SocketTransport, "__del__", lambda delete: around_body(delete, _TransportGone))
    patches.wrap_once_used(cpython.SelectorLoop, cpython.SOCK_CONNECT, lambda connect: around_body(connect, _Attempt))
    patches.wrap_once_used(StreamWriter, "write", lambda write: around_body(write, _Write))
    if hasattr(StreamWriter, "__del__"):  # the first releases of Python 3.11 have none
        patches.wrap_once_used(StreamWriter, "__del__", lambda delete: around_body(delete, _WriterGone))


class _Connection(AroundFunction):
    """Runs around a transport's `__init__`, and reports who opens the connection."""

    def __init__(self, transport: Any, *_: object, **__: object) -> None:
        self._transport = transport

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        tracer = observer() if kind is None else None
        if tracer is None or tracer.loop is None:
            return
        with tracer.guard("connections"):
            _report(tracer, self._transport, _getframe(1))


class _Attempt(AroundFunction):
    """Runs around `_sock_connect`, and notes an attempt of create_connection() to connect."""

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
    """Runs around a transport's `__del__`, and reports if nobody has closed it."""

    def __init__(self, transport: Any, *_: object, **__: object) -> None:
        tracer = None if transport._sock is None else observer() or _between_steps(transport)
        if tracer is not None:
            with tracer.guard("connections"):
                _report_unclosed(tracer, transport, _getframe(2))


def _between_steps(transport: Any) -> Observer | None:
    """The observer of a transport's loop while no step or callback runs: then a task was destroyed with its result."""
    loop = transport._loop
    tracer = tasks_of(loop).sole if loop is _get_running_loop() else None
    return cast("Observer | None", tracer)


class _WriterGone(_TransportGone):
    """Runs around a StreamWriter's `__del__`, which closes its transport, and reports if nobody had closed it."""

    def __init__(self, writer: Any, *_: object, **__: object) -> None:
        if _is_plain(writer._transport) and not writer.is_closing():
            super().__init__(writer._transport)


class _Write(AroundFunction):
    """Runs around StreamWriter.write(), and counts writes while the transport is paused or its connection is lost.

    A paused transport keeps the data in memory. A transport that has lost its connection drops the data.
    """

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
    """Whether a transport is asyncio's own for a plain socket, without TLS."""
    return type(transport) is cpython.SocketTransport


def _note_write(tracer: Observer, task: int, transport: Any, frame: FrameType) -> None:
    """Count the steps in which a task writes without drain(), which would have made it wait, or raised an error."""
    is_lost = bool(transport._conn_lost)
    size = MUCH if is_lost else transport.get_write_buffer_size()
    earlier, latest, before = vars(transport).setdefault(_UNDRAINED, {}).get(task, (0, 0.0, 0))
    steps = 1 if size < before else earlier + (latest != tracer.step_started)
    transport._asynclab_undrained[task] = steps, tracer.step_started, size
    if steps >= MANY_STEPS and size >= MUCH and not (earlier >= MANY_STEPS and before >= MUCH):
        place = place_from(frame, tracer.registry.boundary)
        tracer.emit(WriteUndrained(tracer.clock.now(), task, 0 if is_lost else size, steps, *place, is_lost))


def _report_unclosed(tracer: Observer, transport: Any, frame: FrameType) -> None:
    """Report an unclosed connection, but only while the main task runs: at the program's end none has to be closed."""
    opened = vars(transport).get(OPENED)
    tasks = tracer.registry.tasks()
    main, task = next((each for each in tasks if cpython.runs_until_end_of(each[1])), (None, None))
    if opened is None or main is None or task is None:
        return
    is_at_work = tracer.current is not main or place_from(frame, tracer.registry.boundary)[1]
    # A cancelled task keeps its CancelledError, and all objects in the traceback, until the end of that step.
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
