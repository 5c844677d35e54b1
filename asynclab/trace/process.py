"""Observes every event loop of the process, from its making on."""

from __future__ import annotations

import asyncio
import inspect
import math
import threading
import time
import weakref
from asyncio import AbstractEventLoop, BaseEventLoop
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial, wraps
from threading import Lock, get_ident
from typing import Any, TypeVar

from asynclab.model.events import ClockChanged, Event, StepReported
from asynclab.trace import cpython
from asynclab.trace.governing.freeze import Freeze
from asynclab.trace.patching.found_timers import FoundTimers
from asynclab.trace.patching.handles import BOUNDARY, trace_ready_steps
from asynclab.trace.patching.idle_time import skip_idle_time
from asynclab.trace.patching.install import leave_kind, leave_loop, observe_kind, observe_loop
from asynclab.trace.patching.patches import Patches
from asynclab.trace.patching.uvloop_steps import is_uvloop, uvloop_kind
from asynclab.trace.recording.clock import VirtualClock
from asynclab.trace.recording.numbering import Numbering
from asynclab.trace.recording.scope import TASKS, outside_context
from asynclab.trace.watching.bystanders import NOBODY, Bystanders
from asynclab.trace.watching.census import Census
from asynclab.trace.watching.executor_looks import ExecutorLooks
from asynclab.trace.watching.idle_loops import IdleLooks, tell_of_dropped_sources
from asynclab.trace.watching.observer import Observer
from asynclab.trace.watching.spinning_tasks import SpinLooks
from asynclab.trace.watching.watchdog import BlockReports, Sight

Found = TypeVar("Found")


