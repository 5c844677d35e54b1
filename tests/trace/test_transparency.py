"""Tests that programs print and end the same with and without a lab, although they try to find out."""

import asyncio
import contextlib
import io
import sys
import threading
from typing import Any

import pytest

from asynclab.model.events import Event, Output
from asynclab.trace import Lab
from tests.fast_loop import FastLoop, run_fast
from tests.trace import hard_complaints, hard_corners, hard_endings
from tests.trace.hard_scripts import PROGRAMS, Program
from tests.trace.odd_scripts import SCRIPTS

__all__ = ["hard_complaints", "hard_corners", "hard_endings"]


def told(end: object) -> tuple[str, ...]:
    """How a program ended, without asking its objects for anything."""
    return (type(end).__name__, *map(str, end.args)) if isinstance(end, BaseException) else (repr(end),)


def plainly(program: Program) -> tuple[str, tuple[str, ...]]:
    """What a program prints, and how it ends, without a lab."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            end = told(run_fast(program()))
        except BaseException as error:
            end = told(error)
    return printed.getvalue(), end


def in_a_lab(program: Program) -> tuple[str, tuple[str, ...]]:
    """The same inside a lab that is started when the loop's time is not 0, as the lab's own is."""
    events: list[Event] = []

    async def main() -> tuple[str, ...]:
        await asyncio.sleep(5)
        async with Lab(real_time=asyncio.get_running_loop().time, exact=True, watch=False) as lab:
            lab.subscribe(events.extend)
            ending = await lab.run(program)
            return told(ending.exception or ending.value)

    try:
        end = run_fast(main())
    except BaseException as error:
        end = told(error)
    return "".join(event.text for event in events if isinstance(event, Output) and event.stream == "stdout"), end


@pytest.mark.timeout(20)
@pytest.mark.parametrize("program", [*SCRIPTS, *PROGRAMS], ids=lambda program: program.__name__)
def test_a_lab_changes_nothing(program: Program) -> None:
    expected = plainly(program)
    assert expected[0]
    assert in_a_lab(program) == expected


def test_there_are_enough_programs() -> None:
    assert len(SCRIPTS) >= 37
    assert len(PROGRAMS) >= 62


def snapshot() -> dict[str, Any]:
    """All that a lab may replace while it runs."""
    import warnings
    from asyncio.base_subprocess import BaseSubprocessTransport
    from concurrent.futures.thread import _WorkItem

    owners = (
        asyncio,
        asyncio.events,
        asyncio.tasks,
        threading,
        asyncio.Queue,
        asyncio.Lock,
        asyncio.Semaphore,
        asyncio.Event,
        asyncio.Condition,
    )
    owners += (asyncio.Barrier, BaseSubprocessTransport, _WorkItem, asyncio.BaseEventLoop, FastLoop)  # type: ignore[assignment]
    for name in [*vars(BaseSubprocessTransport)]:
        getattr(BaseSubprocessTransport, name)  # what stands in for a method may be made once that is used
    found = {f"{owner.__name__}.{name}": value for owner in owners for name, value in vars(owner).items()}
    found |= {"stdout": sys.stdout, "stderr": sys.stderr, "hooks": sys.get_asyncgen_hooks()}
    return found | {"warn": warnings._warn_unawaited_coroutine}  # type: ignore[attr-defined]


async def fails() -> None:
    raise ValueError("on purpose")


async def sleeps() -> None:
    await asyncio.sleep(10)


async def test_everything_is_as_it_was_after_labs_that_overlap_and_fail() -> None:
    loop = asyncio.get_running_loop()
    before, loop_before = snapshot(), dict(vars(loop))
    first, second, third = Lab(real_time=loop.time), Lab(instant=True), Lab(real_time=loop.time)
    first.start(sleeps)
    await second.run(fails)
    assert snapshot() != before
    third.start(sleeps)
    await first.close()
    with pytest.raises(TypeError):
        Lab().start(sleeps, "one argument too many")
    await third.close()
    assert {k: v for k, v in snapshot().items() if v is not before.get(k) and v != before.get(k)} == {}
    after = dict(vars(loop))
    changing = {"_ready", "_scheduled", "_timer_cancelled_count", "_selector", "_csock", "_ssock", "jumps"}
    assert {k for k, v in after.items() if k not in changing and v is not loop_before.get(k)} == set()
    assert after.keys() == loop_before.keys()


def test_the_rest_of_the_loop_is_not_observed() -> None:
    async def bystander() -> None:
        queue: asyncio.Queue[int] = asyncio.Queue()
        for number in range(3):
            await queue.put(number)
            await asyncio.sleep(1)
            print("bystander")

    async def main() -> Lab:
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(bystander())
        async with Lab(real_time=loop.time, watch=False) as lab:
            await lab.run(asyncio.sleep, 5)
        await task
        return lab

    with contextlib.redirect_stdout(io.StringIO()) as printed:
        lab = run_fast(main())
    assert printed.getvalue() == "bystander\n" * 3
    assert len(lab.state.tasks) == 1
    assert not lab.state.queues


def test_a_loop_that_starts_tasks_eagerly_starts_them_lazily_in_a_lab() -> None:
    factory = getattr(asyncio, "eager_task_factory", None)
    if factory is None:
        pytest.skip("there are no eager tasks before Python 3.12")

    async def says(text: str) -> None:
        print(text)

    async def script() -> None:
        loop = asyncio.get_running_loop()
        assert loop.get_task_factory() is None
        task = asyncio.create_task(says("child"))
        print("after")
        await task

    async def main() -> list[str]:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(factory)
        async with Lab(real_time=loop.time) as lab:
            await lab.run(script)
            assert loop.get_task_factory() is factory
            return [line.text for line in lab.state.activity if line.kind == "printed"]

    with asyncio.Runner(loop_factory=FastLoop) as runner:
        lines = runner.run(main())
    assert ["after" in line for line in lines] == [True, False]
