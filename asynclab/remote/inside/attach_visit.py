"""Serves a viewer that has attached to this program: observes the program until the viewer leaves, then restores it."""

from __future__ import annotations

import _thread
import atexit
import gc
import os
import socket
import sys
import time
from asyncio import AbstractEventLoop, BaseEventLoop, Handle, current_task
from contextlib import suppress
from itertools import chain
from time import monotonic, sleep
from types import FrameType

import msgspec

from asynclab.remote.attach_sockets import Greeting
from asynclab.remote.inside.sender import PERIOD, Sender
from asynclab.remote.wire import Attached, LoopFound, LoopUnobserved, ProgramStarted
from asynclab.trace.cpython import VERSION, missing
from asynclab.trace.patching.uvloop_steps import is_uvloop
from asynclab.trace.process import ProcessObservation, observe_process
from asynclab.trace.recording.code_ownership import UserCode
from asynclab.trace.recording.scope import outside_context

PATIENCE = 0.5
"""Real seconds to wait for a loop's answer. After that the loop is reported as not observed."""

LAST_MOMENTS = 0.25
"""Real seconds to wait for a leaving viewer before the next one is refused."""

_VERSION: str = sys.modules["asynclab"].__version__
"""Not by an import, which would be a cycle: asynclab imports modules that import this one."""

_only_one = _thread.allocate_lock()
_visit: Visit | None = None


def receive(connection: socket.socket) -> None:
    """Serve the viewer at the other end of a connection, until the viewer closes it."""
    with connection, suppress(OSError):
        if not _only_one.acquire(timeout=LAST_MOMENTS):
            _greet(connection, "another asynclab is attached to it")
            return
        try:
            lacks = missing()
            _greet(connection, f"its Python lacks {', '.join(lacks)}, which asynclab needs" if lacks else "")
            if not lacks:
                Visit(connection).run()
        finally:
            _only_one.release()


def _greet(connection: socket.socket, refused: str = "") -> None:
    connection.sendall(msgspec.json.encode(Greeting(_VERSION, refused)) + b"\n")


class Visit:
    """The observation of this program for one attached viewer."""

    def __init__(self, connection: socket.socket) -> None:
        self._observation: ProcessObservation = observe_process()
        self._sender = Sender(self._observation, connection)
        self._asked: dict[AbstractEventLoop, list[Handle]] = {}
        """The loops that aren't observed yet, each with the handle of the callback that will do it."""

    def run(self) -> None:
        """Observe the program until the connection ends."""
        global _visit
        _visit = self
        atexit.register(self._sender.finish)
        try:
            self._begin()
            self._wait_for_end()
        finally:
            self._leave()
            _visit = None

    def _begin(self) -> None:
        epoch = time.time() - self._observation.clock.now()
        name = os.path.basename(sys.argv[0]) if sys.argv and sys.argv[0] else "python"
        loops = [loop for loop in _existing_loops() if not loop.is_closed()]
        self._sender.tell(ProgramStarted(name, VERSION, os.getpid(), epoch))
        self._sender.tell(Attached(len(loops)))
        self._sender.start()
        for loop in loops:
            asked: list[Handle] = []
            self._asked[loop] = asked  # first, as the loop may answer before the call returns
            try:
                asked.append(loop.call_soon_threadsafe(self._adopt, loop, context=outside_context()))
            except RuntimeError:  # it has been closed
                del self._asked[loop]

    def _adopt(self, loop: AbstractEventLoop) -> None:
        """Begin to observe a loop. Runs as a callback of the loop."""
        self._asked.pop(loop, None)
        try:
            census = self._observation.adopt(loop)
        except Exception as error:
            self._sender.follow(LoopUnobserved(type(loop).__name__, str(error)))
            return
        number = self._observation.number_of(loop)
        census.look_on(lambda: self._sender.follow(LoopFound(number, census.count)))

    def _wait_for_end(self) -> None:
        if self._sender.wait_until_left(PATIENCE):
            return
        for loop in list(self._asked):
            self._sender.follow(LoopUnobserved(type(loop).__name__, _why_silent(loop)))
        self._sender.wait_until_left()

    def _leave(self) -> None:
        for handle in chain.from_iterable(list(self._asked.values())):
            handle.cancel()
        self._observation.stop()
        until = monotonic() + PATIENCE
        while not self._observation.has_left() and monotonic() < until:
            sleep(PERIOD)
        self._sender.finish()
        atexit.unregister(self._sender.finish)

    def forget(self) -> None:
        """Stop observing in a child process after a fork, because no viewer is attached to the child."""
        self._sender.abandon()
        self._observation.stop()


def _existing_loops() -> list[AbstractEventLoop]:
    loops = [found for found in gc.get_objects() if issubclass(type(found), AbstractEventLoop)]
    return [loop for loop in loops if isinstance(loop, BaseEventLoop) or is_uvloop(type(loop))]


def _why_silent(loop: AbstractEventLoop) -> str:
    """Why a loop doesn't run a callback, in words for the user."""
    thread: int | None = getattr(loop, "_thread_id", None)
    if thread is None:
        return "it does not run now"
    frame = sys._current_frames().get(thread)
    task = current_task(loop)
    who = f"{task.get_name()} has" if task is not None else "a callback has"
    where = _place(frame)
    return f"it is blocked: {who} not returned to it for {PATIENCE} s{where}"


def _place(frame: FrameType | None) -> str:
    owns = UserCode().owns
    while frame is not None:
        if owns(frame.f_code.co_filename):
            return f", in {frame.f_code.co_name} ({os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno})"
        frame = frame.f_back
    return ""


def _forget_in_child() -> None:
    global _visit
    if _visit is not None:
        _visit.forget()
        _visit = None
    if _only_one.locked():
        _only_one.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
