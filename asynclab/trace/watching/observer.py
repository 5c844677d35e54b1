"""The observer of a loop: a recorder with all watchers, which turn what they see into events."""

from __future__ import annotations

import sys
from asyncio import AbstractEventLoop, Future, Task
from asyncio.events import Handle
from collections.abc import Callable, Sequence
from sys import _getframe
from threading import get_ident
from types import CodeType, FrameType, MethodType
from typing import Any, cast

from asynclab.model.events import MAIN, Event, StepEnded, Stepped, TaskCreated, TaskReady, WakeCause
from asynclab.trace import cpython
from asynclab.trace.mishaps.mishap_watchers import MishapWatchers
from asynclab.trace.mishaps.unread_items import PLAIN
from asynclab.trace.recording.clock import VirtualClock
from asynclab.trace.recording.future_state import coroutine_of, is_cancelled, is_done, is_future, raises_cancel
from asynclab.trace.recording.give_way import GiveWay
from asynclab.trace.recording.numbering import Numbering
from asynclab.trace.recording.recorder import Recorder, StepHandle, TaskRecord
from asynclab.trace.recording.task_registry import TaskRegistry
from asynclab.trace.recording.values import has_type, is_a
from asynclab.trace.watching.cancel_requests import CancelRequests
from asynclab.trace.watching.eager_starts import EagerStarts
from asynclab.trace.watching.external_waits import ExternalWaits
from asynclab.trace.watching.looks import Looks
from asynclab.trace.watching.printed_lines import PrintedLines
from asynclab.trace.watching.resource_registry import Resources
from asynclab.trace.watching.timeouts import Timeouts, timeout_of
from asynclab.trace.watching.timer_purposes import TimerPurposes

_is_cancelled, _cancelling, _done = Future.cancelled, Task.cancelling, Task.done

_MUTUAL = ("eager", "emit", "emit_first")
"""The attributes of a recorder that refer back to it. Those of `Observer` do so as well."""


class _ClosedLoop(AbstractEventLoop):
    """Replaces a closed loop: a reference to the loop itself would keep it alive until the next garbage collection."""

    def is_running(self) -> bool:
        return False

    def is_closed(self) -> bool:
        return True


_CLOSED = _ClosedLoop()  # type: ignore[abstract]  # nobody calls its other methods


