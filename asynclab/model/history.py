"""Keeps the events of a lab, and rebuilds its state at any past moment."""

from __future__ import annotations

import gc
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from itertools import islice
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar

from msgspec.structs import astuple

from asynclab.model import events
from asynclab.model.fold import fold
from asynclab.model.resources import ClientUse, PrimitiveState, QueueState, TimeoutState
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState

Values: TypeAlias = tuple[Any, ...]
"""The fields of a `TaskState` in order. The last one, `children`, is a tuple here."""

State = TypeVar("State", LabState, QueueState, PrimitiveState, ClientUse)

_NAMES: dict[type, list[str]] = {
    kind: [field.name for field in fields(kind)] for kind in (LabState, QueueState, PrimitiveState, ClientUse)
}
_CHANGING = (dict, list, set, deque)

_timeout_values = attrgetter(*(field.name for field in fields(TimeoutState)))


class Snapshot:
    """A copy of a state. Tasks are kept as tuples of plain values, which the garbage collector doesn't track.

    Two snapshots share the tuple of a task that is the same in both.
    """

    def __init__(self, state: LabState, earlier: Snapshot | None = None) -> None:
        """Copy a state, and share unchanged tasks with an earlier snapshot of the same run."""
        known = {} if earlier is None else earlier.tasks
        self.tasks: dict[int, Values] = {}
        """By number, in order of creation."""
        for number, task in state.tasks.items():
            values, before = _values(task), known.get(number)
            self.tasks[number] = before if before is not None and before == values else values
        self._rest = _without_tasks(state)

    def restored(self) -> LabState:
        """A new state, equal to the one that was copied."""
        state = _without_tasks(self._rest)
        for number, values in self.tasks.items():
            state.tasks[number] = task = TaskState(*values)
            task.children = list(task.children)
        return state


def _without_tasks(state: LabState) -> LabState:
    """A copy of a state without its tasks. It shares only objects that never change."""
    primitives = {number: _copied(primitive) for number, primitive in state.primitives.items()}
    return _copied(
        state,
        clock=replace(state.clock),
        dropped=replace(state.dropped),
        tasks={},
        queues={number: _copied(queue) for number, queue in state.queues.items()},
        primitives=primitives,
        named_primitives={(each.kind, each.number): primitives[each.id] for each in state.named_primitives.values()},
        timeouts={number: TimeoutState(*_timeout_values(timeout)) for number, timeout in state.timeouts.items()},
        client_uses={key: _copied(use) for key, use in state.client_uses.items()},
        timeline=None,
        _rows=None,
        _rows_structure=-1,
    )


def _copied(state: State, **changes: Any) -> State:
    """A copy with its own collections, and with some fields changed."""
    values = {name: getattr(state, name) for name in _NAMES[type(state)] if name not in changes}
    own: dict[str, Any] = {
        name: value.copy() if isinstance(value, _CHANGING) else value for name, value in values.items()
    }
    return type(state)(**own, **changes)


def _values(task: TaskState) -> Values:
    *values, children = astuple(task)
    return (*values, tuple(children))


EVENTS_KEPT = 300_000
"""The most events that are kept; then the oldest are dropped."""

SPACING = 5_000
"""The fewest events between two snapshots. There are also at least as many events between them as tasks.

So rebuilding a state folds a bounded number of events, and all snapshots together hold at most as many tasks as events:
less than 100 MB at some 300 bytes per task, even if thousands of tasks change all the time.
"""

INSPECTIONS = (
    events.LoopLagged,
    events.TaskStands,
    events.TaskHeld,
    events.TaskReleased,
    events.StepReported,
    events.RunningTo,
    events.EndRequested,
    events.RunStalled,
)
"""Events that only report an inspection or a command of the user: nothing has happened in the program."""


class History:
    """The events of one lab, with snapshots of its state. Any other state is folded from the snapshot before it.

    Moments are counted in events: at moment 0 nothing has happened, at moment n the first n events have happened.
    """

    def __init__(self, live: LabState) -> None:
        """Start before the first event. The owner must fold each event into `live` before it calls `take`."""
        self.events: list[events.Event] = []
        """The kept events, oldest first."""
        self.first = 0
        """How many events happened before the first kept one."""
        self._live = live
        self._inspections: list[int] = []
        """The moments right after inspections, in order."""
        self._inspections_before = 0
        """How many earlier such moments were dropped."""
        self._snapshots = [Snapshot(LabState())]
        self._moments = [0]
        """The moment of each snapshot."""

    @property
    def end(self) -> int:
        """The moment after the latest event."""
        return self.first + len(self.events)

    def take(self, happened: Sequence[events.Event]) -> None:
        """Add events that were just folded into the live state."""
        end = self.end
        self._inspections += [moment for moment, event in enumerate(happened, end + 1) if type(event) in INSPECTIONS]
        self.events.extend(happened)
        if self.end - self._moments[-1] >= max(SPACING, len(self._live.tasks)):
            with _without_collections():
                self._snapshots.append(Snapshot(self._live, self._snapshots[-1]))
            self._moments.append(self.end)
        while len(self.events) > EVENTS_KEPT and len(self._moments) > 1:
            self._forget_oldest()

    def state_at(self, moment: int) -> LabState:
        """A new state, as it was at a moment, or at the nearest one that is kept."""
        moment = self.nearest(moment)
        at = bisect_right(self._moments, moment) - 1
        with _without_collections():
            state = self._snapshots[at].restored()
            fold(state, islice(self.events, self._moments[at] - self.first, moment - self.first))
        return state

    def nearest(self, moment: int) -> int:
        """A moment, or the nearest one that is kept."""
        return max(self.first, min(self.end, moment))

    def moment_at(self, now: float) -> int:
        """The moment after the last event up to lab time `now`, in seconds."""
        return self.first + bisect_right(self.events, now, key=attrgetter("at"))

    def next_moment(self, moment: int, by: int) -> int:
        """The moment `by` events later, or earlier if `by` is negative. Inspections don't count."""
        moment = self._before_inspections(self.nearest(moment))
        for _ in range(-by):
            moment = self._before_inspections(self.nearest(moment - 1))
        for _ in range(by):
            moment = self.nearest(moment + 1)
            while moment < self.end and self._is_inspection(moment):
                moment += 1
        return self.end if self.number_of(moment) == self.number_of(self.end) and by > 0 else moment

    def number_of(self, moment: int) -> int:
        """How many events had happened at a kept moment, without inspections."""
        return moment - bisect_right(self._inspections, moment) - self._inspections_before

    def event_before(self, moment: int) -> events.Event | None:
        """The latest event before a moment that isn't an inspection; None if it is no longer kept."""
        index = self._before_inspections(moment) - self.first - 1 if moment <= self.end else -1
        return self.events[index] if 0 <= index < len(self.events) else None

    def _is_inspection(self, moment: int) -> bool:
        return type(self.events[moment - self.first - 1]) in INSPECTIONS

    def _before_inspections(self, moment: int) -> int:
        """Go back before the inspections that end at a moment."""
        while moment > self.first and self._is_inspection(moment):
            moment -= 1
        return moment

    def _forget_oldest(self) -> None:
        gone = self._moments[1] - self.first
        count = bisect_right(self._inspections, self._moments[1])
        self._inspections_before += count
        del self._inspections[:count]
        del self.events[:gone], self._snapshots[0], self._moments[0]
        self.first += gone


@contextmanager
def _without_collections() -> Iterator[None]:
    """Turn the garbage collector off: it would inspect thousands of tasks, all of which are in use."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
