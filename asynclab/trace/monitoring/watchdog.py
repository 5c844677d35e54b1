"""Reports what blocks a loop, and how late a lab's loop is, by looking from another thread."""

from __future__ import annotations

import sys
from asyncio import AbstractEventLoop, BaseEventLoop
from asyncio.events import Handle
from collections.abc import Callable
from functools import partial
from types import CodeType

import msgspec

from asynclab.model.events import BLAMED_AFTER, BLOCKED_AFTER, LoopBlocked, LoopLagged
from asynclab.trace import cpython
from asynclab.trace.monitoring.held_threads import is_held
from asynclab.trace.monitoring.loop_monitor import LoopMonitor, ThreadPlace, place_of_thread
from asynclab.trace.monitoring.run_times import NEVER_RAN, RunTimes, run_times
from asynclab.trace.recording.recorder import Recorder
from asynclab.trace.recording.values import callable_name


class Watch:
    """Connects a lab to a `LoopMonitor`: writes events about the loop's lag and about blocking code."""

    def __init__(self, recorder: Recorder, on_beat: Callable[[], None], boundary: CodeType) -> None:
        self._recorder = recorder
        self._on_beat = on_beat
        self._monitor: LoopMonitor | None = None
        self._reports = BlockReports(boundary)

    def start(self, loop: AbstractEventLoop) -> None:
        """Start to watch a loop."""
        self._monitor = LoopMonitor(loop)
        self._monitor.on_beat = self._beat
        self._monitor.on_look = partial(self._reports.look, self._recorder)
        self._monitor.start()

    def stop(self) -> None:
        """Stop watching, and wait for the end of the monitor's thread."""
        if self._monitor is not None:
            self._monitor.stop()

    def was_stopped(self, seconds: float) -> None:
        """Don't blame a step or callback for the time for which the process was stopped."""
        self._recorder.step_started += seconds
        if self._recorder.callback_started:
            self._recorder.callback_started += seconds
        if self._monitor is not None:
            self._monitor.was_stopped()

    def _beat(self, lag: float) -> None:
        self._recorder.emit(LoopLagged(self._recorder.clock.now(), lag))
        self._on_beat()


YOUNG = 0.005
"""Real seconds: a step that has run for less doesn't block the loop yet."""


class Sight(msgspec.Struct, frozen=True):
    """A step or callback that runs now, as another thread sees it."""

    started: float
    """When it began, in real time."""
    task: int | None
    """The number of the task whose step it is; None for a callback."""
    place: ThreadPlace
    """The line that it is at now."""


class BlockReports:
    """Reports steps and callbacks that block a loop. It runs on another thread."""

    def __init__(self, boundary: CodeType, read_times: Callable[[int, bool], RunTimes] = run_times) -> None:
        self._boundary = (Handle._run.__code__, boundary)  # not a set: hashing a code object is slow
        self._read_times = read_times
        self._reported = (0.0, 0.0, False)
        """The latest reported step or callback: its start, its duration when it was reported, and whether it was to
        blame then."""
        self._before: tuple[float, RunTimes | None] = (0.0, None)
        """The start of the step or callback at the last look, and the thread's times then; None if none ran."""
        self._times = self._first = NEVER_RAN
        """The thread's times at the last look before the present step or callback, and at the first look at it."""

    def look(self, recorder: Recorder) -> None:
        """Report a step or callback that blocks now; again when its time has doubled, and when it becomes to blame.

        It is to blame if it has run long enough by itself, without the time taken by other threads and processes.
        """
        started = recorder.busy_since
        if not started:
            self._before = (0.0, None)
            return
        seconds = recorder.clock.real_time() - started
        stolen = self._stolen_of(seconds, started, recorder.thread)
        same, reported, was_to_blame = self._reported
        is_to_blame = seconds - stolen >= BLAMED_AFTER
        if same != started:
            reported, was_to_blame = 0.0, False
        if seconds < max(BLOCKED_AFTER, 2 * reported) and is_to_blame == was_to_blame:
            return
        sight = self.sight(recorder)
        if sight is None or sight.started != started:
            return  # the step has just ended
        self._reported = (started, seconds, is_to_blame)
        recorder.open_step()  # a reader now sees which task runs
        place = sight.place
        at = recorder.clock.now()
        blocked = LoopBlocked(at, sight.task, seconds, place.file, place.line, place.function, stolen)
        blocked.late, blocked.ready = _sleepers_due(recorder), _ready_behind_wait(recorder)
        recorder.write(blocked)

    def _stolen_of(self, seconds: float, started: float, thread: int) -> float:
        """How much of the `seconds` since `started` the thread was kept from running by other threads and processes.

        It counts from the last look before the one that first saw `started`. The time in which the thread itself ran is
        never counted. If the thread wants to run, and does run at times, then all other time counts: another thread had
        the GIL.
        """
        times = self._read_times(thread, seconds >= YOUNG)
        before, latest = self._before
        if started != before:
            self._times, self._first = latest or times, times
        self._before = started, times
        goes_on = latest is not None and latest.ran < times.ran
        if times.would_run and goes_on:
            return max(0.0, seconds - (times.ran - self._times.ran))
        return max(0.0, min(times.waited - self._times.waited, seconds - (times.ran - self._first.ran)))

    def sight(self, recorder: Recorder) -> Sight | None:
        """The step or callback that runs on a loop now; None if there is none."""
        started, current, callback = recorder.busy_since, recorder.current, recorder.callback
        if not started:
            return None
        place = place_of_thread(recorder.thread, recorder.code.owns, self._boundary) or ThreadPlace(
            "", 0, callable_name(callback)
        )
        if started != recorder.busy_since:
            return None
        return Sight(started, None if current is None else current.id, place)


def _ready_behind_wait(recorder: Recorder) -> int:
    """How many callbacks are ready if the loop's thread is blocked in a wait for another thread; otherwise 0."""
    is_waiting = is_held(sys._current_frames().get(recorder.thread), also_timed=True)
    return len(cpython.ready_queue(recorder.loop)) if is_waiting and isinstance(recorder.loop, BaseEventLoop) else 0


def _sleepers_due(recorder: Recorder) -> int:
    """How many calls of asyncio.sleep() should have ended by now."""
    loop = recorder.loop
    if not isinstance(loop, BaseEventLoop):
        return 0
    now = loop.time()
    sleeps = [timer for timer in list(cpython.timer_heap(loop)) if cpython.is_sleep(timer)]
    return sum(timer.when() <= now for timer in sleeps)
