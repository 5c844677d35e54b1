"""When the timers of a lab fire: on lab time, whatever its speed."""

from __future__ import annotations

import heapq
import math
import sys
from asyncio import format_helpers
from asyncio.events import TimerHandle
from asyncio.futures import _set_result_unless_cancelled  # type: ignore[attr-defined]
from collections.abc import Callable
from contextvars import Context, copy_context
from types import FrameType
from typing import TYPE_CHECKING, Any

from asynclab.model.events import CallEnded, CallScheduled
from asynclab.trace.recording.code_ownership import package_of
from asynclab.trace.recording.scope import outside_context
from asynclab.trace.watching.timeouts import Timeouts, is_rescheduled

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from asynclab.trace.recording.recorder import Tracer


class LabTimerHandle(TimerHandle):
    """A timer in a lab's heap instead of the loop's."""

    __slots__ = ("_fired", "_purpose", "_tracer")

    def __init__(
        self,
        when: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: AbstractEventLoop,
        context: Context | None,
        tracer: Tracer,
    ) -> None:
        # As Handle.__init__ and TimerHandle.__init__ do it: calling them would cost more than the rest.
        self._context = copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = None
        self._source_traceback = format_helpers.extract_stack(sys._getframe(3)) if loop._debug else None  # type: ignore[attr-defined]
        self._when = when
        self._scheduled = False
        self._tracer = tracer
        self._fired = False
        self._purpose: object = None
        """The timeout that it is for (see Timeouts.armed), or the number of a call; None for a sleep."""

    def cancel(self) -> None:
        # As Handle.cancel does it; the loop doesn't count this one, as it is not in its heap. Each sleep() cancels.
        if self._cancelled:
            return
        self._cancelled = True
        if not self._fired:
            self._tracer.timers.cancelled(self, sys._getframe(1))
        if self._loop._debug:  # type: ignore[attr-defined]
            self._repr = repr(self)  # type: ignore[assignment]
        # Nothing stays alive because a cancelled timer is still in the heap.
        self._callback = self._args = self._purpose = None  # type: ignore[assignment]

    def fire(self) -> None:
        """Run the callback, unless it was cancelled."""
        tracer = self._tracer
        self._fired = True
        if self._cancelled:
            return
        purpose = self._purpose
        if purpose is not None:
            tracer.timers.came(purpose)
        tracer.in_timer = True
        tracer.time_callback(self._callback)
        try:
            if self._callback is _set_result_unless_cancelled:  # a sleep's, which can't fail
                self._context.run(self._callback, *self._args)
            else:
                self._run()
        except SystemExit as error:
            tracer.end_run(error)
        finally:
            tracer.in_timer = False
            tracer.callback_timed()
            if purpose is not None:
                tracer.timers.timeouts.firing_for = None
        if tracer.attention:
            tracer.attend()


# A handle's repr names its class; observing must not change it.
LabTimerHandle.__name__ = LabTimerHandle.__qualname__ = "TimerHandle"


