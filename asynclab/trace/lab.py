"""The `Lab`: runs a coroutine on the running event loop, observes it, and can pause, step and slow it."""

from __future__ import annotations

import asyncio
import time
from asyncio import AbstractEventLoop, Task
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextvars import Context, copy_context
from typing import Any, Self, TypeAlias

from asynclab.model.event_feed import EventFeed
from asynclab.model.events import ClockChanged, RunningTo, RunStarted, StepReported, StepTaken
from asynclab.model.source import Subscriber
from asynclab.trace.cpython import VERSION
from asynclab.trace.governing.cleanup import cancel
from asynclab.trace.governing.hold import run_to_event
from asynclab.trace.governing.run_lifecycle import Ending, Supervision
from asynclab.trace.governing.tracer import Tracer
from asynclab.trace.monitoring.standstill import StandstillWatch
from asynclab.trace.monitoring.watchdog import Watch
from asynclab.trace.patching import install
from asynclab.trace.patching.handles import BOUNDARY
from asynclab.trace.reading.stacks import report_places
from asynclab.trace.recording.clock import VirtualClock
from asynclab.trace.recording.code_ownership import UserCode
from asynclab.trace.recording.scope import CURRENT, outside_context

BACKLOG = 250_000
"""The most events that may wait for a `pump`. If there are more, the lab folds them into its state by itself."""

Main: TypeAlias = Callable[..., Coroutine[Any, Any, Any]]


