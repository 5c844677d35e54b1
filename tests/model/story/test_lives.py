"""Tests that the stories of real tasks are true. Their sentences are in a golden file."""

import asyncio
import gc
import re
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from asynclab import progress
from tests.golden_files import Golden
from tests.model.story.told_lives import line_of, story_of, told
from tests.trace.fast_labs import observe


def start(coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
    return asyncio.create_task(coroutine, name=name)


async def nap(seconds: float, result: object = None) -> object:
    await asyncio.sleep(seconds)
    return result


async def sleepers() -> None:
    start(nap(2), "coffee")
    await start(nap(1, "tea"), "tea")


async def gathers() -> None:
    await asyncio.gather(start(nap(1), "a"), start(nap(2), "b"))


async def produces_and_consumes() -> None:
    async def produce(queue: asyncio.Queue[str]) -> None:
        await queue.put("A1")
        await queue.put("A2")

    async def consume(queue: asyncio.Queue[str]) -> None:
        await asyncio.sleep(0.5)
        for _ in range(2):
            await queue.get()
            queue.task_done()

    queue = asyncio.Queue[str](1)
    tasks = (start(produce(queue), "producer"), start(consume(queue), "consumer"))
    await asyncio.wait(tasks)


async def joins_a_queue() -> None:
    async def work(queue: asyncio.Queue[str]) -> None:
        for _ in range(2):
            queue.get_nowait()
            await asyncio.sleep(1)
            queue.task_done()

    queue = asyncio.Queue[str]()
    for item in "ab":
        queue.put_nowait(item)
    start(work(queue), "worker")
    await queue.join()


async def locks_and_others() -> None:
    lock, event, semaphore, barrier = asyncio.Lock(), asyncio.Event(), asyncio.Semaphore(1), asyncio.Barrier(2)

    async def first() -> None:
        async with lock, semaphore:
            await asyncio.sleep(1)
        await asyncio.sleep(1)
        event.set()
        await asyncio.sleep(1)
        await barrier.wait()

    async def second() -> None:
        await lock.acquire()
        await event.wait()
        await barrier.wait()

    async def third() -> None:
        await asyncio.sleep(0.5)
        await semaphore.acquire()

    await asyncio.gather(start(first(), "first"), start(second(), "second"), start(third(), "third"))


async def timeouts() -> None:
    try:
        async with asyncio.timeout(2):
            await asyncio.sleep(5)
    except TimeoutError:
        print("late")
    async with asyncio.timeout(2):
        await asyncio.sleep(0.5)


async def waits_for_too_long() -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(start(nap(5), "work"), 2)


async def cleans_up() -> None:
    try:
        await asyncio.sleep(5)
    finally:
        print("cleaning")
        await asyncio.sleep(0.3)


async def refuses() -> str:
    try:
        await asyncio.sleep(5)
    except asyncio.CancelledError:
        await asyncio.sleep(1)
    return "no"


async def cancels() -> None:
    tasks = [start(cleans_up(), "tidy"), start(refuses(), "stubborn")]
    early = start(nap(1), "early")
    early.cancel()
    await asyncio.sleep(0.5)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def leaves_a_task() -> None:
    start(cleans_up(), "left")
    await asyncio.sleep(0)


async def fails_in_a_group() -> None:
    async def fail(error: Exception) -> None:
        await asyncio.sleep(1)
        raise error from KeyError("why")

    async with asyncio.TaskGroup() as group:
        group.create_task(fail(ValueError("boom")), name="boom")
        group.create_task(nap(5), name="sibling")


async def yields() -> None:
    start(nap(0), "other")
    await asyncio.sleep(0)


async def reports() -> None:
    print("one\ntwo")
    progress(3, 5)
    await asyncio.sleep(1)


async def forgets() -> None:
    async def fail() -> None:
        raise ValueError("boom")

    async def forever() -> None:
        await asyncio.get_running_loop().create_future()

    nap(1)  # type: ignore[unused-coroutine]
    start(fail(), "unheard")
    start(forever(), "forgotten")
    await asyncio.sleep(1)
    gc.collect()


LIVES: dict[Callable[[], Coroutine[Any, Any, None]], list[str]] = {
    sleepers: ["tea"],
    gathers: ["gathers", "b"],
    produces_and_consumes: ["producer", "consumer"],
    joins_a_queue: ["joins_a_queue"],
    locks_and_others: ["first", "second", "third"],
    timeouts: ["timeouts"],
    cancels: ["tidy", "stubborn", "early", "cancels"],
    leaves_a_task: ["left"],
    fails_in_a_group: ["boom", "sibling"],
    yields: ["yields"],
    reports: ["reports"],
    forgets: ["forgets", "unheard", "forgotten"],
}
"""What is run, and whose stories are told."""


def stories() -> Iterator[tuple[str, list[str]]]:
    """Each story in lines, without the numbers of lines in this file."""
    for main, names in LIVES.items():
        seen = observe(main)
        for name in names:
            text = re.sub(r"\bline \d+", "line N", story_of(seen, name).text())
            yield f"{main.__name__}: {name}", [line for line in text.splitlines() if line]


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_lives(golden: Golden) -> None:
    golden.check_passages("lives", stories())


def test_lines_of_code_are_those_where_the_task_was_created_and_waited() -> None:
    created, _, slept, _ = told(story_of(observe(sleepers), "tea"))
    assert f"test_lives.py line {line_of(start, 'create_task')})" in created
    assert f"(line {line_of(nap, 'sleep')})" in slept


def test_an_exception_is_drawn_as_a_tree() -> None:
    seen = observe(fails_in_a_group)
    story = story_of(seen, "fails_in_a_group")
    assert [line.text for line in story.paragraphs[2] if line.is_drawn] == [*seen.task("fails_in_a_group").tree]
    assert "ExceptionGroup" in story.paragraphs[2][0].text


@pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks start eagerly from Python 3.12 on")
def test_an_eager_task_says_that_it_ran_at_once() -> None:
    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined]
        await start(nap(1), "eager")

    assert "eagerly" in told(story_of(observe(main), "eager"))[1]


def test_a_task_that_wait_for_cancels_says_whose_timeout_it_was() -> None:
    slept, ended = told(story_of(observe(waits_for_too_long), "work"))[2:]
    assert slept.endswith("; at 2.000 s it was cancelled because waits_for_too_long's timeout of 2.00 s had expired.")
    assert ended.startswith("Cancelled at once")


def test_a_wait_for_a_thread_was_ended_from_outside() -> None:
    async def main() -> None:
        goes_on = threading.Event()  # since 3.14 nobody waits for a call that has ended by then
        asyncio.get_running_loop().call_soon(goes_on.set)
        await asyncio.to_thread(goes_on.wait)

    waited = told(story_of(observe(main), "main"))[2]
    assert " for a thread " in waited
    assert "I/O, a thread or another callback woke it" in waited