class Timers:
    """The timer heap of a lab, and the one real timer that drives it."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._heap: list[tuple[float, int, LabTimerHandle]] = []
        self._count = 0
        self._cancelled = 0
        self._calls = 0
        self.timeouts = Timeouts(tracer)
        self._driver: TimerHandle | None = None
        self._driven: tuple[float | None, float] = (None, 0.0)
        """What the driver was set for: a lab time, and the clock's rate."""
        self._context = outside_context()
        self._checking = False
        self.jumps = True
        """Whether an instant lab may skip time: not between the end of main and the cancelling of what it left."""
        self._call_at: Callable[..., TimerHandle] | None = None
        self._loop_time: Callable[[], float] = lambda: 0.0
        self.origin = 0.0
        """The loop's own time at lab time 0."""

    def attach(self, call_at: Callable[..., TimerHandle], loop_time: Callable[[], float]) -> None:
        """Begin to drive timers.

        Args:
            call_at: The loop's own way to set a timer.
            loop_time: The loop's own clock.
        """
        self._call_at = call_at
        self._loop_time = loop_time
        self.origin = loop_time()

    def detach(self) -> None:
        """Stop, and hand what is pending to the loop's own timers, with the delay that is left."""
        assert self._call_at is not None
        self._stop_driver()
        now, real = self._tracer.clock.now(), self._loop_time()
        for when, _, handle in sorted(self._heap):
            if not handle._cancelled:
                self._call_at(real + max(0.0, when - now), handle.fire, context=self._context)
        self._heap.clear()

    def loop_time(self) -> float:
        """What the loop's clock shows inside the lab."""
        clock = self._tracer.clock
        return self.origin + (clock.real_time() * clock.rate + clock.offset)

    def call_at(
        self, when: float, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None
    ) -> LabTimerHandle:
        """Set a timer for the loop time `when` as code inside the lab knows it."""
        if when is None:
            raise TypeError("when cannot be None")
        tracer = self._tracer
        assert tracer.loop is not None
        handle = LabTimerHandle(when, callback, args, tracer.loop, context, tracer)
        lab_when = when - self.origin
        if lab_when != lab_when:  # not a number: asyncio's own heap lets it fire at once
            lab_when = tracer.clock.now()
        if callback is not _set_result_unless_cancelled:  # what a sleep arms its timer with
            handle._purpose = self.timeouts.armed(callback, args, lab_when) or self._schedule(callback, lab_when)
        self._count += 1
        entry = (lab_when, self._count, handle)
        heapq.heappush(self._heap, entry)
        if self._heap[0] is entry:
            tracer.attention = True
            if tracer.current is None and tracer.cause is None:
                self.attend()
        return handle

    def next_when(self) -> float | None:
        """The lab time of the next timer."""
        heap = self._heap
        while heap and heap[0][2]._cancelled:
            heapq.heappop(heap)
            self._cancelled -= 1
        return heap[0][0] if heap else None

    def pending(self) -> list[tuple[float, LabTimerHandle]]:
        """All timers that are to come, the next first, with their lab times."""
        return [(when, handle) for when, _, handle in sorted(self._heap) if not handle._cancelled]

    def cancelled(self, handle: LabTimerHandle, caller: FrameType) -> None:
        """A timer was cancelled before it fired.

        Args:
            handle: The timer.
            caller: The frame that cancels it.
        """
        self._cancelled += 1
        purpose = handle._purpose
        if type(purpose) is int:
            self._tracer.emit(CallEnded(self._tracer.clock.now(), purpose))
        elif purpose is not None and not is_rescheduled(caller):
            self.timeouts.met(purpose)
        if self._cancelled > 100 and self._cancelled * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if not entry[2]._cancelled]
            heapq.heapify(self._heap)
            self._cancelled = 0

    def came(self, purpose: object) -> None:
        """The time of a timeout or a call has come."""
        if type(purpose) is int:
            self._tracer.emit(CallEnded(self._tracer.clock.now(), purpose))
        else:
            self.timeouts.expired(purpose)

    def attend(self) -> None:
        """Set the real timer for what comes first now; in an instant lab, see whether time can be skipped."""
        when = self.next_when()
        clock = self._tracer.clock
        if self._driven != (when, clock.rate) or self._driver is None:
            self._stop_driver()
            self._driven = (when, clock.rate)
            if when is not None and when < math.inf and self._call_at is not None and clock.rate:
                due = self._loop_time() + clock.real_delay(when)
                self._driver = self._call_at(due, self._drive, when, context=self._context)
        if clock.instant:
            self.check_idle_soon()

    def check_idle_soon(self) -> None:
        """Look, when all that is ready has run, whether time can be skipped."""
        if not self._checking and self._tracer.loop is not None:
            self._checking = True
            self._tracer.loop.call_soon(self._check_idle, context=self._context)

    def jump(self) -> bool:
        """Move lab time on to the next timer and fire what is due then; whether there was one."""
        when = self.next_when()
        if when is None or when == math.inf:
            return False
        self._tracer.clock.advance_to(when)
        self._fire_due(when)
        return True

    def _schedule(self, callback: Callable[..., object], when: float) -> int:
        """Tell of a callback that is due at a lab time, and give it a number."""
        tracer = self._tracer
        self._calls += 1
        name = getattr(callback, "__qualname__", "") or type(callback).__name__
        library = package_of(callback, tracer.code)
        tracer.emit(CallScheduled(tracer.clock.now(), self._calls, name, when, tracer.current_number(), library))
        return self._calls

    def _drive(self, when: float) -> None:
        self._driver = None
        if not self._tracer.paused:
            self._tracer.clock.advance_to(when)
            self._fire_due(self._tracer.clock.now())
        self.attend()

    def _fire_due(self, now: float) -> None:
        heap, due = self._heap, []
        while heap and heap[0][0] <= now:
            handle = heapq.heappop(heap)[2]
            if handle._cancelled:
                self._cancelled -= 1
            else:
                due.append(handle)
        for handle in due:
            handle.fire()

    def _check_idle(self) -> None:
        self._checking = False
        tracer = self._tracer
        if tracer.loop is None or tracer.paused or not (self.jumps and tracer.clock.instant):
            return
        if tracer.world.has_ready() or (not tracer.world.is_awaited() and self.jump()):
            self.check_idle_soon()

    def _stop_driver(self) -> None:
        if self._driver is not None:
            self._driver.cancel()
            self._driver = None
