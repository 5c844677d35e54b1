"""Tests the list of events: it only grows, and each cause comes before its effect."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from asynclab.model.events import Event, Output, StepEnded, Stepped, StepStarted, TaskCreated, TaskEnded, TaskReady
from asynclab.trace.process import ProcessObservation
from asynclab.trace.watching.cancel_requests import CancelRequests
from tests.trace.fast_labs import observe


async def child() -> int:
    return 1


def test_a_task_ends_before_the_tasks_that_its_end_wakes_are_ready() -> None:
    async def main() -> None:
        await asyncio.create_task(child())

    events = [event for event in observe(main).events if isinstance(event, TaskEnded | TaskReady)]
    assert [(type(event).__name__, event.task) for event in events] == [
        ("TaskEnded", 2),
        ("TaskReady", 1),
        ("TaskEnded", 1),
    ]


def test_the_last_step_of_a_task_says_that_it_is_the_last() -> None:
    async def main() -> None:
        await asyncio.sleep(0)
        await asyncio.create_task(child())

    steps = [event for event in observe(main).events if isinstance(event, Stepped | StepEnded)]
    assert [(step.task, step.ends) for step in steps] == [(1, False), (1, False), (2, True), (1, True)]


def test_a_step_has_begun_before_anything_that_happens_in_it() -> None:
    async def main() -> None:
        print("hello")
        await asyncio.create_task(child())

    kinds = [type(event) for event in observe(main).events]
    assert kinds.index(StepStarted) < kinds.index(Output)
    assert kinds.index(StepStarted) < kinds.index(TaskCreated, 2)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_a_step_that_ends_the_program_has_ended(error: type[BaseException], observation: ProcessObservation) -> None:
    async def interrupted() -> None:
        raise error

    with pytest.raises(error):
        asyncio.run(interrupted())
    events = observation.recorders[0].take_events()
    (step,) = (event for event in events if isinstance(event, Stepped | StepEnded) and event.task == 1)
    assert step.ends
    assert [event.outcome for event in events if isinstance(event, TaskEnded) and event.task == 1] == ["failed"]


def test_another_thread_reads_while_a_step_is_under_way(observation: ProcessObservation) -> None:
    """It gets what can't change any more: births, whose names may still be set, wait for the end of the callback."""
    early: list[Sequence[Event]] = []

    def read() -> None:
        early.append(observation.recorders[0].take_events())

    async def main() -> None:
        await asyncio.sleep(0)
        print("before")
        task = asyncio.create_task(child())
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
        task.set_name("named late")
        await task

    asyncio.run(main())
    late = observation.recorders[0].take_events()
    assert [type(event) for event in early[0]] == [TaskCreated, Stepped, StepStarted, Output]
    births = [event.name for event in late if isinstance(event, TaskCreated)]
    assert births[0] == "named late"


def test_another_thread_reads_no_birth_without_its_name(
    monkeypatch: pytest.MonkeyPatch, observation: ProcessObservation
) -> None:
    """Names are settled one by one, and meanwhile the other thread may have its turn."""
    names: list[str] = []
    look = CancelRequests.look

    def read() -> None:
        births = [event for event in observation.recorders[0].take_events() if isinstance(event, TaskCreated)]
        names.extend(birth.name for birth in births)

    def look_while_another_thread_reads(*args: Any) -> None:
        look(*args)
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()

    async def main() -> None:
        tasks = [asyncio.create_task(child(), name=name) for name in ("first", "second")]
        tasks[0].cancel()  # a newborn that is cancelled is looked at as soon as it has its name
        await asyncio.wait(tasks)

    monkeypatch.setattr(CancelRequests, "look", look_while_another_thread_reads)
    asyncio.run(main())
    read()
    assert names[1:3] == ["first", "second"]
