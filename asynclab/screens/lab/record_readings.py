"""Reads from a record what the views show: state, clock, and the moment of the past."""

from __future__ import annotations

from asynclab.model.wording.deed import latest_blocks
from asynclab.model.wording.occurrence import kind_and_task
from asynclab.screens.lab.run_record import Record
from asynclab.widgets.clock_line import ClockReading
from asynclab.widgets.past_banner import Moment


def reading_of(record: Record) -> ClockReading:
    """The clock of a run now, whatever moment is shown."""
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
        latest_blocks(record.state),
        is_over=not record.source.is_running,
    )


def moment_of(record: Record) -> Moment | None:
    """The moment of the past that is shown; None for the present."""
    if record.moment is None:
        return None
    history, state = record.history, record.state
    return Moment(
        record.number,
        history.number_of(history.end),
        record.now,
        kind_and_task(history.event_before(record.moment), state),
    )
