"""What one lab writes down, and the state that its hooks share."""

from __future__ import annotations

import threading
import weakref
from asyncio import AbstractEventLoop, Future, Task
from asyncio.events import Handle
from collections.abc import Callable, Sequence
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

from asynclab.model.events import (
    BLOCKED_AFTER,
    Event,
    LoopFreed,
    Output,
    StepEnded,
    StepStarted,
    TaskReady,
    TaskWaiting,
    WakeCause,
    Warned,
)
from asynclab.model.tasks import MAIN
from asynclab.trace.governing.hold import Hold
from asynclab.trace.governing.timers import Timers
from asynclab.trace.recording.clock import VirtualClock
from asynclab.trace.recording.code_ownership import UserCode
from asynclab.trace.recording.futures import brings_cancel, coroutine_of, is_done, is_future
from asynclab.trace.recording.numbering import Numbering
from asynclab.trace.recording.task_registry import TaskRecord, TaskRegistry
from asynclab.trace.recording.values import callable_name
from asynclab.trace.watching.cancel_requests import Cancels
from asynclab.trace.watching.eager_starts import EagerStarts
from asynclab.trace.watching.external_waits import World
from asynclab.trace.watching.resource_registry import Resources
from asynclab.trace.watching.task_waits import describe_wait
from asynclab.trace.watching.timeouts import timeout_of

if TYPE_CHECKING:
    from asynclab.trace.patching.handles import TracedHandle

LOOK_SHARE = 0.01
"""How much of a loop's time may go into looks at suspended tasks as soon as their step ends."""

LOOK_SAVINGS = 0.005
"""Real seconds: how much of that time may be saved up. So short programs and those with few tasks are seen whole."""

WAITS = "what tasks wait for"
"""What the watcher of waits is called where it fails."""

LOOK_LATER = 0.001
"""Real seconds of one call of `look_at_the_rest` that may go into tasks that nobody asked for."""


