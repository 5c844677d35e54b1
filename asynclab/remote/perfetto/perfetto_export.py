"""Turns a program's frames into a trace: a process for each loop, a track for each task, an arrow for each wake-up."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from itertools import count
from types import MappingProxyType
from typing import Any, TypeAlias

from asynclab.model import events
from asynclab.model.state import ClockState
from asynclab.model.tasks import shown_name
from asynclab.model.wording.quantities import length
from asynclab.model.wording.wait import short_wait
from asynclab.remote.observed_program import ObservedLoop, ObservedProgram, how_ended
from asynclab.remote.perfetto.task_track import READY, RUNNING, WAITING, TaskTrack, TraceFile, microseconds
from asynclab.remote.wire import AnyFrame, LoopClosed, LoopEvents, LoopOpened

FIRST_PID = 1_000_000_000
"""Added to a loop's number to get its pid, because a pid must differ from all tids, which are the tasks' numbers."""

ENDED_KEPT = 1_000
"""How many ended tasks are remembered: their done callbacks wake other tasks a moment later."""


class PerfettoExport:
    """Writes a trace while frames come. Its memory is bounded by the number of tasks that exist at once."""

    def __init__(self, program: ObservedProgram, write: Callable[[str], object]) -> None:
        """Begin a trace. `program` must process each frame first; `write` is called with each piece of text."""
        self._program = program
        self._file = TraceFile(write)
        self._tracks: dict[int, TaskTrack] = {}
        self._ended: OrderedDict[int, TaskTrack] = OrderedDict()
        self._ready: defaultdict[int, int] = defaultdict(int)
        self._holders: dict[int, int] = {}
        """The task that holds each locked lock, by the numbers of both."""
        self._timed: dict[int, int] = {}
        """The task of each running timeout, by the numbers of both."""
        self._named_after: defaultdict[int, dict[str, int]] = defaultdict(dict)
        self._clocks: defaultdict[int, ClockState] = defaultdict(ClockState)
        self._woken_early: dict[int, events.TaskReady] = {}
        """Tasks that were woken while their own step ran."""
        self._arrows = count(1)

    def take(self, frame: AnyFrame) -> None:
        """Write a frame's part of the trace."""
        match frame:
            case LoopOpened():
                self._begin_loop(frame)
            case LoopEvents(loop=number, events=written) if number in self._program.loops:
                loop = self._program.loops[number]
                for event in written:
                    handler = _HANDLERS.get(type(event))
                    if handler is not None:
                        handler(self, event, loop)
            case LoopClosed(loop=number, at=at):
                self._end_tasks(FIRST_PID + number, at)

    def finish(self) -> None:
        """End the trace. Tasks that haven't ended end here, marked as "never ended"."""
        for pid in {track.pid for track in self._tracks.values()}:
            self._end_tasks(pid, self._program.now)
        started, ended = self._program.started, self._program.ended
        about = {} if started is None else {"program": started.name, "python": started.python}
        self._file.finish(**about, **({} if ended is None else {"ended": how_ended(ended.code)}))

    def _begin_loop(self, frame: LoopOpened) -> None:
        pid = FIRST_PID + frame.loop
        started = self._program.started
        name = f"{started.name if started else 'program'}: loop {frame.loop}"
        for kind, args in (
            ("process_name", {"name": name}),
            ("process_labels", {"labels": frame.kind}),
            ("thread_name", {"name": "event loop"}),
        ):
            self._file.add("M", pid, pid, 0, kind, args=args)

    def _end_tasks(self, pid: int, at: float) -> None:
        for task in [task for task, track in self._tracks.items() if track.pid == pid]:
            self._end(task, at, outcome="never ended")

    # Each of the following methods handles one kind of event; `loop` is the loop on which it happened.

    def _created(self, event: events.TaskCreated, loop: ObservedLoop) -> None:
        about = {"coroutine": event.coroutine, "created at": f"{event.file}:{event.line}" if event.file else ""}
        name = shown_name(event.name, event.coroutine, self._named_after[loop.number])
        track = self._begin_track(
            event.task, name, event.at, loop, **{key: text for key, text in about.items() if text}
        )
        self._make_ready(track, event.at, event.parent, "created")

    def _renamed(self, event: events.TaskRenamed, loop: ObservedLoop) -> None:
        self._track(event.task, event.at, loop).rename(event.name)

    def _became_ready(self, event: events.TaskReady, loop: ObservedLoop) -> None:
        track = self._track(event.task, event.at, loop)
        if track.doing is not None and track.doing.kind == RUNNING:
            self._woken_early[event.task] = event
        else:
            self._make_ready(track, event.at, event.waker, event.cause)

    def _step_started(self, event: events.StepStarted, loop: ObservedLoop) -> None:
        self._do(self._track(event.task, event.at, loop), RUNNING, microseconds(event.at))

    def _step_ended(self, event: events.StepEnded, loop: ObservedLoop) -> None:
        self._end_step(event, event.at, loop)

    def _stepped(self, event: events.Stepped, loop: ObservedLoop) -> None:
        clock = self._clocks[loop.number]
        self._do(self._track(event.task, event.at, loop), RUNNING, microseconds(event.at))
        self._end_step(event, event.at if clock.paused else event.at + event.seconds * clock.speed, loop)

    def _end_step(self, event: events.Stepped | events.StepEnded, at: float, loop: ObservedLoop) -> None:
        track = self._track(event.task, at, loop)
        woken = self._woken_early.pop(event.task, None)
        if event.ends:
            track.stop(microseconds(at))
        elif woken is not None:
            self._make_ready(track, at, woken.waker, woken.cause)
        elif event.ready:
            self._make_ready(track, at, None, "asked for another turn")
        else:
            self._do(track, WAITING, microseconds(at))

    def _waiting(self, event: events.TaskWaiting, loop: ObservedLoop) -> None:
        doing = self._track(event.task, event.at, loop).doing
        if doing is not None and doing.kind == WAITING:
            wait = event.wait
            doing.name = f"waiting: {short_wait(wait, loop.state)[0]}"
            if wait.line:
                doing.args["at"] = f"{wait.file}:{wait.line}"

    def _task_ended(self, event: events.TaskEnded, loop: ObservedLoop) -> None:
        track = self._track(event.task, event.at, loop)
        if event.outcome == "failed":
            track.tell(f"failed: {event.detail}", microseconds(event.at))
        self._end(event.task, event.at, outcome=event.outcome, detail=event.detail)

    def _collected(self, event: events.TaskCollected, loop: ObservedLoop) -> None:
        if event.task in self._tracks:
            self._end(event.task, event.at, outcome="destroyed by the garbage collector")

    def _cancel_requested(self, event: events.TaskCancelRequested, loop: ObservedLoop) -> None:
        by = "" if event.by is None else f" by {loop.state.task_name(event.by)}"
        self._report(event.task, f"cancel requested{by}", event.at, loop)

    def _timeout_started(self, event: events.TimeoutStarted, loop: ObservedLoop) -> None:
        if event.task in self._tracks:
            self._timed[event.timeout] = event.task
            name = "timeout" if event.deadline is None else f"timeout {length(event.deadline - event.at)}"
            self._tracks[event.task].open(("timeout", event.timeout), name, microseconds(event.at))

    def _timeout_ended(self, event: events.TimeoutExpired | events.TimeoutMet, loop: ObservedLoop) -> None:
        track = self._tracks.get(self._timed.pop(event.timeout, 0))
        if track is not None:
            if isinstance(event, events.TimeoutExpired):
                track.tell("timeout expired", microseconds(event.at))
            track.close(("timeout", event.timeout), microseconds(event.at))

    def _primitive_created(self, event: events.PrimitiveCreated, loop: ObservedLoop) -> None:
        name = f"{event.kind}#{event.number}"
        if event.kind == "semaphore":
            self._count(loop, event.at, f"{name} permits", event.value)
        elif event.holder is not None:  # it was held before the observation
            self._hold(event.primitive, event.holder, name, event.at)

    def _primitive_changed(self, event: events.PrimitiveChanged, loop: ObservedLoop) -> None:
        primitive = loop.state.primitives.get(event.primitive)
        if primitive is None:
            return
        if primitive.kind == "semaphore":
            self._count(loop, event.at, f"{primitive.label} permits", event.value)
        elif primitive.kind == "lock":
            self._lock_changed(event, primitive.label)

    def _lock_changed(self, event: events.PrimitiveChanged, label: str) -> None:
        key, at = ("lock", event.primitive), microseconds(event.at)
        before = self._tracks.get(self._holders.pop(event.primitive, 0))
        if before is not None:
            before.close(key, at)
        if event.value and event.task is not None:
            self._hold(event.primitive, event.task, label, event.at)

    def _hold(self, lock: int, task: int, label: str, at: float) -> None:
        if task in self._tracks:
            self._holders[lock] = task
            self._tracks[task].open(("lock", lock), f"holds {label}", microseconds(at))

    def _queue_created(self, event: events.QueueCreated, loop: ObservedLoop) -> None:
        self._count(loop, event.at, f"queue#{event.queue} items", event.size)

    def _queue_changed(self, event: events.QueuePut | events.QueueGot, loop: ObservedLoop) -> None:
        self._count(loop, event.at, f"queue#{event.queue} items", event.size)

    def _lagged(self, event: events.LoopLagged, loop: ObservedLoop) -> None:
        self._count(loop, event.at, "loop lag in ms", round(event.seconds * 1_000, 3))

    def _blocked(self, event: events.LoopBlocked, loop: ObservedLoop) -> None:
        place = f" at {event.file}:{event.line}" if event.line else ""
        self._report(
            event.task, f"has blocked the loop for {length(event.seconds)} in {event.function}{place}", event.at, loop
        )

    def _printed(self, event: events.Output, loop: ObservedLoop) -> None:
        if event.text.strip():
            self._report(event.task, event.text.rstrip("\n"), event.at, loop)

    def _warned(self, event: events.Warned, loop: ObservedLoop) -> None:
        self._report(event.task, event.text, event.at, loop)

    def _stalled(self, event: events.RunStalled, loop: ObservedLoop) -> None:
        if event.stalled:
            self._report(None, "every task waits, and nothing can wake one", event.at, loop)

    def _dropped(self, event: events.EventsDropped, loop: ObservedLoop) -> None:
        self._report(None, f"{event.count:,} events are missing", event.at, loop)

    def _clock_changed(self, event: events.ClockChanged, loop: ObservedLoop) -> None:
        self._clocks[loop.number] = ClockState(event.paused, event.speed)

    def _report(self, task: int | None, name: str, at: float, loop: ObservedLoop) -> None:
        """Mark a moment on a task's track, or on the loop's own track if the task is unknown."""
        if task in self._tracks:
            self._tracks[task].tell(name, microseconds(at))
        else:
            pid = FIRST_PID + loop.number
            self._file.add("i", pid, pid, microseconds(at), name, s="t")

    def _count(self, loop: ObservedLoop, at: float, name: str, value: float) -> None:
        pid = FIRST_PID + loop.number
        self._file.add("C", pid, pid, microseconds(at), name, args={"value": value})

    def _make_ready(self, track: TaskTrack, at: float, waker: int | None, cause: str) -> None:
        """Note that a task is ready from a moment on, with an arrow from the task that woke it."""
        begin = microseconds(at)
        by = None if waker is None else self._tracks.get(waker) or self._ended.get(waker)
        number = next(self._arrows)
        left = None if by is None or by is track else by.begin_arrow(number, begin)
        self._do(track, READY, max(begin, left or 0), cause=cause)
        if left is not None and track.doing is not None:
            track.doing.end_arrow(number)

    def _do(self, track: TaskTrack, kind: str, at: int, **args: Any) -> None:
        was_ready = track.is_ready
        track.do(kind, at, **args)
        self._count_ready(track.pid, track.is_ready - was_ready, at)

    def _end(self, task: int, at: float, **args: str) -> None:
        track = self._tracks.pop(task)
        self._woken_early.pop(task, None)
        self._count_ready(track.pid, -track.is_ready, microseconds(at))
        track.end(microseconds(at), **{key: value for key, value in args.items() if value})
        self._ended[task] = track
        if len(self._ended) > ENDED_KEPT:
            self._ended.popitem(last=False)

    def _count_ready(self, pid: int, change: int, at: int) -> None:
        if change:
            self._ready[pid] += change
            self._file.add("C", pid, pid, at, "ready tasks", args={"value": self._ready[pid]})

    def _track(self, task: int, at: float, loop: ObservedLoop) -> TaskTrack:
        """A task's track; begun now if the creation of the task isn't in the recording."""
        return self._tracks.get(task) or self._begin_track(task, loop.state.task_name(task), at, loop)

    def _begin_track(self, task: int, name: str, at: float, loop: ObservedLoop, **args: str) -> TaskTrack:
        if task in self._tracks:
            self._end(task, at)
        begin, before = microseconds(at), self._ended.get(task)
        if before is not None:  # only in a forged recording; even there slices must not overlap
            begin = max(begin, before.latest)
        pid = FIRST_PID + loop.number if before is None else before.pid
        track = self._tracks[task] = TaskTrack(self._file, pid, task, name, begin, args)
        return track


