"""Tests the list that shows the tree of tasks."""

import pytest

from asynclab.model.events import TaskCreated, TaskEnded, TaskRenamed
from asynclab.model.fold import apply, fold
from asynclab.model.state import LabState
from asynclab.model.task_tree import LEVELS_DRAWN, TaskRows, some_tasks
from tests.model.short_histories import lab


def family(*parents: int | None) -> LabState:
    """A lab whose tasks 1, 2, … have these parents."""
    return lab(*(TaskCreated(0.0, task, f"t{task}", "work", parent) for task, parent in enumerate(parents, 1)))


def drawn(state: LabState) -> list[str]:
    return [f"{row.guide}{row.task}" for row in state.rows()]


def test_children_follow_their_parent_in_the_order_of_their_creation() -> None:
    assert drawn(family(None, 1, 1, 2, None, 4, 3)) == ["1", "├ 2", "│ └ 4", "│   └ 6", "└ 3", "  └ 7", "5"]


def test_a_task_whose_parent_is_unknown_stands_for_itself() -> None:
    assert drawn(family(None, 77)) == ["1", "2"]


def test_a_task_that_claims_to_be_its_own_parent_stands_for_itself() -> None:
    assert drawn(family(1, 1)) == ["1", "└ 2"]


def test_rows_are_kept_until_the_tasks_change() -> None:
    state = family(None, 1)
    rows = state.rows()
    apply(state, TaskEnded(1.0, 2, "done"))
    assert state.rows() is rows
    apply(state, TaskCreated(1.0, 3, "t3", "work", 1))
    assert len(state.rows()) == 3


def test_a_new_name_counts_as_a_change_and_the_same_name_does_not() -> None:
    state = family(None)
    before = state.structure
    apply(state, TaskRenamed(0.0, 1, "t1"))
    assert state.structure == before
    apply(state, TaskRenamed(0.0, 1, "main"))
    assert state.structure > before


def test_a_very_deep_task_keeps_room_for_its_name() -> None:
    state = family(None, *range(1, 1000))
    assert state.rows()[LEVELS_DRAWN].guide == "  " * (LEVELS_DRAWN - 1) + "└ "
    assert state.rows()[999].guide == "… " + "  " * (LEVELS_DRAWN - 2) + "└ "


def test_rows_can_be_sliced_and_searched() -> None:
    rows = family(None, 1, 1).rows()
    assert [row.task for row in rows[1:]] == [2, 3]
    assert rows.position(3) == 2
    assert rows.position(99) is None
    assert rows.position(None) is None


@pytest.mark.parametrize(
    ("room", "keep", "rows"),
    [
        (9, None, ["1", "├ 2", "│ └ 4", "├ 3", "└ 5", "6", "└ 7"]),
        (6, None, ["1", "├ 3", "└ 5", "6", "└ 7"]),
        (4, None, ["1", "└ 5", "6", "└ 7"]),
        (0, None, ["1", "└ 5", "6", "└ 7"]),
        (4, 4, ["1", "├ 2", "│ └ 4", "└ 5", "6", "└ 7"]),
    ],
)
def test_those_that_ended_first_make_room_for_those_that_live(room: int, keep: int | None, rows: list[str]) -> None:
    """6 has ended, but a task that lives hangs on it; where 3 was the last to end, 4 before it has no room with 2."""
    state = family(None, 1, 1, 2, 1, None, 6)
    fold(state, [TaskEnded(1.0, task, "done") for task in (6, 2, 4, 3)])
    shown = some_tasks(state.tasks, state.roots, state.ended_tasks, room=room, keep=keep)
    assert [f"{row.guide}{row.task}" for row in TaskRows(state.tasks, state.roots, shown)] == rows


def test_a_task_that_hangs_on_one_that_was_dropped_needs_no_room_for_it() -> None:
    state = family(77, 1)
    assert some_tasks(state.tasks, state.roots, state.ended_tasks, room=0) == {1, 2}


@pytest.mark.parametrize(
    ("text", "room", "rows"),
    [
        ("t4", None, ["1", "└ 2", "  └ 4"]),
        ("t", None, ["1", "├ 2", "│ └ 4", "└ 3", "12"]),
        ("nothing", None, ["1", "├ 2", "│ └ 4", "└ 3", "12"]),
        ("2", 0, ["12"]),
        ("2", 3, ["1", "└ 2", "12"]),
        ("2", 2, ["12"]),
    ],
)
def test_the_tasks_are_listed_whose_names_contain_a_text(text: str, room: int | None, rows: list[str]) -> None:
    state = family(None, 1, 1, 2)
    fold(state, [TaskCreated(0.0, 12, "T12", "work", None), TaskEnded(1.0, 2, "done"), TaskEnded(1.0, 4, "done")])
    shown = some_tasks(state.tasks, state.roots, state.ended_tasks, room=room, text=text)
    assert [f"{row.guide}{row.task}" for row in TaskRows(state.tasks, state.roots, shown)] == rows
