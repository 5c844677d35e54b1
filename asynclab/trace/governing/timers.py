"""When the timers of a lab fire: on lab time, whatever its speed."""

from __future__ import annotations

import heapq
import math
import sys
from asyncio import format_helpers
from asyncio.events import TimerHandle
from collections.abc import Callable
from contextvars import Context, copy_context
from types import FrameType
from typing import TYPE_CHECKING, Any

from asynclab.model.events import CallEnded, CallScheduled
from asynclab.trace import cpython
from asynclab.trace.recording.clock import finite
from asynclab.trace.recording.code_ownership import package_of
from asynclab.trace.watching.timeouts import Timeouts, is_rescheduled

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from asynclab.trace.recording.recorder import Tracer

_run_untraced = TimerHandle._run


class LabTimerHandle(TimerHandle):
    """A timer in a lab's heap instead of the loop's."""

    __slots__ = ("_purpose", "_tracer")

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
        self._purpose: object = None
        """Until it fires: the timeout that it is for (see Timeouts.armed), or the number of a call; None for a sleep."""

    def cancel(self) -> None:
        tracer = self._tracer
        if tracer.loop is None:  # it has outlasted its lab, and is in the loop's own heap
            TimerHandle.cancel(self)
            return
        # As Handle.cancel does it; the loop doesn't count this one, as it is not in its heap. Each sleep() cancels.
        if self._cancelled:
            return
        self._cancelled = True
        tracer.timers.cancelled(self, sys._getframe(1))
        if self._loop._debug:  # type: ignore[attr-defined]
            self._repr = repr(self)  # type: ignore[assignment]
        # Nothing stays alive because a cancelled timer is still in the heap.
        self._callback = self._args = self._purpose = None  # type: ignore[assignment]

    def _run(self) -> None:
        tracer = self._tracer
        if tracer.loop is None:
            return _run_untraced(self)
        purpose, self._purpose = self._purpose, None
        tracer.in_timer = True
        if purpose is not None:
            tracer.timers.came(purpose)
        try:
            _run_untraced(self)
        except SystemExit as error:
            tracer.end_run(error)
        except KeyboardInterrupt as error:  # ends whatever runs on this loop, as it does without a lab
            tracer.end_run(error)
            raise
        finally:
            tracer.in_timer = False
            if purpose is not None:
                tracer.timers.timeouts.firing_for = None
        if tracer.attention:
            tracer.attend()
        return None


class _Driver(TimerHandle):
    """The real timer for what comes first in a lab.

    The loop's `_run_once` moves the timers that are due to its ready queue, and counts what is ready only then
    (CPython 3.11 to 3.14). For each it sets `_scheduled` to False first. At that moment the lab's own due timers go to
    the ready queue, to the very places that they would have without a lab: so they run by themselves, in the same round
    as the rest, and none is lost if one of them raises what ends the loop.
    """

    __slots__ = ("_in_heap", "_timers", "when_in_lab")

    def __init__(self, when: float, when_in_lab: float, loop: AbstractEventLoop, timers: Timers) -> None:
        """Prepare a timer for a time of the loop.

        Args:
            when: The loop's own time.
            when_in_lab: The same moment in lab time.
            loop: The loop.
            timers: Those of the lab.
        """
        self._in_heap = False
        self._timers = timers
        self.when_in_lab = when_in_lab
        super().__init__(when, timers.drive, (self,), loop, Context())

    @property
    def _scheduled(self) -> bool:
        return self._in_heap

    @_scheduled.setter
    def _scheduled(self, value: bool) -> None:
        was_taken_out = self._in_heap and not value
        self._in_heap = value
        if was_taken_out and not self._cancelled:
            self._timers.drive(self)


# A handle's repr names its class; observing must not change it.
for _kind in LabTimerHandle, _Driver:
    _kind.__name__ = _kind.__qualname__ = "TimerHandle"