class Observer(Recorder):
    """A recorder with its watchers. It implements the hooks: see `Recorder`."""

    __slots__ = (
        "_by_maker",
        "_starts",
        "_way",
        "_woken_by_end",
        "cancels",
        "external",
        "gate",
        "looks",
        "mishaps",
        "printed",
        "purposes",
        "registry",
        "resources",
        "timeouts",
    )

    def __init__(
        self,
        clock: VirtualClock,
        boundary: CodeType,
        *,
        echo: bool = False,
        exact: bool = False,
        numbering: Numbering | None = None,
        way: GiveWay | None = None,
    ) -> None:
        """Start without events.

        Args:
            clock: The clock for the times in events.
            boundary: The code of the frame in which the loop calls steps. A stack is read only up to this frame.
            echo: Whether printed text is also written to its usual destination.
            exact: Whether to find out what a task waits for after each step, whatever that costs.
            numbering: Counts tasks and resources; by default each observer counts its own.
            way: Makes a busy loop wait for our monitoring thread; None if there is no such thread.
        """
        super().__init__(clock, echo=echo, numbering=numbering)
        self._way = way or GiveWay()
        self.registry = TaskRegistry(self, boundary)
        self.cancels = CancelRequests(self, self.registry)
        self.registry.when_named = self.cancels.look
        self.mishaps = MishapWatchers(self, self.registry)
        self.cancels.when_lost = self.mishaps.items.not_received
        self._by_maker = self.mishaps.items.by_maker
        self.timeouts = Timeouts(self, self.registry, self.cancels, self.mishaps.misplaced)
        self.purposes = TimerPurposes(self, self.timeouts)
        self.eager = self._starts = EagerStarts(self, self.registry, self.follow)
        self.resources = Resources(self, boundary)
        self.external = ExternalWaits(self)
        self.looks = Looks(self, self.registry, self.resources, self.external, exact=exact)
        self.printed = PrintedLines(self)
        self.gate: Callable[[StepHandle], None] | None = None
        """Called before each step while the program is paused, and blocks until the step may run; None in a lab."""
        self._woken_by_end: list[tuple[TaskRecord, WakeCause]] = []
        """The tasks that wait for the task of the present step, and become ready because it ends. They are reported
        after its end."""

    def begin(self, loop: AbstractEventLoop) -> None:
        """Observe what runs on `loop`, the loop of the calling thread."""
        self.loop = loop
        self.thread = get_ident()

    def loop_closed(self) -> None:
        """Note that the loop was closed. What happens to its tasks is still recorded."""
        self.mishaps.loop_closed(in_order=sys.exception() is None)
        self.loop = _CLOSED

    def take_apart(self) -> None:
        """Stop observing because the loop was destroyed, and break all reference cycles of ours."""
        self.strike_off()
        self.registry.settle_names()
        self.let_go()
        self.registry.when_named = self.registry.when_gone = self.registry.when_failed = None
        self.registry.when_failure_gone = self.registry.is_silenced = None
        self.cancels.when_lost = None
        for name in (*_MUTUAL, *Observer.__slots__):
            delattr(self, name)

    def let_go(self) -> None:
        """Stop observing."""
        self.loop = None
        self.detour = True
        self.registry.let_go()

    def take_events(self) -> Sequence[Event]:
        """Take the events since the last call.

        On another thread than the loop's, only those before the first new task whose name isn't final.
        """
        if self.is_elsewhere():
            if self.blocks():
                self.registry.settle_early()
            return self._take(self.registry.settled_until(len(self.events)))
        self.open_step()
        self.registry.settle_names()
        return self._take(len(self.events))

    def _take(self, count: int) -> Sequence[Event]:
        taken = self.events[:count]
        del self.events[:count]
        return taken

    def knows(self, task: Task[Any]) -> bool:
        return self.registry.knows(task)

    def enter_unseen(self, task: Task[Any]) -> None:
        self.registry.enter_unseen(task)

    def strike_off(self) -> None:
        """Remove the records of destroyed tasks, and report those that were pending."""
        self.registry.strike_off()

    def timeout_called_off(self, timeout: object) -> None:
        """Note that the timer of a timeout was cancelled, in the loop's own heap."""
        self.timeouts.met(timeout)

    def enter(self, task: Task[Any], maker: FrameType) -> TaskRecord:
        """Register a new task. If it is the one that starts eagerly now, it may be registered already."""
        if self.eager.under_way:
            self.eager.settle()
            known = self.registry.known(task)
            if known is not None:
                known.yielded = True
                return known
        coroutine = Task.get_coro(task) if type(task) is Task else coroutine_of(task)
        registry = self.registry
        return registry.enter(task, coroutine, registry.birth_in(maker))

    def made_ready(self, record: TaskRecord, args: Sequence[Future[Any]]) -> None:
        clock = self.clock
        at = clock.real_time() * clock.rate + clock.offset
        if self.eager.under_way:
            self.eager.settle()
        waker = self.current or self.cause
        if get_ident() != self.thread:
            waker = None
            self.scheduled_elsewhere(_getframe(1), record)
        elif waker is None and self.callback is None and not self.in_timer:
            with self.guard("threads"):
                self.mishaps.foreign.made_ready_by_nobody(_getframe(1), record)
        cause: WakeCause = "callback" if waker is None else "task"
        if args and (type(future := args[0]) is not Future or future._exception is not None or _is_cancelled(future)):
            found = self._cause_of_wake(record, future, waker, at)
            if found is None:
                return
            cause = found
        if self.in_timer:
            self.emit(TaskReady(at, record.id, "timer"))
            return
        self.emit(TaskReady(at, record.id, cause, None if waker is None else waker.id))

    def _cause_of_wake(
        self, record: TaskRecord, future: Future[Any], waker: TaskRecord | None, at: float
    ) -> WakeCause | None:
        """Find out why a task becomes ready if the future that wakes it isn't a plain one with a result.

        Returns:
            The cause. None if the cause is the end of the task that runs now: then it is reported after that end.
        """
        cause: WakeCause = "callback" if waker is None else "task"
        kind = type(future)
        is_usual = kind is Future or kind is Task
        if not is_usual and not is_future(future):
            return cause
        if not is_usual or future._exception is not None or _is_cancelled(future):
            self.looks.look_now(record)  # its wait shows whose cancel or exception this is
            if is_a(future, cpython.GatheringFuture):
                self.mishaps.gathered(record, future, at)
            if raises_cancel(future):
                is_asked = self.cancels.notice(record, at)
                if kind is Future:
                    self.cancels.strikes(record, future, at, is_asked=is_asked)
                if is_asked:
                    cause = "cancel"
                    self.looks.was_cancelled(record)
                    self.mishaps.cancelled(
                        record,
                        by_timer=self.cancels.seen[record.id].by_timer,
                        processes=self.external.processes,
                    )
                    if waker is None and not (self.governs or self.loop is None or self.loop.is_running()):
                        self.mishaps.cut_off(record, at)
                elif kind is Future and self.current is not None:
                    self.cancels.check_shared(record, self.current, at)
        if kind is not Future and waker is not None and future is waker():
            self._woken_by_end.append((record, cause))
            return None
        return cause

    def scheduled_elsewhere(self, frame: FrameType, record: TaskRecord | None) -> None:
        with self.guard("threads"):
            self.mishaps.foreign.schedules(frame, record)

    def stopped_elsewhere(self, frame: FrameType) -> None:
        """Note that `loop.stop()` is called on another thread or in a signal handler."""
        with self.guard("threads"):
            self.mishaps.foreign.stops(frame)

    def admits(self, handle: StepHandle) -> bool:
        """Whether a step may run now. If the observation is over, run the step here, unrecorded, and return False."""
        if self.gate is not None:
            self.registry.settle_names()  # otherwise no event after a task's creation could be taken during the wait
            self.gate(handle)
        if self.loop is None:
            cpython.run_handle(cast("Handle", handle))
            return False
        return True

    def within_step(self, run: Callable[[], None]) -> None:
        self.open_step()
        outer = self.current, self.cause, self.step_began, self.step_started
        self.current = self.cause = None
        try:
            run()
        finally:
            self.current, self.cause, self.step_began, self.step_started = outer

    def stepped(
        self, record: TaskRecord, task: Task[Any], began: float, ended: float, woken_by: Sequence[Any] = ()
    ) -> None:
        seconds, looks = ended - self.step_started, self.looks
        is_usual = type(task) is Task
        ends = _done(task) if is_usual else is_done(task)
        self.write(Stepped(began, record.id, seconds, False, ends))
        if ends or not is_usual or ended >= looks.again_at or _cancelling(task) or self.cancels.seen:
            # The end is calculated in the same way as in the model.
            self.follow(record, task, began + seconds * self.clock.rate, ended, ends, woken_by)
        else:
            looks.pending[record.id] = record  # all that `follow` would do, at a third of the cost

    def end_step(self, record: TaskRecord, task: Task[Any], real: float, woken_by: Sequence[Any] = ()) -> None:
        self.open_step()
        if self.eager.under_way:
            self.eager.settle()
        self.current = None
        at = real * self.clock.rate + self.clock.offset
        ends = not record.yielded and (_done(task) if type(task) is Task else is_done(task))
        self.write(StepEnded(at, record.id, real - self.step_started, record.yielded, ends))
        if not record.yielded:
            self.follow(record, task, at, real, ends, woken_by)

    def step_failed(self, record: TaskRecord, task: Task[Any], error: BaseException) -> bool:
        """Write the end of a step that raises SystemExit or KeyboardInterrupt.

        Returns:
            Whether the lab handles the exception. Otherwise it ends the loop, as without a lab.
        """
        try:
            ended = self.clock.real_time()
            self.end_step(record, task, ended)
            if ended >= self.attend_at or self.gone:
                self.attend()
        except KeyboardInterrupt:
            raise
        except BaseException as failure:
            self.step_lost(failure)
        return self.takes_exit(error)

    def step_lost(self, error: BaseException) -> None:
        self.current = None
        self.emit = self.write
        self.failed("steps", error)
        with self.guard("steps"):
            self.attend()  # otherwise a timer that the step has set would never fire

    def timeout_fires(self, callback: MethodType) -> None:
        with self.guard("timeouts"):
            timeout = timeout_of(callback)
            if timeout is not None:
                self.timeouts.expired_at_once(timeout)

    def end_callback(self) -> None:
        with self.guard("callbacks"):
            self.callback_timed()
        if self.clock.real_time() >= self.attend_at:
            self.attend()

    def follow(
        self, record: TaskRecord, task: Task[Any], at: float, real: float, ends: bool, woken_by: Sequence[Any] = ()
    ) -> None:
        """Record the state of a task after its step: it ended, is ready again, or waits.

        `at` and `real` are the end of the step in lab time and in real time. `woken_by` has the future that had woken
        the task, if any.
        """
        if type(task) is not Task or _cancelling(task) or self.cancels.seen:
            self.cancels.look(record, task, at, woken_by=woken_by)
            if ends and self.cancels.seen and is_cancelled(task):
                with self.guard("cancels"):
                    self.cancels.ended(record, task, at)
        looks = self.looks
        if ends:
            created = record.created
            self.registry.end(record, task, at)
            if self.taken and (item := self.taken.pop(record.id, None)) and created and len(self._woken_by_end) < 2:
                with self.guard("results"):
                    waiting = self._woken_by_end[0][0] if self._woken_by_end else None
                    self.mishaps.items.ended(record, task, created, item, waiting)
            if (
                type(task) is Task
                and task._result is not None  # type: ignore[attr-defined]
                and not has_type(task._result, PLAIN)  # type: ignore[attr-defined]
                and len(self._woken_by_end) < 2
            ):
                self._check_result(record, task, created)
            if self._woken_by_end:
                self._report_woken(record, at)
            if self._by_maker and record.id in self._by_maker:
                with self.guard("results"):
                    self.mishaps.items.maker_ended(record)
            if looks.pending:
                looks.pending.pop(record.id, None)
            if record.id == MAIN:
                self.main_ended()
        elif record.yielded:
            pass
        else:
            if real < looks.again_at:
                looks.pending[record.id] = record
            else:
                looks.look(record, task, real)
            if self.cancels.seen:
                ignored = self.cancels.ignored_by(record, task)
                if ignored is not None:
                    looks.look_now(record)  # the line where it waits now is the line to report
                    self.emit(ignored)

    def main_ended(self) -> None:
        """Note that the main task has ended."""

    def _check_result(self, record: TaskRecord, task: Task[Any], created: TaskCreated | None) -> None:
        """Check the result of an ended task, for which at most one task waits."""
        with self.guard("results"):
            waiting = self._woken_by_end[0][0] if self._woken_by_end else None
            self.mishaps.items.closable_brought(record, task, created, waiting)

    def _report_woken(self, waker: TaskRecord, at: float) -> None:
        woken, self._woken_by_end = self._woken_by_end, []
        for record, cause in woken:
            self.write(TaskReady(at, record.id, cause, waker.id))

    def was_made(self, task: Task[Any] | None) -> None:
        try:
            if self.eager.under_way:
                self.eager.settle(task)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.failed("eager tasks", error)

    def starts_eagerly_now(self, caller: FrameType) -> None:
        with self.guard("eager tasks"):
            self._starts.begin(caller)

    def attend(self) -> None:
        try:
            self.attend_at = self._way.stand_aside()
            if self.eager.under_way:
                self.eager.settle()
            self.registry.settle_names()
            self.printed.flush()
            self.resources.private.step_ended()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.failed("names, prints and locks", error)
