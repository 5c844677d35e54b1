"""The base class of all observers: keeps the list of events, and knows which task or callback runs now.

Patched functions of asyncio (`trace/patching`) call its methods, the "hooks". `Observer` and `Tracer` implement these.
"""

from __future__ import annotations

import threading
import weakref
from asyncio import AbstractEventLoop, Task, TimerHandle
from collections.abc import Callable, Sequence
from types import FrameType, MethodType
from typing import Any, Protocol

from asynclab.model.events import BLOCKED_AFTER, Event, LoopFreed, StepStarted, TaskCreated, Warned
from asynclab.trace.recording.clock import VirtualClock
from asynclab.trace.recording.code_ownership import UserCode
from asynclab.trace.recording.give_way import AT_ONCE
from asynclab.trace.recording.numbering import Numbering
from asynclab.trace.recording.signal_handlers import comes_from_handler
from asynclab.trace.recording.values import callable_name

_BY_PLACE = UserCode()


class TaskRecord(weakref.ref["Task[Any]"]):
    """The tracer's record of a task. It is itself a weak reference to the task."""

    __slots__ = ("created", "id", "key", "tracer", "yielded")

    tracer: Recorder
    id: int
    key: int
    """The task's id()."""
    created: TaskCreated | None
    """The event of the task's creation; None once the task has ended."""
    yielded: bool
    """Whether the task asked for another turn in its present step, as `sleep(0)` does."""


class StepHandle(Protocol):
    """A handle that runs a task's step."""

    _record: TaskRecord | None
    _cancelled: bool

    def _run(self) -> None: ...


class EagerSteps(Protocol):
    """Tracks tasks that run their first step while they are created, as an eager task factory makes them do."""

    @property
    def under_way(self) -> Sequence[object]:
        """The eager first steps that may still run, innermost last."""

    def settle(self, made: Task[Any] | None = None) -> None:
        """Find out which of them are over."""


class Guard:
    """A context manager for our code inside the program's loop: it catches our errors, and the program continues.

    See `Recorder.failed`.
    """

    __slots__ = ("_recorder", "_watcher")

    def __init__(self, recorder: Recorder, watcher: str) -> None:
        self._recorder = recorder
        self._watcher = watcher

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        if error is None or isinstance(error, KeyboardInterrupt):  # comes from a signal, and so belongs to the program
            return False
        self._recorder.failed(self._watcher, error)
        return True


