"""Writes down what is observed of one lab, or of one loop: the events, and who runs now."""

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
    """What is kept of a task. It is itself the weak reference to it, and does not keep it alive."""

    __slots__ = ("created", "id", "key", "tracer", "yielded")

    tracer: Recorder
    id: int
    key: int
    """The task's id()."""
    created: TaskCreated | None
    """The event of its birth, until it has ended."""
    yielded: bool
    """Whether it asked for another turn during its present step."""


class StepHandle(Protocol):
    """A handle that runs a task's step."""

    _record: TaskRecord | None
    _cancelled: bool

    def _run(self) -> None: ...


class EagerSteps(Protocol):
    """The first steps that tasks make while they are being made."""

    @property
    def under_way(self) -> Sequence[object]:
        """Those that may be under way, innermost last."""

    def settle(self, made: Task[Any] | None = None) -> None:
        """Notice which are over."""


class Guard:
    """A `with` in which code of ours may fail, and whoever is observed goes on. See `Recorder.failed`."""

    __slots__ = ("_recorder", "_watcher")

    def __init__(self, recorder: Recorder, watcher: str) -> None:
        self._recorder = recorder
        self._watcher = watcher

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        if error is None or isinstance(error, KeyboardInterrupt):  # that comes of a signal, and is the program's
            return False
        self._recorder.failed(self._watcher, error)
        return True