class LoopRecording:
    """What one loop did. It keeps neither the loop alive nor what runs on it."""

    def __init__(self, tracer: Observer, loop: AbstractEventLoop, bystanders: Bystanders = NOBODY) -> None:
        self.events: list[Event] = tracer.events
        """What nobody has taken yet, oldest first."""
        self.kind = "uvloop.Loop" if is_uvloop(type(loop)) else type(loop).__name__
        """The name of the loop's class."""
        self.made_at = tracer.clock.now()
        """When the loop was made, in seconds of the process' time."""
        self._blocks = BlockReports(BOUNDARY)
        self._idle = IdleLooks(bystanders)
        self._executor = ExecutorLooks()
        self._spins = SpinLooks()
        self._is_to_look = False
        """Whether the loop has been asked to look, and hasn't yet."""
        self._time: Callable[[], float] | None = None
        """What the loop tells the time by since it was first paused or slowed."""
        self._thread = 0
        """The identifier of the thread that has the name."""
        self._thread_name = ""
        self._tracer = weakref.ref(tracer)
        self._loop = weakref.ref(loop)

    def take_events(self) -> Sequence[Event]:
        """Take everything since the last call; may be called on any thread, but on one at a time."""
        tracer = self._tracer()
        if tracer is not None:
            return tracer.take_events()
        taken = self.events[:]
        self.events.clear()
        return taken

    def is_of(self, loop: AbstractEventLoop) -> bool:
        """Whether it is this loop's."""
        return self._loop() is loop

    def is_over(self) -> bool:
        """Whether the loop was closed, or is gone."""
        loop = self._loop()
        return loop is None or loop.is_closed()

    def thread_name(self) -> str:
        """The name of the thread that runs the loop, or made it; empty for the main thread."""
        tracer = self._tracer()
        if tracer is not None and tracer.thread != self._thread:
            self._thread = tracer.thread
            name = next((thread.name for thread in threading.enumerate() if thread.ident == self._thread), "")
            self._thread_name = "" if self._thread == threading.main_thread().ident else name
        return self._thread_name

    def is_gone(self) -> bool:
        """Whether nothing of the loop is left that could tell of anything."""
        return self._tracer() is None

    def report_blocks(self) -> None:
        """Tell of a step or callback that blocks the loop now; to be called from another thread."""
        tracer = self._tracer()
        if tracer is not None:
            self._blocks.look(tracer)

    def sight(self) -> Sight | None:
        """The step or callback that is under way now; for another thread to call."""
        tracer = self._tracer()
        return None if tracer is None or tracer.loop is None else self._blocks.sight(tracer)

    def report_idleness(self) -> None:
        """Tell what could wake the loop if it is idle; to be called from another thread."""
        tracer = self._tracer()
        if tracer is not None:
            with suppress(Exception):  # the loop's own thread may change what is looked at; the next look is soon
                tell_of_dropped_sources(tracer, tracer.looks.sources, tracer.resources)
                self._idle.look(tracer, tracer.external, tracer.resources)
                self._executor.look(tracer)
                self._spins.look(tracer)

    def look_later(self) -> None:
        """Let the loop tell what it has put off: suspended tasks to look at, and timers; for another thread to call."""
        tracer, loop = self._tracer(), self._loop()
        if tracer is None or loop is None or self._is_to_look:
            return
        if not (tracer.looks.pending or tracer.purposes.untold):
            return
        self._is_to_look = True
        self._call(self._look)

    def look_at_last(self) -> None:
        """Tell the same at the program's end, where the loop can't be asked any more, and which failures are unseen."""
        tracer, loop = self._tracer(), self._loop()
        if tracer is None or loop is None or loop.is_running():
            return
        with suppress(Exception):
            self._look()
        with suppress(Exception):
            tracer.registry.tell_unseen_failures()

    def _look(self) -> None:
        self._is_to_look = False
        tracer = self._tracer()
        if tracer is not None and tracer.loop is not None:
            tracer.looks.look_at_the_rest()
            tracer.purposes.tell_the_rest()

    def follow_clock(self) -> None:
        """Let the time of the loop be that of the process, which can be paused and slowed."""
        tracer, loop = self._tracer(), self._loop()
        if tracer is None or loop is None or not math.isfinite(tracer.origin) or "time" in vars(loop):
            return
        clock, origin = tracer.clock, tracer.origin
        self._time = loop.time = lambda: origin + clock.now()  # type: ignore[method-assign]

    def has_own_time(self) -> bool:
        """Whether the loop tells the time as it did before somebody paused or slowed it."""
        loop = self._loop()
        return self._time is None or loop is None or loop.is_closed() or vars(loop).get("time") is not self._time

    def clock_changed(self, freeze: Freeze) -> None:
        """Tell how the time runs now, and let the loop's steps ask whether they may run."""
        tracer = self._tracer()
        if tracer is None or tracer.loop is None:
            return
        tracer.detour = freeze.is_on
        clock = tracer.clock
        tracer.write(ClockChanged(clock.now(), clock.paused, clock.speed, clock.instant))

    def skip_idle_time(self, bystanders: Bystanders, patches: Patches) -> None:
        """Let the loop's time jump instead of pass where it would only wait for a timer, until the patches are undone.

        Raises:
            TypeError: The loop has a way of its own to wait, or a time of its own.
        """
        tracer, loop = self._tracer(), self._loop()
        if tracer is None or not isinstance(loop, BaseEventLoop) or not math.isfinite(tracer.origin):
            raise TypeError("its time is its own")
        self.follow_clock()
        skip_idle_time(tracer, loop, bystanders, patches)

    def agree_on_time(self) -> None:
        """The process' time has jumped: a loop whose own has jumped keeps it, as none may go back."""
        tracer, loop = self._tracer(), self._loop()
        if tracer is None or loop is None:
            return
        if "time" in vars(loop):
            self._time = None
        else:
            tracer.origin = time.monotonic() - tracer.clock.now() if math.isfinite(tracer.origin) else math.nan

    def end_run(self, why: str) -> None:
        """Cancel the task that `run_until_complete` waits for, as `asyncio.run` does; may be called on any thread."""
        self._call(partial(self._cancel_main, why))

    def stop_run(self) -> None:
        """Stop the loop, whatever its tasks do; may be called on any thread."""
        loop = self._loop()
        if loop is not None:
            self._call(loop.stop)

    def _cancel_main(self, why: str) -> None:
        loop = self._loop()
        for task in () if loop is None else asyncio.all_tasks(loop):
            if cpython.runs_until_end_of(task):
                task.cancel(why)

    def step(self, freeze: Freeze) -> None:
        """Let one step run, or else go on to the next timer, and tell what came of it."""
        tracer, loop = self._tracer(), self._loop()
        if tracer is None or loop is None:
            return
        taken = freeze.step(tracer)
        if taken == "outside" and self._jump(tracer, loop):
            taken = "jump"
        tracer.write(StepReported(tracer.clock.now(), taken))

    def _jump(self, tracer: Observer, loop: AbstractEventLoop) -> bool:
        """Let time go on to the next timer, if that would have come by now had time not stood still.

        No further: what is outside the program has had as long to answer before a timeout expires.
        """
        if self._time is None or vars(loop).get("time") is not self._time:
            return False
        due = min((timer.when() for timer in list(cpython.timer_heap(loop)) if not timer.cancelled()), default=math.inf)
        if due > time.monotonic():
            return False
        tracer.clock.advance_to(due - tracer.origin)
        self._call(lambda: None)  # or the loop would sleep on
        return True

    def cancel_task(self, number: int) -> None:
        """Cancel a task as soon as the loop runs callbacks."""
        tracer = self._tracer()
        for _, task in () if tracer is None else tracer.registry.some({number}):
            self._call(task.cancel)

    def look_at(self, tasks: Sequence[int]) -> None:
        """Let the loop tell what some tasks wait for."""
        tracer = self._tracer()
        if tracer is not None:
            self._call(partial(tracer.looks.look_at_the_rest, list(tasks)))

    def _call(self, callback: Callable[[], object]) -> None:
        loop = self._loop()
        if loop is not None:
            with suppress(RuntimeError):  # the loop was closed
                loop.call_soon_threadsafe(callback, context=outside_context())

    def stop(self) -> None:
        """Observe the loop no more."""
        tracer, loop = self._tracer(), self._loop()
        if tracer is not None and loop is not None and tracer.loop is loop:
            leave_loop(tracer, loop)
        if loop is not None and not self.has_own_time():
            self._call(partial(_give_time_back, loop))


