"""What a record says of the moment that is looked at, and of its run's clock."""

from __future__ import annotations

from asynclab.model.state import LabState
from asynclab.screens.record import Record
from asynclab.widgets.clock_line import ClockReading
from asynclab.widgets.past_banner import Moment, event_words


def looked_at(record: Record | None) -> tuple[LabState | None, float]:
    """The state and the lab time, in seconds, that are looked at."""
    return (None, 0.0) if record is None else (record.state, record.now)


def reading_of(record: Record) -> ClockReading:
    """How a run's clock runs now, whatever moment is looked at."""
    state = record.present
    is_chosen = record.chosen in state.held and record.chosen != next(iter(state.held))
    return ClockReading(
        state.clock,
        record.source.now,
        len(state.held),
        state.outcome,
        state.task_name(record.chosen) if is_chosen else "",
        state.task_name(state.running_to),
        state.is_cleaning_up,
        state.is_stalled,
    )


def moment_of(record: Record) -> Moment | None:
    """Which moment of the past is looked at."""
    if record.moment is None:
        return None
    history, state = record.history, record.state
    return Moment(
        record.number,
        history.number_of(history.end),
        record.now,
        event_words(history.event_before(record.moment), state),
    )
