"""Folds who holds locks, and the counts of semaphores, events, conditions and barriers."""

from __future__ import annotations

from asynclab.model.activity import ActivityKind
from asynclab.model.events import ConditionNotified, PrimitiveChanged, PrimitiveCreated
from asynclab.model.fold.eviction import make_room
from asynclab.model.fold.handler import Handlers
from asynclab.model.resources import PrimitiveState
from asynclab.model.state import LabState
from asynclab.model.wording import deed


def primitive_created(state: LabState, event: PrimitiveCreated, at: float) -> None:
    """Add a primitive."""
    if event.primitive not in state.primitives:
        gone, state.primitive_room = make_room(state.primitives, state.primitive_room)
        state.dropped.primitives += gone
        state.primitives[event.primitive] = PrimitiveState(
            event.primitive, event.kind, event.number, event.value, event.holder
        )


def primitive_changed(state: LabState, event: PrimitiveChanged, at: float) -> None:
    """A lock changed hands, or a count changed."""
    primitive = state.primitives.get(event.primitive)
    if primitive is None:
        state.mark(event.task, "changed", at, event)
        return
    before, primitive.value = primitive.value, event.value
    rises = event.value > before or 0 < event.value == before
    state.mark(event.task, "raised" if rises else "lowered", at, event)
    if primitive.kind == "lock":
        primitive.holder = event.task if event.value else None
    kind: ActivityKind = "lock" if primitive.kind in ("lock", "semaphore") else "event"
    state.tell(at, event.task, kind, deed.changed(primitive, event.value, before))


def condition_notified(state: LabState, event: ConditionNotified, at: float) -> None:
    """Tell who notified how many waiters of a condition."""
    state.mark(event.task, "changed", at, event)
    if event.primitive in state.primitives:
        state.tell(at, event.task, "event", deed.notified(event, state))


HANDLERS: Handlers = {
    PrimitiveCreated: primitive_created,
    PrimitiveChanged: primitive_changed,
    ConditionNotified: condition_notified,
}
