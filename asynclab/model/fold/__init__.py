"""Folds events into a `LabState`: one function for each kind of event."""

from __future__ import annotations

from collections.abc import Iterable

from asynclab.model.events import Event
from asynclab.model.fold import (
    births_and_ends,
    deadlines,
    mishaps,
    output,
    queues,
    run,
    steps,
    synchronization,
    wait_ends,
    waits,
)
from asynclab.model.fold.handler import Handlers
from asynclab.model.state import LabState

HANDLERS: Handlers = {
    **steps.HANDLERS,
    **waits.HANDLERS,
    **wait_ends.HANDLERS,
    **births_and_ends.HANDLERS,
    **queues.HANDLERS,
    **synchronization.HANDLERS,
    **deadlines.HANDLERS,
    **output.HANDLERS,
    **run.HANDLERS,
    **mishaps.HANDLERS,
}
"""By the type of the event; there is one for each kind."""


def apply(state: LabState, event: Event) -> None:
    fold(state, (event,))


def fold(state: LabState, events: Iterable[Event]) -> None:
    """Take events into a state, in the order in which they happened; odd ones never raise.

    Equal sequences of events give equal states, in whatever batches they came. Time never goes back: an event that
    claims to be older than the one before it counts as happening at the same moment.
    """
    handlers = HANDLERS
    for version, event in enumerate(events, state.version + 1):
        state.version = version
        now = state.now  # read each time: an event of some length moves it to its end
        if event.at > now:
            state.now = now = event.at
        handlers[type(event)](state, event, now)
    if state.timeline is not None:
        state.timeline.close_batch(state.now, state.version)
