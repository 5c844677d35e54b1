"""Folds events into a `LabState`: changes the state by one event after the other.

Each type of event has a function in one of the modules, with the same name: `task_created` folds a TaskCreated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

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
    waits,
)
from asynclab.model.state import LabState

_MODULES = (steps, waits, births_and_ends, queues, synchronization, deadlines, output, run, mishaps)


def _handler_of(kind: type[Event]) -> Callable[[LabState, Any, float], None]:
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
    handler: Callable[[LabState, Any, float], None]
    (handler,) = (vars(module)[name] for module in _MODULES if name in vars(module))
    return handler


HANDLERS = {kind: _handler_of(kind) for group in Event.__subclasses__() for kind in group.__subclasses__()}
"""The function for each type of event. Its arguments are the state, the event, and a lab time that never goes back."""


def apply(state: LabState, event: Event) -> None:
    """Fold one event into a state."""
    fold(state, (event,))


def fold(state: LabState, events: Iterable[Event]) -> None:
    """Fold events into a state, in the order in which they happened. Never raises, even if the events are inconsistent.

    The state depends only on the sequence of events, not on the batches in which they come. Time never goes back: if an
    event's time is before that of the previous event, it counts as simultaneous.
    """
    handlers = HANDLERS
    for version, event in enumerate(events, state.version + 1):
        state.version = version
        now = state.now  # read for each event, because Stepped moves it to the end of the step
        if event.at > now:
            state.now = now = event.at
        handlers[type(event)](state, event, now)
    if state.timeline is not None:
        state.timeline.close_batch(state.now, state.version)
