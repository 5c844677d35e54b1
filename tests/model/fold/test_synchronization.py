"""Tests how the events of locks, semaphores, events, conditions and barriers are folded."""

from itertools import pairwise

import pytest

from asynclab.model.activity import ActivityKind
from asynclab.model.events import ConditionNotified, PrimitiveChanged, PrimitiveCreated, PrimitiveKind
from asynclab.model.fold import apply
from asynclab.model.state import LabState
from asynclab.model.wording import deed
from tests.model.short_histories import TEA, kinds_of, lab, tea_party, told_of


def lab_with(kind: PrimitiveKind, value: int, *values: int) -> LabState:
    """A lab in which tea changed a primitive to these values."""
    changes = [PrimitiveChanged(0.0, 1, new, TEA) for new in values]
    return tea_party(PrimitiveCreated(0.0, 1, kind, 1, value), *changes)


def test_a_lock_is_held_by_who_took_it_until_it_is_released() -> None:
    state = lab_with("lock", 0, 1)
    assert (state.primitives[1].value, state.primitives[1].holder) == (1, TEA)
    apply(state, PrimitiveChanged(0.5, 1, 0, TEA))
    assert (state.primitives[1].value, state.primitives[1].holder) == (0, None)


def test_a_semaphore_is_held_by_nobody_in_particular() -> None:
    primitive = lab_with("semaphore", 3, 2).primitives[1]
    assert (primitive.value, primitive.holder) == (2, None)


@pytest.mark.parametrize(
    ("kind", "values", "line"),
    [
        ("lock", (0, 1, 0), "lock"),
        ("semaphore", (2, 1, 2), "lock"),
        ("event", (0, 1, 0), "event"),
        ("barrier", (0, 1, 0), "event"),
        ("condition", (0, 1), "event"),
    ],
)
def test_a_change_is_told_as_what_was_done(kind: PrimitiveKind, values: tuple[int, ...], line: ActivityKind) -> None:
    state = lab_with(kind, *values)
    changes = [(PrimitiveChanged(0.0, 1, value), before) for before, value in pairwise(values)]
    assert told_of(state, TEA) == [deed.changed(event, state, before)[0] for event, before in changes]
    assert set(kinds_of(state, TEA)) == {line}


def test_a_notification_is_told() -> None:
    state = lab_with("condition", 0)
    apply(state, ConditionNotified(0.0, 1, 2, TEA))
    assert kinds_of(state, TEA) == ["event"]
    assert "condition#1" in told_of(state, TEA)[0]


def test_what_an_unknown_primitive_does_is_ignored() -> None:
    state = tea_party(PrimitiveChanged(0.0, 9, 1, TEA), ConditionNotified(0.0, 9, 1, TEA))
    assert (state.primitives, told_of(state, TEA)) == ({}, [])


def test_a_held_lock_and_a_barrier_with_tasks_in_it_are_not_quiet() -> None:
    assert not lab_with("lock", 0, 1).primitives[1].is_quiet
    assert not lab_with("barrier", 0, 1).primitives[1].is_quiet
    assert lab_with("lock", 0, 1, 0).primitives[1].is_quiet
    assert lab_with("event", 0, 1).primitives[1].is_quiet


def test_a_lock_that_was_found_may_have_a_known_holder() -> None:
    state = lab(PrimitiveCreated(0.0, 1, "lock", 1, 1, TEA))
    assert (state.primitives[1].value, state.primitives[1].holder) == (1, TEA)
