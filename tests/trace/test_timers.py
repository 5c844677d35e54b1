"""Tests when the timers of a lab fire, and in which order: as with asyncio."""

import asyncio
import contextlib
import functools
import logging
import math
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from unittest import mock

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclab.model.events import CallEnded, CallScheduled, TimeoutRescheduled, TimeoutStarted
from tests.fast_loop import FastLoop, run_fast
from tests.raising import raising
from tests.trace.fast_labs import fast_lab, observe

Script = Callable[[], Coroutine[Any, Any, Any]]


def alike(script: Script) -> Any:
    """What a script returns with and without a lab, which has to be the same."""
    plain = run_fast(script())
    assert observe(script).ending.value == plain
    return plain


@given(delays=st.lists(st.sampled_from([0.0, 1.0, 1.5, 2.0, 2.5]), max_size=40))
def test_the_order_is_the_same_whatever_the_deadlines(delays: Sequence[float]) -> None:
    async def script() -> list[int]:
        loop, fired = asyncio.get_running_loop(), list[int]()
        begun = loop.time()
        for number, delay in enumerate(delays):
            loop.call_at(begun + delay, fired.append, number)
            if number % 5 == 4:
                await asyncio.sleep(0.5)
        await asyncio.sleep(5)
        return fired

    alike(script)


def test_what_a_callback_schedules_comes_after_the_timers_that_are_due() -> None:
    async def script() -> list[str]:
        loop, told = asyncio.get_running_loop(), list[str]()
        when = loop.time() + 1

        def first() -> None:
            told.append("first")
            loop.call_soon(told.append, "scheduled")
            loop.call_at(loop.time() - 5, told.append, "overdue")

        loop.call_at(when, first)
        loop.call_at(when + 1e-12, told.append, "second")
        await asyncio.sleep(2)
        return told

    alike(script)


def test_a_timer_that_is_due_can_be_cancelled_by_one_before_it() -> None:
    async def script() -> list[str]:
        loop, told = asyncio.get_running_loop(), list[str]()
        handles: list[asyncio.TimerHandle] = []
        loop.call_later(1, lambda: handles[0].cancel())
        handles.append(loop.call_later(1 + 1e-12, told.append, "never"))
        loop.call_later(2, told.append, "last")
        await asyncio.sleep(3)
        return told

    assert alike(script) == ["last"]
    seen = observe(script)
    assert len(seen.of(CallScheduled)) == len(seen.of(CallEnded)) == 3


def run_on(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any]) -> None:
    """Drive a loop as asyncio.run does, and once more after an interrupt."""
    task = loop.create_task(coroutine)
    try:
        loop.run_until_complete(task)
    except KeyboardInterrupt:
        loop.run_until_complete(asyncio.sleep(100))
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)


@pytest.mark.parametrize("in_a_lab", [False, True])
def test_an_interrupt_in_a_timer_loses_no_other(in_a_lab: bool) -> None:
    fired: list[str] = []

    async def script() -> None:
        loop = asyncio.get_running_loop()
        when = loop.time() + 1
        loop.call_at(when, raising(KeyboardInterrupt()))
        for name in ("one", "two", "three"):
            loop.call_at(when, fired.append, name)
        loop.call_at(when + 5, fired.append, "later")
        await asyncio.sleep(1_000)

    async def main() -> None:
        async with fast_lab() as lab:
            ending = await lab.run(script)
            assert isinstance(ending.exception, KeyboardInterrupt)

    with contextlib.closing(FastLoop()) as loop:
        run_on(loop, main() if in_a_lab else script())
    assert fired == ["two", "one", "three", "later"]


def test_a_slow_timer_is_named_in_debug_mode(caplog: pytest.LogCaptureFixture) -> None:
    async def script() -> None:
        loop: Any = asyncio.get_running_loop()
        loop.set_debug(True)
        loop.slow_callback_duration = -1.0
        loop.call_later(1, sys.getswitchinterval)
        await asyncio.sleep(2)

    def told() -> list[str]:
        texts = [record.getMessage().split(" took")[0].split(" created")[0] for record in caplog.records]
        caplog.clear()
        return [text.split(" when=")[0] for text in texts if "getswitchinterval" in text]

    with caplog.at_level(logging.WARNING, "asyncio"):
        run_fast(script())
        plain = told()
        observe(script)
    assert told() == plain != []


@pytest.mark.parametrize("where", ["loop", "class"])
def test_timers_on_a_time_of_the_programs_own_fire_on_that(where: str) -> None:
    async def script() -> list[tuple[float, float]]:
        loop: Any = asyncio.get_running_loop()
        now, told = [0.0], list[tuple[float, float]]()

        def select(original: Callable[[float], Any], timeout: float | None) -> Any:
            now[0] += timeout or 0
            return original(0)

        async def tick(seconds: float) -> None:
            await asyncio.sleep(seconds)
            told.append((seconds, round(loop.time(), 3)))

        owner = loop if where == "loop" else type(loop)
        virtual = functools.partial(lambda *_: now[0]) if where == "loop" else lambda self: now[0]
        with (
            mock.patch.object(loop._selector, "select", functools.partial(select, loop._selector.select)),
            mock.patch.object(owner, "time", virtual),
            contextlib.suppress(TimeoutError),
        ):
            async with asyncio.timeout(2.5):
                await asyncio.gather(tick(1), tick(2), tick(3))
        return told

    assert alike(script) == [(1, 1.0), (2, 2.0)]


