"""Tests the names under which tasks are shown."""

import pytest

from asynclab.model import tasks
from asynclab.model.events import TaskCreated, TaskRenamed
from asynclab.model.fold import apply, fold
from asynclab.model.state import LabState
from asynclab.model.tasks import shown_name


@pytest.mark.parametrize(
    ("name", "coroutine", "shown"),
    [
        ("Task-512", "work", "work-1"),
        ("Task-512", "main.<locals>.work", "work-1"),
        ("Task-512", "", "Task-512"),
        ("Task-5b", "work", "Task-5b"),
        ("task-1", "work", "task-1"),
        ("", "work", ""),
    ],
)
def test_a_task_without_a_name_of_its_own_is_called_like_its_coroutine(name: str, coroutine: str, shown: str) -> None:
    assert shown_name(name, coroutine, {}) == shown


def test_such_tasks_are_counted_for_each_coroutine() -> None:
    state = LabState()
    coroutines = ("main", "work", "work", "rest", "work")
    fold(state, (TaskCreated(0.0, id, f"Task-{id + 40}", name) for id, name in enumerate(coroutines, start=1)))
    apply(state, TaskRenamed(0.0, 3, "tea"))
    assert [task.name for task in state.tasks.values()] == ["main-1", "work-1", "tea", "rest-1", "work-3"]


def test_only_so_many_coroutines_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "COROUTINES_COUNTED", 1)
    counts: dict[str, int] = {}
    names = [shown_name("Task-9", coroutine, counts) for coroutine in ("work", "rest", "work")]
    assert names == ["work-1", "Task-9", "work-2"]
