"""An event loop whose time jumps to the next timer, so that tests don't wait and all times are the same in each run."""

import asyncio
import selectors
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class JumpingSelector(selectors.DefaultSelector):
    """Returns at once if the loop waits only for a timer, as if the time had passed."""

    now = 0.0
    """The loop's time in seconds: the sum of skipped waits and of real waits for sockets and threads."""

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
    """An event loop whose time jumps to the next timer, so that all times are the same in each run."""

    Selector: type[JumpingSelector] = JumpingSelector

    def __init__(self) -> None:
        self.jumps = self.Selector()
        super().__init__(self.jumps)

    def time(self) -> float:
        return self.jumps.now

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        await super().shutdown_default_executor()  # a timeout would expire at once


def run_fast(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Like asyncio.run, but on a FastLoop."""
    with asyncio.Runner(loop_factory=FastLoop) as runner:
        return runner.run(coroutine)
