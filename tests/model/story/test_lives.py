"""The stories of tasks that really ran: true to what happened, and in good English."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Coroutine
from typing import Any

import pytest

from asynclab import progress
from tests.model.story.lives import line_of, story_of, told
from tests.trace.labs import observe


def start(coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
    return asyncio.create_task(coroutine, name=name)


async def nap(seconds: float, result: object = None) -> object:
    await asyncio.sleep(seconds)
    return result


def test_a_sleeper_s_life_is_told_from_its_creation_to_what_it_returned() -> None:
    async def main() -> None:
        start(nap(2), "coffee")
        await start(nap(1, "tea"), "tea")

    seen = observe(main)
    assert told(story_of(seen, "tea")) == [
        f"Created by main in test_lives.py line {line_of(start, 'create_task')}, to run nap().",
        "First ran 0.00 ms later, after main's step and behind coffee.",
        f"Slept 1.000 s (line {line_of(nap, 'sleep')}); its timer woke it.",
        "Returned 'tea'. That woke main.",
    ]
    assert story_of(seen, "tea").headline == "tea ran nap() to its end in 1.000 s."


def test_a_gather_names_what_it_waits_for_and_whose_end_woke_it() -> None:
    async def main() -> None:
        await asyncio.gather(start(nap(1), "a"), start(nap(2), "b"))

    seen = observe(main)
    created, ran, waited, returned = told(story_of(seen, "main"))
    assert (created, ran, returned) == (
        "Created with the run, to run main().",
        "First ran 0.00 ms later. Then it created a and b.",
        "Returned None.",
    )
    assert waited == f"Waited 2.000 s for a gather of 2 (a, b) (line {line_of(main, 'gather')}); b ended and woke it."
    assert told(story_of(seen, "b"))[-1] == "Returned None. That woke main."


def test_a_full_and_an_empty_queue_say_whose_put_or_get_woke_the_other() -> None:
    async def produce(queue: asyncio.Queue[str]) -> None:
        await queue.put("A1")
        await queue.put("A2")

    async def consume(queue: asyncio.Queue[str]) -> None:
        await asyncio.sleep(0.5)
        for _ in range(2):
            await queue.get()
            queue.task_done()

    async def main() -> None:
        queue = asyncio.Queue[str](1)
        tasks = (
            start(produce(queue), "producer"),
            start(consume(queue), "consumer"),
        )
        await asyncio.wait(tasks)

    seen = observe(main)
    assert told(story_of(seen, "producer"))[2] == (
        f"Waited 0.500 s to put into queue#1, which was full (line {line_of(produce, 'A2')}); "
        "consumer took 'A1' out and woke it. Then it put 'A2' into queue#1 and woke consumer."
    )
    assert told(story_of(seen, "consumer"))[3] == (
        f"Waited 0.00 ms to get from queue#1, which was empty (line {line_of(consume, 'get')}); "
        "producer put 'A2' there and woke it. "
        "Then it got 'A2' from queue#1 and called task_done() on queue#1."
    )


def test_joining_a_queue_says_who_did_its_last_item() -> None:
    async def work(queue: asyncio.Queue[str]) -> None:
        for _ in range(2):
            queue.get_nowait()
            await asyncio.sleep(1)
            queue.task_done()

    async def main() -> None:
        queue = asyncio.Queue[str]()
        for item in "ab":
            queue.put_nowait(item)
        start(work(queue), "worker")
        await queue.join()

    assert told(story_of(observe(main), "main"))[2] == (
        f"Waited 2.000 s for every item of queue#1 to be done (line {line_of(main, 'join')}); "
        "worker did the last of them and woke it."
    )


def test_locks_and_their_kin_say_who_let_the_task_go_on() -> None:
    async def main() -> None:
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

    seen = observe(main)
    _, _, locked, waited_for_event, at_barrier, _ = told(story_of(seen, "second"))
    assert "lock#1, held by first" in locked
    assert "first released it and woke it" in locked
    assert locked.endswith("Then it took lock#1.")
    assert "for event#1 to be set" in waited_for_event
    assert "first set it and woke it" in waited_for_event
    assert "first came as well and woke it." in at_barrier
    permit = told(story_of(seen, "third"))[3]
    assert "Waited 0.500 s for a permit of semaphore#1" in permit
    assert "first gave one back and woke it" in permit
    assert "took lock#1 and took a permit of semaphore#1" in told(story_of(seen, "first"))[1]


def test_a_timeout_that_expires_is_told_and_so_is_one_that_is_met() -> None:
    async def main() -> None:
        try:
            async with asyncio.timeout(2):
                await asyncio.sleep(5)
        except TimeoutError:
            print("late")
        async with asyncio.timeout(2):
            await asyncio.sleep(0.5)

    seen = observe(main)
    _, ran, expired, met, _ = told(story_of(seen, "main"))
    assert ran == "First ran 0.00 ms later. Then it set a timeout of 2.00 s."
    assert expired.startswith("Slept 2.000 s of 5.00 s (line ")
    assert expired.endswith(
        "; its timeout of 2.00 s expired at 2.000 s and interrupted that. "
        "Then it printed “late” and set a timeout of 2.00 s."
    )
    assert met.endswith("Then it was done within its timeout of 2.00 s with 1.500 s to spare.")


def test_a_task_that_wait_for_cancels_says_whose_timeout_it_was() -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(start(nap(5), "work"), 2)

    slept, ended = told(story_of(observe(main), "work"))[2:]
    assert slept.startswith("Slept 2.000 s of 5.00 s")
    assert slept.endswith("; at 2.000 s main, whose timeout of 2.00 s had expired, asked it to stop.")
    assert ended.startswith("Ended cancelled at once: it awaited nothing to clean up.")


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
    await asyncio.wait(tasks)


def test_a_cancelled_task_says_who_asked_and_how_long_its_clean_up_took() -> None:
    seen = observe(cancels)
    assert told(story_of(seen, "tidy"))[2:] == [
        f"Slept 0.500 s of 5.00 s (line {line_of(cleans_up, 'sleep(5)')}); "
        "at 0.500 s cancels asked it to stop, with cancel(). Then it printed “cleaning”.",
        f"Slept 0.300 s (line {line_of(cleans_up, 'sleep(0.3)')}); its timer woke it.",
        "Ended cancelled: its clean-up took 0.300 s, from when it was asked.",
    ]
    assert "Then it asked tidy and stubborn to stop." in told(story_of(seen, "cancels"))[2]


def test_a_task_that_does_not_let_itself_be_cancelled_says_so() -> None:
    ended = told(story_of(observe(cancels), "stubborn"))[-1]
    assert ended == "Returned 'no', although it had been asked to stop 1.000 s before. That woke cancels."


def test_a_task_that_was_cancelled_before_it_began_says_that_its_code_never_ran() -> None:
    assert told(story_of(observe(cancels), "early"))[-1] == (
        "Ended cancelled in its first step. A task that is cancelled before that never runs a line of its code."
    )


def test_a_task_that_was_left_behind_says_that_the_lab_stopped_it() -> None:
    async def main() -> None:
        start(cleans_up(), "left")
        await asyncio.sleep(0)

    *_, slept, _, ended, leaked = told(story_of(observe(main), "left"))
    assert "the lab asked it to stop, as main had ended" in slept
    assert ended.startswith("Ended cancelled: its clean-up took 0.300 s")
    assert leaked == "It was still pending when main ended."


def test_a_failing_task_group_shows_its_exceptions_as_a_tree_and_who_had_failed() -> None:
    async def fail(error: Exception) -> None:
        await asyncio.sleep(1)
        raise error from KeyError("why")

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail(ValueError("boom")), name="boom")
            group.create_task(nap(5), name="sibling")

    seen = observe(main)
    story = story_of(seen, "main")
    ending = story.paragraphs[2]
    assert [(line.text, line.is_drawn) for line in ending[1:]] == [
        ("└ ValueError: boom", True),
        ("  └ caused by KeyError: 'why'", True),
    ]
    assert ending[0].text.startswith("Raised ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)")
    assert seen.task("main").tree == ("└ ValueError: boom", "  └ caused by KeyError: 'why'")
    assert told(story_of(seen, "boom"))[-2:] == ["Raised ValueError: boom.", "└ caused by KeyError: 'why'"]
    assert "; at 1.000 s it was asked to stop when boom had failed." in told(story_of(seen, "sibling"))[2]


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_complaints_are_told_whether_the_task_has_ended_or_not() -> None:
    async def fail() -> None:
        raise ValueError("boom")

    async def forever() -> None:
        await asyncio.get_running_loop().create_future()

    async def main() -> None:
        nap(1)  # type: ignore[unused-coroutine]
        start(fail(), "unheard")
        start(forever(), "forgotten")
        await asyncio.sleep(1)
        gc.collect()

    seen = observe(main)
    assert told(story_of(seen, "main"))[1] == (
        "First ran 0.00 ms later. "
        "Then it made Python complain: “coroutine 'nap' was never awaited” and created unheard and forgotten."
    )
    assert told(story_of(seen, "unheard"))[-2:] == [
        "Raised ValueError: boom.",
        "Python complained: Task exception was never retrieved: ValueError: boom.",
    ]
    assert told(story_of(seen, "forgotten"))[-2:] == [
        "Was garbage-collected while it was pending: nothing referred to it.",
        "Python complained: Task was destroyed but it is pending!",
    ]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks start eagerly from Python 3.12 on")
def test_an_eager_task_says_that_it_ran_at_once() -> None:
    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined]
        await start(nap(1), "eager")

    told_of_it = told(story_of(observe(main), "eager"))
    assert told_of_it[1] == "Ran at once, within the step of main: it was started eagerly."


def test_a_task_that_lets_others_go_first_says_behind_whom_it_ran() -> None:
    async def main() -> None:
        start(nap(0), "other")
        await asyncio.sleep(0)

    assert told(story_of(observe(main), "main"))[2] == (
        "Gave up its turn, as sleep(0) does: it was ready again at once and ran 0.00 ms later, behind other."
    )


def test_the_totals_count_steps_times_and_printed_lines() -> None:
    async def main() -> None:
        print("one\ntwo")
        progress(3, 5)
        await asyncio.sleep(1)

    *_, reported, total = [line.text for line in story_of(observe(main), "main").paragraphs[-1]]
    assert reported == "It last reported its progress at 0.000 s: 3 of 5."
    assert total == "In all: 2 steps, 0.00 ms of running, 0.00 ms ready and 1.000 s waiting; 2 lines printed."


def test_a_wait_for_a_thread_was_ended_from_outside() -> None:
    async def main() -> None:
        goes_on = threading.Event()  # since 3.14 nobody waits for a call that has ended by then
        asyncio.get_running_loop().call_soon(goes_on.set)
        await asyncio.to_thread(goes_on.wait)

    waited = told(story_of(observe(main), "main"))[2]
    assert " for a thread " in waited
    assert "I/O, a thread or another callback woke it" in waited
