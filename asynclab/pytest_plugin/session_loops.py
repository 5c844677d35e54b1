"""Observes all event loops of a test session: reads their events, applies the rules, and ends stuck loops."""

from __future__ import annotations

import gc
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from threading import RLock
from typing import Literal, TypeAlias

from asynclab.findings.catalogue_of_rules import Findings
from asynclab.findings.rule import Finding
from asynclab.findings.stuck_report import stuck_lines
from asynclab.model.events import CallEnded, Event, TaskCancelRequested, TimeoutExpired
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState
from asynclab.pytest_plugin.anyio_runner import AnyioRunner
from asynclab.remote.inside.begin import stop_around_forks
from asynclab.remote.inside.looking_thread import LookingThread
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.wire import AnyFrame, LoopClosed, LoopEvents, LoopOpened, ProgramStarted
from asynclab.trace.loop_recording import LoopRecording
from asynclab.trace.monitoring.bystanders import Bystanders
from asynclab.trace.process import observe_process

ENDS_TRIED = 3
"""How often the main task of a stuck loop is cancelled before the loop is stopped: a test may ignore a cancel."""

PERIOD = 0.025
"""Real seconds between two looks at the loops."""

UVLOOP = "uvloop.Loop"

EndOfWait: TypeAlias = Literal["timeout", "cancel"]
"""How a wait was ended from outside: by a timeout, or by a cancel() that no task has called."""

_MAY_END_WAITS = frozenset({TaskCancelRequested, TimeoutExpired, CallEnded})

WHEN: dict[EndOfWait, str] = {"timeout": "When the timeout expired:", "cancel": "Before it was cancelled:"}

WHY_ENDED = "asynclab: nothing can wake the test"


@dataclass
class SessionLoop:
    """One loop, and the findings on it."""

    number: int
    recording: LoopRecording
    state: LabState
    findings: Findings
    anyio_runner: AnyioRunner = field(default_factory=AnyioRunner)
    told: set[object] = field(default_factory=set)
    """The keys of the findings returned so far."""
    looked_at: int = 0
    """The number of events at the last call of `new_findings`."""
    is_over: bool = False
    ends_tried: int = 0
    """How often its run was cancelled in the present test, because nothing could wake it."""

    def new_findings(self) -> Iterator[tuple[Finding, TaskState | None]]:
        """The findings since the last call, with their tasks."""
        self.looked_at = self.state.version
        for finding in self.findings.found:
            if finding.key not in self.told:
                self.told.add(finding.key)
                yield finding, None if finding.task is None else self.state.tasks.get(finding.task)


