"""Folds events into a `LabState`.

Each kind of event has a function in one of the modules, named after it: `task_created` folds a TaskCreated.
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
"""By the type of the event. Each takes the state, the event, and the lab time, which is never before the state's."""


def apply(state: LabState, event: Event) -> None:
    """Take one event into a state."""
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
