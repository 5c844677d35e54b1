"""Tests the search for owners of tasks that asyncio.run() cuts off: it is rare, and takes little time."""

import asyncio
from types import FrameType
from typing import Any

import pytest

from asynclab.model.events import TaskCutOff
from asynclab.trace.mishaps import cut_off_tasks
from asynclab.trace.process import observe_process

TASKS = 20


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    made: list[str] = []

    def is_kept(task: asyncio.Task[Any], cancels: FrameType) -> bool:
        made.append(task.get_name())
        return search(task, cancels)

    search = cut_off_tasks.has_owner
    monkeypatch.setattr(cut_off_tasks, "keepers", cut_off_tasks.Keepers())
    monkeypatch.setattr(cut_off_tasks, "has_owner", is_kept)
    return made


async def work() -> None:
    await asyncio.sleep(0.5)


async def main(kept: list[asyncio.Task[None]] | None) -> None:
    for _ in range(TASKS):
        task = asyncio.create_task(work())
        if kept is not None:
            kept.append(task)
    await asyncio.sleep(0)


def cut_off(kept: list[asyncio.Task[None]] | None = None) -> int:
    observation = observe_process()
    try:
        asyncio.run(main(kept))
        return sum(isinstance(event, TaskCutOff) for event in observation.recorders[0].take_events())
    finally:
        observation.stop()


def test_of_the_tasks_that_a_line_makes_one_is_searched_for(searches: list[str]) -> None:
    assert (cut_off(), len(searches)) == (TASKS, 1)
    assert (cut_off(), len(searches)) == (TASKS, 1)


def test_those_that_somebody_keeps_are_not_cut_off(searches: list[str]) -> None:
    assert (cut_off([]), len(searches)) == (0, 1)


def test_after_a_search_that_took_long_there_is_no_other(searches: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cut_off_tasks, "SEARCH_SECONDS", 0.0)
    monkeypatch.setattr(cut_off_tasks, "keepers", cut_off_tasks.Keepers())
    assert (cut_off(), len(searches)) == (0, 0)
