"""Fires the timers of a lab by lab time, at whatever speed that runs.

The lab keeps its timers in its own heap, and sets one real timer on the loop for the first of them.
"""

from __future__ import annotations

import heapq
import math
from asyncio.events import TimerHandle
from collections.abc import Callable
from contextvars import Context
from typing import Any

from asynclab.trace import cpython
from asynclab.trace.governing.timer_handles import Deadline, Driver, LabTimerHandle, run_late
from asynclab.trace.recording.clock import plain_seconds
from asynclab.trace.recording.give_way import AT_ONCE
from asynclab.trace.recording.scope import outside_context
from asynclab.trace.watching.external_waits import ExternalWaits
from asynclab.trace.watching.observer import Observer


class Timers:
    """The timer heap of a lab, and the one real timer that drives it."""

    def __init__(self, observer: Observer, external: ExternalWaits) -> None:
        self._recorder = observer
        self._external = external
        self._heap: list[Deadline] = []
        """The pending timers, ordered by loop time as code in the lab sees it."""
        self._cancelled = 0
        self._driver: TimerHandle | None = None
        self._driven: tuple[float | None, float] = (None, 0.0)
        """The lab time that the real timer was set for, and the clock's rate then."""
        self._context = outside_context()
        self._checking = False
        self.jumps = True
        """Whether an instant lab may skip time: not between the end of main and the start of the clean-up."""
        self._call_at: Callable[..., TimerHandle] | None = None
        self._loop_time: Callable[[], float] = lambda: 0.0

    def attach(self, call_at: Callable[..., TimerHandle], loop_time: Callable[[], float]) -> None:
        """Start, with the `call_at` and `time` of the loop as they are without a lab."""
        self._call_at = call_at
        self._loop_time = loop_time
        self._recorder.origin = loop_time()

    def detach(self) -> None:
        """Stop, and move the pending timers to the loop's heap, with their remaining delays.

        If the loop was closed, they are dropped: closing dropped the loop's own timers too.
        """
        self._stop_driver()
        now, real = self._recorder.clock.now(), self._loop_time()
        for deadline in sorted(self._heap):
            handle = deadline.handle
            if not handle._cancelled and not handle._loop.is_closed():
                handle._purpose = None
                handle._when = real + max(0.0, self._in_lab(deadline) - now)
                self._set(handle)
        self._heap.clear()

    def loop_time(self) -> float:
        """The value of `loop.time()` for code in the lab."""
        clock = self._recorder.clock
        return self._recorder.origin + (clock.real_time() * clock.rate + clock.offset)

    def call_at(
        self, when: float, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None
    ) -> LabTimerHandle:
        """Set a timer for the loop time `when`, as code in the lab sees it.

        Raises:
            TypeError: `when` is not a number.
        """
        recorder = self._recorder
        loop = recorder.loop
        assert loop is not None
        deadline = Deadline(when if type(when) is float else plain_seconds(when))
        handle = deadline.handle = LabTimerHandle(when, callback, args, loop, context, recorder, self)
        handle._scheduled = True
        heapq.heappush(self._heap, deadline)
        is_first = self._heap[0] is deadline
        try:
            if is_first:  # first of all: the timer has to fire even if our code below fails
                recorder.attend_at = AT_ONCE
                if recorder.current is None and recorder.cause is None:
                    self.attend()
            if callback is not cpython.set_result_unless_cancelled:  # the timer of a sleep()
                handle._purpose = recorder.purposes.of(
                    callback, args, deadline if deadline == deadline else self.loop_time()
                )
        except KeyboardInterrupt:  # comes from a signal, and so belongs to the program
            raise
        except BaseException as error:
            recorder.failed("timers", error)
        return handle

    def next_when(self) -> float | None:
        """The lab time of the next timer."""
        heap = self._heap
        while heap and heap[0].handle._cancelled:
            heapq.heappop(heap).handle._scheduled = False
            self._cancelled -= 1
        return self._in_lab(heap[0]) if heap else None

    def cancelled(self, handle: LabTimerHandle) -> None:
        """Note that a timer was cancelled, before or after it fired; remove cancelled timers if there are many."""
        if handle._scheduled:
            self._cancelled += 1
        if self._cancelled > 100 and self._cancelled * 2 > len(self._heap):
            self._heap = [deadline for deadline in self._heap if not deadline.handle._cancelled]
            heapq.heapify(self._heap)
            self._cancelled = 0

    def attend(self) -> None:
        """Set the real timer for the first pending timer. In an instant lab, check soon whether time can be skipped."""
        when = self.next_when()
        clock = self._recorder.clock
        if self._driven != (when, clock.rate) or self._driver is None:
            self._stop_driver()
            self._driven = (when, clock.rate)
            if when is not None and when < math.inf and self._call_at is not None and clock.rate:
                self._start_driver(self._loop_time() + clock.real_delay(when), when)
        if clock.instant:
            self.check_idle_soon()

    def forget_driver(self) -> None:
        """Ignore the real timer when it fires, because lab time didn't run at the rate that it was set for.

        May be called in a signal handler. `attend` sets a new timer.
        """
        self._driver = None

    def drive(self, driver: Driver) -> None:
        """Fire the timers that are due now. Do nothing if `driver` isn't the current real timer any more."""
        if self._driver is not driver:
            return
        self._driver = None
        recorder = self._recorder
        with recorder.guard("timers"):
            if not recorder.clock.paused:
                recorder.clock.advance_to(driver.when_in_lab)
                self._make_due_ready(recorder.clock.now())
            self.attend()

    def check_idle_soon(self) -> None:
        """Check whether time can be skipped, once all ready callbacks have run."""
        loop = self._recorder.loop
        if not self._checking and loop is not None and not loop.is_closed():
            self._checking = True
            loop.call_soon(self._check_idle, context=self._context)

    def jump(self) -> bool:
        """Advance lab time to the next timer, and make the timers ready that are due then.

        Returns:
            Whether there was a timer.
        """
        when = self.next_when()
        if when is None or when == math.inf:
            return False
        self._recorder.clock.advance_to(when)
        self._make_due_ready(when)
        return True

    def _in_lab(self, deadline: Deadline) -> float:
        """The lab time of a deadline. A NaN counts as now, because asyncio fires such a timer at once."""
        when = deadline - self._recorder.origin
        return when if when == when else self._recorder.clock.now()

    def _make_due_ready(self, now: float) -> None:
        """Move the timers that are due at a lab time to the loop's ready queue, as the loop does with its own."""
        heap = self._heap
        ready = cpython.ready_queue(self._recorder.loop)
        origin = self._recorder.origin
        while heap and not heap[0] - origin > now:  # a NaN is due at once, as in asyncio
            handle = heapq.heappop(heap).handle
            handle._scheduled = False
            if handle._cancelled:
                self._cancelled -= 1
            else:
                ready.append(handle)

    def _check_idle(self) -> None:
        self._checking = False
        recorder = self._recorder
        if recorder.loop is None or recorder.clock.paused or not (self.jumps and recorder.clock.instant):
            return
        if self._external.has_ready() or (not self._external.is_awaited() and self.jump()):
            self.check_idle_soon()

    def _start_driver(self, due: float, when: float) -> None:
        loop = self._recorder.loop
        assert loop is not None
        self._driver = driver = Driver(due, when, loop, self._context, self)
        self._set(driver)

    def _set(self, handle: TimerHandle) -> None:
        """Give a timer to the loop: push it to the loop's heap, unless the loop has its own `call_at`."""
        call_at = self._call_at
        assert call_at is not None
        if cpython.keeps_timers_in_heap(call_at):
            cpython.push_timer(handle)
        else:
            # not in the timers' own context, which the handle enters itself
            call_at(handle.when(), run_late, handle, context=outside_context())

    def _stop_driver(self) -> None:
        if self._driver is not None:
            self._driver.cancel()
            self._driver = None