class Recorder:
    """Records the events of one lab or one loop, and knows which task or callback runs there now.

    It belongs to the loop's thread: on other threads only `emit` may be called, and methods that say so. Watchers
    write events with `emit`. Hooks call the methods at the end of this class to say what has happened; subclasses
    decide what follows from that.
    """

    # Each step reads and sets several of these.
    __slots__ = (
        "__weakref__",
        "attend_at",
        "callback",
        "callback_started",
        "cause",
        "clock",
        "code",
        "current",
        "detour",
        "eager",
        "echo",
        "emit",
        "emit_first",
        "events",
        "failures",
        "firing_for",
        "gone",
        "in_timer",
        "loop",
        "numbering",
        "origin",
        "step_began",
        "step_started",
        "taken",
        "thread",
        "write",
    )

    governs = False
    """Whether this also controls the code's time, task factory and exception handler, as a lab does."""

    def __init__(self, clock: VirtualClock, *, echo: bool = False, numbering: Numbering | None = None) -> None:
        """Start without events; if `echo`, printed text is also written to its usual destination."""
        self.clock = clock
        self.echo = echo
        self.numbering = numbering or Numbering()
        self.loop: AbstractEventLoop | None = None
        """The observed loop; None when the lab is over."""
        self.thread = threading.get_ident()
        """The identifier of the loop's thread."""
        self.origin = 0.0
        """The loop's own time at lab time 0."""
        self.code = _BY_PLACE
        self.events: list[Event] = []
        """The events that nobody has read yet, oldest first. Events are added at the end and removed at the start."""
        self.write: Callable[[Event], None] = self.events.append
        """Writes an event as it is. For events that begin or end a step, or aren't part of one."""
        self.emit_first: Callable[[Event], None] = self._open_and_write
        """Writes the first event within a step, and before it a `StepStarted`."""
        self.emit: Callable[[Event], None] = self.write
        """Writes an event. During a step in which nothing has happened yet, it is `emit_first`.

        A step in which nothing happens at all becomes a single event, written at its end.
        """
        self.failures: dict[str, int] = {}
        """How often our code has failed, by the name of the watcher. See `failed`."""
        self.taken: dict[int, int] = {}
        """For each pending task, the id() of the item that it took from a queue last."""
        self.gone: list[TaskRecord] = []
        """The records of destroyed tasks that `strike_off` hasn't removed yet."""
        self.current: TaskRecord | None = None
        self.cause: TaskRecord | None = None
        """While a callback runs that isn't a task's step: the task whose step caused it."""
        self.in_timer = False
        self.firing_for: int | None = None
        """While the timer of an `asyncio.timeout` fires: the number of the task in its block."""
        self.eager: EagerSteps
        """The eager first steps inside the step that runs now; subclasses set this."""
        self.callback: object = None
        """The callback that runs now, if it isn't a task's step."""
        self.callback_started = 0.0
        """Real time at which that callback began; 0 while none runs."""
        self.step_started = 0.0
        """Real time at which the present step began."""
        self.step_began = 0.0
        """Lab time at which the present step began."""
        self.detour = False
        """Whether each step has to ask `admits` first: the lab is paused, or over."""
        self.attend_at = AT_ONCE
        """Real time from which on `attend` has to be called at the end of a callback; `AT_ONCE` if it is due now."""

    @property
    def is_busy(self) -> bool:
        """Whether a step or callback of the lab runs on the calling thread."""
        is_under_way = self.current is not None or self.callback is not None or self.in_timer
        return is_under_way and threading.get_ident() == self.thread

    @property
    def waker(self) -> TaskRecord | None:
        """The task whose step runs now, or caused the callback that runs now."""
        return self.current or self.cause

    def current_number(self) -> int | None:
        """The number of the task whose step runs on this thread; None if there is none."""
        if threading.get_ident() != self.thread:
            return None
        if self.eager.under_way:
            self.eager.settle()
        current = self.current
        return None if current is None else current.id

    def is_elsewhere(self) -> bool:
        """Whether the calling thread isn't the loop's."""
        return threading.get_ident() != self.thread

    def failed(self, watcher: str, error: BaseException) -> None:
        """Note that our code has failed inside the program's loop: count it, and report it the first time.

        Hooks that might fail again and again check `failures` first, so one failure switches them off. `watcher` names
        what has failed in words for the user, such as "queues".

        Raises:
            BaseException: The error isn't ours: a signal handler of the program has raised it.
        """
        if comes_from_handler(error):
            raise error
        count = self.failures.get(watcher, 0)
        self.failures[watcher] = count + 1
        if not count:
            text = f"asynclab stopped watching {watcher}: {type(error).__name__}"
            self.write(Warned(self.clock.now(), text))

    def guard(self, watcher: str) -> Guard:
        """A context manager that catches errors of our code. Code that runs at each step has a `try` instead."""
        return Guard(self, watcher)

    @property
    def busy_since(self) -> float:
        """The real time at which the present step or callback began; 0 if there is none."""
        return self.callback_started if self.current is None else self.step_started

    def blocks(self) -> bool:
        """Whether the present step or callback has blocked the loop for at least `BLOCKED_AFTER` seconds."""
        since = self.busy_since
        return since > 0 and self.clock.real_time() - since >= BLOCKED_AFTER

    def open_step(self) -> None:
        """Write that the present step has begun, unless that is already written."""
        if self.emit is self.emit_first:
            self.emit = self.write
            current = self.current
            if current is not None:  # another thread may call this when the step has just ended
                self.write(StepStarted(self.step_began, current.id))

    def _open_and_write(self, event: Event) -> None:
        if threading.get_ident() == self.thread:  # an event from another thread isn't part of the step
            self.open_step()
        self.write(event)

    def time_callback(self, callback: object) -> None:
        """Note the start of a callback, for the watchdog that finds blocked loops."""
        self.callback = callback
        self.callback_started = self.clock.real_time()

    def callback_timed(self) -> None:
        """Note the end of the callback, and report it if it has blocked the loop."""
        seconds = self.clock.real_time() - self.callback_started if self.callback_started else 0.0
        if seconds >= BLOCKED_AFTER:
            self.emit(LoopFreed(self.clock.now(), seconds, callable_name(self.callback)))
        self.callback, self.callback_started = None, 0.0

    def deadline_of(self, timer: TimerHandle) -> float | None:
        """The lab time at which a timer fires; None if the timer doesn't go by lab time."""
        return timer.when() - self.origin

    def knows(self, task: Task[Any]) -> bool:
        """Whether this recorder records a task."""
        raise NotImplementedError

    def enter(self, task: Task[Any], maker: FrameType) -> TaskRecord:
        """Register a new task. `maker` is the frame that creates it."""
        raise NotImplementedError

    def enter_unseen(self, task: Task[Any]) -> None:
        """Register a task without an event, because `enter` has failed."""
        raise NotImplementedError

    def strike_off(self) -> None:
        """Remove the records of destroyed tasks."""
        raise NotImplementedError

    def made_ready(self, record: TaskRecord, args: Sequence[Any]) -> None:
        """Note that a task was put in the ready queue. `args` has the future that it waited for, if any."""
        raise NotImplementedError

    def stopped_elsewhere(self, frame: FrameType) -> None:
        """Note that `loop.stop()` is called from `frame`, while no callback of the loop runs."""

    def scheduled_elsewhere(self, frame: FrameType, record: TaskRecord | None) -> None:
        """Note that `frame`, on another thread, calls `call_soon()`: for a step of a task, or for a callback."""
        raise NotImplementedError

    def was_made(self, task: Task[Any] | None) -> None:
        """Note that a task was created, or None if that failed. It may have run its first step already."""
        raise NotImplementedError

    def starts_eagerly_now(self, caller: FrameType) -> None:
        """Note that somebody asks whether the loop runs: asyncio does so when it starts a task eagerly."""
        raise NotImplementedError

    def admits(self, handle: StepHandle) -> bool:
        """Whether a step may run now. Called for each step while `detour` is set."""
        raise NotImplementedError

    def within_step(self, run: Callable[[], None]) -> None:
        """Run a step inside another one: the program runs its loop inside a step, as nest_asyncio allows."""
        raise NotImplementedError

    def follow(
        self, record: TaskRecord, task: Task[Any], at: float, real: float, ends: bool, woken_by: Sequence[Any] = ()
    ) -> None:
        """Record the state of a task after its step: whether it waits, is ready or has ended.

        The step ended at the lab time `at`, and at the time `real`. `woken_by` has the future that woke the task.
        """
        raise NotImplementedError

    def stepped(
        self, record: TaskRecord, task: Task[Any], began: float, ended: float, woken_by: Sequence[Any] = ()
    ) -> None:
        """Write a step in which nothing happened, and call `follow`.

        `began` is a lab time, `ended` a real time.
        """
        raise NotImplementedError

    def end_step(self, record: TaskRecord, task: Task[Any], real: float, woken_by: Sequence[Any] = ()) -> None:
        """Write the end of a step in which something happened, and call `follow`."""
        raise NotImplementedError

    def step_failed(self, record: TaskRecord, task: Task[Any], error: BaseException) -> bool:
        """Write the end of a step that raises SystemExit or KeyboardInterrupt.

        Returns:
            Whether the exception must not end the loop: see `takes_exit`.
        """
        raise NotImplementedError

    def step_lost(self, error: BaseException) -> None:
        """Prepare for the next step after our code has failed at the end of a step."""
        raise NotImplementedError

    def takes_exit(self, error: BaseException) -> bool:
        """Whether this handles an exception that would end the loop, so that the loop continues."""
        return False

    def timeout_fires(self, callback: MethodType) -> None:
        """Note that an `asyncio.timeout` has expired at once: asyncio runs its callback without a timer."""
        raise NotImplementedError

    def end_callback(self) -> None:
        """Note that a callback other than a step is over, and that `attend_at` is due."""
        raise NotImplementedError

    def timeout_called_off(self, timeout: object) -> None:
        """Note that the timer of an `asyncio.timeout` was cancelled. Only for timers in the loop's own heap."""
        raise NotImplementedError

    def attend(self) -> None:
        """Do the work that was postponed to the end of a callback."""
        raise NotImplementedError
