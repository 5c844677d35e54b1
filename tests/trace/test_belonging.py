"""Tests which code belongs to a lab and is observed, and which only meets it."""

import asyncio
import contextvars
import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from asynclab.model.events import Output, TaskCreated, TaskEnded
from tests.fast_loop import run_fast
from tests.trace.fast_labs import fast_lab, observe
from tests.trace.hard_scripts import Duck


@pytest.fixture
def without_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def test_a_callback_from_outside_that_code_inside_causes_stays_outside(capsys: pytest.CaptureFixture[str]) -> None:
    async def run() -> list[str]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda _: print("outside"))

        async def main() -> None:
            future.set_result(None)
            await asyncio.sleep(0)

        async with fast_lab() as lab:
            seen: list[Any] = []
            lab.subscribe(seen.extend)
            await lab.run(main)
        return [event.text for event in seen if isinstance(event, Output)]

    assert run_fast(run()) == []
    assert capsys.readouterr().out == "outside\n"


def test_a_task_made_in_an_empty_context_is_its_creators() -> None:
    async def prints() -> None:
        print("in an own context")
        assert asyncio.current_task() in asyncio.all_tasks()

    async def main() -> None:
        await contextvars.Context().run(asyncio.create_task, prints())
        await asyncio.create_task(prints(), context=contextvars.Context())

    seen = observe(main)
    assert [event.parent for event in seen.of(TaskCreated)] == [None, 1, 1]
    assert [event.task for event in seen.of(Output)] == [2, 3]
    assert seen.ending.outcome == "done"


def test_a_context_that_the_program_brings_along_stays_as_it_is() -> None:
    async def nothing() -> None: ...

    async def main() -> int:
        own = contextvars.Context()
        await asyncio.create_task(nothing(), context=own)
        asyncio.get_running_loop().call_soon(lambda: None, context=own)
        await asyncio.sleep(0)
        return len(own)

    assert observe(main).ending.value == 0


def test_a_callback_in_an_empty_context_is_the_labs() -> None:
    async def main() -> int:
        found: list[int] = []
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: found.append(len(asyncio.all_tasks())), context=contextvars.Context())
        await asyncio.sleep(0)
        return found[0]

    assert observe(main).ending.value == 1


@pytest.mark.usefixtures("without_collector")
def test_a_failed_task_is_freed_as_soon_as_nobody_holds_it() -> None:
    async def fails() -> None:
        raise ValueError("on purpose")

    async def main() -> str:
        task = asyncio.create_task(fails())
        reference = weakref.ref(task)
        with pytest.raises(ValueError, match="on purpose"):
            await task
        del task
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return "freed" if reference() is None else "kept"

    assert observe(main).ending.value == "freed"


@pytest.mark.usefixtures("without_collector")
def test_an_exception_that_nobody_retrieves_is_complained_of_at_once() -> None:
    async def fails() -> None:
        raise ValueError("on purpose")

    async def main() -> list[str]:
        told: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["message"]))
        asyncio.create_task(fails())  # noqa: RUF006 - that nobody keeps it is the point
        for _ in range(3):
            await asyncio.sleep(0)
        return told

    assert observe(main).ending.value == ["Task exception was never retrieved"]


def test_a_task_wakes_that_awaits_what_only_looks_like_a_future() -> None:
    async def waits(duck: Duck) -> Any:
        return await duck

    async def main() -> Any:
        duck = Duck()
        asyncio.get_running_loop().call_later(1, duck.answer, "quack")
        return await asyncio.create_task(waits(duck))

    seen = observe(main)
    assert seen.ending.value == "quack"
    assert [event.detail for event in seen.of(TaskEnded)] == ["'quack'", "'quack'"]
