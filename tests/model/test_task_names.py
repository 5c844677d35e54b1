"""Which names tasks are shown under."""

from __future__ import annotations

import pytest

from asynclab.model.events import TaskCreated, TaskRenamed
from asynclab.model.fold import apply
from asynclab.model.state import LabState


@pytest.mark.parametrize(
    ("name", "coroutine", "shown"),
    [
        ("Task-512", "work", "work-2"),
        ("Task-512", "main.<locals>.work", "work-2"),
        ("Task-512", "", "Task-512"),
        ("Task-5b", "work", "Task-5b"),
        ("task-1", "work", "task-1"),
        ("", "work", ""),
    ],
)
def test_a_task_without_a_name_of_its_own_is_called_like_its_coroutine(name: str, coroutine: str, shown: str) -> None:
    state = LabState()
    apply(state, TaskCreated(0.0, 2, name, coroutine))
    assert state.tasks[2].name == shown
    apply(state, TaskRenamed(0.0, 2, "tea"))
    apply(state, TaskRenamed(0.0, 2, name))
    assert state.tasks[2].name == shown
