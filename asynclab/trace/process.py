"""Observes every event loop of the process from its creation on.

`asynclab run`, `asynclab attach` and the pytest plugin use it; a `Lab` observes only its own tasks.
"""

from __future__ import annotations

import os
import time
import weakref
from asyncio import AbstractEventLoop, BaseEventLoop
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from threading import Lock, get_ident
from typing import Any, TypeVar

from asynclab.trace.collector_ballast import CollectorBallast
from asynclab.trace.governing.freeze import Freeze
from asynclab.trace.loop_recording import LoopRecording
from asynclab.trace.loop_time import origin_of
from asynclab.trace.monitoring.bystanders import NOBODY, Bystanders
from asynclab.trace.patching.extended_functions import AroundFunction, around_body
from asynclab.trace.patching.found_timers import FoundTimers
from asynclab.trace.patching.handles import BOUNDARY
from asynclab.trace.patching.install import leave_kind, observe_kind, observe_loop
from asynclab.trace.patching.patches import Patches
from asynclab.trace.patching.ready_callbacks import trace_ready_steps
from asynclab.trace.patching.uvloop_steps import is_uvloop, uvloop_kind
from asynclab.trace.recording.clock import VirtualClock
from asynclab.trace.recording.give_way import GiveWay
from asynclab.trace.recording.loop_tasks import tasks_of
from asynclab.trace.recording.numbering import Numbering
from asynclab.trace.recording.scope import TASKS
from asynclab.trace.watching.census import Census
from asynclab.trace.watching.observer import Observer

AnyResult = TypeVar("AnyResult")


