"""An event loop on which nobody waits for a timer: its time jumps, and is the same in each run."""

import asyncio
import selectors
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class JumpingSelector(selectors.DefaultSelector):
    """Where there is nothing but a timer to wait for, goes on at once, as if the time had passed."""

    now = 0.0
    """Seconds: those skipped, and those really waited for a socket or a thread."""

    calls_in_threads = 0
    """How many calls in threads the loop waits for."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        only_timers = len(self.get_map()) == 1 and not self.calls_in_threads
        if timeout and only_timers:
            self.now += timeout
            return super().select(0)
        started = time.monotonic()
        ready = super().select(timeout)
        if not only_timers:
            self.now += time.monotonic() - started
        return ready


class FastLoop(asyncio.SelectorEventLoop):
    """An event loop on which nobody waits for a timer, and a moment is the same in each run."""

    Selector: type[JumpingSelector] = JumpingSelector

    def __init__(self) -> None:
        self.jumps = self.Selector()
        super().__init__(self.jumps)

    def time(self) -> float:
        return self.jumps.now

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        await super().shutdown_default_executor()  # no timeout, which would be over at once


def run_fast(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """As asyncio.run, on a FastLoop."""
    with asyncio.Runner(loop_factory=FastLoop) as runner:
        return runner.run(coroutine)
