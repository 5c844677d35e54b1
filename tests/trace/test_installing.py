"""Tests that a lab which can't be installed leaves nothing behind."""

import asyncio
import sys
import threading
from typing import Any
from unittest import mock

import pytest

from asynclab.model.events import Output
from asynclab.trace import Lab
from asynclab.trace.watching.external_waits import ExternalWaits
from tests.fast_loop import FastLoop
from tests.trace.fast_labs import fast_lab
from tests.trace.test_transparency import snapshot

STAGES = [
    "asynclab.trace.patching.install.observe_pool_calls",
    "asynclab.trace.patching.install.observe_warnings",
    "asynclab.trace.patching.install.replace_call_soon",
    "asynclab.trace.patching.install.LoopHooks",
    "asynclab.trace.patching.loop_hooks.LoopHooks.add",
    "asynclab.trace.governing.tracer.Tracer.begin",
    "asynclab.trace.governing.timers.Timers.attach",
    "asynclab.trace.patching.loop_hooks.LoopHooks.patch_create_task",
]


async def two(value: str) -> str:
    return value + value


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("stage", STAGES)
async def test_an_installation_that_fails_halfway_leaves_nothing_behind(stage: str, beside: bool) -> None:
    loop = asyncio.get_running_loop()
    first = snapshot(), dict(vars(loop))
    async with fast_lab() as other:
        if beside:
            other.start(asyncio.sleep, 10)
        before = snapshot()
        lab = fast_lab()
        if not (beside and stage.startswith("asynclab.trace.patching.install")):  # that was done for the other
            with (
                mock.patch(stage, side_effect=ValueError("halfway")),
                pytest.raises(RuntimeError, match="can't observe this FastLoop: ValueError: halfway"),
            ):
                lab.start(two, "a")
        assert snapshot() == before
        assert (await lab.run(two, "b")).value == "bb"
    assert snapshot() == first[0]
    assert vars(loop).keys() == first[1].keys()


async def test_a_loop_whose_methods_are_mocked_is_refused_and_the_next_one_is_not(lab: Lab) -> None:
    with mock.patch.object(asyncio.BaseEventLoop, "call_exception_handler"):
        before = snapshot()
        with pytest.raises(RuntimeError, match=r"BaseEventLoop\.call_exception_handler is not a plain function"):
            fast_lab().start(two, "a")
        assert snapshot() == before
    assert (await lab.run(two, "b")).value == "bb"


async def test_a_failure_while_it_is_removed_keeps_nothing_else_in_place() -> None:
    before = snapshot()
    lab = fast_lab()
    with (
        mock.patch("asynclab.trace.governing.timers.Timers.detach", side_effect=ValueError("at the end")),
        pytest.raises(ValueError, match="at the end"),
    ):
        await lab.run(two, "a")
    assert snapshot() == before


def test_a_lab_made_in_one_thread_and_run_in_another_knows_its_tasks() -> None:
    events: list[Any] = []
    lab = Lab(watch=False)
    lab.subscribe(events.extend)

    async def says() -> None:
        print("from a task")

    thread = threading.Thread(target=lambda: asyncio.run(run(lab)))

    async def run(lab: Lab) -> None:
        await lab.run(says)

    thread.start()
    thread.join()
    assert [(event.text, event.task) for event in events if isinstance(event, Output)] == [("from a task\n", 1)]


def test_threads_may_start_threads_while_the_lab_looks_at_them() -> None:
    interval = sys.getswitchinterval()
    world = ExternalWaits(mock.Mock())
    stop = threading.Event()

    def adds() -> None:
        while not stop.is_set():
            kept.append(threading.Thread())
            world.threads.add(kept[-1])
            if len(kept) > 50:
                kept.clear()

    kept: list[threading.Thread] = []
    adding = threading.Thread(target=adds)
    sys.setswitchinterval(1e-6)
    try:
        adding.start()
        assert not any(world.threads.are_alive() for _ in range(3_000))
    finally:
        stop.set()
        adding.join()
        sys.setswitchinterval(interval)


def test_a_thread_of_a_lab_is_known_as_long_as_it_runs() -> None:
    world, stop = ExternalWaits(mock.Mock()), threading.Event()
    thread = threading.Thread(target=stop.wait)
    world.threads.add(thread)
    assert not world.threads.are_alive()
    thread.start()
    assert world.threads.are_alive()
    stop.set()
    thread.join()
    assert not world.threads.are_alive()


def test_labs_on_two_classes_of_loops_are_removed_each() -> None:
    class Derived(FastLoop):
        pass

    async def main() -> None:
        async with fast_lab() as lab:
            lab.start(asyncio.sleep, 1)
            await lab.wait()

    before = snapshot(), dict(vars(Derived))
    for kind in (FastLoop, Derived, FastLoop):
        with asyncio.Runner(loop_factory=kind) as runner:
            runner.run(main())
    assert snapshot() == before[0]
    assert dict(vars(Derived)) == before[1]
