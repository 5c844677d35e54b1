"""The base of programs in other processes or recordings, and the runs of their event loops for the stage."""

from __future__ import annotations

from abc import ABC, abstractmethod

from asynclab.findings.allowed import FindingFilter
from asynclab.model.source import Control, Subscriber
from asynclab.model.state import LabState
from asynclab.remote.observed_program import ObservedLoop, ObservedProgram
from asynclab.screens.lab.run_record import Record
from asynclab.screens.lab.source_files import SourceFiles
from asynclab.screens.lab.staged_run import StagedRun

LOOPS_KEPT = 200
"""The most loops that are kept. A program that calls `asyncio.run` again and again has any number of loops."""

EVENTS_KEPT = 1_000_000
"""If all loops together have more events than this, ended loops are dropped when a new loop comes."""


class WatchedProgram(ABC):
    """A program, as far as it has reported. Each subclass reads the reports, called frames, from another source."""

    files: SourceFiles
    """Reads the source files that its tasks run."""

    is_behind = False
    """Whether reports wait that the latest painted frame had no time for."""
    ends_when_left = False
    """Whether asynclab started it, so that it ends when the user leaves."""

    def __init__(self, judge: FindingFilter | None = None) -> None:
        """Start without reports. Without a judge, only comments in the code leave out findings."""
        self.judge = judge or FindingFilter("")
        """Decides which findings are left out."""
        self.told = ObservedProgram(self._record)
        """The state of the program, folded from its reports."""
        self.runs: dict[int, LoopRun] = {}
        """The kept loops by number, in the order of their creation."""
        self.loops_left_out = 0
        """How many loops were dropped."""

    @property
    @abstractmethod
    def title(self) -> str:
        """A title for the screen."""

    @property
    @abstractmethod
    def command(self) -> str:
        """The program's name in notices."""

    @property
    @abstractmethod
    def facts(self) -> tuple[str, ...]:
        """Sentences on the program's present state."""

    @property
    def script(self) -> str:
        """The path of the program's script, if it is known before a loop reports it; otherwise empty."""
        return ""

    @property
    def complaint(self) -> str:
        """A problem with the observation itself, in one line; empty for none."""
        return ""

    @property
    def is_live(self) -> bool:
        return False

    @property
    def now(self) -> float:
        """The program's time in seconds."""
        return self.told.now

    @property
    def has_files(self) -> bool:
        """Whether source files were added after the start."""
        return False

    def control_of(self, loop: int) -> Control | None:
        """The object that accepts commands to a loop; None if it can't be controlled."""
        return None

    @abstractmethod
    def begin(self) -> None:
        """Start to read reports. Called once, on a running loop."""

    def pump(self) -> None:  # noqa: B027 - a recording has nothing to do here
        """Handle the reports that have come. Called for each painted frame."""

    @abstractmethod
    async def close(self) -> None:
        """End the program, if it runs, and close files and connections."""

    @property
    def busiest(self) -> int | None:
        """The number of the loop with the most events; None without loops."""
        return max(self.runs, key=lambda number: self.runs[number].record.history.end, default=None)

    def _record(self, loop: ObservedLoop) -> None:
        self._make_room()
        self.runs[loop.number] = LoopRun(self, loop)

    def _make_room(self) -> None:
        """Drop the oldest ended loops, those with findings last. Drop running loops only if there are too many."""
        events = sum(len(run.record.history.events) for run in self.runs.values())
        for number, run in sorted(self.runs.items(), key=lambda item: item[1].record.findings.count > 0):
            if len(self.runs) < LOOPS_KEPT and events < EVENTS_KEPT:
                return
            if run.state.outcome is not None:
                events -= len(run.record.history.events)
                self._forget(number)
        while len(self.runs) >= LOOPS_KEPT:
            self._forget(next(iter(self.runs)))

    def _forget(self, number: int) -> None:
        self.loops_left_out += 1
        del self.runs[number], self.told.loops[number]


class LoopSource:
    """A `Source` for a loop. `WatchedProgram.pump` handles its events."""

    def __init__(self, program: WatchedProgram, loop: ObservedLoop) -> None:
        """Make the source of a loop that has no events yet."""
        self._program, self._loop = program, loop

    @property
    def state(self) -> LabState:
        """The state of the loop, as far as it was reported."""
        return self._loop.state

    @property
    def now(self) -> float:
        """The program's time in seconds. It stands still after the loop's end, and while the loop is paused."""
        state = self.state
        is_still = state.outcome is not None or state.clock.paused
        return state.now if is_still else max(state.now, self._program.now)

    @property
    def is_running(self) -> bool:
        """Whether the loop is open and its program runs."""
        return self._program.is_live and self.state.outcome is None

    @property
    def control(self) -> Control | None:
        """The object that accepts commands; None for a recording."""
        return self._program.control_of(self._loop.number)

    def pump(self) -> None:
        """Raise an exception that a subscriber has raised."""
        self._loop.feed.raise_error()

    def subscribe(self, subscriber: Subscriber, /) -> None:
        """Pass all events from now on to a subscriber."""
        self._loop.feed.subscribe(subscriber)


class LoopRun(StagedRun):
    """A loop of a program, with its record."""

    fastest = 1.0

    def __init__(self, program: WatchedProgram, loop: ObservedLoop) -> None:
        """Record a loop, from its first event on."""
        self.number = loop.number
        self._loop = loop
        super().__init__(f"loop {loop.number}", Record(LoopSource(program, loop), program.judge))
        self._main_file = ""

    @property
    def thread(self) -> str:
        """The name of the loop's thread."""
        return self._loop.thread or "main thread"

    @property
    def facts(self) -> tuple[str, ...]:
        """Sentences on the loop's state."""
        return (f"Not seen: {self._loop.not_seen}.",) if self._loop.not_seen else ()

    @property
    def main_file(self) -> str:
        """The file in which its first task was created, or else waits; empty if unknown."""
        if not self._main_file:
            tasks = self.state.tasks.values()
            files = (task.file or (task.place[0] if task.place is not None else "") for task in tasks)
            self._main_file = next(filter(None, files), "")
        return self._main_file
