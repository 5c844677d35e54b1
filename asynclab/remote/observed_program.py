"""The viewer's picture of an observed program: folds its frames into a state for each of its loops."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass, field

from asynclab.model.event_feed import EventFeed
from asynclab.model.events import Event, Outcome, RunEnded, RunStarted
from asynclab.model.state import LabState
from asynclab.remote.wire import (
    AnyFrame,
    Attached,
    Heartbeat,
    LoopClosed,
    LoopEvents,
    LoopFound,
    LoopOpened,
    LoopThread,
    LoopUnobserved,
    ProgramEnded,
    ProgramStarted,
    ReportAsked,
)

NOT_SEEN = {
    "uvloop.Loop": "deadlines of timers, and callbacks that run no task, as uvloop keeps these to itself",
}
"""The parts of a loop that can't be observed, by the name of its class."""


@dataclass
class ObservedLoop:
    """One event loop of a program."""

    number: int
    kind: str
    """The name of its class."""
    thread: str = ""
    """The name of the thread that runs it; empty for the main thread."""
    feed: EventFeed = field(default_factory=EventFeed)
    """Keeps its state, and passes its events to subscribers."""

    @property
    def state(self) -> LabState:
        """The state of the loop."""
        return self.feed.state

    @property
    def not_seen(self) -> str:
        """The parts of this loop that can't be observed, as a clause; empty if there are none."""
        return NOT_SEEN.get(self.kind, "")


class ObservedProgram:
    """A program that runs in another process, or ran earlier, as its frames describe it."""

    def __init__(self, on_loop: Callable[[ObservedLoop], object] = lambda _: None) -> None:
        """Start without frames. `on_loop` is called with each new loop, before the first event of the loop."""
        self._on_loop = on_loop
        self.takers: list[Callable[[AnyFrame], object]] = []
        """Functions to call with each frame, after the program has processed it."""
        self.started: ProgramStarted | None = None
        """The program's first frame; None if it hasn't started, or can't be observed."""
        self.ended: ProgramEnded | None = None
        self.loops: dict[int, ObservedLoop] = {}
        """The loops by number, in the order in which they were made."""
        self.attached: Attached | None = None
        """The frame that says how many loops existed at the attach; None if it was observed from its start."""
        self.found: dict[int, LoopFound] = {}
        """The loops that existed at the attach and have sent all their tasks, by number."""
        self.unobserved: list[LoopUnobserved] = []
        """The loops that can't be observed."""
        self.now = 0.0
        """The latest time that the program has reported, in seconds on its clock."""
        self.heartbeat: Heartbeat | None = None
        """The latest heartbeat, which has the place at which the program was last seen."""
        self.reports_asked = 0
        """How often SIGUSR1 was sent to the program itself."""

    @property
    def is_found(self) -> bool:
        """Whether all loops that existed at the attach were reported."""
        return self.attached is not None and len(self.found) + len(self.unobserved) >= self.attached.loops

    def take(self, frame: AnyFrame) -> None:
        """Process a frame, and pass it to the `takers`. A frame that doesn't fit the state changes nothing."""
        self._take(frame)
        for taker in self.takers:
            taker(frame)

    def _take(self, frame: AnyFrame) -> None:
        match frame:
            case ProgramStarted():
                self.started = frame
            case Attached():
                self.attached = frame
            case LoopFound(loop=number):
                self.found[number] = frame
            case LoopUnobserved():
                self.unobserved.append(frame)
            case LoopOpened():
                self._open(frame)
            case LoopThread(loop=number, thread=thread) if number in self.loops:
                self.loops[number].thread = thread
            case LoopEvents(loop=number, events=events) if number in self.loops:
                self._take_events(self.loops[number], events)
            case LoopClosed(loop=number, at=at) if number in self.loops:
                self._end(self.loops[number], at)
            case Heartbeat(at=at):
                self.now = max(self.now, at)
                self.heartbeat = frame
            case ReportAsked():
                self.reports_asked += 1
            case ProgramEnded():
                self.ended = frame
                self.now = max(self.now, frame.at)
                for loop in self.loops.values():
                    self._end(loop, self.now, frame)

    def _open(self, frame: LoopOpened) -> None:
        loop = self.loops[frame.loop] = ObservedLoop(frame.loop, frame.kind)
        self._on_loop(loop)
        started = self.started
        name, epoch, python = ("", 0.0, "") if started is None else (started.name, started.epoch, started.python)
        self._take_events(loop, (RunStarted(frame.at, name, epoch + frame.at, python),))

    def _take_events(self, loop: ObservedLoop, events: tuple[Event, ...]) -> None:
        if events:
            loop.feed.take(events)
            self.now = max(self.now, loop.state.now)

    def _end(self, loop: ObservedLoop, at: float, program: ProgramEnded | None = None) -> None:
        """End the run of a loop, once: in the same way as its first task, or as the program."""
        state = loop.state
        if state.outcome is not None:
            return
        pending = tuple(number for number, task in state.tasks.items() if not task.has_ended)
        outcome, detail = _ending_of(state) if program is None or not pending else _death(program)
        self._take_events(loop, (RunEnded(max(at, state.now), outcome, detail, pending),))


def _ending_of(state: LabState) -> tuple[Outcome, str]:
    """How the first task of a loop ended, which is main under `asyncio.run`."""
    first = next(iter(state.tasks.values()), None)
    if first is None or first.state not in ("done", "failed", "cancelled"):
        return "done", ""
    return first.state, first.detail


def _death(program: ProgramEnded) -> tuple[Outcome, str]:
    return ("done" if program.code == 0 else "failed"), how_ended(program.code)


def how_ended(code: int) -> str:
    """How a program ended, as a clause: "exit code 1", "killed by SIGKILL"."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
