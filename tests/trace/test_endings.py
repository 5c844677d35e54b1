"""Tests how runs end: as under asyncio.run(), with the same exceptions and the same reports."""

import asyncio
import contextlib
import gc
import threading
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from asynclab.model.events import RunEnded, TaskCancelRequested, Warned
from asynclab.trace import Ending, Lab
from tests.fast_loop import FastLoop, run_fast
from tests.raising import raising
from tests.trace.fast_labs import fast_lab, observe
from tests.trace.test_transparency import snapshot

Script = Callable[[list[Any]], Coroutine[Any, Any, Any]]


def plainly(script: Script, told: list[Any]) -> BaseException | None:
    """Run a script without a lab; what it raises."""
    try:
        run_fast(script(told))
    except BaseException as error:
        return error
    return None


async def exits(error: BaseException) -> None:
    raise error


def in_a_task(error: BaseException) -> asyncio.Future[Any]:
    return asyncio.create_task(exits(error))


def in_a_callback(error: BaseException) -> asyncio.Future[Any]:
    asyncio.get_running_loop().call_soon(lambda: exits(error).send(None))
    return asyncio.get_running_loop().create_future()


def in_a_timer(error: BaseException) -> asyncio.Future[Any]:
    asyncio.get_running_loop().call_later(1, lambda: exits(error).send(None))
    return asyncio.get_running_loop().create_future()


@pytest.mark.parametrize("where", [in_a_task, in_a_callback, in_a_timer])
def test_a_system_exit_ends_the_run_whatever_main_does(where: Callable[[BaseException], asyncio.Future[Any]]) -> None:
    async def script(told: list[Any]) -> str:
        async def other() -> None:
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError as error:
                told.append(("other", repr(error)))
                raise

        beside = asyncio.create_task(other())
        try:
            await where(SystemExit(3))
        except BaseException as error:
            told.append(("main", repr(error)))
        await asyncio.wait([beside])
        return "main goes on"

    plain: list[Any] = []
    error = plainly(script, plain)
    assert isinstance(error, SystemExit)
    told: list[Any] = []
    seen = observe(script, told)
    assert sorted(told) == sorted(plain)
    assert seen.ending.outcome == "failed"
    assert repr(seen.ending.exception) == repr(error)
    assert seen.of(RunEnded)[0].outcome == "failed"
    assert seen.state.now < 10


def test_a_system_exit_during_the_clean_up_is_how_the_run_ends() -> None:
    async def script(told: list[Any]) -> str:
        async def background() -> None:
            try:
                await asyncio.sleep(100)
            finally:
                raise SystemExit(4)

        told.append(asyncio.create_task(background()))
        await asyncio.sleep(1)
        return "returned"

    assert isinstance(plainly(script, []), SystemExit)
    assert isinstance(observe(script, []).ending.exception, SystemExit)


@pytest.mark.parametrize("where", [in_a_task, in_a_callback, in_a_timer])
def test_an_interrupt_ends_the_run_and_leaves_the_loop(where: Callable[[BaseException], asyncio.Future[Any]]) -> None:
    async def script(told: list[Any]) -> None:
        try:
            await where(KeyboardInterrupt("pressed"))
        except BaseException as error:
            told.append(repr(error))
            raise

    endings: list[Ending | None] = []

    async def main(told: list[Any]) -> None:
        lab = fast_lab()
        try:
            async with lab:
                await lab.run(script, told)
        finally:
            endings.append(lab.ending)

    plain: list[Any] = []
    told: list[Any] = []
    before = snapshot()
    assert isinstance(plainly(script, plain), KeyboardInterrupt)
    assert isinstance(plainly(main, told), KeyboardInterrupt)
    gc.collect()
    assert told == plain
    assert endings
    assert endings[0] is not None
    assert isinstance(endings[0].exception, KeyboardInterrupt)
    assert snapshot() == before


def test_a_loop_that_is_closed_takes_its_labs_along() -> None:
    async def stays() -> None:
        await asyncio.sleep(100)

    labs: list[Lab] = []

    async def main() -> None:
        labs.append(fast_lab())
        labs[0].start(stays)
        labs.append(fast_lab(instant=True))
        labs[1].start(asyncio.Event().wait)
        await asyncio.sleep(0)
        labs[1].pause()

    before, threads = snapshot(), threading.active_count()
    loop = FastLoop()
    loop.run_until_complete(main())
    loop.close()
    assert snapshot() == before
    assert threading.active_count() == threads
    for lab in labs:
        assert not lab.is_running
        assert lab.state.outcome == "cancelled"


def test_a_cancelled_run_keeps_its_message_and_traceback() -> None:
    async def inner() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel("own message")
        await asyncio.sleep(1)

    async def script(told: list[Any]) -> None:
        await inner()

    plain = plainly(script, [])
    error = observe(script, []).ending.exception
    assert repr(error) == repr(plain) == "CancelledError('own message')"
    assert error is not None
    assert [frame.name for frame in traceback.extract_tb(error.__traceback__)] == ["script", "inner", "sleep"]


def reporting_into(told: list[Any]) -> None:
    def handler(_: object, context: dict[str, Any]) -> None:
        kinds = sorted(key for key in context if key != "source_traceback")
        told.append((context["message"].split(" <")[0], repr(context["exception"]), kinds))

    asyncio.get_running_loop().set_exception_handler(handler)


async def leaves_a_task(told: list[Any]) -> None:
    reporting_into(told)

    async def background(text: str) -> None:
        try:
            await asyncio.sleep(10)
        finally:
            raise ValueError(text)

    kept.extend(asyncio.create_task(background(text)) for text in ("one", "two"))
    await asyncio.sleep(0)


async def leaves_a_generator(told: list[Any]) -> None:
    reporting_into(told)

    async def generator() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            raise ValueError("in a generator")

    kept.append(generator())
    await anext(kept[-1])


async def cleans_up_well(told: list[Any]) -> None:
    reporting_into(told)

    async def background() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(10)

    kept.append(asyncio.create_task(background()))
    await asyncio.sleep(0)


kept: list[Any] = []


@pytest.mark.parametrize("script", [leaves_a_task, leaves_a_generator, cleans_up_well])
def test_what_fails_in_cleaning_up_is_reported_to_the_program_and_told(script: Script) -> None:
    plain: list[Any] = []
    plainly(script, plain)
    told: list[Any] = []
    seen = observe(script, told)
    kept.clear()
    gc.collect()
    assert sorted(told) == sorted(plain)
    assert len(seen.of(Warned)) == len(plain)
    assert all("ValueError" in event.text for event in seen.of(Warned))


def test_a_handler_that_exits_during_the_clean_up_does_not_end_the_loop_of_others() -> None:
    async def script() -> None:
        await leaves_a_task([])
        asyncio.get_running_loop().set_exception_handler(raising(SystemExit(5)))

    seen = observe(script)
    kept.clear()
    assert isinstance(seen.ending.exception, SystemExit)


def test_who_stops_the_loop_in_the_last_step_of_main_has_returned() -> None:
    async def script(told: list[Any]) -> str:
        asyncio.get_running_loop().stop()
        return "returned"

    assert plainly(script, []) is None
    assert observe(script, []).ending.value == "returned"


def test_no_task_is_asked_twice_to_end() -> None:
    async def script() -> None:
        async def stubborn() -> None:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(100)
            await asyncio.sleep(1)

        kept.append(asyncio.create_task(stubborn()))
        await asyncio.sleep(1)
        raise SystemExit(6)

    seen = observe(script)
    kept.clear()
    assert seen.ending.unstoppable == ()
    assert [event.task for event in seen.of(TaskCancelRequested)] == [2]
