"""The record of one run: its source, history, timeline and findings, and the moment being viewed."""

from __future__ import annotations

from asynclab.findings.allowed import FindingFilter
from asynclab.findings.live_findings import LiveFindings
from asynclab.model.events import Event, StepTaken
from asynclab.model.history import History
from asynclab.model.lanes import Timeline
from asynclab.model.source import Control, NoSource, Source
from asynclab.model.state import LabState


class Record:
    """A run and its past. Views paint `state` and `now`, which are the present unless a past moment is viewed."""

    def __init__(self, source: Source, judge: FindingFilter | None = None) -> None:
        """Record a source that has no events so far. Without a judge, only comments in the code leave out findings."""
        self.source = source
        self.has_run = not isinstance(source, NoSource)
        """Whether this is the record of a run, and not the placeholder `NO_RECORD`."""
        self.history = History(source.state)
        self.timeline = source.state.timeline = Timeline()
        self.findings = LiveFindings(source.state, judge=judge)
        """The findings about the run."""
        self.moment: int | None = None
        """The past moment being viewed, as a number of events; None for the present."""
        self.chosen: int | None = None
        """The task that the user chose to run next."""
        self.number = 0
        """How many events had happened at the moment being viewed, including dropped ones, without inspections."""
        self._reports = 0
        """How many step reports `take_report` has returned."""
        self._past = LabState()
        self._at: float | None = None
        """The lab time being viewed, in seconds; None if an event was chosen instead."""
        source.subscribe(self.history.take)
        source.subscribe(self.findings.take)

    @property
    def control(self) -> Control | None:
        """The object that accepts commands to the run; None if it can't be controlled."""
        return self.source.control

    @property
    def present(self) -> LabState:
        """The present state, whatever moment is being viewed."""
        return self.source.state

    @property
    def is_past(self) -> bool:
        """Whether a past moment is being viewed."""
        return self.moment is not None

    @property
    def state(self) -> LabState:
        """The state to show."""
        return self.present if self.moment is None else self._past

    @property
    def now(self) -> float:
        """The lab time to show, in seconds. After the end of the run, it is the time of the last event."""
        if self.moment is None:
            return self.source.now if self.present.outcome is None else self.present.now
        return self._past.now if self._at is None else max(self._at, self._past.now)

    @property
    def next_task(self) -> int | None:
        """The task that the next step will run; None unless the run is paused and the present is shown."""
        if self.is_past or not self.present.clock.paused:
            return None
        held = self.present.held
        return self.chosen if self.chosen in held else next(iter(held), None)

    def step(self) -> None:
        """Step the next task, and reset the user's choice."""
        task, self.chosen = self.next_task, None
        if self.control is not None:
            self.control.step(task)

    def take_report(self) -> StepTaken | None:
        """The result of the latest step; None if it was returned before, or there was none."""
        reports = self.present.step_reports
        is_new, self._reports = reports > self._reports, reports
        return self.present.step_report if is_new else None

    def choose(self, task: int | None) -> None:
        """Choose the task to run next. This has an effect only while it is held."""
        self.chosen = task

    def go(self, by: int) -> None:
        """View the moment `by` events later, or earlier if `by` is negative. After the last event comes the present."""
        moment = self.history.next_moment(self.history.end if self.moment is None else self.moment, by)
        self._look_at(None if by > 0 and moment == self.history.end else moment)

    def go_to_first(self) -> None:
        """View the first moment that is kept."""
        self._look_at(self.history.first)

    def go_to_time(self, now: float | None) -> None:
        """View a lab time, in seconds, even if nothing happened then; None for the present."""
        self._look_at(None if now is None else self.history.moment_at(now))
        self._at = now

    def go_to_event(self, number: int) -> bool:
        """View the moment after an event, counted from 1. False if it is no longer kept."""
        is_kept = self.history.first <= number <= self.history.end
        self._look_at(number if is_kept else self.moment)
        return is_kept

    def event(self, number: int) -> Event | None:
        """An event of the run, counted from 1; None if it is no longer kept."""
        index = number - 1 - self.history.first
        return self.history.events[index] if 0 <= index < len(self.history.events) else None

    def go_to_present(self) -> None:
        """View the present."""
        self._look_at(None)

    def _look_at(self, moment: int | None) -> None:
        if moment is not None and moment != self.moment:
            self._past = self.history.state_at(moment)
            self.number = self.history.number_of(moment)
        self.moment, self._at = moment, None


NO_RECORD = Record(NoSource())
"""The record of a program that has not run."""