class SessionLoops:
    """All loops of the session. Its methods may be called on any thread."""

    def __init__(self, bystanders: Bystanders, on_frame: Callable[[AnyFrame], object]) -> None:
        """Begin to observe.

        Args:
            bystanders: The threads and signal handlers that don't belong to tests.
            on_frame: Called with each frame, after `program` has processed it.
        """
        self._observation = observation = observe_process(adopts=True, bystanders=bystanders)
        self.program = ObservedProgram()
        self.lock = RLock()
        self.before_end: dict[EndOfWait, list[str]] = {}
        """For each way to end a wait from outside, the stuck report from just before that last happened.

        A stuck report says what each pending task waits for."""
        self.when_stuck: list[str] = []
        """The stuck report of a run that was cancelled because nothing could wake it."""
        self._on_frame = on_frame
        self._loops: dict[int, SessionLoop] = {}
        self._refused = 0
        """The number of loops that couldn't be observed before the present test."""
        epoch = time.time() - observation.clock.now()
        self._report(ProgramStarted("pytest", platform.python_version(), os.getpid(), epoch))
        self._thread = LookingThread(self._look, lambda: PERIOD, observation.way)
        self._forks = stop_around_forks(self._thread)
        self._thread.start()

    def stop(self) -> None:
        """Stop observing, and restore asyncio and all loops."""
        self._thread.pause()
        self._thread.abandon()
        self._forks.undo()
        self._observation.stop()

    @property
    def now(self) -> float:
        """Seconds since the observation began."""
        return self._observation.clock.now()

    def collect_garbage(self) -> None:
        """Collect garbage, so that dropped tasks and futures of the remaining loops complain.

        If a loop were collected together with its tasks, they couldn't report to it. So the loops are kept during a
        first collection. If there are none, this does nothing.
        """
        with self.lock:
            self.follow()
            loops = [loop.recording.loop for loop in self._loops.values()]
        if loops:
            gc.collect()
            loops.clear()
            gc.collect()

    def _look(self) -> None:
        """Run all checks, read new events, and end runs that nothing can wake. Runs on the monitoring thread."""
        with self.lock:
            for loop in self._loops.values():
                if not loop.is_over:
                    loop.recording.report_blocks()
                    loop.recording.look_later()
                    loop.recording.report_idleness()
            self.follow()
            for loop in self._loops.values():
                if loop.state.is_at_rest and not loop.is_over:  # no test passes by Ctrl-C
                    self._end_run(loop)

    def follow(self) -> None:
        """Read new events."""
        with self.lock:
            self._open_new()
            for loop in list(self._loops.values()):
                if not loop.is_over or loop.recording.events or loop.recording.is_gone():
                    self._read(loop)

    def begin_test(self, *, instant: bool) -> None:
        """Clear the reports of the last test, and skip idle time if the next test is instant."""
        with self.lock:
            self.before_end, self.when_stuck = {}, []
            self._refused = len(self._observation.unobserved)
            for loop in self._loops.values():
                loop.ends_tried = 0
        if instant:
            self._observation.skip_idle_time()

    def end_test(self) -> None:
        """End the skipping of idle time."""
        self._observation.pass_idle_time()

    def refused(self) -> list[str]:
        """The loops since the test began that couldn't be observed, or can't skip idle time."""
        with self.lock:
            self.follow()
            uvloops = [UVLOOP for loop in self._loops.values() if loop.recording.kind == UVLOOP and not loop.is_over]
            return [*self._observation.unobserved[self._refused :], *uvloops]

    def new_findings(self) -> list[tuple[Finding, TaskState | None, float]]:
        """The findings since the last call, each with its task and the moment of its cause.

        If a bug shows only when a task is collected, or its loop is closed, then its cause lies earlier.
        """
        with self.lock:
            self.follow()
            return [
                (finding, task, _moment(finding, task))
                for loop in self._loops.values()
                for finding, task in loop.new_findings()
            ]

    def stuck_lines(self) -> list[str]:
        """The stuck report: what each pending task waits for now."""
        with self.lock:
            self.follow()
            loops = [loop for loop in self._loops.values() if not loop.is_over and _has_pending(loop.state)]
            lines: list[str] = []
            for loop in loops:
                lines += [f"loop {loop.number}:"] if len(loops) > 1 else []
                lines += stuck_lines(loop.state, self.now)
            return lines

    def _open_new(self) -> None:
        for recording in list(self._observation.recorders):
            number = recording.number
            if number in self._loops:
                continue
            self._report(LoopOpened(number, recording.kind, recording.made_at))
            observed = self.program.loops[number]
            findings = Findings(observed.state)
            observed.feed.subscribe(findings.take)
            self._loops[number] = SessionLoop(number, recording, observed.state, findings)

    def _read(self, loop: SessionLoop) -> None:
        # Both are read first, so that all events before are read below.
        is_over, is_gone = loop.recording.is_over(), loop.recording.is_gone()
        events = loop.anyio_runner.explained(loop.recording.take_events())
        for part in _cut_before_ends(events, loop.state):
            if (end := _end_of_wait(part[0], loop.state)) is not None:
                self.before_end[end] = [WHEN[end], *islice(stuck_lines(loop.state, part[0].at), 1, None)]
            self._report(LoopEvents(loop.number, tuple(part)))
        if is_over and not loop.is_over:
            loop.is_over = True
            self._report(LoopClosed(loop.number, self.now))
        if is_gone and loop.looked_at == loop.state.version:
            del self._loops[loop.number], self.program.loops[loop.number]
            self._observation.forget(loop.recording)

    def _end_run(self, loop: SessionLoop) -> None:
        self.when_stuck = self.when_stuck or list(stuck_lines(loop.state, self.now))
        loop.ends_tried += 1
        if loop.ends_tried <= ENDS_TRIED:
            loop.recording.end_run(WHY_ENDED)
        else:
            loop.recording.stop_run()

    def _report(self, frame: AnyFrame) -> None:
        self.program.take(frame)
        self._on_frame(frame)


def _has_pending(state: LabState) -> bool:
    return any(not task.has_ended for task in state.tasks.values())


def _cut_before_ends(events: Sequence[Event], state: LabState) -> Iterator[Sequence[Event]]:
    """Split the events before each end of a wait from outside: the state before it shows why the wait took so long."""
    begin = 0
    if not _MAY_END_WAITS.isdisjoint(map(type, events)):
        for index, event in enumerate(events):
            if index > begin and type(event) in _MAY_END_WAITS and _end_of_wait(event, state) is not None:
                yield events[begin:index]
                begin = index
    if events:
        yield events[begin:]


def _end_of_wait(event: Event, state: LabState) -> EndOfWait | None:
    """How an event ends a wait from outside: by a timeout of asyncio, anyio or async_timeout, or by Ctrl-C."""
    if isinstance(event, TaskCancelRequested):
        return "cancel" if event.by is None else None
    if not isinstance(event, CallEnded):
        return "timeout" if isinstance(event, TimeoutExpired) else None
    call = state.calls.get(event.call)
    is_due = call is not None and call.deadline is not None and event.at >= call.deadline
    return "timeout" if call is not None and is_due and "timeout" in call.name else None


def _moment(finding: Finding, task: TaskState | None) -> float:
    if task is None or task.ended_at is None:
        return finding.at
    return task.created_at if finding.rule == "task-collected" else min(finding.at, task.ended_at)
