"""Runs asyncio code for real, and lets it be watched, held still, stepped and slowed."""

from __future__ import annotations

import asyncio
import platform
import time
from asyncio import AbstractEventLoop, Task
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import ExitStack
from contextvars import Context, copy_context
from typing import Any, Self, TypeAlias

from asynclab.model.events import ClockChanged, Event, RunEnded, RunStarted
from asynclab.model.state import LabState
from asynclab.trace import hooks
from asynclab.trace.clock import VirtualClock
from asynclab.trace.ending import Ending, ending_of
from asynclab.trace.handles import BOUNDARY
from asynclab.trace.leftovers import GRACE, cancel, clean_up, leaked_by_main, names_of_tasks
from asynclab.trace.places import tell_places
from asynclab.trace.pursuit import Pursuit
from asynclab.trace.scope import CURRENT
from asynclab.trace.stepping import StepTaken
from asynclab.trace.tracer import Tracer
from asynclab.trace.usercode import UserCode
from asynclab.trace.watch import Watch

Main: TypeAlias = Callable[..., Coroutine[Any, Any, Any]]

BACKLOG = 250_000
"""Events that wait to be read, at the most, before they are folded into the state although nobody asked for it."""

BATCH = 10_000
"""How many events are folded, and handed to subscribers, at once."""

Sink: TypeAlias = Callable[[Sequence[Event]], None]


