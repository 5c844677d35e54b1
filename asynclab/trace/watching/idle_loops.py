"""Finds out, from another thread, what could still wake an idle loop."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from asyncio import AbstractEventLoop, BaseEventLoop, Runner
from collections.abc import Iterator
from functools import partial
from selectors import SelectorKey
from typing import Any

from asynclab.model.events import Outside
from asynclab.trace import cpython
from asynclab.trace.recording.recorder import Recorder
from asynclab.trace.watching.bystanders import NOBODY, Bystanders
from asynclab.trace.watching.external_waits import ExternalWaits
from asynclab.trace.watching.observer import Observer

IDLE_AFTER = 0.4
"""Real seconds in which nothing has happened: what a thread has just brought may be a moment late."""

AGAIN_AFTER = 1.0
"""Real seconds until what could wake an idle loop is looked at again: to find it out takes half a millisecond."""

_QUIET_HANDLERS = (signal.SIG_DFL, signal.SIG_IGN, None, signal.default_int_handler)
"""What does nothing, or ends the program."""


class IdleLooks:
    """Tells what could wake a loop, once it has been idle for a while, and again when that has changed."""

    def __init__(self, bystanders: Bystanders = NOBODY) -> None:
        self._bystanders = bystanders
        self._quiet_since = 0.0
        """Real time at which nothing had happened any more; 0 while something does."""
        self._told: tuple[int, ...] | None = None
        self._next_look = 0.0
        """Real time of the next look, once it has been quiet for long enough."""

    def look(self, recorder: Recorder, external: ExternalWaits) -> None:
        """Look once; to be called some times a second, on any thread but the loop's."""
        loop = recorder.loop
        now = recorder.clock.real_time()
        if recorder.events or not isinstance(loop, BaseEventLoop) or not _is_idle(loop, recorder):
            self._quiet_since, self._told, self._next_look = 0.0, None, 0.0
            return
        self._quiet_since = self._quiet_since or now
        if now - self._quiet_since < IDLE_AFTER or now < self._next_look:
            return
        self._next_look = now + AGAIN_AFTER
        found = _outside(loop, recorder, external, self._bystanders)
        if found != self._told and not recorder.events and _is_idle(loop, recorder):
            self._told = found
            recorder.write(Outside(recorder.clock.now(), *found))


def _is_idle(loop: AbstractEventLoop, recorder: Recorder) -> bool:
    """Whether a loop runs, and waits."""
    is_under_way = recorder.current is not None or recorder.callback is not None or recorder.in_timer
    return loop.is_running() and not is_under_way and not cpython.ready_queue(loop)


def is_outside_awaited(loop: AbstractEventLoop, observer: Observer, bystanders: Bystanders) -> bool:
    """Whether an idle loop waits for more than its timers: I/O, a thread, a call in a pool, or a child process."""
    external = observer.external
    return bool(
        external.processes
        or external.has_call()
        or _watched_files(loop)
        or any(map(_may_call, _other_threads(observer.thread, bystanders)))
    )


def _outside(
    loop: AbstractEventLoop, recorder: Recorder, external: ExternalWaits, bystanders: Bystanders
) -> tuple[int, ...]:
    timers = sum(not timer.cancelled() for timer in list(cpython.timer_heap(loop)))
    threads = sum(map(_may_call, _other_threads(recorder.thread, bystanders)))
    return _watched_files(loop), threads, external.processes, _handled_signals(loop, bystanders), timers


def _other_threads(loop_thread: int, bystanders: Bystanders) -> Iterator[threading.Thread]:
    threads = (thread for thread in threading.enumerate() if thread.ident != loop_thread)
    return (thread for thread in threads if not bystanders.has_thread(thread))


def _may_call(thread: threading.Thread) -> bool:
    """Whether a thread may do something by itself: not one of a pool that waits for its next call."""
    if not cpython.is_pool_thread(thread):
        return True
    frame = sys._current_frames().get(thread.ident or 0)
    return frame is None or frame.f_code is not getattr(cpython.pool_worker, "__code__", None)


def _handled_signals(loop: AbstractEventLoop, bystanders: Bystanders) -> int:
    every = [signal.getsignal(number) for number in signal.valid_signals()]
    handlers = [handler for handler in every if not bystanders.has_handler(handler)]
    own = sum(handler not in _QUIET_HANDLERS and not _is_runners(handler) for handler in handlers)
    return own + len(cpython.signal_handlers_of(loop))


def _is_runners(handler: Any) -> bool:
    """Whether a handler is that of `asyncio.run`, which only cancels main at ctrl+c."""
    function = getattr(handler.func, "__func__", None) if type(handler) is partial else None
    return function is not None and function is vars(Runner).get("_on_sigint")


def _watched_files(loop: AbstractEventLoop) -> int:
    """How many files a loop watches, apart from its own pipe, and from connections with both ends on it."""
    selector: Any = cpython.selector_of(loop)
    keys: list[SelectorKey] = [] if selector is None else list(selector.get_map().values())
    wakes_itself = getattr(loop, "_ssock", None)
    ends = [_ends(key) for key in keys if key.fileobj is not wakes_itself and key.fd != _number(wakes_itself)]
    known = {end for end in ends if end is not None}
    return sum(end is None or (end[1], end[0]) not in known for end in ends)


def _number(wakes_itself: socket.socket | None) -> int:
    return -1 if wakes_itself is None else wakes_itself.fileno()


def _ends(key: SelectorKey) -> tuple[Any, Any] | None:
    """The addresses of both ends of a connection; None for anything else."""
    handle = next((handle for handle in key.data if handle is not None), None) if type(key.data) is tuple else None
    transport = getattr(getattr(handle, "_callback", None), "__self__", None)
    connection = getattr(transport, "_sock", None)
    if type(connection) is not socket.socket or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return None
    try:
        return connection.getsockname(), connection.getpeername()
    except OSError:
        return None