_Handler: TypeAlias = Callable[[PerfettoExport, Any, ObservedLoop], None]

_HANDLERS: Mapping[type[events.Event], _Handler] = MappingProxyType(
    {
        events.ClockChanged: PerfettoExport._clock_changed,
        events.EventsDropped: PerfettoExport._dropped,
        events.LoopBlocked: PerfettoExport._blocked,
        events.LoopLagged: PerfettoExport._lagged,
        events.Output: PerfettoExport._printed,
        events.PrimitiveChanged: PerfettoExport._primitive_changed,
        events.PrimitiveCreated: PerfettoExport._primitive_created,
        events.QueueCreated: PerfettoExport._queue_created,
        events.QueueGot: PerfettoExport._queue_changed,
        events.QueuePut: PerfettoExport._queue_changed,
        events.RunStalled: PerfettoExport._stalled,
        events.StepEnded: PerfettoExport._step_ended,
        events.StepStarted: PerfettoExport._step_started,
        events.Stepped: PerfettoExport._stepped,
        events.TaskCancelRequested: PerfettoExport._cancel_requested,
        events.TaskCollected: PerfettoExport._collected,
        events.TaskCreated: PerfettoExport._created,
        events.TaskEnded: PerfettoExport._task_ended,
        events.TaskReady: PerfettoExport._became_ready,
        events.TaskRenamed: PerfettoExport._renamed,
        events.TaskWaiting: PerfettoExport._waiting,
        events.TimeoutExpired: PerfettoExport._timeout_ended,
        events.TimeoutMet: PerfettoExport._timeout_ended,
        events.TimeoutStarted: PerfettoExport._timeout_started,
        events.Warned: PerfettoExport._warned,
    }
)