class _Deadline(float):
    """An entry of the heap: compared as fast as a number, and by its time alone, as asyncio compares its timers.

    So timers for the same moment fire in the order in which asyncio's heap would give them, which is not that of their
    births.
    """

    __slots__ = ("handle",)

    handle: LabTimerHandle


class Timers:
    """The timer heap of a lab, and the one real timer that drives it."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._heap: list[_Deadline] = []
        """Times of the loop as code inside the lab knows them."""
        self._cancelled = 0
        self._calls = 0
        self.timeouts = Timeouts(tracer)
        self._driver: TimerHandle | None = None
        self._driven: tuple[float | None, float] = (None, 0.0)
        """What the driver was set for: a lab time, and the clock's rate."""
        self._context = Context()
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
        self._stop_driver()
        now, real = self._tracer.clock.now(), self._loop_time()
        for deadline in sorted(self._heap):
            handle = deadline.handle
            if not handle._cancelled:
                handle._purpose = None
                handle._when = real + max(0.0, self._in_lab(deadline) - now)
                self._set(handle)
        self._heap.clear()

    def loop_time(self) -> float:
        """What the loop's clock shows inside the lab."""
        clock = self._tracer.clock
        return self.origin + (clock.real_time() * clock.rate + clock.offset)

    def call_at(
        self, when: float, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None
    ) -> LabTimerHandle:
        """Set a timer for the loop time `when` as code inside the lab knows it.

        Raises:
            TypeError: That is no number, so that the lab can't keep it.
        """
        tracer = self._tracer
        loop = tracer.loop
        assert loop is not None
        deadline = _deadline(when)
        handle = deadline.handle = LabTimerHandle(when, callback, args, loop, context, tracer)
        handle._scheduled = True
        heapq.heappush(self._heap, deadline)
        is_first = self._heap[0] is deadline
        try:
            if callback is not cpython.set_result_unless_cancelled:  # what a sleep arms its timer with
                handle._purpose = self._purpose_of(callback, args, self._in_lab(deadline))
            if is_first:
                tracer.attention = True
                if tracer.current is None and tracer.cause is None:
                    self.attend()
        except KeyboardInterrupt:  # a signal that came while our code ran is the program's
            raise
        except BaseException as error:
            tracer.failed("timers", error)
        return handle

    def next_when(self) -> float | None:
        """The lab time of the next timer."""
        heap = self._heap
        while heap and heap[0].handle._cancelled:
            heapq.heappop(heap).handle._scheduled = False
            self._cancelled -= 1
        return self._in_lab(heap[0]) if heap else None

    def cancelled(self, handle: LabTimerHandle, caller: FrameType) -> None:
        """A timer was cancelled before it fired, or after.

        Args:
            handle: The timer.
            caller: The frame that cancels it.
        """
        if handle._scheduled:
            self._cancelled += 1
        purpose = handle._purpose
        if purpose is not None:
            self._called_off(purpose, caller)
        if self._cancelled > 100 and self._cancelled * 2 > len(self._heap):
            self._heap = [deadline for deadline in self._heap if not deadline.handle._cancelled]
            heapq.heapify(self._heap)
            self._cancelled = 0

    def came(self, purpose: object) -> None:
        """The time of a timeout or a call has come."""
        tracer = self._tracer
        try:
            if type(purpose) is int:
                tracer.emit(CallEnded(tracer.clock.now(), purpose))
            else:
                self.timeouts.expired(purpose)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            tracer.failed("timers", error)

    def attend(self) -> None:
        """Set the real timer for what comes first now; in an instant lab, see whether time can be skipped."""
        when = self.next_when()
        clock = self._tracer.clock
        if self._driven != (when, clock.rate) or self._driver is None:
            self._stop_driver()
            self._driven = (when, clock.rate)
            if when is not None and when < math.inf and self._call_at is not None and clock.rate:
                self._start_driver(self._loop_time() + clock.real_delay(when), when)
        if clock.instant:
            self.check_idle_soon()

    def drive(self, driver: _Driver) -> None:
        """The time has come for which the real timer was set; nothing happens where that was told before."""
        if self._driver is not driver:
            return
        self._driver = None
        tracer = self._tracer
        try:
            if not tracer.paused:
                tracer.clock.advance_to(driver.when_in_lab)
                self._make_due_ready(tracer.clock.now())
            self.attend()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            tracer.failed("timers", error)

    def check_idle_soon(self) -> None:
        """Look, when all that is ready has run, whether time can be skipped."""
        if not self._checking and self._tracer.loop is not None:
            self._checking = True
            self._tracer.loop.call_soon(self._check_idle, context=self._context)

    def jump(self) -> bool:
        """Move lab time on to the next timer, and make ready what is due then; whether there was one."""
        when = self.next_when()
        if when is None or when == math.inf:
            return False
        self._tracer.clock.advance_to(when)
        self._make_due_ready(when)
        return True

    def _in_lab(self, deadline: _Deadline) -> float:
        """The lab time of a deadline; now, where it is not a number: asyncio's own heap lets it fire at once."""
        when = deadline - self.origin
        return when if when == when else self._tracer.clock.now()

    def _purpose_of(self, callback: Callable[..., object], args: tuple[Any, ...], when: float) -> object:
        return self.timeouts.armed(callback, args, when) or self._schedule(callback, when)

    def _schedule(self, callback: Callable[..., object], when: float) -> int:
        """Tell of a callback that is due at a lab time, and give it a number."""
        tracer = self._tracer
        self._calls += 1
        name = getattr(callback, "__qualname__", "") or type(callback).__name__
        library = package_of(callback, tracer.code)
        due = finite(when)
        tracer.emit(CallScheduled(tracer.clock.now(), self._calls, name, due, tracer.current_number(), library))
        return self._calls

    def _called_off(self, purpose: object, caller: FrameType) -> None:
        """A timer was cancelled that has not fired."""
        tracer = self._tracer
        try:
            if type(purpose) is int:
                tracer.emit(CallEnded(tracer.clock.now(), purpose))
            elif not is_rescheduled(caller):
                self.timeouts.met(purpose)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            tracer.failed("timers", error)

    def _make_due_ready(self, now: float) -> None:
        """Put what is due at a lab time in the loop's ready queue, as the loop does with its own timers."""
        heap = self._heap
        ready = cpython.ready_queue(self._tracer.loop)
        while heap and self._in_lab(heap[0]) <= now:
            handle = heapq.heappop(heap).handle
            handle._scheduled = False
            if handle._cancelled:
                self._cancelled -= 1
            else:
                ready.append(handle)

    def _check_idle(self) -> None:
        self._checking = False
        tracer = self._tracer
        if tracer.loop is None or tracer.paused or not (self.jumps and tracer.clock.instant):
            return
        if tracer.world.has_ready() or (not tracer.world.is_awaited() and self.jump()):
            self.check_idle_soon()

    def _start_driver(self, due: float, when: float) -> None:
        loop = self._tracer.loop
        assert loop is not None
        self._driver = driver = _Driver(due, when, loop, self)
        self._set(driver)

    def _set(self, handle: TimerHandle) -> None:
        """Give a timer to the loop: straight to its heap, unless the loop has a way of its own to set timers."""
        call_at = self._call_at
        assert call_at is not None
        if cpython.keeps_timers_in_heap(call_at):
            heapq.heappush(cpython.timer_heap(handle._loop), handle)
            handle._scheduled = True
        else:
            call_at(handle.when(), _run_late, handle, context=self._context)

    def _stop_driver(self) -> None:
        if self._driver is not None:
            self._driver.cancel()
            self._driver = None


def _run_late(handle: TimerHandle) -> None:
    """Run a timer that a loop keeps under another handle."""
    if not handle._cancelled:
        handle._run()


def _deadline(when: float) -> _Deadline:
    """The entry for a time.

    A float that comes from elsewhere, such as numpy, is read without running code of its own.
    """
    if type(when) is not float and issubclass(type(when), float):
        when = float.__pos__(when)
    return _Deadline(when)
