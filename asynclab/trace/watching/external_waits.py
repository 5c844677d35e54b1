"""Whether a lab waits for something outside itself: I/O, a thread, a child process."""

from __future__ import annotations

import threading
import weakref
from asyncio import AbstractEventLoop, Future
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from asynclab.trace.recording.scope import CURRENT

if TYPE_CHECKING:
    from asyncio.events import Handle

    from asynclab.trace.recording.recorder import Tracer


class World:
    """What a lab waits for that time alone won't bring."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._calls: set[Future[Any]] = set()
        self.processes = 0
        """Child processes that have not ended."""
        self.threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        """Threads that the lab's code started by itself."""

    def called_executor(self, future: Future[Any]) -> None:
        """A call was handed to a thread or process pool."""
        self._calls.add(future)
        future.add_done_callback(self._calls.discard)

    def is_executor_call(self, future: object) -> bool:
        """Whether `future` is the result of a call in a pool."""
        return future in self._calls

    def is_awaited(self) -> bool:
        """Whether the lab waits for I/O, a thread or a process now."""
        loop = self._tracer.loop
        return bool(self._calls or self.processes) or self._has_thread() or (loop is not None and any(self._io(loop)))

    def has_ready(self) -> bool:
        """Whether a callback of the lab is in the loop's ready queue."""
        ready: tuple[Handle, ...] = tuple(getattr(self._tracer.loop, "_ready", ()))  # threads append to it
        return any(getattr(handle, "_tracer", None) is self._tracer for handle in ready)

    def let_go(self) -> None:
        """Take back what is left of the lab in the loop: servers, signal handlers, and readers that nobody removed.

        Connections are left alone: a pool may go on using them.
        """
        loop: Any = self._tracer.loop
        for file, reader, writer in list(self._io(loop)):
            if reader is not None and reader._callback == getattr(loop, "_accept_connection", None):
                _stop_serving(loop, file, reader)
            if reader is not None and not _is_asyncios(reader):
                loop.remove_reader(file)
            if writer is not None and not _is_asyncios(writer):
                loop.remove_writer(file)
        for signal, handle in list(getattr(loop, "_signal_handlers", {}).items()):
            if self._owns(handle):
                loop.remove_signal_handler(signal)

    def _has_thread(self) -> bool:
        return any(thread.is_alive() for thread in self.threads)

    def _io(self, loop: AbstractEventLoop) -> Iterator[tuple[Any, Any, Any]]:
        """The files that the loop watches for the lab, with the handles of the lab's reader and writer, or None."""
        selector = getattr(loop, "_selector", None)
        for key in selector.get_map().values() if selector is not None else ():
            if isinstance(key.data, tuple):
                reader, writer = (handle if self._owns(handle) else None for handle in key.data)
                if reader is not None or writer is not None:
                    yield key.fileobj, reader, writer

    def _owns(self, handle: Handle | None) -> bool:
        return handle is not None and handle._context.get(CURRENT) is self._tracer  # type: ignore[attr-defined]


def _is_asyncios(handle: Any) -> bool:
    """Whether a handle's callback is asyncio's own: a transport's, a child watcher's."""
    function = getattr(handle._callback, "__func__", handle._callback)
    return str(getattr(function, "__module__", "")).startswith("asyncio.")


def _stop_serving(loop: Any, file: Any, handle: Any) -> None:
    server = handle._args[3]
    if server is None:
        loop._stop_serving(file)
    else:
        server.close()
