"""A copy of a state at a moment, from which any number of states can be restored."""

from __future__ import annotations

from collections import deque
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar

from msgspec.structs import astuple

from asynclab.model.resources import ClientUse, PrimitiveState, QueueState, TimeoutState
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState

Values: TypeAlias = tuple[Any, ...]
"""The fields of a task in their order; its children, which come last, as a tuple."""

State = TypeVar("State", LabState, QueueState, PrimitiveState, ClientUse)

_NAMES: dict[type, list[str]] = {
    kind: [field.name for field in fields(kind)] for kind in (LabState, QueueState, PrimitiveState, ClientUse)
}
_CHANGING = (dict, list, set, deque)

_timeout_values = attrgetter(*(field.name for field in fields(TimeoutState)))


class Snapshot:
    """A copy of a state, with tasks as tuples: the garbage collector doesn't look at these, nor at any number of them.

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
