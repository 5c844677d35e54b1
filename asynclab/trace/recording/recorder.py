"""What one lab writes down, and the state that its hooks share."""

from __future__ import annotations

import threading
import weakref
from asyncio import AbstractEventLoop, Future, Task
from collections.abc import Callable, Sequence
from types import CodeType
from typing import Any, cast

from asynclab.model.events import Event, Output, StepEnded, StepStarted, TaskReady, TaskWaiting, WakeCause, Warned
from asynclab.model.tasks import MAIN
from asynclab.trace.governing.hold import Hold
from asynclab.trace.governing.timers import Timers
from asynclab.trace.recording.clock import VirtualClock
from asynclab.trace.recording.code_ownership import UserCode
from asynclab.trace.recording.task_registry import Census, TaskRecord
from asynclab.trace.watching.cancel_requests import Cancels, ends_cancelled
from asynclab.trace.watching.external_waits import World
from asynclab.trace.watching.resource_registry import Resources
from asynclab.trace.watching.task_waits import describe_wait

LOOKS = 1_000
"""How many suspended tasks are looked at, in each `LOOK_PERIOD`, as soon as their step ends."""

LOOK_PERIOD = 0.1
"""Real seconds."""

LOOKS_LATER = 500
"""How many of the others are looked at in one call of `look_at_the_rest`."""