class Lab:
    """One run of asyncio code on the running event loop, observed from its first step to its last.

    Nothing else on the loop is observed or touched, and the code can't tell the difference.

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
            echo: Let prints go on to where they went before, too.
            exact: Look at what a task waits for after each of its steps, whatever that costs; otherwise a busy lab
                looks at a thousand of them in each tenth of a second, and at others when they are painted.
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
        self._state = LabState()
        self._sinks: list[Sink] = []
        self._watch = Watch(self._tracer, self._relieve) if watch else None
        self._main: Task[Any] | None = None
        self._supervisor: Task[None] | None = None
        self._was_asked_to_end = False
        self._closing: asyncio.Future[None] | None = None
        """Done as soon as somebody has asked for the lab to be closed."""
        self._exit: BaseException | None = None
        """What ended the run from elsewhere than the main task."""
        self._pursuit: Pursuit | None = None
        self._tracer.end_run = self._end_run

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def state(self) -> LabState:
        """All that is known up to now."""
        self._read_events()
        return self._state

    @property
    def now(self) -> float:
        """Lab time in seconds."""
        return self._clock.now()

    @property
    def is_running(self) -> bool:
        """Whether it has started and not ended."""
        return self._main is not None and self.ending is None

    @property
    def is_cleaning_up(self) -> bool:
        """Whether it was told to end, and has not ended yet."""
        return self.is_running and self._was_asked_to_end

    @property
    def is_stuck(self) -> bool:
        """Whether it can't go on by itself: no step is ready, no timer pending, and nothing from outside awaited."""
        return self.is_running and self._tracer.is_stuck()

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

    @property
    def pursued(self) -> int | None:
        """The task to whose next event `run_to_event` runs at present; None where it doesn't."""
        return None if self._pursuit is None or self._pursuit.is_over else self._pursuit.task

    def subscribe(self, sink: Sink) -> None:
        """Hand every event to `sink`, in order, in batches, whenever the state is read.

        The state has taken in exactly the events up to the end of the batch then.
        """
        self._sinks.append(sink)

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
        if self._main is not None or self.ending is not None:
            raise RuntimeError("a lab runs once: make a new one")
        loop = asyncio.get_running_loop()
        tracer = self._tracer
        tracer.code = UserCode(getattr(main, "__code__", None))
        hooks.install(tracer, loop)
        tracer.emit(RunStarted(0.0, self.name, time.time(), platform.python_version()))
        context = copy_context()
        context.run(CURRENT.set, tracer)
        try:
            self._main = context.run(_create_main, tracer, loop, main, args, kwargs)
        except BaseException:
            hooks.uninstall(tracer)
            tracer.events.clear()
            raise
        self._clock.start()
        if self.speed != 1 or self.instant:
            self._clock_changed()
        self._closing = loop.create_future()
        if self._watch is not None:
            self._watch.start(loop)
        # Outside the lab, and not a child of the task that happens to call: it has to outlive both.
        self._supervisor = Context().run(asyncio.ensure_future, self._supervise(self._main, self._closing, context))

    async def wait(self) -> Ending:
        """Wait until the run has ended and all that it left behind is cleaned up; to cancel the wait lets it go on.

        Raises:
            RuntimeError: The lab was never started.
        """
        if self._supervisor is None:
            raise RuntimeError("the lab was not started")
        await asyncio.shield(self._supervisor)
        assert self.ending is not None
        return self.ending

    async def close(self) -> None:
        """Cancel what still runs and wait for it, at most `GRACE` real seconds; nothing happens where it has ended.

        A main task that was asked to end before is not asked again: that would break its cleaning up.
        """
        if self._supervisor is not None and self.ending is None:
            self._begin_to_close()
            await asyncio.wait([self._supervisor])

    def pause(self) -> None:
        """Hold lab time and every task; I/O and threads go on. A lab that is being closed or cleaned up goes on."""
        self._stop_pursuit()
        self._hold_still()

    def resume(self) -> None:
        """Let time and tasks go on."""
        self._stop_pursuit()
        if self.paused:
            self._tracer.paused = False
            self._clock.resume()
            self._tracer.hold.release_all()
            self._clock_changed()

    def step(self, task: int | None = None) -> StepTaken:
        """While paused, run one step of one task; with none ready, move on to the next timer.

        Args:
            task: Which of the held tasks is to go; the first where it is None or not held.

        Returns:
            What was done.
        """
        self._stop_pursuit()
        return self.step_once(task)

    def step_once(self, task: int | None = None) -> StepTaken:
        """As `step`, in the course of `run_to_event`."""
        if not self._can_pause():
            return "nothing"
        self._hold_still()
        return self._tracer.hold.step(task)

    def run_to_event(self, task: int) -> None:
        """Pause, and run step after step until a task becomes ready, has run a step, or is asked to end.

        Returns at once. Where nothing is ready, lab time jumps to the next timer. It stops as soon as the lab is
        paused, resumed, stepped or cancelled, and where the next step never comes.
        """
        self._stop_pursuit()
        loop = self._tracer.loop
        if loop is not None and self._can_pause():
            self._hold_still()
            self._pursuit = Pursuit(self, task, loop)

    def set_speed(self, speed: float) -> None:
        """Let lab time run at `speed` lab seconds per real second from now on.

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

    def cancel(self) -> None:
        """Ask the main task to end; its cleaning up goes on. A paused lab is resumed."""
        if self._main is not None and self._tracer.loop is not None:
            self._was_asked_to_end = True
            self.resume()
            cancel(self._tracer, [self._main])

    def cancel_task(self, task: int) -> bool:
        """Ask one task to end.

        Returns:
            Whether it was asked: False where it has ended or is not known.
        """
        found = [candidate for record, candidate in self._tracer.census.tasks() if record.id == task]
        return self._tracer.loop is not None and cancel(self._tracer, found)

    def sample(self, first: Iterable[int] = (), selected: int | None = None) -> None:
        """Look at what tasks wait for and where they stand, where that is not known; to be called before painting.

        Args:
            first: The tasks to begin with, such as those that can be seen; a bounded number of others follow. While
                paused these are all that are held, so that each has its place.
            selected: The task of which all frames are wanted.
        """
        numbers = list(first)
        self._tracer.look_at_the_rest(numbers)
        tell_places(self._tracer, self.state, [*numbers, *self.held], selected)

    def _hold_still(self) -> None:
        if self._can_pause() and not self.paused:
            self._tracer.paused = True
            self._clock.pause()
            self._clock_changed()

    def _stop_pursuit(self) -> None:
        if self._pursuit is not None:
            self._pursuit.stop()
            self._pursuit = None

    def _can_pause(self) -> bool:
        is_closing = self._closing is not None and self._closing.done()
        return self.is_running and self._main is not None and not self._main.done() and not is_closing

    def _end_run(self, error: BaseException) -> None:
        self._exit = error
        if self._main is not None and not self._main.done():
            self.cancel()

    def _begin_to_close(self) -> None:
        assert self._closing is not None
        if not self._closing.done():
            self._closing.set_result(None)
        self.resume()
        if not self._was_asked_to_end:
            self.cancel()

    async def _supervise(self, main: Task[Any], closing: asyncio.Future[None], context: Context) -> None:
        ending = Ending("cancelled")
        leaked: list[tuple[int, str]] = []
        try:
            await self._outlast(main, closing)
            self.resume()
            # What was told to stop in the middle has not forgotten anything.
            leaked = [] if self._was_asked_to_end else leaked_by_main(self._tracer)
            ending = await self._clean_up_after(main, tuple(name for _, name in leaked), context)
        finally:
            self._tracer.attend()
            numbers = tuple(number for number, _ in leaked)
            self._tracer.emit(RunEnded(self._clock.now(), ending.outcome, ending.detail, numbers))
            self._end(ending)

    async def _outlast(self, main: Task[Any], closing: asyncio.Future[None]) -> None:
        """Wait until main has ended, or had its time to do so since the lab was to be closed."""
        try:
            await asyncio.wait([main, closing], return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:  # the whole loop comes to its end, and may have told main itself
            self._was_asked_to_end |= main.cancelling() > 0
            self._begin_to_close()
        if not main.done():
            await asyncio.wait([main], timeout=GRACE)

    async def _clean_up_after(self, main: Task[Any], leaked: tuple[str, ...], context: Context) -> Ending:
        if not main.done():
            names = names_of_tasks(self._tracer)
            return Ending("cancelled", leaked=names, unstoppable=names)
        unstoppable = await clean_up(self._tracer, context)
        if not unstoppable:
            self._tracer.world.let_go()
        return ending_of(main, self._exit, leaked, unstoppable)

    def _end(self, ending: Ending) -> None:
        if self._watch is not None:
            self._watch.stop()
        self.resume()  # what is still held would never run
        self.ending = ending
        self._clock.pause()
        hooks.uninstall(self._tracer)
        self._read_events()

    def _clock_changed(self) -> None:
        clock = self._clock
        if self.is_running:
            self._tracer.emit(ClockChanged(clock.now(), self.paused, clock.speed, clock.instant))
            self._tracer.attend()

    def _read_events(self) -> None:
        events = self._tracer.take_events()
        for start in range(0, len(events), BATCH):
            batch = events[start : start + BATCH]
            self._state.fold(batch)
            with ExitStack() as sinks:  # each gets them, also where one before it fails
                for sink in reversed(self._sinks):
                    sinks.callback(sink, batch)

    def _relieve(self) -> None:
        """Keep what waits to be read from growing without bound."""
        if len(self._tracer.events) > BACKLOG:
            self._read_events()


def _create_main(
    tracer: Tracer, loop: AbstractEventLoop, main: Main, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Task[Any]:
    coroutine = main(*args, **kwargs)
    factory, tracer.factory = tracer.factory, None  # the first task has no creator who could see it start at once
    try:
        task = loop.create_task(coroutine)
    finally:
        tracer.factory = factory
    tracer.census.introduce(task, getattr(main, "__name__", "main"))
    return task
