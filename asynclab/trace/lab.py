"""Runs asyncio code for real, and lets it be watched, held still, stepped and slowed."""

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
from asynclab.trace.reading.stacks import tell_places
from asynclab.trace.recording.clock import VirtualClock
from asynclab.trace.recording.code_ownership import UserCode
from asynclab.trace.recording.scope import CURRENT, outside_context

BACKLOG = 250_000
"""How many events may wait to be read. With more, they are folded into the state although nobody asked for it."""

Main: TypeAlias = Callable[..., Coroutine[Any, Any, Any]]


class Lab:
    """One run of asyncio code on the running event loop, observed from its first step to its last.

    Nothing else on the loop is observed or touched, and the code can't tell the difference. It is a `Source`, and its
    own `Control`.

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
        """Prepare a lab; nothing is installed before it starts.

        Args:
            name: What the run is called.
            speed: Lab seconds per real second.
            instant: Skip the time in which nothing happens.
            echo: Let printed text reach its former destination, too.
            exact: Look at what a task waits for after each of its steps, whatever that costs; otherwise looks take
                at most 1 % of a busy loop's time, and tasks that had to go without are looked at when painted.
            watch: Measure how late the loop is and who blocks it, from a thread.
            real_time: Tells real seconds.

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
        """Everything that had happened at the latest `pump`."""
        self._standstill = StandstillWatch(self._tracer, self._tracer.is_stuck)
        self._watch = Watch(self._tracer, self._relieve, BOUNDARY) if watch else None
        self._supervision: Supervision | None = None
        """The supervision of the run; None before the start."""
        self._pursuit: Task[None] | None = None
        """Runs to the next event of a task; None if nobody asked for that."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def control(self) -> Self:
        """The lab itself: it takes commands."""
        return self

    @property
    def now(self) -> float:
        """Lab time in seconds."""
        return self._clock.now()

    @property
    def is_running(self) -> bool:
        """Whether it has started and not ended."""
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
        """Whether time in which nothing happens is skipped."""
        return self._clock.instant

    @property
    def held(self) -> Sequence[int]:
        """The tasks that are ready but held, the next first."""
        return self._tracer.hold.tasks()

    def subscribe(self, subscriber: Subscriber) -> None:
        """Hand every event to a subscriber, in order, in batches, at each `pump`.

        The state has taken in exactly the events up to the end of the batch then. A subscriber that raises gets later
        batches all the same, and so does every other; `pump` raises the first error when it is done.
        """
        self._feed.subscribe(subscriber)

    def pump(self) -> None:
        """Bring `state` up to date, and hand the new events to the subscribers. Call this once a frame.

        Raises:
            BaseException: What a subscriber has raised, after all of them have got everything.
        """
        if self._can_pause():
            self._standstill.look()
        self._take_in()
        self._feed.raise_error()

    async def run(self, main: Main, /, *args: Any, **kwargs: Any) -> Ending:
        """Start `main` and wait until the run has ended; where the wait is cancelled, so is the run.

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
        """Wait until the run has ended and all that it left behind is cleaned up; to cancel the wait doesn't stop it.

        `state` is complete then.

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
        """Cancel what still runs and wait for it, at most `GRACE` real seconds; nothing happens where it has ended.

        A main task that was asked to end before is not asked again: that would break its cleaning up.
        """
        if self._supervision is not None and self.ending is None:
            await self._supervision.close()

    def pause(self) -> None:
        """Stop lab time and every task, but not I/O and threads, and not a lab that is closing or cleaning up."""
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
        """While paused, run one step: of this task if held, else of the first; with none ready, jump to a timer."""
        self._stop_pursuit()
        if not self._can_pause():
            return "nothing"
        taken = self._step_once(task)
        self._tracer.emit(StepReported(self._clock.now(), taken))
        return taken

    def run_to_event(self, task: int) -> None:
        """Pause, and run step after step until a task becomes ready, has run a step, or is asked to end.

        Returns at once. Where nothing is ready, lab time jumps to the next timer. It stops as soon as the lab is
        paused, resumed, stepped or cancelled, and where the next step never comes.
        """
        self._stop_pursuit()
        loop = self._tracer.loop
        if loop is None or not self._can_pause():
            return
        self._hold_still()
        self._tracer.emit(RunningTo(self._clock.now(), task))
        # Made by hand, so that a loop that starts tasks eagerly doesn't; outside any lab; and with a name, for the
        # default ones are counted, and the program would see that one is missing.
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
        """From now on skip the time in which nothing happens."""
        self._clock.instant = True
        self.resume()
        self._clock_changed()

    def was_stopped(self, seconds: float) -> None:
        """Don't count the real seconds in which the process was stopped; may be called in a signal handler."""
        loop = self._tracer.loop
        if loop is None:
            return
        clock = self._clock
        clock.skip(seconds)
        self._tracer.write(ClockChanged(clock.now(), self.paused, clock.speed, clock.instant, seconds))
        if self._watch is not None:
            self._watch.was_stopped(seconds)
        # Before the loop looks at its timers: the lab's timer would fire, and take the lab's clock along.
        self._tracer.timers.forget_driver()
        loop.call_soon_threadsafe(self._tracer.timers.attend, context=outside_context())

    def cancel(self) -> None:
        """Ask the main task to end; it may still clean up. A paused lab is resumed."""
        if self._supervision is not None and self._tracer.loop is not None:
            self._supervision.cancel()

    def cancel_task(self, task: int) -> bool:
        """Ask one task to end; False where it has ended or is unknown."""
        found = self.tasks().get(task)
        return self._tracer.loop is not None and found is not None and cancel(self._tracer, [found])

    def tasks(self) -> dict[int, Task[Any]]:
        """The tasks that have yet to end, by their numbers."""
        return {record.id: task for record, task in self._tracer.registry.tasks()}

    def sample(self, first: Iterable[int] = (), selected: int | None = None) -> None:
        """Look at what tasks wait for and where they stand, where that is unknown; to be called before painting.

        It begins with `first`, such as those in sight; a bounded number of others follow, while paused all held ones.
        Of `selected` all frames are wanted.
        """
        numbers = list(first)
        self._tracer.looks.look_at_the_rest(numbers)
        self._take_in()
        tell_places(self._tracer, self._tracer.registry, self.state, [*numbers, *self.held], selected)

    def _take_in(self) -> None:
        """Feed what has happened; the next `pump` raises the first error of a subscriber."""
        self._feed.take(self._tracer.take_events())

    def _relieve(self) -> None:
        """Keep what waits to be read from growing without bound."""
        if len(self._tracer.events) > BACKLOG:
            self._take_in()

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
        """What has to change before something counts as having happened to a task."""
        self._take_in()
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
        self.resume()  # what is still held would never run
        self.ending = ending
        self._clock.pause()
        install.uninstall(self._tracer)
        self._take_in()

    def _clock_changed(self) -> None:
        clock = self._clock
        if self.is_running:
            self._tracer.emit(ClockChanged(clock.now(), self.paused, clock.speed, clock.instant))
            self._tracer.attend()


def _create_main(
    tracer: Tracer, loop: AbstractEventLoop, main: Main, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Task[Any]:
    coroutine = main(*args, **kwargs)
    factory, tracer.factory = tracer.factory, None  # the first task has no creator who could see it start at once
    try:
        task = loop.create_task(coroutine)
    finally:
        tracer.factory = factory
    tracer.registry.introduce(task, getattr(main, "__name__", "main"))
    return task