class Tracer:
    """Turns what the hooks see of one lab into events.

    Lives on the loop's thread; only `emit`, `output` and the resources' hooks may run on another.
    """

    # Each step reads and sets several of these.
    __slots__ = (
        "__weakref__",
        "_exact",
        "_look_period_ends",
        "_looks_left",
        "_not_looked_at",
        "_paused",
        "_printed",
        "_printing",
        "asyncgens",
        "attention",
        "cancels",
        "cause",
        "census",
        "clock",
        "code",
        "current",
        "detour",
        "echo",
        "emit",
        "end_run",
        "events",
        "exception_handler",
        "factory",
        "failures",
        "gone",
        "hold",
        "in_timer",
        "loop",
        "resources",
        "starts_eagerly",
        "step_began",
        "step_mark",
        "step_started",
        "thread",
        "timers",
        "world",
    )

    def __init__(self, clock: VirtualClock, boundary: CodeType, *, echo: bool = False, exact: bool = False) -> None:
        """Begin with nothing seen.

        Args:
            clock: The lab's time.
            boundary: The code that runs a handle; frames above it are the loop's own.
            echo: Whether prints go on to where they went before, too.
            exact: Whether what a task waits for is looked at after each step, whatever that costs.
        """
        self.clock = clock
        self.loop: AbstractEventLoop | None = None
        """The loop that is observed; None when the lab is over."""
        self.events: list[Event] = []
        """What nobody has read yet, oldest first."""
        self.emit: Callable[[Event], None] = self.events.append
        self.code = UserCode()
        self.failures: dict[str, int] = {}
        """How often each watcher has failed; one that has is switched off. See `failed`."""
        self.gone: list[TaskRecord] = []
        """The tasks that were destroyed and that the census has not struck off yet."""
        self.census = Census(self, boundary)
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
        self.in_timer = False
        """Whether a timer's callback is under way."""
        self.step_started = 0.0
        """Real time at which the step under way began."""
        self.step_began = 0.0
        """The same in lab time."""
        self.step_mark = 0
        """How many events there were then; -1 once it is written that it began. A step in which nothing else happens
        is one event, written at its end."""
        self._paused = False
        self.detour = False
        """Whether a step can't simply run: the lab is paused, or over."""
        self.hold = Hold(self)
        self.attention = False
        """Whether something is to be seen to at the end of the present callback."""
        self.echo = echo
        self._exact = exact
        self._looks_left = LOOKS
        self._look_period_ends = 0.0
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
        """Observe what runs on `loop`, which runs in the calling thread."""
        self.thread = threading.get_ident()
        self.loop = loop
        self.detour = self._paused

    def let_go(self) -> None:
        """See no more."""
        self.loop = None
        self.detour = True
        self.census.let_go()

    @property
    def waker(self) -> TaskRecord | None:
        """The task whose step, directly or through callbacks, causes what happens now."""
        return self.current or self.cause

    def current_number(self) -> int | None:
        """The number of the task whose step is under way on this thread."""
        current = self.current
        return None if current is None or self.is_elsewhere() else current.id

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
            self.emit(Warned(self.clock.now(), text))

    def take_events(self) -> Sequence[Event]:
        """Everything since the last call."""
        self.open_step()
        self.census.settle_names()
        taken = self.events[:]
        del self.events[: len(taken)]
        return taken

    def made_ready(self, record: TaskRecord, args: Sequence[Future[Any]]) -> None:
        """A task that is not running was put in the ready queue.

        Args:
            record: The task.
            args: The arguments of its wake-up callback: the future it waited for, if any.
        """
        clock = self.clock
        at = clock.real_time() * clock.rate + clock.offset
        was_cancelled = False
        if args and (args[0].cancelled() or args[0]._exception is not None):  # told apart here, as most bring a result
            was_cancelled = ends_cancelled(args[0]) and self.cancels.notice(record, at)
        if self.in_timer:
            self.events.append(TaskReady(at, record.id, "timer"))
            return
        waker = self.current or self.cause
        cause: WakeCause = "cancel" if was_cancelled else "callback" if waker is None else "task"
        self.emit(TaskReady(at, record.id, cause, None if waker is None else waker.id))

    def is_stuck(self) -> bool:
        """Whether nothing is ready, due some time, or awaited from outside."""
        is_busy = self.hold.handles or self.world.has_ready() or self.timers.next_when() is not None
        return not is_busy and not self.world.is_awaited()

    def open_step(self) -> None:
        """Write that the step under way has begun, before what came after it."""
        if self.step_mark >= 0 and self.current is not None:
            self.events.insert(self.step_mark, StepStarted(self.step_began, self.current.id))
            self.step_mark = -1

    def end_long_step(self, record: TaskRecord, ended: float, seconds: float) -> float:
        """Write a step in two events, as others came in between.

        Args:
            record: Its task.
            ended: When it ended, in real time.
            seconds: How long it ran, in real seconds.

        Returns:
            When it ended, in lab time.
        """
        if self.step_mark >= 0:
            self.events.insert(self.step_mark, StepStarted(self.step_began, record.id))
        at = ended * self.clock.rate + self.clock.offset
        self.emit(StepEnded(at, record.id, seconds, record.yielded))
        return at

    def step_ended(self, record: TaskRecord, task: Task[Any], at: float, real: float) -> None:
        """See what became of a task after its step: it ended, or it waits.

        Args:
            record: The task.
            task: The same.
            at: When the step ended, in lab time.
            real: The same in real time.
        """
        self.cancels.look(record, task, at)
        if task.done():
            self.census.end(record, task, at)
            if self._not_looked_at:
                self._not_looked_at.pop(record.id, None)
            if record.id == MAIN:
                self.timers.jumps = False
        elif not record.yielded:
            self._look_or_postpone(record, task, real)
        if self.attention or self.gone:
            self.attend()

    def step_eagerly(self, coroutine: object, create: Callable[[], Task[Any]]) -> Task[Any]:
        """Make a task that runs its first step while it is being made, inside a step of another."""
        created = self.census.expect(coroutine)
        stand_in = TaskRecord(cast("Task[Any]", coroutine))  # there is no task to refer to yet
        stand_in.id, stand_in.yielded = created.task, False
        self.open_step()
        self.step_mark = -1
        outer = self.current, self.cause
        self.current, self.cause = stand_in, None
        started = self.clock.real_time()
        self.emit(StepStarted(self.clock.now(), created.task))
        try:
            task = create()
        except BaseException:
            self.census.unexpected(created)
            raise
        finally:
            self.current, self.cause = outer
            self.emit(StepEnded(self.clock.now(), created.task, self.clock.real_time() - started))
        record = self.census.known(task) or self.census.enter_eager(task, coroutine)
        if task.done():
            self.census.end(record, task, self.clock.now())
        else:
            self._look_or_postpone(record, task, self.clock.real_time())
        return task

    def attend(self) -> None:
        """Do what was left for the end of a callback."""
        self.attention = self.clock.instant
        self.census.settle_names()
        if self._printed:
            self._flush_printed()
        self.timers.attend()

    def look_at_the_rest(self, first: Sequence[int] = ()) -> None:
        """Look at suspended tasks that there was no time to look at before, a bounded number of them.

        Args:
            first: The numbers of the tasks to begin with.
        """
        pending = self._not_looked_at
        chosen = [number for number in first if number in pending]
        for number in [*chosen, *list(pending)[: LOOKS_LATER - len(chosen)]]:
            record = pending.pop(number, None)
            task = None if record is None else record()
            if record is not None and task is not None and not task.done():
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
        if not self._exact and self._looks_left <= 0:
            if real < self._look_period_ends:
                self._not_looked_at[record.id] = record
                return
            self._look_period_ends = real + LOOK_PERIOD
            self._looks_left = LOOKS
        self._looks_left -= 1
        self._not_looked_at.pop(record.id, None)
        self._look(record, task)

    def _look(self, record: TaskRecord, task: Task[Any]) -> None:
        self.census.notice_name(record, task)
        wait = describe_wait(task, self)
        if wait is not None:
            self.emit(TaskWaiting(self.clock.now(), record.id, wait))