class Recorder:
    """The events of one lab, or of one loop, and who runs there now.

    Lives on the loop's thread; only `emit` and what is said to may run on another. Watchers write with `emit`. Hooks
    call the methods below that say what has happened; what becomes of it is the business of whoever derives from this.
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
    """Whether the code has a time, factories and handlers of its own, as a lab's has."""

    def __init__(self, clock: VirtualClock, *, echo: bool = False, numbering: Numbering | None = None) -> None:
        """Begin with nothing seen; if `echo`, prints also go on to where they went before."""
        self.clock = clock
        self.echo = echo
        self.numbering = numbering or Numbering()
        self.loop: AbstractEventLoop | None = None
        """The loop that is observed; None when the lab is over."""
        self.thread = threading.get_ident()
        """The loop's."""
        self.origin = 0.0
        """The loop's own time at lab time 0."""
        self.code = _BY_PLACE
        self.events: list[Event] = []
        """What nobody has read yet, oldest first; only ever appended to, and cut at its beginning."""
        self.write: Callable[[Event], None] = self.events.append
        """Writes an event as it comes: what is no part of a step, or begins and ends one."""
        self.emit_first: Callable[[Event], None] = self._open_and_write
        """Writes the first event of a step, after that the step has begun."""
        self.emit: Callable[[Event], None] = self.write
        """Writes what happened. A step in which nothing did is one event, written at its end."""
        self.failures: dict[str, int] = {}
        """How often each watcher has failed. See `failed`."""
        self.taken: dict[int, int] = {}
        """Of tasks that have not ended, the id() of the item that each took from a queue last."""
        self.gone: list[TaskRecord] = []
        """The tasks that were destroyed and that nobody has struck off yet."""
        self.current: TaskRecord | None = None
        self.cause: TaskRecord | None = None
        """While another callback is under way: the task whose step caused it."""
        self.in_timer = False
        self.firing_for: int | None = None
        """While a timeout's timer fires: the task around whose block it is."""
        self.eager: EagerSteps
        """The eager first steps within the step under way; set by whoever derives from this."""
        self.callback: object = None
        """What is called while another callback than a step is under way."""
        self.callback_started = 0.0
        """Real time at which it began; 0 while none is under way."""
        self.step_started = 0.0
        """Real time at which the step under way began."""
        self.step_began = 0.0
        """The same in lab time."""
        self.detour = False
        """Whether a step can't simply run: the lab is paused, or over."""
        self.attend_at = AT_ONCE
        """Real time from which on something is to be seen to at the end of a callback; `AT_ONCE` where there is now."""

    @property
    def is_busy(self) -> bool:
        """Whether a step or a callback of the lab is under way on the calling thread."""
        is_under_way = self.current is not None or self.callback is not None or self.in_timer
        return is_under_way and threading.get_ident() == self.thread

    @property
    def waker(self) -> TaskRecord | None:
        """The task whose step, directly or through callbacks, causes what happens now."""
        return self.current or self.cause

    def current_number(self) -> int | None:
        """The number of the task whose step is under way on this thread."""
        if threading.get_ident() != self.thread:
            return None
        if self.eager.under_way:
            self.eager.settle()
        current = self.current
        return None if current is None else current.id

    def is_elsewhere(self) -> bool:
        """Whether the calling thread is not the loop's."""
        return threading.get_ident() != self.thread

    def failed(self, watcher: str, error: BaseException) -> None:
        """Code of ours has failed inside somebody's loop: count it, and tell it the first time.

        Hooks that could go on failing, at some cost each time, ask `failures` first: they are switched off so. The
        watcher is what failed, as the reader should call it, such as "queues".

        Raises:
            BaseException: It was no failure of ours, but raised in a signal handler of the program's.
        """
        if comes_from_handler(error):
            raise error
        count = self.failures.get(watcher, 0)
        self.failures[watcher] = count + 1
        if not count:
            text = f"asynclab stopped watching {watcher}: {type(error).__name__}"
            self.write(Warned(self.clock.now(), text))

    def guard(self, watcher: str) -> Guard:
        """A `with` for code of ours inside somebody's loop; where each step would pay for it, it is written out."""
        return Guard(self, watcher)

    @property
    def busy_since(self) -> float:
        """The real time at which the step or callback under way began; 0 where there is none."""
        return self.callback_started if self.current is None else self.step_started

    def blocks(self) -> bool:
        """Whether what is under way has kept the loop from running for long."""
        since = self.busy_since
        return since > 0 and self.clock.real_time() - since >= BLOCKED_AFTER

    def open_step(self) -> None:
        """Write that the step under way has begun, unless that is written."""
        if self.emit is self.emit_first:
            self.emit = self.write
            current = self.current
            if current is not None:  # which another thread may find when the step has just ended
                self.write(StepStarted(self.step_began, current.id))

    def _open_and_write(self, event: Event) -> None:
        if threading.get_ident() == self.thread:  # what another thread tells is no part of the step
            self.open_step()
        self.write(event)

    def time_callback(self, callback: object) -> None:
        """Tell the watchdog since when a callback runs."""
        self.callback = callback
        self.callback_started = self.clock.real_time()

    def callback_timed(self) -> None:
        """The callback is over: tell it if it had kept the loop from running."""
        seconds = self.clock.real_time() - self.callback_started if self.callback_started else 0.0
        if seconds >= BLOCKED_AFTER:
            self.emit(LoopFreed(self.clock.now(), seconds, callable_name(self.callback)))
        self.callback, self.callback_started = None, 0.0

    def deadline_of(self, timer: TimerHandle) -> float | None:
        """The lab time at which a timer fires; None if it keeps another time."""
        return timer.when() - self.origin

    def knows(self, task: Task[Any]) -> bool:
        """Whether a task is one of those that are recorded here."""
        raise NotImplementedError

    def enter(self, task: Task[Any], maker: FrameType) -> TaskRecord:
        """Enter a task that is seen for the first time, and the frame in which it is made."""
        raise NotImplementedError

    def enter_unseen(self, task: Task[Any]) -> None:
        """Remember only that a task is recorded here, where it could not be entered."""
        raise NotImplementedError

    def strike_off(self) -> None:
        """Forget about the tasks that were destroyed."""
        raise NotImplementedError

    def made_ready(self, record: TaskRecord, args: Sequence[Any]) -> None:
        """A task that is not running was put in the ready queue; `args` has the future that it waited for, if any."""
        raise NotImplementedError

    def stopped_elsewhere(self, frame: FrameType) -> None:
        """A frame that no callback of the loop's runs calls stop()."""

    def scheduled_elsewhere(self, frame: FrameType, record: TaskRecord | None) -> None:
        """A frame on another thread than the loop's calls call_soon(): for a step of a task, or for a callback."""
        raise NotImplementedError

    def was_made(self, task: Task[Any] | None) -> None:
        """A task was made, or could not be; perhaps it has run its first step."""
        raise NotImplementedError

    def starts_eagerly_now(self, caller: FrameType) -> None:
        """Somebody asks whether the loop runs: perhaps a task that starts eagerly does."""
        raise NotImplementedError

    def admits(self, handle: StepHandle) -> bool:
        """Whether a step may run now, where `detour` says that it can't simply do so."""
        raise NotImplementedError

    def within_step(self, run: Callable[[], None]) -> None:
        """Run a step within another one: the program runs its loop inside a step, as nest_asyncio lets it."""
        raise NotImplementedError

    def follow(
        self, record: TaskRecord, task: Task[Any], at: float, real: float, ends: bool, woken_by: Sequence[Any] = ()
    ) -> None:
        """See what became of a task after its step, which ended at the lab time `at`; `woken_by` had begun it."""
        raise NotImplementedError

    def stepped(
        self, record: TaskRecord, task: Task[Any], began: float, ended: float, woken_by: Sequence[Any] = ()
    ) -> None:
        """Write a step in which nothing happened, and see what became of its task.

        It began at a lab time, and ended at a real time.
        """
        raise NotImplementedError

    def end_step(self, record: TaskRecord, task: Task[Any], real: float, woken_by: Sequence[Any] = ()) -> None:
        """Write the end of a step in which something happened, and see what became of its task."""
        raise NotImplementedError

    def step_failed(self, record: TaskRecord, task: Task[Any], error: BaseException) -> bool:
        """Write the end of a step that raises SystemExit or KeyboardInterrupt. Returns whether that is taken."""
        raise NotImplementedError

    def step_lost(self, error: BaseException) -> None:
        """Code of ours has failed at the end of a step: be ready for the next one."""
        raise NotImplementedError

    def takes_exit(self, error: BaseException) -> bool:
        """Whether an exception that would end the loop is taken, and ends something else."""
        return False

    def timeout_fires(self, callback: MethodType) -> None:
        """A timeout that expires at once, without a timer, is about to be called."""
        raise NotImplementedError

    def end_callback(self) -> None:
        """Another callback than a step is over, and there is something to see to."""
        raise NotImplementedError

    def timeout_called_off(self, timeout: object) -> None:
        """A timeout's timer, which the loop itself keeps, was cancelled."""
        raise NotImplementedError

    def attend(self) -> None:
        """Do what was left for the end of a callback."""
        raise NotImplementedError
