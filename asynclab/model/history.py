"""Rebuilds the state of a lab at any moment of its past."""

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
"""The fields of a task in order. The last one, its children, is a tuple here."""

State = TypeVar("State", LabState, QueueState, PrimitiveState, ClientUse)

_NAMES: dict[type, list[str]] = {
    kind: [field.name for field in fields(kind)] for kind in (LabState, QueueState, PrimitiveState, ClientUse)
}
_CHANGING = (dict, list, set, deque)

_timeout_values = attrgetter(*(field.name for field in fields(TimeoutState)))


class Snapshot:
    """A copy of a state, with tasks as tuples: the garbage collector untracks tuples of plain values, however many.

    A task that has not changed since an earlier snapshot is kept once for both.
    """

    def __init__(self, state: LabState, earlier: Snapshot | None = None) -> None:
        """Copy the present state, sharing unchanged tasks with an earlier snapshot of the same run."""
        known = {} if earlier is None else earlier.tasks
        self.tasks: dict[int, Values] = {}
        """By number, in order of creation."""
        for number, task in state.tasks.items():
            values, before = _values(task), known.get(number)
            self.tasks[number] = before if before is not None and before == values else values
        self._rest = _without_tasks(state)

    def restored(self) -> LabState:
        """A new state, equal to the one that was kept."""
        state = _without_tasks(self._rest)
        for number, values in self.tasks.items():
            state.tasks[number] = task = TaskState(*values)
            task.children = list(task.children)
        return state


def _without_tasks(state: LabState) -> LabState:
    """A copy that shares nothing that a fold changes; what never changes is shared."""
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
    """A copy with collections of its own, except for what is given."""
    values = {name: getattr(state, name) for name in _NAMES[type(state)] if name not in changes}
    own: dict[str, Any] = {
        name: value.copy() if isinstance(value, _CHANGING) else value for name, value in values.items()
    }
    return type(state)(**own, **changes)


def _values(task: TaskState) -> Values:
    *values, children = astuple(task)
    return (*values, tuple(children))


EVENTS_KEPT = 300_000
"""The most events that are kept; the oldest go first."""

SPACING = 5_000
"""The fewest events between two copies of the state; there are also at least as many as tasks.

So reaching a moment folds a bounded number of events, and copies never hold more tasks than there are events: less than
100 MB at some 300 bytes a task, even if thousands of tasks change all the time.
"""

LOOKS = (
    events.LoopLagged,
    events.TaskStands,
    events.TaskHeld,
    events.TaskReleased,
    events.StepReported,
    events.RunningTo,
    events.EndRequested,
    events.RunStalled,
)
"""Events that come from watching or commanding the program: nothing happens in the program itself."""


class History:
    """The events of one lab, with a copy of its state now and then, from which any other state is folded.

    A moment is counted in events: at moment 0 nothing has happened, at moment n the first n events have.
    """

    def __init__(self, live: LabState) -> None:
        """Begin when nothing has happened; the live state takes in each event before `take` gets it."""
        self.events: list[events.Event] = []
        """The events that are kept, oldest first."""
        self.first = 0
        """How many events happened before the first one kept."""
        self._live = live
        self._looks: list[int] = []
        """The moments right after looks, in order."""
        self._looks_before = 0
        """How many such moments are no longer kept."""
        self._snapshots = [Snapshot(LabState())]
        self._moments = [0]
        """The moment of each snapshot."""

    @property
    def end(self) -> int:
        """The moment after the latest event."""
        return self.first + len(self.events)

    def take(self, happened: Sequence[events.Event]) -> None:
        """Take in events that the live state has just taken in."""
        end = self.end
        self._looks += [moment for moment, event in enumerate(happened, end + 1) if type(event) in LOOKS]
        self.events.extend(happened)
        if self.end - self._moments[-1] >= max(SPACING, len(self._live.tasks)):
            with _without_collections():
                self._snapshots.append(Snapshot(self._live, self._snapshots[-1]))
            self._moments.append(self.end)
        while len(self.events) > EVENTS_KEPT and len(self._moments) > 1:
            self._forget_oldest()

    def state_at(self, moment: int) -> LabState:
        """The state at a moment, or at the nearest one kept, as a copy of the caller's own."""
        moment = self.nearest(moment)
        at = bisect_right(self._moments, moment) - 1
        with _without_collections():
            state = self._snapshots[at].restored()
            fold(state, islice(self.events, self._moments[at] - self.first, moment - self.first))
        return state

    def nearest(self, moment: int) -> int:
        """A moment, or the nearest that is kept."""
        return max(self.first, min(self.end, moment))

    def moment_at(self, now: float) -> int:
        """The moment after the last event up to a lab time, in seconds."""
        return self.first + bisect_right(self.events, now, key=attrgetter("at"))

    def next_moment(self, moment: int, by: int) -> int:
        """The moment some events later, or earlier where `by` is negative; looks don't count."""
        moment = self._without_looks(self.nearest(moment))
        for _ in range(-by):
            moment = self._without_looks(self.nearest(moment - 1))
        for _ in range(by):
            moment = self.nearest(moment + 1)
            while moment < self.end and self._is_look(moment):
                moment += 1
        return self.end if self.number_of(moment) == self.number_of(self.end) and by > 0 else moment

    def number_of(self, moment: int) -> int:
        """How many events had happened at a moment that is kept, not counting looks."""
        return moment - bisect_right(self._looks, moment) - self._looks_before

    def event_before(self, moment: int) -> events.Event | None:
        """The latest event before a moment that is not a look; None if it is no longer kept."""
        index = self._without_looks(moment) - self.first - 1 if moment <= self.end else -1
        return self.events[index] if 0 <= index < len(self.events) else None

    def _is_look(self, moment: int) -> bool:
        return type(self.events[moment - self.first - 1]) in LOOKS

    def _without_looks(self, moment: int) -> int:
        """The moment before the looks that led to one."""
        while moment > self.first and self._is_look(moment):
            moment -= 1
        return moment

    def _forget_oldest(self) -> None:
        gone = self._moments[1] - self.first
        looks = bisect_right(self._looks, self._moments[1])
        self._looks_before += looks
        del self._looks[:looks]
        del self.events[:gone], self._snapshots[0], self._moments[0]
        self.first += gone


@contextmanager
def _without_collections() -> Iterator[None]:
    """Keep the garbage collector from running: it would look at thousands of tasks and find all of them in use."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