class Tracer:
    """Turns what the hooks see of one lab into events.

    Lives on the loop's thread; only `emit`, `output` and the resources' hooks may run on another.
    """

    # Each step reads and sets several of these.
    __slots__ = (
        "__weakref__",
        "_callbacks",
        "_exact",
        "_look_savings",
        "_looked_at",
        "_not_looked_at",
        "_paused",
        "_printed",
        "_printing",
        "_woken_by_end",
        "asyncgens",
        "attention",
        "callback",
        "callback_started",
        "cancels",
        "cause",
        "census",
        "clock",
        "code",
        "current",
        "detour",
        "eager",
        "echo",
        "emit",
        "emit_first",
        "end_run",
        "events",
        "exception_handler",
        "factory",
        "failures",
        "gone",
        "governs",
        "hold",
        "in_timer",
        "loop",
        "numbering",
        "resources",
        "starts_eagerly",
        "step_began",
        "step_started",
        "thread",
        "timers",
        "world",
        "write",
    )

    def __init__(
        self,
        clock: VirtualClock,
        boundary: CodeType,
        *,
        echo: bool = False,
        exact: bool = False,
        governs: bool = True,
        numbering: Numbering | None = None,
    ) -> None:
        """Begin with nothing seen.

        Args:
            clock: The lab's time.
            boundary: The code that runs a handle; frames above it are the loop's own.
            echo: Whether prints go on to where they went before, too.
            exact: Whether what a task waits for is looked at after each step, whatever that costs.
            governs: Whether the code has a time, factories and handlers of its own, as a lab's has.
            numbering: Numbers tasks and resources; None for one of its own.
        """
        self.numbering = numbering or Numbering()
        self.governs = governs
        self.clock = clock
        self.loop: AbstractEventLoop | None = None
        """The loop that is observed; None when the lab is over."""
        self.events: list[Event] = []
        """What nobody has read yet, oldest first; only ever appended to, and cut at its beginning."""
        self.write: Callable[[Event], None] = self.events.append
        """Writes an event as it comes: what is no part of a step, or begins and ends one."""
        self.emit_first: Callable[[Event], None] = self._open_and_write
        """Writes the first event of a step, after that the step has begun."""
        self.emit: Callable[[Event], None] = self.write
        """Writes what happened. A step in which nothing did is one event, written at its end."""
        self.code = UserCode()
        self.failures: dict[str, int] = {}
        """How often each watcher has failed; one that has is switched off. See `failed`."""
        self.gone: list[TaskRecord] = []
        """The tasks that were destroyed and that the census has not struck off yet."""
        self.census = TaskRegistry(self, boundary)
        self.cancels = Cancels(self)
        self.timers = Timers(self)
        self.resources = Resources(self)
        self.world = World(self)
        self.factory: Any = None
        """The task factory that code inside the lab has set."""
        self.starts_eagerly = False
        """Whether that factory runs a task's first step at once."""
        self.exception_handler: Any = None
        """The exception handler that code inside the lab has set."""
        self.end_run: Callable[[BaseException], None] = lambda _: None
        """Ends the run with an exception, as code inside the lab has asked for."""
        self.asyncgens: weakref.WeakSet[Any] = weakref.WeakSet()
        """The asynchronous generators that were begun inside the lab."""
        self.current: TaskRecord | None = None
        """The task whose step is under way."""
        self.cause: TaskRecord | None = None
        """While another callback is under way: the task whose step caused it."""
        self.eager = EagerStarts(self)
        """The eager first steps within that step."""
        self._callbacks = 0
        """How many other callbacks are under way, one within the other."""
        self._woken_by_end: list[tuple[TaskRecord, WakeCause]] = []
        """The tasks that the end of the present step's task makes ready: told after that end."""
        self.in_timer = False
        """Whether a timer's callback is under way."""
        self.callback: object = None
        """What is called while another callback than a step is under way."""
        self.callback_started = 0.0
        """Real time at which it began; 0 while none is under way."""
        self.step_started = 0.0
        """Real time at which the step under way began."""
        self.step_began = 0.0
        """The same in lab time."""
        self._paused = False
        self.detour = False
        """Whether a step can't simply run: the lab is paused, or over."""
        self.hold = Hold(self)
        self.attention = False
        """Whether something is to be seen to at the end of the present callback."""
        self.echo = echo
        self._exact = exact
        self._look_savings = LOOK_SAVINGS
        self._looked_at = 0.0
        self._not_looked_at: dict[int, TaskRecord] = {}
        self._printed: dict[tuple[int | None, str], str] = {}
        self._printing = threading.RLock()
        """Held while `_printed` changes: threads print too."""
        self.thread = threading.get_ident()
        """The loop's."""

    @property
    def paused(self) -> bool:
        """Whether steps are held."""
        return self._paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        self._paused = self.detour = paused

    def begin(self, loop: AbstractEventLoop) -> None:
        """Observe what runs on `loop`, which is that of the calling thread."""
        self.loop = loop
        self.thread = threading.get_ident()
        self.detour = self._paused

    def let_go(self) -> None:
        """See no more."""
        self.loop = None
        self.detour = True
        self.census.let_go()

    @property
    def is_busy(self) -> bool:
        """Whether a step or a callback of the lab is under way on the calling thread."""
        is_under_way = self.current is not None or self._callbacks > 0 or self.in_timer
        return is_under_way and not self.is_elsewhere()

    @property
    def waker(self) -> TaskRecord | None:
        """The task whose step, directly or through callbacks, causes what happens now."""
        return self.current or self.cause

    def current_number(self) -> int | None:
        """The number of the task whose step is under way on this thread."""
        if self.is_elsewhere():
            return None
        if self.eager.under_way:
            self.eager.settle()
        return None if self.current is None else self.current.id

    def is_elsewhere(self) -> bool:
        """Whether the calling thread is not the loop's."""
        return threading.get_ident() != self.thread

    def failed(self, watcher: str, error: BaseException) -> None:
        """Code of ours has failed inside somebody's loop: switch that watcher off, and tell it once.

        Args:
            watcher: What failed, as the reader should call it, such as "queues".
            error: What it raised.
        """
        count = self.failures.get(watcher, 0)
        self.failures[watcher] = count + 1
        if not count:
            text = f"asynclab stopped watching {watcher}: {type(error).__name__}"
            self.write(Warned(self.clock.now(), text))

    def take_events(self) -> Sequence[Event]:
        """Take everything since the last call; on another thread than the loop's, up to the first unsettled birth."""
        if self.is_elsewhere():
            return self._take(self.census.settled_until(len(self.events)))
        self.open_step()
        self.census.settle_names()
        return self._take(len(self.events))

    def _take(self, count: int) -> Sequence[Event]:
        taken = self.events[:count]
        del self.events[:count]
        return taken

    def enter(self, task: Task[Any]) -> TaskRecord:
        """Enter a task that is seen for the first time, or the one whose eager start is under way."""
        if self.eager.under_way:
            self.eager.settle()
            known = self.census.known(task)
            if known is not None:
                known.yielded = True
                return known
        return self.census.enter(task, coroutine_of(task))

    def made_ready(self, record: TaskRecord, args: Sequence[Future[Any]]) -> None:
        """A task that is not running was put in the ready queue.

        Args:
            record: The task.
            args: The arguments of its wake-up callback: the future it waited for, if any.
        """
        clock = self.clock
        at = clock.real_time() * clock.rate + clock.offset
        if self.eager.under_way:
            self.eager.settle()
        waker = self.current or self.cause
        cause: WakeCause = "callback" if waker is None else "task"
        if args and is_future(args[0]):
            if brings_cancel(args[0]) and self.cancels.notice(record, at):
                cause = "cancel"
            if waker is not None and args[0] is waker():
                self._woken_by_end.append((record, cause))
                return
        if self.in_timer:
            self.emit(TaskReady(at, record.id, "timer"))
            return
        self.emit(TaskReady(at, record.id, cause, None if waker is None else waker.id))

    def is_stuck(self) -> bool:
        """Whether nothing is ready, due some time, or awaited from outside."""
        is_busy = self.hold.handles or self.world.has_ready() or self.timers.next_when() is not None
        return not is_busy and not self.world.is_awaited()

    def open_step(self) -> None:
        """Write that the step under way has begun, unless that is written."""
        if self.emit is self.emit_first:
            self.emit = self.write
            current = self.current
            if current is not None:  # which another thread may find when the step has just ended
                self.write(StepStarted(self.step_began, current.id))

    def _open_and_write(self, event: Event) -> None:
        try:
            self.open_step()
        finally:
            self.emit = self.write
        self.write(event)

    def admits(self, handle: TracedHandle) -> bool:
        """Whether a step may run now: not while the lab is paused, unless it was released; after the lab untraced."""
        if self.loop is None:
            Handle._run(handle)
            return False
        try:
            if self._paused and not self.hold.lets_through(handle):
                self.hold.handles.append(handle)
                return False
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.failed("held tasks", error)
        return True

    def within_step(self, run: Callable[[], None]) -> None:
        """Run a step within another one: the program runs its loop inside a step, as nest_asyncio lets it."""
        self.open_step()
        outer = self.current, self.cause, self.step_began, self.step_started
        self.current = self.cause = None
        try:
            run()
        finally:
            self.current, self.cause, self.step_began, self.step_started = outer

    def step_failed(self, record: TaskRecord, task: Task[Any], error: BaseException) -> bool:
        """Write the end of a step out of which a SystemExit or KeyboardInterrupt comes.

        Returns:
            Whether the lab takes the exception; else it goes through the loop, as without a lab.
        """
        real = self.clock.real_time()
        at = real * self.clock.rate + self.clock.offset
        try:
            self.open_step()
            self.current = None
            ends = is_done(task)
            self.write(StepEnded(at, record.id, real - self.step_started, record.yielded, ends))
            self.step_ended(record, task, at, real, ends=ends)
        except KeyboardInterrupt:
            raise
        except BaseException as failure:
            self.step_lost(failure)
        return self.takes_exit(error)

    def step_lost(self, error: BaseException) -> None:
        """Code of ours has failed at the end of a step: be ready for the next one."""
        self.current = None
        self.emit = self.write
        self.failed("steps", error)
        if self.attention:  # a timer that the step has set would never fire
            self.attend()

    def takes_exit(self, error: BaseException) -> bool:
        """Let an exception end the run that would end the loop, which others share; whether that is all it does.

        A KeyboardInterrupt ends the loop, too: it comes from somebody who wants all of it to stop.
        """
        if not self.governs:
            return False
        self.end_run(error)
        return isinstance(error, SystemExit)

    def begin_callback(self, callback: Callable[..., object], cause: TaskRecord | None) -> None:
        """Another callback than a step begins.

        Args:
            callback: What is called.
            cause: The task whose step caused it.
        """
        self.cause = cause
        self._callbacks += 1
        self.time_callback(callback)
        try:
            timeout = timeout_of(callback)
            if timeout is not None:
                self.timers.timeouts.expired_at_once(timeout)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.failed("timeouts", error)

    def end_callback(self) -> None:
        """The callback is over."""
        self.cause = None
        self._callbacks -= 1
        try:
            self.callback_timed()
            if self.eager.under_way:
                self.eager.settle()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.failed("callbacks", error)
        if self.attention:
            self.attend()

    def time_callback(self, callback: object) -> None:
        """Let the watchdog see since when a callback runs."""
        self.callback = callback
        self.callback_started = self.clock.real_time()

    def callback_timed(self) -> None:
        """The callback is over: tell it if it had kept the loop from running."""
        seconds = self.clock.real_time() - self.callback_started if self.callback_started else 0.0
        if seconds >= BLOCKED_AFTER:
            self.emit(LoopFreed(self.clock.now(), seconds, callable_name(self.callback)))
        self.callback, self.callback_started = None, 0.0

    def step_ended(self, record: TaskRecord, task: Task[Any], at: float, real: float, *, ends: bool) -> None:
        """See what became of a task after its step, and do what was left for then; arguments as for `follow`."""
        try:
            if self.eager.under_way:
                self.eager.settle()
            self.follow(record, task, at, real, ends=ends)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.failed("steps", error)
        if self.attention or self.gone:
            self.attend()

    def follow(self, record: TaskRecord, task: Task[Any], at: float, real: float, *, ends: bool) -> None:
        """See what became of a task after its step: it ended, or it waits.

        Args:
            record: The task.
            task: The same.
            at: When the step ended, in lab time.
            real: The same in real time.
            ends: Whether the task has ended.
        """
        self.cancels.look(record, task, at)
        if ends:
            self.census.end(record, task, at)
            if self._woken_by_end:
                self._tell_woken(record, at)
            if self._not_looked_at:
                self._not_looked_at.pop(record.id, None)
            if record.id == MAIN:
                self.timers.jumps = False
        elif not record.yielded:
            self._look_or_postpone(record, task, real)

    def _tell_woken(self, waker: TaskRecord, at: float) -> None:
        woken, self._woken_by_end = self._woken_by_end, []
        for record, cause in woken:
            self.write(TaskReady(at, record.id, cause, waker.id))

    def was_made(self, task: Task[Any] | None) -> None:
        """A task was made, or could not be; perhaps it has run its first step."""
        try:
            if self.eager.under_way:
                self.eager.settle(task)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.failed("eager tasks", error)

    def starts_eagerly_now(self, caller: FrameType) -> None:
        """Somebody asks whether the loop runs: perhaps a task that starts eagerly does."""
        try:
            self.eager.begin(caller)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.failed("eager tasks", error)

    def attend(self) -> None:
        """Do what was left for the end of a callback."""
        self.attention = self.clock.instant
        try:
            self.census.settle_names()
            if self._printed:
                self._flush_printed()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.failed("names and prints", error)
        self.timers.attend()

    def look_at_the_rest(self, first: Sequence[int] = ()) -> None:
        """Look at suspended tasks that there was no time to look at before, and at others for a bounded time.

        Args:
            first: The numbers of the tasks to begin with.
        """
        pending, real_time = self._not_looked_at, self.clock.real_time
        for number in first:
            self._look_at(pending.pop(number, None))
        ends = real_time() + LOOK_LATER
        while pending and real_time() < ends:
            self._look_at(pending.pop(next(iter(pending))))

    def _look_at(self, record: TaskRecord | None) -> None:
        task = None if record is None else record()
        if record is not None and task is not None and not is_done(task):
            self._look(record, task)

    def output(self, text: str, stream: str) -> None:
        """Text was written to a standard stream by code of this lab."""
        key = (self.current_number(), stream)
        with self._printing:
            text = self._printed.pop(key, "") + text
            complete, newline, rest = text.rpartition("\n")
            if newline:
                self._emit_output(complete + newline, key)
            if rest:
                self._printed[key] = rest
                self.attention = True

    def _flush_printed(self) -> None:
        with self._printing:
            printed, self._printed = self._printed, {}
        for key, text in printed.items():
            self._emit_output(text, key)

    def _emit_output(self, text: str, key: tuple[int | None, str]) -> None:
        task, stream = key
        self.emit(Output(self.clock.now(), text, task, "stderr" if stream == "stderr" else "stdout"))

    def _look_or_postpone(self, record: TaskRecord, task: Task[Any], real: float) -> None:
        """Look at a task whose step ended at the real time `real`, unless looks have taken their share of the time."""
        if self._exact:
            self._look(record, task)
            return
        savings = min(self._look_savings + (real - self._looked_at) * LOOK_SHARE, LOOK_SAVINGS)
        if savings <= 0:
            self._looked_at, self._look_savings = real, savings
            self._not_looked_at[record.id] = record
            return
        if self._not_looked_at:
            self._not_looked_at.pop(record.id, None)
        self._look(record, task)
        self._looked_at = ended = self.clock.real_time()
        self._look_savings = savings - (ended - real)

    def _look(self, record: TaskRecord, task: Task[Any]) -> None:
        if WAITS in self.failures:
            return
        try:
            self.census.notice_name(record, task)
            wait = describe_wait(task, self)
            if wait is not None:
                self.emit(TaskWaiting(self.clock.now(), record.id, wait))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.failed(WAITS, error)
