"""Whether a lab waits for something outside itself: I/O, a thread, a child process."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from asynclab.trace.scope import CURRENT

if TYPE_CHECKING:
    from asyncio.events import Handle

    from asynclab.trace.tracer import Tracer


class World:
    """What a lab waits for that time alone won't bring."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._calls: set[Future[Any]] = set()
        self.processes = 0
        """Child processes that have not ended."""

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
        return bool(self._calls or self.processes or (loop is not None and self._has_io(loop)))

    def has_ready(self) -> bool:
        """Whether a callback of the lab is in the loop's ready queue."""
        ready: Iterator[Handle] = iter(getattr(self._tracer.loop, "_ready", ()))
        return any(getattr(handle, "_tracer", None) is self._tracer for handle in ready)

    def _has_io(self, loop: AbstractEventLoop) -> bool:
        selector = getattr(loop, "_selector", None)
        keys = selector.get_map().values() if selector is not None else ()
        return any(self._owns(handle) for key in keys if isinstance(key.data, tuple) for handle in key.data)

    def _owns(self, handle: Handle | None) -> bool:
        return handle is not None and handle._context.get(CURRENT) is self._tracer  # type: ignore[attr-defined]
