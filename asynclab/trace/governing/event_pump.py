"""Takes what a tracer has written down, folds it, and hands it on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TypeAlias

from asynclab.model.events import Event
from asynclab.model.fold import fold
from asynclab.model.state import LabState
from asynclab.trace.recording.recorder import Tracer

BACKLOG = 250_000
"""Events that wait to be read, at the most, before they are folded into the state although nobody asked for it."""

BATCH = 2_000
"""How many events are folded, and handed to subscribers, at once: a history can keep a state after each batch alone."""

Sink: TypeAlias = Callable[[Sequence[Event]], None]


class Readout:
    """The state that a tracer's events make, and who else wants them."""

    def __init__(self, tracer: Tracer) -> None:
        self.sinks: list[Sink] = []
        """Each gets every event, after the state has taken it in."""
        self._tracer = tracer
        self._state = LabState()

    @property
    def state(self) -> LabState:
        """All that is known up to now."""
        events = self._tracer.take_events()
        for start in range(0, len(events), BATCH):
            batch = events[start : start + BATCH]
            fold(self._state, batch)
            with ExitStack() as sinks:  # each gets them, also where one before it fails
                for sink in reversed(self.sinks):
                    sinks.callback(sink, batch)
        return self._state

    def relieve(self) -> None:
        """Keep what waits to be read from growing without bound."""
        if len(self._tracer.events) > BACKLOG:
            _ = self.state
