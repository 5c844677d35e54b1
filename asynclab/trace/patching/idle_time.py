"""Makes a loop's time jump to its next timer if the loop would only wait for that, so that no real time is lost."""

from __future__ import annotations

import math
from asyncio import BaseEventLoop
from collections.abc import Callable
from functools import wraps
from typing import Any

from asynclab.trace import cpython
from asynclab.trace.monitoring.bystanders import Bystanders
from asynclab.trace.monitoring.idle_loops import is_outside_awaited
from asynclab.trace.patching.patches import Patches
from asynclab.trace.watching.observer import Observer


def skip_idle_time(observer: Observer, loop: BaseEventLoop, bystanders: Bystanders, patches: Patches) -> None:
    """Make time jump whenever the loop and all its tasks wait for nothing but a timer.

    The loop must use the observer's clock.

    Raises:
        TypeError: The loop has no selector.
    """
    selector = cpython.selector_of(loop)
    if selector is None:
        raise TypeError(f"{type(loop).__name__} has no selector")

    def around(original: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
        """Make a replacement of a selector's `select`."""

        @wraps(original)
        def select(timeout: float | None = None) -> list[Any]:
            """Wait as the selector does, or jump to the next timer instead."""
            due = _next_timer(loop)
            if timeout is None or timeout <= 0 or due is None or is_outside_awaited(loop, observer, bystanders):
                return original(timeout)
            # After the check: a thread that has just ended may have called the loop before its end.
            found = original(0)
            if not found and not cpython.ready_queue(loop):
                observer.clock.advance_to(due - observer.origin)
            return found

        return select

    patches.wrap(selector, "select", around)


def _next_timer(loop: BaseEventLoop) -> float | None:
    """The time of the first timer; None if it never fires. The loop has removed cancelled timers before it waits."""
    heap = cpython.timer_heap(loop)
    when = heap[0].when() if heap else math.inf
    return when if math.isfinite(when) else None
