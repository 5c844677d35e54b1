"""The record of one run: its history, and the moment of it that is shown."""

from __future__ import annotations

from asynclab.findings.allowed import FindingFilter
from asynclab.findings.live_findings import LiveFindings
from asynclab.model.events import Event, StepTaken
from asynclab.model.history import History
from asynclab.model.lanes import Timeline
from asynclab.model.source import Control, NoSource, Source
from asynclab.model.state import LabState


class Record:
    """A source and its past. Views paint `state` and `now`: the present, unless a moment was chosen."""

    def __init__(self, source: Source, judge: FindingFilter | None = None) -> None:
        """Record a source without events so far; without a judge, only comments in the code leave findings out."""
        self.source = source
        self.has_run = not isinstance(source, NoSource)
        """Whether this is the record of a run, not the placeholder for one."""
        self.history = History(source.state)
        self.timeline = source.state.timeline = Timeline()
        self.findings = LiveFindings(source.state, judge=judge)
        """What the rules find in it."""
        self.moment: int | None = None
        """The moment that is shown, as a number of events; None for the present."""
        self.chosen: int | None = None
        """The task that the user chose to go next."""
        self.number = 0
        """How many events had happened at the moment shown, with dropped ones but without samples."""
        self._reports = 0
        """How many step reports have been taken."""
        self._past = LabState()
        self._at: float | None = None
        """The lab time that was chosen, in seconds; None if an event was chosen."""
        source.subscribe(self.history.take)
        source.subscribe(self.findings.take)

    @property
    def control(self) -> Control | None:
        """Takes commands for the run; None if it can't be controlled."""
        return self.source.control

    @property
    def present(self) -> LabState:
        """The state now, whatever moment is shown."""
        return self.source.state

    @property
    def is_past(self) -> bool:
        """Whether the past is shown."""
        return self.moment is not None

    @property
    def state(self) -> LabState:
        """The state that is shown."""
        return self.present if self.moment is None else self._past

    @property
    def now(self) -> float:
        """The lab time that is shown, in seconds; it stands still at the last event of a run that has ended."""
        if self.moment is None:
            return self.source.now if self.present.outcome is None else self.present.now
        return self._past.now if self._at is None else max(self._at, self._past.now)

    @property
    def next_task(self) -> int | None:
        """The task that the next step runs; None unless the run is paused and the present is shown."""
        if self.is_past or not self.present.clock.paused:
            return None
        held = self.present.held
        return self.chosen if self.chosen in held else next(iter(held), None)

    def step(self) -> None:
        """Step the next task, and forget that it was chosen."""
        task, self.chosen = self.next_task, None
        if self.control is not None:
            self.control.step(task)

    def take_report(self) -> StepTaken | None:
        """The outcome of the latest step; None if it was taken before, or there was none."""
        reports = self.present.step_reports
        is_new, self._reports = reports > self._reports, reports
        return self.present.step_report if is_new else None

    def choose(self, task: int | None) -> None:
        """Let a task go next, if it is ready then."""
        self.chosen = task

    def go(self, by: int) -> None:
        """Show the moment some events later, or earlier where `by` is below 0; after the last comes the present."""
        moment = self.history.next_moment(self.history.end if self.moment is None else self.moment, by)
        self._look_at(None if by > 0 and moment == self.history.end else moment)

    def go_to_first(self) -> None:
        """Show the first moment that is kept."""
        self._look_at(self.history.first)

    def go_to_time(self, now: float | None) -> None:
        """Show a lab time, in seconds, even if nothing happened just then; None for the present."""
        self._look_at(None if now is None else self.history.moment_at(now))
        self._at = now

    def go_to_event(self, number: int) -> bool:
        """Show the moment after an event, counted from 1; whether it is still kept."""
        is_kept = self.history.first <= number <= self.history.end
        self._look_at(number if is_kept else self.moment)
        return is_kept

    def event(self, number: int) -> Event | None:
        """An event of the run, counted from 1; None if it is no longer kept."""
        index = number - 1 - self.history.first
        return self.history.events[index] if 0 <= index < len(self.history.events) else None

    def go_to_present(self) -> None:
        """Show the present."""
        self._look_at(None)

    def _look_at(self, moment: int | None) -> None:
        if moment is not None and moment != self.moment:
            self._past = self.history.state_at(moment)
            self.number = self.history.number_of(moment)
        self.moment, self._at = moment, None


NO_RECORD = Record(NoSource())
"""Takes the place of a record where nothing has run."""
