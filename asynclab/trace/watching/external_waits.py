"""Finds out whether a lab waits for something outside its loop: I/O, a thread, or a child process.

Only if it doesn't, an instant lab may skip time, and a lab without timers is stuck.
"""

from __future__ import annotations

import threading
import weakref
from asyncio import AbstractEventLoop, Future
from asyncio.events import Handle
from collections.abc import Iterator
from typing import Any

from asynclab.trace import cpython
from asynclab.trace.recording.future_state import is_done
from asynclab.trace.recording.recorder import Recorder
from asynclab.trace.recording.scope import CURRENT
from asynclab.trace.recording.values import is_a


class ExternalWaits:
    """Tracks the I/O, threads and child processes that a lab waits for."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._calls: dict[int, weakref.ref[Future[Any]]] = {}
        """The futures of calls in thread and process pools, by their id: the program's own classes may define a hash.

        They get no callback of ours: their repr would show it.
        """
        self.processes = 0
        """The number of child processes that have not ended."""
        self.threads = _Threads()
        """The threads that the lab's code started without a pool."""

    def called_executor(self, future: Future[Any]) -> None:
        """Note a call in a thread or process pool."""
        key, calls = id(future), self._calls
        calls[key] = weakref.ref(future, lambda _: calls.pop(key, None))

    def is_executor_call(self, future: Future[Any]) -> bool:
        """Whether `future` is the result of a call in a pool."""
        return id(future) in self._calls or cpython.brings_call(future)

    def is_awaited(self) -> bool:
        """Whether the lab waits for I/O, a thread or a process now."""
        loop = self._recorder.loop
        if self.processes or self.has_call() or self.threads.are_alive():
            return True
        return loop is not None and (any(self._io(loop)) or self._has_timer(loop))

    def has_ready(self) -> bool:
        """Whether the loop's ready queue has a callback or a due timer of the lab."""
        loop = self._recorder.loop
        ready = () if loop is None else tuple(cpython.ready_queue(loop))  # threads append to it
        return any(map(self._owns, ready))

    def let_go(self) -> None:
        """Remove what the lab has left in the loop: servers, signal handlers, readers and writers.

        Connections stay, because a pool may still use them.
        """
        loop: Any = self._recorder.loop
        for file, reader, writer in list(self._io(loop)):
            if reader is not None and cpython.accepts_connections(loop, reader):
                cpython.stop_serving(loop, file, reader)
            if reader is not None and not _is_asyncios(reader):
                loop.remove_reader(file)
            if writer is not None and not _is_asyncios(writer):
                loop.remove_writer(file)
        for signal, handle in list(cpython.signal_handlers_of(loop).items()):
            if self._owns(handle):
                loop.remove_signal_handler(signal)

    def has_call(self) -> bool:
        """Whether a call in a pool has not ended."""
        for key, reference in list(self._calls.items()):
            future = reference()
            if future is not None and not is_done(future):
                return True
            self._calls.pop(key, None)
        return False

    def _has_timer(self, loop: AbstractEventLoop) -> bool:
        """Whether the lab has a timer in the loop's own heap, because it doesn't go by lab time."""
        return any(self._owns(handle) and not handle.cancelled() for handle in cpython.timer_heap(loop))

    def _io(self, loop: AbstractEventLoop) -> Iterator[tuple[Any, Any, Any]]:
        """The files that the loop watches for the lab, each with the handles of its reader and writer, or None."""
        selector = cpython.selector_of(loop)
        for key in selector.get_map().values() if selector is not None else ():
            if is_a(key.data, tuple):
                reader, writer = (handle if self._owns(handle) else None for handle in key.data)
                if reader is not None or writer is not None:
                    yield key.fileobj, reader, writer

    def _owns(self, handle: Handle | None) -> bool:
        return handle is not None and cpython.context_of(handle).get(CURRENT) is self._recorder


class _Threads:
    """A thread-safe collection of weakly referenced threads."""

    def __init__(self) -> None:
        self._references: tuple[weakref.ref[threading.Thread], ...] = ()
        self._lock = threading.Lock()

    def add(self, thread: threading.Thread) -> None:
        """Note a thread that is about to start."""
        with self._lock:
            known = [reference for reference in self._references if reference() is not None]
            self._references = (*known, weakref.ref(thread))

    def are_alive(self) -> bool:
        """Whether any of the threads runs."""
        threads = [reference() for reference in self._references]
        return any(thread is not None and thread.is_alive() for thread in threads)


def _is_asyncios(handle: Any) -> bool:
    """Whether a handle's callback is asyncio's own, such as a transport's or a child watcher's."""
    function = getattr(handle._callback, "__func__", handle._callback)
    return str(getattr(function, "__module__", "")).startswith("asyncio.")