class ProcessObservation:
    """Records each event loop that is created while it is active."""

    def __init__(self, *, adopts: bool = False, bystanders: Bystanders = NOBODY) -> None:
        self.clock = VirtualClock(time.monotonic)
        """The process's clock, shared by all loops; 0 when the observation began."""
        self.clock.start()
        self.way = GiveWay()
        """By this, busy loops give the GIL to the thread that reads them."""
        self.freeze = Freeze()
        """The lock at which loops wait while the program is paused."""
        self.recorders: list[LoopRecording] = []
        """The recordings, in the order in which the loops were made. Iterate over a copy: other threads change it."""
        self._numbers = count(1)
        self.unobserved: list[str] = []
        """The loops that can't be observed: for each its class, and the error."""
        self._adopts = adopts
        self._bystanders = bystanders
        self._skipping: Patches | None = None
        """The patches that make loops skip idle time; None while they don't."""
        self._skips: weakref.WeakSet[AbstractEventLoop] = weakref.WeakSet()
        """The loops that skip idle time."""
        self._kinds: set[type[AbstractEventLoop]] = set()
        self._numbering = Numbering()
        self._lock = Lock()
        self._ballast = CollectorBallast()
        self._patches = Patches()
        self._timers: FoundTimers | None = None
        self._observe_kind(BaseEventLoop)
        kind = uvloop_kind()
        if kind is None:
            self._await_uvloop()
        else:
            self._observe_kind(kind)
        self._patches.wrap(BaseEventLoop, "_check_running", lambda check: around_body(check, partial(_RunCheck, self)))
        _observations.add(self)

    def stop(self) -> None:
        """Restore asyncio and all loops. A loop that was paused or slowed is restored at its next callback."""
        self.clock.set_speed(1.0)
        self.clock.resume()
        self.freeze.end()
        self.pass_idle_time()
        with self._lock:
            self._patches.undo()
            for recording in list(self.recorders):
                recording.stop()
            while self._kinds:
                self._kinds.pop()
                leave_kind()

    def leave_child_alone(self) -> None:
        """Stop observing in the child process after a fork.

        The lock is replaced: a thread that doesn't exist in the child may have held it.
        """
        self._lock = Lock()
        self._patches.undo()

    def has_left(self) -> bool:
        """Whether `stop` is complete. It isn't while a loop that was paused or slowed runs no callbacks."""
        return all(recording.has_own_time() for recording in list(self.recorders))

    def _observe_kind(self, kind: type[AbstractEventLoop]) -> None:
        self._patches.wrap(kind, "__init__", lambda init: around_body(init, self._around_init))
        self._patches.wrap(kind, "close", lambda close: around_body(close, _around_close))

    @contextmanager
    def _around_init(self, loop: AbstractEventLoop, *_: object, **__: object) -> Iterator[bool]:
        yield True
        with self._ballast.thrown_out():
            self._guard(loop, self._observe)

    def _await_uvloop(self) -> None:
        """Observe uvloop's loops once the program has imported uvloop: its loop class derives from asyncio's."""
        original = AbstractEventLoop.__init_subclass__

        def init_subclass(kind: type[AbstractEventLoop], /, **kwargs: Any) -> None:
            original(**kwargs)
            if is_uvloop(kind):
                self._observe_kind(kind)

        self._patches.set(AbstractEventLoop, "__init_subclass__", classmethod(init_subclass))

    def runs_soon(self, loop: AbstractEventLoop) -> None:
        """Note the thread that a loop will run on, and prepare the loop if it isn't observed yet."""
        tasks = getattr(loop, TASKS, None)
        if tasks is None and self._adopts:
            self._adopt_before_run(loop)
        elif tasks is not None and tasks.everybodys is not None:
            tasks.everybodys.thread = get_ident()
        if self._skipping is not None and loop not in self._skips:
            self._skips.add(loop)
            self._guard(loop, self._skip_idle_time_of)

    def _adopt_before_run(self, loop: AbstractEventLoop) -> None:
        census = self._guard(loop, self.adopt)
        while census is not None and not census.look():
            pass

    def skip_idle_time(self) -> None:
        """Make a loop's time jump to its next timer if it would only wait for that. Takes effect at its next run."""
        self._skipping = Patches()
        self.clock.instant = True

    def pass_idle_time(self) -> None:
        """End `skip_idle_time`: the time of all loops runs at the pace of real time."""
        if self._skipping is None:
            return
        self._skipping.undo()
        self._skipping, self.clock.instant = None, False
        for recording in list(self.recorders):
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
        return next(recording for recording in list(self.recorders) if recording.is_of(loop))

    def _guard(self, loop: AbstractEventLoop, do: Callable[[AbstractEventLoop], AnyResult]) -> AnyResult | None:
        """Call `do` with a loop; if that raises, note that the loop can't be observed."""
        try:
            return do(loop)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # for example, the program has mocked a method of its loop class
            self.unobserved.append(f"{type(loop).__name__}: {type(error).__name__}")
            return None

    def number_of(self, loop: AbstractEventLoop) -> int:
        """The number of an observed loop, counted from 1."""
        return self._recording_of(loop).number

    def forget(self, recording: LoopRecording) -> None:
        """Drop the recording of a destroyed loop, once all its events were taken."""
        self.recorders.remove(recording)

    def adopt(self, loop: AbstractEventLoop) -> Census:
        """Observe a loop that runs already. Call this in one of its callbacks.

        Returns:
            A census, which finds the tasks that exist already. The caller has to call its `look`.

        Raises:
            RuntimeError: The loop is observed already.
            TypeError: The loop can't be observed, because one of its methods isn't a function.
        """
        if getattr(loop, TASKS, None) is not None:
            raise RuntimeError("it is observed already")
        tracer = self._observe(loop)
        census = Census(tracer, loop)
        if isinstance(loop, BaseEventLoop):
            trace_ready_steps(loop)
            if self._timers is None:
                self._timers = FoundTimers(self._patches)
            self._timers.add(tracer, loop)
        return census

    def _observe(self, loop: AbstractEventLoop) -> Observer:
        with self._lock:
            if type(loop) not in self._kinds:
                observe_kind(type(loop))
                self._kinds.add(type(loop))
        tracer = Observer(self.clock, BOUNDARY, echo=True, numbering=self._numbering, way=self.way)
        tracer.origin = origin_of(loop, self.clock)
        tracer.gate = partial(self.freeze.wait, tracer)
        observe_loop(tracer, loop)
        recording = LoopRecording(next(self._numbers), tracer, loop, self._bystanders)
        self.recorders.append(recording)
        if self.clock.paused or self.clock.speed != 1.0:
            recording.follow_clock()
            recording.clock_changed(self.freeze)
        return tracer


class _RunCheck(AroundFunction):
    """Runs around `_check_running`, which asyncio calls at the start of each run of a loop."""

    def __init__(self, observation: ProcessObservation, loop: AbstractEventLoop) -> None:
        self._observation = observation
        self._loop = loop

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._observation.runs_soon(self._loop)


@contextmanager
def _around_close(loop: AbstractEventLoop) -> Iterator[bool]:
    yield True
    tracer = tasks_of(loop).everybodys
    if loop.is_closed() and isinstance(tracer, Observer):
        tracer.loop_closed()


_observations: weakref.WeakSet[ProcessObservation] = weakref.WeakSet()


def _leave_child_alone() -> None:
    for observation in list(_observations):
        observation.leave_child_alone()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_child_alone)


def observe_process(*, adopts: bool = False, bystanders: Bystanders = NOBODY) -> ProcessObservation:
    """Observe every loop that is created from now on; if `adopts`, also older loops from their next run on."""
    return ProcessObservation(adopts=adopts, bystanders=bystanders)
