"""Quiet queues and primitives are let go when there are too many."""

from __future__ import annotations

from asynclab.model.events import PrimitiveChanged, PrimitiveCreated, QueueCreated, QueuePut
from asynclab.model.fold import fold
from asynclab.model.resources import KEPT
from tests.model.history import lab


def test_the_oldest_quiet_queues_go_first() -> None:
    state = lab(*(QueueCreated(0.0, queue, "Queue", 0) for queue in range(KEPT)), QueuePut(0.0, 0, "x", 1, 1))
    fold(state, (QueueCreated(1.0, queue, "Queue", 0) for queue in range(KEPT, KEPT + 3)))
    assert (len(state.queues), state.dropped.queues) == (KEPT, 3)
    assert list(state.queues)[:2] == [0, 4]


def test_queues_in_use_never_go_and_quiet_ones_among_many_go_before_they_are_many() -> None:
    state = lab()
    for queue in range(2 * KEPT):
        fold(state, [QueueCreated(0.0, queue, "Queue", 0), QueuePut(0.0, queue, "x", 1, 1)])
    assert (len(state.queues), state.dropped.queues) == (2 * KEPT, 0)
    fold(state, (QueueCreated(0.0, queue, "Queue", 0) for queue in range(2 * KEPT, 20 * KEPT)))
    assert len(state.queues) <= 2 * KEPT * 1.25
    assert len(state.queues) + state.dropped.queues == 20 * KEPT


def test_the_oldest_primitives_go_unless_they_are_held() -> None:
    state = lab(PrimitiveCreated(0.0, 0, "lock", 0), PrimitiveChanged(0.0, 0, 1))
    fold(state, (PrimitiveCreated(0.0, number, "lock", number) for number in range(1, KEPT + 3)))
    assert (len(state.primitives), state.dropped.primitives) == (KEPT, 3)
    assert list(state.primitives)[:2] == [0, 4]