class Lab:
    """Runs a coroutine on the running event loop, and observes all tasks and callbacks that come of it.

    Nothing else on the loop is observed or changed, and the observed code can't notice the lab. A lab implements
    `Source` (where views get their state) and `Control` (the commands that views send).

    ```python
    async with Lab() as lab:
        ending = await lab.run(main)
    ```
    """

    def __init__(
        self,
        name: str = "lab",
        *,
        speed: float = 1.0,
        instant: bool = False,
        echo: bool = False,
        exact: bool = False,
        watch: bool = True,
        real_time: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Prepare a lab. It changes nothing in asyncio before it starts.

        Args:
            name: The name of the run.
            speed: Lab seconds per real second.
            instant: Skip the time in which nothing happens.
            echo: Write printed text to its usual destination as well.
            exact: Find out what a task waits for after each of its steps, whatever that costs. Otherwise this takes
                at most 1 % of a busy loop's time, and `sample` finds it out for the tasks that were left out.
            watch: Start a thread that measures how late the loop is, and what blocks it.
            real_time: Returns real time in seconds.

        Raises:
            ValueError: The speed is not a number above 0.
        """
        self.name = name
        self.ending: Ending | None = None
        """How the run ended; None until it has."""
        self._clock = VirtualClock(real_time, speed=speed, instant=instant)
        self._tracer = Tracer(self._clock, BOUNDARY, echo=echo, exact=exact)
        self._feed = EventFeed()
        self.state = self._feed.state
        """The state of the run at the latest `pump`."""
        self._standstill = StandstillWatch(self._tracer, self._tracer.is_stuck)
        self._watch = Watch(self._tracer, self._relieve, BOUNDARY) if watch else None
        self._supervision: Supervision | None = None
        """The supervision of the run; None before the start."""
        self._pursuit: Task[None] | None = None
        """The task behind `run_to_event`; None while nobody has asked for that."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def control(self) -> Self:
        """The lab itself, which also takes the commands."""
        return self

    @property
    def now(self) -> float:
        """Lab time in seconds."""
        return self._clock.now()

    @property
    def is_running(self) -> bool:
        """Whether the lab has started and not ended."""
        return self._supervision is not None and self.ending is None

    @property
    def paused(self) -> bool:
        """Whether lab time and all tasks are held."""
        return self._tracer.paused

    @property
    def speed(self) -> float:
        """Lab seconds per real second."""
        return self._clock.speed

    @property
    def instant(self) -> bool:
        """Whether the lab skips time in which nothing happens."""
        return self._clock.instant

    @property
    def held(self) -> Sequence[int]:
        """The numbers of the tasks that are ready but held, the next first."""
        return self._tracer.hold.tasks()

    def subscribe(self, subscriber: Subscriber) -> None:
        """Pass every event to a subscriber, in order, in batches, at each `pump`.

        At that moment `state` includes exactly the events up to the end of the batch. A subscriber that raises still
        gets later batches, and so do the others; `pump` raises the first error at its end.
        """
        self._feed.subscribe(subscriber)

    def pump(self) -> None:
        """Update `state`, and pass the new events to the subscribers. Call this once per frame.

        Raises:
            BaseException: The first error of a subscriber, after all subscribers have got all events.
        """
        if self._can_pause():
            self._standstill.look()
        self._fold_new()
        self._feed.raise_error()

    async def run(self, main: Main, /, *args: Any, **kwargs: Any) -> Ending:
        """Start `main` and wait until the run has ended. If this wait is cancelled, the run is cancelled too.

        Raises:
            RuntimeError: The lab was started before.
        """
        self.start(main, *args, **kwargs)
        try:
            return await self.wait()
        except asyncio.CancelledError:
            await self.close()
            raise

    def start(self, main: Main, /, *args: Any, **kwargs: Any) -> None:
        """Start `main(*args, **kwargs)` as a task on the running loop.

        Raises:
            RuntimeError: The lab was started before, or the running loop is not one of asyncio's own.
        """
        if self._supervision is not None:
            raise RuntimeError("a lab runs once: make a new one")
        loop = asyncio.get_running_loop()
        tracer = self._tracer
        tracer.code = UserCode(getattr(main, "__code__", None))
        install.install(tracer, loop)
        tracer.emit(RunStarted(0.0, self.name, time.time(), VERSION))
        context = copy_context()
        context.run(CURRENT.set, tracer)
        try:
            task = context.run(_create_main, tracer, loop, main, args, kwargs)
        except BaseException:
            install.uninstall(tracer)
            tracer.events.clear()
            raise
        self._supervision = Supervision(tracer, task, context, resume=self.resume, end=self._end)
        tracer.end_run = self._supervision.end_run
        self._clock.start()
        if self.speed != 1 or self.instant:
            self._clock_changed()
        if self._watch is not None:
            self._watch.start(loop)
        self._supervision.start()

    async def wait(self) -> Ending:
        """Wait until the run has ended and its remaining tasks are cleaned up. Cancelling the wait doesn't end the run.

        Afterwards `state` is complete.

        Raises:
            RuntimeError: The lab was never started.
        """
        if self._supervision is None:
            raise RuntimeError("the lab was not started")
        await self._supervision.wait()
        self.pump()
        assert self.ending is not None
        return self.ending

    async def close(self) -> None:
        """Cancel the run if it hasn't ended, and wait for its tasks, at most `GRACE` real seconds.

        If the main task was already asked to end, it isn't cancelled again: that would interrupt its clean-up.
        """
        if self._supervision is not None and self.ending is None:
            await self._supervision.close()

    def pause(self) -> None:
        """Stop lab time and every task, but not I/O and threads. A lab that closes or cleans up can't be paused."""
        self._stop_pursuit()
        self._hold_still()

    def resume(self) -> None:
        """Resume time and tasks."""
        self._stop_pursuit()
        if self.paused:
            self._tracer.paused = False
            self._clock.resume()
            self._tracer.hold.release_all()
            self._clock_changed()

    def step(self, task: int | None = None) -> StepTaken:
        """Pause and run one step: of this task if it is held, else of the first; if none is ready, jump to a timer."""
        self._stop_pursuit()
        if not self._can_pause():
            return "nothing"
        taken = self._step_once(task)
        self._tracer.emit(StepReported(self._clock.now(), taken))
        return taken

    def run_to_event(self, task: int) -> None:
        """Pause, and run step after step until this task becomes ready, has run a step, or is asked to end.

        Returns at once. If nothing is ready, lab time jumps to the next timer. The run ends early if the lab is
        paused, resumed, stepped or cancelled, or if no step is left.
        """
        self._stop_pursuit()
        loop = self._tracer.loop
        if loop is None or not self._can_pause():
            return
        self._hold_still()
        self._tracer.emit(RunningTo(self._clock.now(), task))
        # Not by create_task: a loop with eager tasks would start it at once. In an empty context, outside any lab.
        # With a name: default names are counted, so the program would see that one is missing.
        run = self._run_to_event(task, self._standing_of(task))
        self._pursuit = Context().run(lambda: Task(run, loop=loop, name="asynclab: run to event"))

    def set_speed(self, speed: float) -> None:
        """Make lab time run at `speed` lab seconds per real second from now on.

        Raises:
            ValueError: The speed is not a number above 0.
        """
        self._clock.set_speed(speed)
        self._clock.instant = False
        self._clock_changed()

    def run_instantly(self) -> None:
        """Skip the time in which nothing happens from now on. Resumes a paused lab."""
        self._clock.instant = True
        self.resume()
        self._clock_changed()

    def was_stopped(self, seconds: float) -> None:
        """Exclude the real seconds for which the process was stopped. May be called in a signal handler."""
        loop = self._tracer.loop
        if loop is None:
            return
        clock = self._clock
        clock.skip(seconds)
        self._tracer.write(ClockChanged(clock.now(), self.paused, clock.speed, clock.instant, seconds))
        if self._watch is not None:
            self._watch.was_stopped(seconds)
        # Before the loop checks its timers: the lab's real timer would fire, and advance the lab's clock.
        self._tracer.timers.forget_driver()
        loop.call_soon_threadsafe(self._tracer.timers.attend, context=outside_context())

    def cancel(self) -> None:
        """Ask the main task to end; it may still clean up. A paused lab is resumed."""
        if self._supervision is not None and self._tracer.loop is not None:
            self._supervision.cancel()

    def cancel_task(self, task: int) -> bool:
        """Ask one task to end. Returns False if it has ended or is unknown."""
        found = self.tasks().get(task)
        return self._tracer.loop is not None and found is not None and cancel(self._tracer, [found])

    def tasks(self) -> dict[int, Task[Any]]:
        """The tasks that have not ended, by their numbers."""
        return {record.id: task for record, task in self._tracer.registry.tasks()}

    def sample(self, first: Iterable[int] = (), selected: int | None = None) -> None:
        """Find out what tasks wait for, and at which line, where the state doesn't say so yet. Call before painting.

        Args:
            first: The numbers of the tasks to begin with, such as those on the screen. A limited number of others
                follow, and all held tasks while the lab is paused.
            selected: The task whose whole stack is recorded.
        """
        numbers = list(first)
        self._tracer.looks.look_at_the_rest(numbers)
        self._fold_new()
        report_places(self._tracer, self._tracer.registry, self.state, [*numbers, *self.held], selected)

    def _fold_new(self) -> None:
        """Fold the new events into the state; the next `pump` raises the first error of a subscriber."""
        self._feed.take(self._tracer.take_events())

    def _relieve(self) -> None:
        """Fold the waiting events into the state if there are more than `BACKLOG`, to bound the memory."""
        if len(self._tracer.events) > BACKLOG:
            self._fold_new()

    def _hold_still(self) -> None:
        if self._can_pause() and not self.paused:
            self._tracer.paused = True
            self._clock.pause()
            self._clock_changed()

    def _step_once(self, task: int | None = None) -> StepTaken:
        if not self._can_pause():
            return "nothing"
        self._hold_still()
        return self._tracer.hold.step(task)

    async def _run_to_event(self, task: int, before: object) -> None:
        has_come = await run_to_event(self._step_once, lambda: self._standing_of(task) != before)
        self._pursuit = None
        self._tracer.emit(RunningTo(self._clock.now()))
        if not has_come and self._can_pause():
            self._tracer.emit(StepReported(self._clock.now(), "nothing"))

    def _standing_of(self, task: int) -> object:
        """The values that `run_to_event` compares, to see whether something happened to a task."""
        self._fold_new()
        known = self.state.tasks.get(task)
        return None if known is None else (known.state, known.steps, known.cancel_requested)

    def _stop_pursuit(self) -> None:
        pursuit, self._pursuit = self._pursuit, None
        if pursuit is not None:
            pursuit.cancel()
            self._tracer.emit(RunningTo(self._clock.now()))

    def _can_pause(self) -> bool:
        return self.is_running and self._supervision is not None and not self._supervision.is_over

    def _end(self, ending: Ending) -> None:
        if self._watch is not None:
            self._watch.stop()
        self.resume()  # steps that are still held would never run
        self.ending = ending
        self._clock.pause()
        install.uninstall(self._tracer)
        self._fold_new()

    def _clock_changed(self) -> None:
        clock = self._clock
        if self.is_running:
            self._tracer.emit(ClockChanged(clock.now(), self.paused, clock.speed, clock.instant))
            self._tracer.attend()


def _create_main(
    tracer: Tracer, loop: AbstractEventLoop, main: Main, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Task[Any]:
    coroutine = main(*args, **kwargs)
    factory, tracer.factory = tracer.factory, None  # the main task must not start eagerly
    try:
        task = loop.create_task(coroutine)
    finally:
        tracer.factory = factory
    tracer.registry.introduce(task, getattr(main, "__name__", "main"))
    return task
