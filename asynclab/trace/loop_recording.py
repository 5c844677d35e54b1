"""The recording of one event loop: gives its events to a reader on another thread, and passes commands to the loop."""

from __future__ import annotations

import asyncio
import math
import threading
import weakref
from asyncio import AbstractEventLoop, BaseEventLoop
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from asynclab.model.events import ClockChanged, Event, RunningTo, StepReported
from asynclab.trace import cpython
from asynclab.trace.governing.freeze import Freeze
from asynclab.trace.loop_time import catch_up, follow_clock, is_behind, jump_to_timer, origin_of
from asynclab.trace.mishaps.silenced_failures import unread_futures
from asynclab.trace.monitoring.bystanders import NOBODY, Bystanders
from asynclab.trace.monitoring.executor_looks import ExecutorLooks
from asynclab.trace.monitoring.idle_loops import (
    IdleLooks,
    Quiet,
    is_idle,
    is_left_alone,
    report_dropped_sources,
    sleeps_on,
)
from asynclab.trace.monitoring.left_generators import GeneratorLooks
from asynclab.trace.monitoring.left_readers import LeftReaders
from asynclab.trace.monitoring.spinning_tasks import SpinLooks
from asynclab.trace.monitoring.watchdog import BlockReports, Sight
from asynclab.trace.patching.handles import BOUNDARY
from asynclab.trace.patching.idle_time import skip_idle_time
from asynclab.trace.patching.install import leave_loop
from asynclab.trace.patching.patches import Patches
from asynclab.trace.patching.uvloop_steps import is_uvloop
from asynclab.trace.recording.scope import outside_context
from asynclab.trace.watching.observer import Observer


