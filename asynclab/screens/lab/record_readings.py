"""Reads from a record the clock and the past moment that views show."""

from __future__ import annotations

from asynclab.model.wording.occurrence import kind_and_task
from asynclab.screens.lab.run_record import Record
from asynclab.widgets.lesson_pane import clock_line
from asynclab.widgets.spans import Line
from asynclab.widgets.title_bar import Moment


def clock_of(record: Record) -> Line:
    """The present clock of a run, whatever moment is being viewed; empty if nothing has run."""
    source = record.source
    is_over = not source.is_running
    return clock_line(record.present, source.now, chosen=record.chosen, is_over=is_over) if record.has_run else ()


def moment_of(record: Record) -> Moment | None:
    """The past moment being viewed; None for the present."""
    if record.moment is None:
        return None
    history, what = record.history, kind_and_task(record.history.event_before(record.moment), record.state)
    return Moment(record.number, history.number_of(history.end), record.now, what)
