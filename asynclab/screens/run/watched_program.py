"""A program that runs elsewhere, or ran, and each of its event loops as the stage shows it."""

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
"""How many loops are kept; a program that calls `asyncio.run` again and again has any number of them."""

EVENTS_KEPT = 1_000_000
"""With more events than this in all loops together, ended loops are dropped whenever a new one comes."""


class WatchedProgram(ABC):
    """A program as far as it has reported. Each subclass gets its frames from another place."""

    files: SourceFiles
    """Reads the files that its tasks run."""

    is_behind = False
    """Whether more was reported than a frame had time to take in."""
    ends_when_left = False
    """Whether asynclab started it, so that it ends when the user leaves."""

    def __init__(self, judge: FindingFilter | None = None) -> None:
        """Know nothing yet; without a judge, only comments in the code leave findings out."""
        self.judge = judge or FindingFilter("")
        """Decides which findings are left out."""
        self.told = ObservedProgram(self._record)
        """The program's state, folded from its frames."""
        self.runs: dict[int, LoopRun] = {}
        """The loops that are kept, by number, in the order of their creation."""
        self.loops_left_out = 0
        """How many loops are no longer kept."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What it is, in a few words."""

    @property
    @abstractmethod
    def command(self) -> str:
        """What notices call the program."""

    @property
    @abstractmethod
    def facts(self) -> tuple[str, ...]:
        """Facts about the program now, in sentences."""

    @property
    def script(self) -> str:
        """The path of its own file, if that is known before any loop reports it; else empty."""
        return ""

    @property
    def complaint(self) -> str:
        """What went wrong with the watching itself, in one line; empty for nothing."""
        return ""

    @property
    def is_live(self) -> bool:
        return False

    @property
    def now(self) -> float:
        """Seconds of its time."""
        return self.told.now

    @property
    def has_files(self) -> bool:
        """Whether source files have been added since the start."""
        return False

    def control_of(self, loop: int) -> Control | None:
        """Takes commands for a loop; None if it can't be controlled."""
        return None

    @abstractmethod
    def begin(self) -> None:
        """Begin to take in its frames; called once, on a running loop."""

    def pump(self) -> None:  # noqa: B027 - a recording has nothing to do here
        """Take in what has come; called once a frame."""

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
        """Drop ended loops, the oldest first, those with findings last; drop others only if there are very many."""
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
    """A loop as a source. Its events arrive by way of its program, so there is nothing to pump."""

    def __init__(self, program: WatchedProgram, loop: ObservedLoop) -> None:
        """Show a loop on which nothing has happened yet."""
        self._program, self._loop = program, loop

    @property
    def state(self) -> LabState:
        """Everything that was reported of the loop."""
        return self._loop.state

    @property
    def now(self) -> float:
        """Seconds of the program's time; they stand still once the loop has ended, or is paused."""
        state = self.state
        is_still = state.outcome is not None or state.clock.paused
        return state.now if is_still else max(state.now, self._program.now)

    @property
    def is_running(self) -> bool:
        """Whether the loop is open, and its program runs."""
        return self._program.is_live and self.state.outcome is None

    @property
    def control(self) -> Control | None:
        """Takes commands; None for a recording."""
        return self._program.control_of(self._loop.number)

    def pump(self) -> None:
        """Raise what went wrong when events were handed on."""
        self._loop.feed.raise_error()

    def subscribe(self, subscriber: Subscriber, /) -> None:
        """Hand every event from now on to a subscriber."""
        self._loop.feed.subscribe(subscriber)


class LoopRun(StagedRun):
    """A loop with its record."""

    fastest = 1.0

    def __init__(self, program: WatchedProgram, loop: ObservedLoop) -> None:
        """Record a loop from its first event on."""
        self.number = loop.number
        self._loop = loop
        super().__init__(f"loop {loop.number}", Record(LoopSource(program, loop), program.judge))
        self._main_file = ""

    @property
    def thread(self) -> str:
        """The name of its thread."""
        return self._loop.thread or "main thread"

    @property
    def facts(self) -> tuple[str, ...]:
        """Facts about the loop, in sentences."""
        return (f"Not seen: {self._loop.not_seen}.",) if self._loop.not_seen else ()

    @property
    def main_file(self) -> str:
        """The file in which its first task was created, or else waits; empty while that is unknown."""
        if not self._main_file:
            tasks = self.state.tasks.values()
            files = (task.file or (task.place[0] if task.place is not None else "") for task in tasks)
            self._main_file = next(filter(None, files), "")
        return self._main_file
