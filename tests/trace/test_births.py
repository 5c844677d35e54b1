"""Tests the line that created a task: the user's line, however many functions of asyncio are between."""

import asyncio
import inspect
from asyncio import Task
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

import pytest

from asynclab.model.events import TaskCreated
from tests.trace.fast_labs import observe

Way = Callable[[Coroutine[Any, Any, None]], Awaitable[object]]


async def newborn() -> None: ...


async def in_group(coroutine: Coroutine[Any, Any, None]) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(coroutine)  # here


async def in_callback(coroutine: Coroutine[Any, Any, None]) -> None:
    def create() -> None:
        tasks.append(asyncio.ensure_future(coroutine))  # here

    tasks: list[Task[None]] = []
    asyncio.get_running_loop().call_soon(create)
    await asyncio.sleep(0)
    await tasks[0]


async def in_factory(coroutine: Coroutine[Any, Any, None]) -> None:
    def factory(loop: asyncio.AbstractEventLoop, coroutine: Any, **_: object) -> Task[Any]:
        return Task(coroutine, loop=loop)  # here

    loop = asyncio.get_running_loop()
    loop.set_task_factory(factory)
    task = loop.create_task(coroutine)
    loop.set_task_factory(None)
    await task


async def made(way: Way) -> None:
    await way(newborn())  # here


def birth(way: Way) -> TaskCreated:
    events = observe(partial(made, way)).events
    (found,) = (event for event in events if isinstance(event, TaskCreated) and event.coroutine == "newborn")
    return found


def line_marked_in(function: Callable[..., object]) -> int:
    lines, first = inspect.getsourcelines(function)
    (at,) = (index for index, line in enumerate(lines) if line.endswith("# here\n"))
    return first + at


@pytest.mark.parametrize("way", [asyncio.create_task, asyncio.ensure_future, asyncio.gather, asyncio.shield, Task])
def test_a_task_is_made_where_the_user_asks_for_it(way: Way) -> None:
    found = birth(way)
    assert (found.file, found.line, found.parent) == (__file__, line_marked_in(made), 1)


@pytest.mark.parametrize("way", [in_group, in_callback, in_factory])
def test_a_task_is_made_at_the_innermost_line_of_the_user(way: Way) -> None:
    found = birth(way)
    assert (found.file, found.line, found.internal) == (__file__, line_marked_in(way), False)


def test_a_task_that_the_loop_makes_to_close_a_generator_has_the_place_where_that_was_left() -> None:
    async def leaves_a_generator() -> None:
        async def generate() -> Any:
            yield 1  # here

        async for _ in generate():
            break
        await asyncio.sleep(0)

    line = line_marked_in(leaves_a_generator)
    events = observe(leaves_a_generator).events
    closing = [event for event in events if isinstance(event, TaskCreated)][1:]
    assert [(event.file, event.line, event.internal) for event in closing] == [(__file__, line, True)]
    assert closing[0].coroutine.endswith("generate.aclose")


class Mimic(Coroutine[Any, Any, None]):
    """Behaves as a coroutine, and says when it is asked for a name."""

    asked = 0

    def send(self, value: object) -> None:
        raise StopIteration

    def throw(self, *args: object) -> None:
        raise StopIteration

    def __await__(self) -> Any:
        yield from ()

    def close(self) -> None: ...

    def __getattr__(self, name: str) -> Any:
        if name == "__qualname__":
            Mimic.asked += 1
            raise SystemExit
        raise AttributeError(name)


def test_what_only_behaves_as_a_coroutine_is_called_by_its_type_and_asked_for_nothing() -> None:
    async def main() -> None:
        await asyncio.create_task(Mimic())

    events = observe(main).events
    assert [event.coroutine for event in events if isinstance(event, TaskCreated)][1] == "Mimic"
    assert Mimic.asked == 0