class LoopRecording:
    """The events of one loop, and the commands to it. It refers to the loop only weakly."""

    def __init__(
        self, number: int, observer: Observer, loop: AbstractEventLoop, bystanders: Bystanders = NOBODY
    ) -> None:
        self.number = number
        """The number of the loop, counted from 1 in the process."""
        self.events: list[Event] = observer.events
        """The events that nobody has taken yet, oldest first."""
        self.kind = "uvloop.Loop" if is_uvloop(type(loop)) else type(loop).__name__
        """The name of the loop's class."""
        self.made_at = observer.clock.now()
        """When the loop was made, in seconds on the process's clock."""
        self._blocks = BlockReports(BOUNDARY)
        self._bystanders = bystanders
        self._quiet = Quiet()
        self._idle = IdleLooks(bystanders)
        self._executor = ExecutorLooks()
        self._spins = SpinLooks()
        self._readers = LeftReaders()
        self._generators = GeneratorLooks()
        self._is_to_look = False
        """Whether the loop was asked to run `_look`, and hasn't yet."""
        self._thread = 0
        """The identifier of the thread whose name is cached."""
        self._thread_name = ""
        self._observer = weakref.ref(observer)
        self._loop = weakref.ref(loop, partial(_take_apart, self._observer))

    @property
    def observer(self) -> Observer | None:
        """The observer of the loop; None once the loop was destroyed."""
        return self._observer()

    def take_events(self) -> Sequence[Event]:
        """Take the events since the last call. May be called on any thread, but only on one at a time."""
        observer = self._observer()
        if observer is not None and self._loop() is not None:
            return observer.take_events()
        taken = self.events[:]
        self.events.clear()
        return taken

    @property
    def loop(self) -> AbstractEventLoop | None:
        """The loop; None once it was destroyed."""
        return self._loop()

    def is_of(self, loop: AbstractEventLoop) -> bool:
        """Whether this is the recording of a loop."""
        return self._loop() is loop

    def is_over(self) -> bool:
        """Whether the loop was closed or destroyed."""
        loop = self._loop()
        return loop is None or loop.is_closed()

    def thread_name(self) -> str:
        """The name of the thread that runs the loop, or made it; empty for the main thread."""
        observer = self._observer()
        if observer is not None and observer.thread != self._thread:
            self._thread = observer.thread
            name = next((thread.name for thread in threading.enumerate() if thread.ident == self._thread), "")
            self._thread_name = "" if self._thread == threading.main_thread().ident else name
        return self._thread_name

    def is_gone(self) -> bool:
        """Whether the loop's observer was destroyed too, so that no more events can come."""
        return self._observer() is None

    def rests(self) -> bool:
        """Whether the loop has been idle for so long that there is nothing to read or report now."""
        observer = self._observer()
        return observer is not None and self._quiet.rests(observer)

    def report_blocks(self) -> None:
        """Report a step or callback that blocks the loop now. Call this from another thread."""
        observer = self._observer()
        if observer is not None:
            self._blocks.look(observer)

    def sight(self) -> Sight | None:
        """The step or callback that runs now. Call this from another thread."""
        observer = self._observer()
        return None if observer is None or observer.loop is None else self._blocks.sight(observer)

    def report_idleness(self) -> None:
        """Report what could wake the loop if it is idle, and run all other checks of it. Call from another thread."""
        observer, loop = self._observer(), self._loop()
        if observer is not None and loop is not None:
            with suppress(Exception):  # the loop's thread may change what we read; the next check comes soon
                self._quiet.look(observer)
                report_dropped_sources(observer, observer.looks.sources, observer.resources)
                self._idle.look(observer, self._quiet, observer.external, observer.resources)
                self._executor.look(observer)
                self._spins.look(observer)
                self._readers.look(observer)
                observer.mishaps.look(
                    observer.external.processes,
                    partial(is_idle, loop, observer),
                    partial(is_left_alone, loop, observer, self._bystanders),
                )
                observer.looks.unread.look()
                observer.looks.updates.look()
                self._generators.look(observer, observer.resources)

    def look_later(self) -> None:
        """Ask the loop to record what it has postponed about suspended tasks and timers. Call from another thread."""
        observer, loop = self._observer(), self._loop()
        if observer is None or loop is None or self._is_to_look:
            return
        if not (observer.looks.pending or observer.purposes.untold):
            return
        self._is_to_look = True
        self._ask(self._look)

    def look_at_last(self) -> None:
        """At the program's end, record what was postponed, and the failures that nobody has seen.

        The loop doesn't run any more, so this does the work itself.
        """
        observer, loop = self._observer(), self._loop()
        if observer is None or loop is None or loop.is_running():
            return
        with suppress(Exception):
            self._look()
        with suppress(Exception):
            for event in observer.mishaps.silenced.passed_on.unread():
                observer.emit(event)
            if loop.get_exception_handler() is None:  # otherwise the program's handler gets them
                observer.registry.report_unseen_failures()
                for event in unread_futures(observer, loop):
                    observer.emit(event)

    def _look(self) -> None:
        self._is_to_look = False
        observer = self._observer()
        if observer is not None and observer.loop is not None:
            observer.looks.look_later()
            observer.purposes.report_old_calls()

    def follow_clock(self) -> None:
        """Make the loop use the process's clock, which can be paused and slowed."""
        if (alive := self._alive()) is not None:
            follow_clock(*alive)

    def clock_changed(self, freeze: Freeze) -> None:
        """Record how time runs now. While frozen, make the loop's steps ask first whether they may run."""
        observer = self._observer()
        if observer is None or observer.loop is None:
            return
        observer.detour = freeze.is_on
        clock = observer.clock
        observer.write(ClockChanged(clock.now(), clock.paused, clock.speed, clock.instant))

    def skip_idle_time(self, bystanders: Bystanders, patches: Patches) -> None:
        """Make the loop's time jump where the loop would only wait for a timer, until the patches are undone.

        Raises:
            TypeError: The loop doesn't wait as asyncio's loops do, or overrides `time`.
        """
        alive = self._alive()
        if alive is None or not isinstance(loop := alive[1], BaseEventLoop) or not math.isfinite(alive[0].origin):
            raise TypeError("its time is its own")
        follow_clock(*alive)
        skip_idle_time(alive[0], loop, bystanders, patches)

    def agree_on_time(self) -> None:
        """After a jump of the process's clock, recompute the offset of a loop that didn't jump with it."""
        alive = self._alive()
        if alive is not None and "time" not in vars(alive[1]):
            alive[0].origin = origin_of(alive[1], alive[0].clock)

    def end_run(self, why: str) -> None:
        """Cancel the task that `run_until_complete` waits for, as `asyncio.run` does. May be called on any thread."""
        self._call(partial(self._cancel_main, why))

    def stop_run(self) -> None:
        """Stop the loop, whatever its tasks do. May be called on any thread."""
        loop = self._loop()
        if loop is not None:
            self._call(loop.stop)

    def _cancel_main(self, why: str) -> None:
        loop = self._loop()
        for task in () if loop is None else asyncio.all_tasks(loop):
            if cpython.runs_until_end_of(task):
                task.cancel(why)

    def step(self, freeze: Freeze) -> None:
        """Run one step, or else jump to the next timer, and report what happened."""
        if (alive := self._alive()) is None:
            return
        observer, loop = alive
        taken = freeze.step(observer)
        if taken == "outside" and jump_to_timer(observer, loop):
            taken = "jump"
            self._call(lambda: None)  # wakes the loop
        observer.write(StepReported(observer.clock.now(), taken))

    def run_on(self, freeze: Freeze, task: int) -> None:
        """Run the program up to the next step of a task, and record that it does."""
        if (alive := self._alive()) is not None:
            observer, _ = alive
            observer.write(RunningTo(observer.clock.now(), task))
            freeze.run_on(observer, task)

    def note_arrival(self) -> None:
        """Record that `run_on` is over."""
        if (observer := self._observer()) is not None:
            observer.write(RunningTo(observer.clock.now()))

    def cancel_task(self, number: int) -> None:
        """Cancel a task as soon as the loop runs callbacks."""
        observer = self._observer()
        for _, task in () if observer is None else observer.registry.some({number}):
            self._call(task.cancel)

    def look_at(self, tasks: Sequence[int]) -> None:
        """Ask the loop to record what some tasks wait for."""
        observer = self._observer()
        if observer is not None:
            self._ask(partial(observer.looks.look_at_the_rest, list(tasks)))

    def _ask(self, look: Callable[[], object]) -> None:
        """Call `look` on the loop.

        A callback would wake the loop. If the loop sleeps although callbacks are ready, waking it would hide that bug,
        so `look` is called here.
        """
        alive = self._alive()
        if alive is not None and sleeps_on(alive[1], alive[0]):
            with suppress(Exception):  # another thread may wake the loop meanwhile
                look()
        else:
            self._call(look)

    def _call(self, callback: Callable[[], object]) -> None:
        loop = self._loop()
        if loop is not None:
            with suppress(RuntimeError):  # the loop was closed
                loop.call_soon_threadsafe(callback, context=outside_context())

    def has_own_time(self) -> bool:
        """Whether the loop's time isn't behind real time, as it is after a pause until the loop catches up."""
        loop = self._loop()
        return loop is None or loop.is_closed() or not is_behind(loop)

    def stop(self) -> None:
        """Stop observing the loop."""
        alive = self._alive()
        if alive is not None and alive[0].loop is not None:
            leave_loop(*alive)
        loop = self._loop()
        if loop is not None and not self.has_own_time():
            self._call(partial(catch_up, loop))

    def _alive(self) -> tuple[Observer, AbstractEventLoop] | None:
        observer, loop = self._observer(), self._loop()
        return None if observer is None or loop is None else (observer, loop)


def _take_apart(observed: weakref.ref[Observer], _: object) -> None:
    """Clear the references of a loop's observer when the loop is destroyed."""
    observer = observed()
    if observer is not None:
        with suppress(Exception):
            observer.take_apart()