def test_an_instant_lab_skips_no_time_while_a_timer_runs_on_the_programs_own() -> None:
    async def script() -> str:
        loop: Any = asyncio.get_running_loop()
        future: asyncio.Future[str] = loop.create_future()
        with mock.patch.object(loop, "time", functools.partial(getattr, loop.jumps, "now")):
            loop.call_later(1, future.set_result, "from the loop's heap")
        return await asyncio.wait_for(future, 3_600)

    assert observe(script, instant=True).ending.value == "from the loop's heap"


class OwnFloat(float):
    """A number whose conversions run code of the program's."""

    def __float__(self) -> float:
        raise SystemExit("asked")


def test_a_deadline_is_read_without_running_its_own_code() -> None:
    async def script() -> str:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[str] = loop.create_future()
        loop.call_at(OwnFloat(loop.time() + 1), future.set_result, "fired")
        return await future

    assert alike(script) == "fired"


def test_a_timer_on_a_closed_loop_is_refused() -> None:
    async def script() -> str:
        loop: Any = asyncio.get_running_loop()
        with mock.patch.object(loop, "_closed", True):
            try:
                loop.call_later(1, print)
            except RuntimeError as error:
                return str(error)
        return "not refused"

    assert alike(script) == "Event loop is closed"


async def test_what_is_still_to_come_when_a_lab_ends_comes_with_the_rest_of_its_delay() -> None:
    fired: list[str] = []

    async def script() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(5, fired.append, "five")
        loop.call_later(3, fired.append, "three")
        cancelled.append(loop.call_later(4, fired.append, "four"))
        await asyncio.sleep(1)

    cancelled: list[asyncio.TimerHandle] = []

    loop: Any = asyncio.get_running_loop()
    async with fast_lab(speed=0.5) as lab:
        await lab.run(script)
    cancelled[0].cancel()
    assert cancelled[0].when() == pytest.approx(loop.time() + 3)
    assert loop._timer_cancelled_count >= 1
    await asyncio.sleep(2.5)
    assert fired == ["three"]
    await asyncio.sleep(2)
    assert fired == ["three", "five"]


class OwnTimers(FastLoop):
    """Keeps its timers under handles of its own."""

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        return super().call_at(when, lambda: callback(*args), context=context)


def test_a_loop_with_its_own_way_to_set_timers_keeps_it() -> None:
    async def script() -> list[int]:
        loop, fired = asyncio.get_running_loop(), list[int]()
        for delay in (3, 1, 2):
            loop.call_later(float(delay), fired.append, delay)
        loop.call_later(1.5, fired.append, 0).cancel()
        await asyncio.sleep(2.5)
        return fired

    async def main() -> Any:
        async with fast_lab() as lab:
            ending = await lab.run(script)
        await asyncio.sleep(10)
        return ending.value

    with asyncio.Runner(loop_factory=OwnTimers) as runner:
        assert runner.run(main()) == [1, 2, 3]


def test_deadlines_that_never_come_are_none_and_can_be_read_back() -> None:
    async def script() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(math.inf, print)
        async with asyncio.timeout(math.inf) as timeout:
            timeout.reschedule(math.inf)
            sleeping = asyncio.create_task(asyncio.sleep(math.inf))
            await asyncio.sleep(1)
            sleeping.cancel()

    seen = observe(script)
    assert [event.deadline for event in seen.of(CallScheduled)] == [None]
    assert [event.deadline for event in seen.of(TimeoutStarted)] == [None]
    assert [event.deadline for event in seen.of(TimeoutRescheduled)] == [None]
    for event in seen.events:
        assert type(msgspec.json.decode(msgspec.json.encode(event), type=type(event))) is type(event)
        assert b"null" not in msgspec.json.encode(event).replace(b'"deadline":null', b"")


def test_a_failing_hook_leaves_the_timers_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise SystemExit("in a hook")

    for name in ("armed", "expired", "met"):
        monkeypatch.setattr(f"asynclab.trace.watching.timeouts.Timeouts.{name}", fails)
    monkeypatch.setattr("asynclab.trace.recording.code_ownership.UserCode.package_of", fails)

    async def script() -> list[str]:
        loop, told = asyncio.get_running_loop(), list[str]()
        loop.call_later(1, told.append, "call")
        loop.call_later(1, told.append, "never").cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await asyncio.sleep(5)
        async with asyncio.timeout(2):
            await asyncio.sleep(1)
            told.append("met")
        return told

    assert alike(script) == ["call", "met"]


def test_no_event_is_lost_where_printing_is_due(capsys: pytest.CaptureFixture[str]) -> None:
    async def script() -> None:
        asyncio.get_running_loop().call_later(1, print, "printed by a timer")
        await asyncio.sleep(2)

    seen = observe(script)
    assert "printed by a timer" in str(seen.texts())
    assert capsys.readouterr().out == ""