class ProcessObservation:
    """A recording of each event loop that is made while it lasts."""

    def __init__(self, *, adopts: bool = False, bystanders: Bystanders = NOBODY) -> None:
        """Begin to observe.

        Args:
            adopts: Whether loops that were made before are observed from their next run on.
            bystanders: Threads and signal handlers that are none of the program's.
        """
        self.clock = VirtualClock(time.monotonic)
        """The time of the process, 0 when this began: the same for all of its loops."""
        self.clock.start()
        self.freeze = Freeze()
        """Where loops wait while somebody has paused the program."""
        self.recorders: list[LoopRecording] = []
        """In the order in which the loops were made; only ever appended to."""
        self.unobserved: list[str] = []
        """The loops that can't be observed, each by its class and the error that came of trying."""
        self._adopts = adopts
        self._bystanders = bystanders
        self._skipping: Patches | None = None
        """What lets loops skip idle time, while they are to."""
        self._skips: weakref.WeakSet[AbstractEventLoop] = weakref.WeakSet()
        """Those that do."""
        self._time = inspect.unwrap(BaseEventLoop.time)
        self._kinds: set[type[AbstractEventLoop]] = set()
        self._numbering = Numbering()
        self._lock = Lock()
        self._patches = Patches()
        self._patches.wrap(BaseEventLoop, "__init__", self._around_init)
        kind = uvloop_kind()
        if kind is None:
            self._await_uvloop()
        else:
            self._patches.wrap(kind, "__init__", self._around_init)
        self._patches.wrap(BaseEventLoop, "_check_running", self._around_check_running)
        self._timers = FoundTimers(self._patches)

    def stop(self) -> None:
        """Leave asyncio and the loops as they were found; a loop whose time was changed, at its next callback."""
        self.clock.set_speed(1.0)
        self.clock.resume()
        self.freeze.end()
        self.pass_idle_time()
        with self._lock:
            self._patches.undo()
            for recording in self.recorders:
                recording.stop()
            while self._kinds:
                self._kinds.pop()
                leave_kind()

    def has_left(self) -> bool:
        """Whether `stop` has had all its effect: on a loop that doesn't run callbacks now it can't."""
        return all(recording.has_own_time() for recording in self.recorders)

    def _around_init(self, original: Callable[..., None]) -> Callable[..., None]:
        @wraps(original)
        def init(loop: AbstractEventLoop, *args: Any, **kwargs: Any) -> None:
            original(loop, *args, **kwargs)
            self._guard(loop, self._observe)

        return init

    def _await_uvloop(self) -> None:
        """Observe uvloop's loops when the program has imported it: its class derives from asyncio's."""
        original = AbstractEventLoop.__init_subclass__

        def init_subclass(kind: type[AbstractEventLoop], /, **kwargs: Any) -> None:
            original(**kwargs)
            if is_uvloop(kind):
                self._patches.wrap(kind, "__init__", self._around_init)

        self._patches.set(AbstractEventLoop, "__init_subclass__", classmethod(init_subclass))

    def _around_check_running(self, original: Callable[..., None]) -> Callable[..., None]:
        """Note the thread that a loop is run on: each way to run one calls this first, and leaves no frame of it."""

        @wraps(original)
        def check_running(loop: Any) -> None:
            original(loop)
            tasks = getattr(loop, TASKS, None)
            if tasks is None and self._adopts:
                self._adopt_before_run(loop)
            elif tasks is not None and tasks.everybodys is not None:
                tasks.everybodys.thread = get_ident()
            if self._skipping is not None and loop not in self._skips:
                self._skips.add(loop)
                self._guard(loop, self._skip_idle_time_of)

        return check_running

    def _adopt_before_run(self, loop: AbstractEventLoop) -> None:
        census = self._guard(loop, self.adopt)
        while census is not None and not census.look():
            pass

    def skip_idle_time(self) -> None:
        """From its next run on, let a loop's time jump to its next timer instead of waiting for that alone."""
        self._skipping = Patches()
        self.clock.instant = True

    def pass_idle_time(self) -> None:
        """Let the time of all loops go on as real time does."""
        if self._skipping is None:
            return
        self._skipping.undo()
        self._skipping, self.clock.instant = None, False
        for recording in self.recorders:
            recording.agree_on_time()
        for loop in self._skips:
            self._recording_of(loop).clock_changed(self.freeze)
        self._skips.clear()

    def _skip_idle_time_of(self, loop: AbstractEventLoop) -> None:
        assert self._skipping is not None
        recording = self._recording_of(loop)
        recording.skip_idle_time(self._bystanders, self._skipping)
        recording.clock_changed(self.freeze)

    def _recording_of(self, loop: AbstractEventLoop) -> LoopRecording:
        return self.recorders[self.number_of(loop) - 1]

    def _guard(self, loop: AbstractEventLoop, do: Callable[[AbstractEventLoop], Found]) -> Found | None:
        """Do something with a loop, and note where it can't be done."""
        try:
            return do(loop)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # such as where a program has mocked a method of its loops' class
            self.unobserved.append(f"{type(loop).__name__}: {type(error).__name__}")
            return None

    def number_of(self, loop: AbstractEventLoop) -> int:
        """Which of the observed loops this is, from 1 on."""
        return next(number for number, recording in enumerate(self.recorders, 1) if recording.is_of(loop))

    def adopt(self, loop: AbstractEventLoop) -> Census:
        """Observe a loop that runs already; to be called in one of its callbacks.

        Returns:
            The census of what it has; `Census.look` is yet to be called.

        Raises:
            RuntimeError: Somebody observes it already.
            TypeError: It can't be observed, as one of its methods is no function.
        """
        if getattr(loop, TASKS, None) is not None:
            raise RuntimeError("it is observed already")
        tracer = self._observe(loop)
        census = Census(tracer, loop)
        if isinstance(loop, BaseEventLoop):
            trace_ready_steps(loop)
            self._timers.add(tracer, loop)
        return census

    def _observe(self, loop: AbstractEventLoop) -> Observer:
        with self._lock:
            if type(loop) not in self._kinds:
                observe_kind(type(loop))
                self._kinds.add(type(loop))
        tracer = Observer(self.clock, BOUNDARY, echo=True, numbering=self._numbering)
        # A loop with a time of its own may not even tell it yet: it is being made. Its deadlines are then unknown.
        keeps_usual_time = inspect.unwrap(type(loop).time) is self._time
        tracer.origin = time.monotonic() - self.clock.now() if keeps_usual_time else math.nan
        tracer.gate = partial(self.freeze.wait, tracer)
        observe_loop(tracer, loop)
        recording = LoopRecording(tracer, loop, self._bystanders)
        self.recorders.append(recording)
        if self.clock.paused or self.clock.speed != 1.0:
            recording.follow_clock()
            recording.clock_changed(self.freeze)
        return tracer


def _give_time_back(loop: AbstractEventLoop) -> None:
    """On a loop's own thread: let it tell the real time again, and let each timer have as long to go as it had."""
    before = loop.time()
    vars(loop).pop("time", None)
    behind = loop.time() - before
    for timer in cpython.timer_heap(loop):  # all are moved alike: the heap stays one
        timer._when += behind  # type: ignore[attr-defined]


def observe_process(*, adopts: bool = False, bystanders: Bystanders = NOBODY) -> ProcessObservation:
    """Begin to observe every loop that is made from now on.

    Args:
        adopts: Whether loops that were made before are observed from their next run on.
        bystanders: Threads and signal handlers that are none of the program's.
    """
    return ProcessObservation(adopts=adopts, bystanders=bystanders)
