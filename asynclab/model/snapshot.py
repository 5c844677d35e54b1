"""A copy of a state at a moment, from which any number of states can be restored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any, TypeAlias

from asynclab.model.resources import PrimitiveState, QueueState, TimeoutState
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState

Values: TypeAlias = tuple[Any, ...]
"""The fields of a task in their order; its children as a tuple."""

_timeout_values = attrgetter(*(field.name for field in fields(TimeoutState)))


class Snapshot:
    """A copy of a state, with tasks as tuples: the garbage collector doesn't look at these, nor at any number of them.

    A task that has not changed since an earlier snapshot is kept once for both.
    """

    def __init__(self, state: LabState, earlier: Snapshot | None = None) -> None:
        """Keep what a state is now.

        Args:
            state: May change after that.
            earlier: Of the same run.
        """
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
    primitives = {number: _copied_primitive(primitive) for number, primitive in state.primitives.items()}
    return replace(
        state,
        clock=replace(state.clock),
        dropped=replace(state.dropped),
        tasks={},
        queues={number: _copied_queue(queue) for number, queue in state.queues.items()},
        primitives=primitives,
        named_primitives={(each.kind, each.number): primitives[each.id] for each in state.named_primitives.values()},
        timeouts={number: TimeoutState(*_timeout_values(timeout)) for number, timeout in state.timeouts.items()},
        calls=state.calls.copy(),
        activity=state.activity.copy(),
        lag=state.lag.copy(),
        counts=state.counts.copy(),
        ready_queue=state.ready_queue.copy(),
        held=state.held.copy(),
        outer_steps=state.outer_steps.copy(),
        roots=state.roots.copy(),
        ended_tasks=state.ended_tasks.copy(),
        ended_timeouts=state.ended_timeouts.copy(),
        unfinished_lines=state.unfinished_lines.copy(),
        named_after=state.named_after.copy(),
        in_vain=state.in_vain.copy(),
        awaiting=state.awaiting.copy(),
        lost_handovers=state.lost_handovers.copy(),
        left_behind=state.left_behind.copy(),
        ignored_cancels=state.ignored_cancels.copy(),
        client_uses={key: replace(use, connections=use.connections.copy()) for key, use in state.client_uses.items()},
        timeline=None,
        _rows=None,
        _rows_structure=-1,
    )


def _copied_queue(queue: QueueState) -> QueueState:
    return replace(
        queue,
        items=queue.items.copy(),
        getters=queue.getters.copy(),
        putters=queue.putters.copy(),
        joiners=queue.joiners.copy(),
        sources=queue.sources.copy(),
        takers=queue.takers.copy(),
        lent=None if queue.lent is None else queue.lent.copy(),
        depth=queue.depth.copy(),
    )


def _copied_primitive(primitive: PrimitiveState) -> PrimitiveState:
    return replace(
        primitive,
        takers=primitive.takers.copy(),
        in_block=primitive.in_block.copy(),
        waiters=primitive.waiters.copy(),
        robbed=primitive.robbed.copy(),
    )


def _values_of_tasks() -> Callable[[TaskState], Values]:
    """Make what turns a task into a tuple; as written out by hand, which takes a third of attrgetter's time.

    There may be ten thousand tasks, and each dataclass has its own methods made this way.
    """
    values = [f"tuple(task.{name})" if name == "children" else f"task.{name}" for name in _FIELDS]
    made: Callable[[TaskState], Values] = eval(f"lambda task: ({', '.join(values)})")
    return made


_FIELDS = [field.name for field in fields(TaskState)]
_values = _values_of_tasks()
