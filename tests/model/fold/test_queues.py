"""Tests how the events of queues are folded, and which of many queues are dropped."""

import pytest

from asynclab.model import events
from asynclab.model.events import PrimitiveChanged, PrimitiveCreated, QueueCreated, QueuePut
from asynclab.model.fold import apply, fold
from asynclab.model.resources import DEPTH_SAMPLES, KEPT
from asynclab.model.state import LabState
from tests.model.short_histories import COFFEE, TEA, kinds_of, lab, suspended, tea_party, told_of


def queue_of(*items: str, maxsize: int = 0, kind: str = "Queue") -> LabState:
    """A lab in which tea put these items."""
    puts = [events.QueuePut(0.0, 1, item, size, size, TEA) for size, item in enumerate(items, 1)]
    return tea_party(events.QueueCreated(0.0, 1, kind, maxsize), *puts)


def test_items_stand_in_the_order_of_putting() -> None:
    queue = queue_of("1", "2", "3", maxsize=3).queues[1]
    assert list(queue.items) == ["1", "2", "3"]
    assert (queue.size, queue.unfinished, queue.puts, queue.peak, queue.is_full) == (3, 3, 3, 3, True)


@pytest.mark.parametrize(
    ("index", "left"), [(0, ["2", "3"]), (2, ["1", "2"]), (1, ["1", "3"]), (-1, ["1", "2"]), (9, ["1", "2"])]
)
def test_the_item_that_was_got_leaves_from_where_it_stood(index: int, left: list[str]) -> None:
    state = queue_of("1", "2", "3")
    apply(state, events.QueueGot(0.5, 1, "x", 2, 3, index, COFFEE))
    queue = state.queues[1]
    assert list(queue.items) == left
    assert (queue.size, queue.gets, queue.unfinished) == (2, 1, 3)


def test_a_queue_without_a_bound_is_never_full_and_told_without_one() -> None:
    state = queue_of("1")
    assert not state.queues[1].is_full
    assert "(1)" in told_of(state, TEA)[0]


def test_done_items_are_counted() -> None:
    state = queue_of("1")
    apply(state, events.QueueTaskDone(0.5, 1, 0, COFFEE))
    assert (state.queues[1].dones, state.queues[1].unfinished) == (1, 0)


def test_the_depth_of_a_queue_is_remembered_for_a_while() -> None:
    state = queue_of("1", "2")
    apply(state, events.QueueGot(0.5, 1, "1", 1, 2))
    assert list(state.queues[1].depth) == [(0.0, 1), (0.0, 2), (0.5, 1)]
    fold(state, (events.QueuePut(1.0, 1, "3", 2, 3) for _ in range(DEPTH_SAMPLES)))
    assert len(state.queues[1].depth) == DEPTH_SAMPLES


def test_only_so_many_items_are_kept_by_name_and_the_rest_is_counted() -> None:
    state = queue_of(*map(str, range(events.ITEMS_SHOWN + 5)))
    queue = state.queues[1]
    assert (len(queue.items), queue.size) == (events.ITEMS_SHOWN, events.ITEMS_SHOWN + 5)
    apply(state, events.QueueGot(0.5, 1, "0", queue.size - 1, 0))
    apply(state, events.QueuePut(0.5, 1, "last", queue.size + 1, 0))
    assert (queue.items[0], queue.items[-1]) == ("1", str(events.ITEMS_SHOWN - 1))


def test_names_come_back_once_a_long_queue_was_emptied() -> None:
    state = queue_of(*map(str, range(events.ITEMS_SHOWN + 1)))
    fold(state, (events.QueueGot(0.5, 1, "x", events.ITEMS_SHOWN - got, 0) for got in range(events.ITEMS_SHOWN + 1)))
    apply(state, events.QueuePut(1.0, 1, "new", 1, 1))
    assert list(state.queues[1].items) == ["new"]


@pytest.mark.parametrize(("immediate", "items", "unfinished"), [(False, ["1", "2"], 2), (True, [], 0)])
def test_a_queue_shut_down_keeps_items_unless_at_once(immediate: bool, items: list[str], unfinished: int) -> None:
    state = queue_of("1", "2")
    apply(state, events.QueueShutDown(0.5, 1, immediate, TEA))
    queue = state.queues[1]
    assert (list(queue.items), queue.size, queue.unfinished) == (items, len(items), unfinished)
    assert queue.is_shut_down


def test_what_happens_to_a_queue_is_told() -> None:
    state = queue_of("3", maxsize=5)
    fold(
        state,
        [
            events.QueueGot(0.5, 1, "3", 0, 1, 0, COFFEE),
            events.QueueTaskDone(0.5, 1, 0, COFFEE),
            events.QueueShutDown(0.5, 1, False, COFFEE),
            events.QueueShutDown(0.5, 1, True, COFFEE),
        ],
    )
    assert kinds_of(state, TEA) == ["put"]
    assert kinds_of(state, COFFEE) == ["got", "task_done", "event", "event"]
    assert "(1/5)" in told_of(state, TEA)[0]


def test_items_are_clean_and_short() -> None:
    state = queue_of("\x1b[2J" + "x" * 500)
    assert state.queues[1].items[0] == "␛[2J" + "x" * 35 + "…"


def test_what_an_unknown_queue_does_is_told_and_no_more() -> None:
    state = tea_party(events.QueuePut(0.0, 9, "3", 1, 1, TEA), events.QueueGot(0.0, 9, "3", 0, 1, 0, TEA))
    assert state.queues == {}
    assert kinds_of(state, TEA) == ["put", "got"]


def test_a_second_birth_of_the_same_queue_is_ignored() -> None:
    state = queue_of("1")
    apply(state, events.QueueCreated(1.0, 1, "LifoQueue", 7))
    assert (state.queues[1].kind, state.queues[1].size) == ("Queue", 1)


def test_a_queue_is_quiet_when_it_is_empty_and_nobody_waits() -> None:
    state = queue_of()
    assert state.queues[1].is_quiet
    fold(state, suspended(0.0, TEA, events.Wait("queue.get", 1)))
    assert not state.queues[1].is_quiet
    assert not queue_of("1").queues[1].is_quiet


def test_a_queue_that_was_found_has_what_it_held() -> None:
    created = events.QueueCreated(0.0, 1, "Queue", 0, ("'a'", "'b'"), 2, 3)
    queue = lab(created).queues[1]
    assert (list(queue.items), queue.size, queue.unfinished) == (["'a'", "'b'"], 2, 3)
    queue = lab(created, events.QueuePut(0.5, 1, "'c'", 3, 4), events.QueueGot(0.5, 1, "'a'", 2, 4)).queues[1]
    assert (list(queue.items), queue.size, queue.unfinished, queue.peak) == (["'b'", "'c'"], 2, 4, 3)


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
