"""One event loop of a program that runs elsewhere, as the stage shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from asynclab.model.events import Outcome
from asynclab.screens.lab.run_record import Record
from asynclab.screens.lab.staged_run import StagedRun

if TYPE_CHECKING:
    from asynclab.findings.allowed import FindingFilter
    from asynclab.model.source import Control, Subscriber
    from asynclab.model.state import LabState
    from asynclab.remote.observed_program import ObservedLoop


class Clocked(Protocol):
    """What a loop needs of its program."""

    @property
    def is_live(self) -> bool:
        """Whether the program runs."""

    @property
    def now(self) -> float:
        """Seconds of the program's time."""

    @property
    def judge(self) -> FindingFilter:
        """Knows which findings are left out."""

    def control_of(self, loop: int) -> Control | None:
        """Takes commands for a loop; None where nobody can."""


@dataclass(frozen=True, slots=True)
class LoopEnding:
    """How the run of a loop ended."""

    outcome: Outcome
    detail: str

    def __str__(self) -> str:
        """As a clause."""
        return self.detail or self.outcome


class LoopSource:
    """A loop as a source. Its events arrive by way of its program, so there is nothing to pump."""

    def __init__(self, program: Clocked, loop: ObservedLoop) -> None:
        """Show a loop on which nothing has happened yet."""
        self._program, self._loop = program, loop

    @property
    def name(self) -> str:
        """The name of the program."""
        return self.state.name

    @property
    def state(self) -> LabState:
        """Everything that was told of it."""
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
    def ending(self) -> LoopEnding | None:
        """How it ended; None until it has, or where the recording was cut before."""
        outcome = self.state.outcome
        return None if outcome is None else LoopEnding(outcome, self.state.detail)

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

    async def close(self) -> None:
        """Nothing of its own is open."""


class LoopRun(StagedRun):
    """A loop with its record."""

    fastest = 1.0

    def __init__(self, program: Clocked, loop: ObservedLoop) -> None:
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
        """What there is to say of it, in sentences."""
        return (f"Not seen: {self._loop.not_seen}.",) if self._loop.not_seen else ()

    @property
    def events(self) -> int:
        """How many events of it are kept."""
        return len(self.record.history.events)

    @property
    def events_left_out(self) -> int:
        """How many earlier events are no longer kept."""
        return self.record.history.first

    @property
    def events_ever(self) -> int:
        """How many events it has had."""
        return self.record.history.end

    @property
    def is_open(self) -> bool:
        """Whether it has not ended, as far as is known."""
        return self.state.outcome is None

    @property
    def main_file(self) -> str:
        """The file from which the first of its tasks was started, or else waits in; empty while that is unknown."""
        if not self._main_file:
            tasks = self.state.tasks.values()
            files = (task.file or (task.place[0] if task.place is not None else "") for task in tasks)
            self._main_file = next(filter(None, files), "")
        return self._main_file
