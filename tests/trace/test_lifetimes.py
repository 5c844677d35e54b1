"""Tests how labs begin and end: nothing of them remains, whatever ends them."""

import asyncio
import contextlib
import gc
import io
import os
import signal
import socket
import sys
import threading
import time
import weakref
from typing import Any

import pytest

from asynclab.model.events import Output, Warned
from asynclab.trace import Lab
from asynclab.trace.watching.observer import Observer
from tests.alive import alive
from tests.fast_loop import run_fast
from tests.trace.fast_labs import fast_lab, observe, settle, state_of
from tests.trace.test_transparency import snapshot


@pytest.fixture(autouse=True)
def _nothing_stays_replaced() -> Any:
    before, threads = snapshot(), set(threading.enumerate())
    yield
    assert {
        key for key, value in snapshot().items() if value is not before.get(key) and value != before.get(key)
    } == set()
    for thread in set(threading.enumerate()) - threads:
        thread.join(10.0)  # a program's own has done its last deed, and is about to end
        assert not thread.is_alive()


async def careful(seconds: float = 1) -> None:
    try:
        await asyncio.sleep(100)
    finally:
        await asyncio.sleep(seconds)
        print("cleaned")


async def stubborn() -> None:
    for _ in range(10):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(10)
            break
    print("at last")


def cleaned(lab: Lab) -> bool:
    return any("cleaned" in line.text for line in state_of(lab).activity)


@pytest.mark.parametrize("paused", [False, True])
def test_a_loop_that_ends_takes_its_labs_along(paused: bool) -> None:
    labs: list[Lab] = []

    async def main() -> None:
        labs.append(fast_lab(watch=True))
        labs[0].start(careful)
        await settle()
        if paused:
            labs[0].pause()

    run_fast(main())
    assert labs[0].ending is not None
    assert labs[0].ending.outcome == "cancelled"
    assert cleaned(labs[0])


async def test_to_close_twice_at_once_asks_once(lab: Lab) -> None:
    lab.start(careful)
    await settle()
    first = asyncio.create_task(lab.close())
    await asyncio.sleep(0.5)
    await asyncio.gather(first, lab.close())
    assert cleaned(lab)


async def test_to_leave_a_lab_that_was_cancelled_lets_it_clean_up() -> None:
    async with fast_lab() as lab:
        lab.start(careful)
        await settle()
        lab.cancel()
        await asyncio.sleep(0.5)
    assert cleaned(lab)


@pytest.mark.parametrize("by", ["main", "child"])
async def test_a_lab_can_be_closed_from_inside(by: str) -> None:
    async with fast_lab(speed=0.001) as lab:

        async def child() -> None:
            await lab.close()

        async def inside() -> None:
            if by == "main":
                await lab.close()
            await asyncio.gather(child(), careful(0))

        assert (await lab.run(inside)).outcome == "cancelled"


@pytest.mark.parametrize("state", ["instant", "paused"])
async def test_a_lab_can_be_closed_from_another_whatever_time_it_is_there(state: str) -> None:
    async with fast_lab() as lab, fast_lab(instant=state == "instant") as other:
        lab.start(careful)
        await settle()
        other.start(lab.close)
        await settle()
        if state == "paused":
            other.pause()
        ending = await lab.wait()
        assert ending.unstoppable == ()
        assert cleaned(lab)


async def test_a_lab_can_be_cancelled_before_its_first_step(lab: Lab) -> None:
    lab.start(careful)
    lab.cancel()
    assert (await lab.wait()).outcome == "cancelled"
    assert not cleaned(lab)


async def test_who_runs_a_lab_and_is_cancelled_cancels_it() -> None:
    lab = fast_lab()
    task = asyncio.create_task(lab.run(careful))
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert lab.ending is not None
    assert cleaned(lab)


async def test_who_waits_for_a_lab_and_is_cancelled_leaves_it_alone(lab: Lab) -> None:
    lab.start(asyncio.sleep, 5, "slept")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(lab.wait(), 1)
    assert lab.is_running
    assert (await lab.wait()).value == "slept"


def test_what_is_held_at_the_end_goes_on() -> None:
    async def main() -> None:
        async with fast_lab() as lab:
            lab.start(careful, 3)
            await settle()
            closing = asyncio.create_task(lab.close())
            await settle()
            lab.pause()
            assert not lab.paused
            assert lab.step() == "nothing"
            await closing
            assert lab.ending is not None
            assert lab.ending.unstoppable
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert len(left) == 1
        await asyncio.wait(left)

    with contextlib.redirect_stdout(io.StringIO()) as printed:
        run_fast(main())
    assert printed.getvalue() == "cleaned\n"


def test_what_goes_on_after_its_lab_prints_where_everybody_does() -> None:
    async def main() -> None:
        async with fast_lab() as other:
            other.start(asyncio.sleep, 1000)
            async with fast_lab() as lab:
                lab.start(stubborn)
                await settle()
            seen = state_of(lab).version
            await asyncio.sleep(200)
            assert state_of(lab).version == seen

    with contextlib.redirect_stdout(io.StringIO()) as printed:
        run_fast(main())
    assert printed.getvalue() == "at last\n"


def test_tasks_that_are_born_while_others_clean_up_are_ended_too() -> None:
    async def heir() -> None:
        await asyncio.sleep(1)

    async def testator() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            kept.append(asyncio.create_task(heir()))

    async def leaves() -> None:
        kept.append(asyncio.create_task(testator()))
        await asyncio.sleep(1)

    kept: list[Any] = []
    seen = observe(leaves)
    assert seen.ending.unstoppable == ()
    assert seen.state.counts["cancelled"] == 2


def test_to_stop_the_loop_ends_the_run_and_not_the_loop() -> None:
    async def main() -> None:
        asyncio.get_running_loop().stop()
        await asyncio.sleep(100)

    assert "loop stopped" in str(observe(main).ending)


async def test_a_hundred_labs_leave_nothing() -> None:
    async def work() -> None:
        lock, queue = asyncio.Lock(), asyncio.Queue[int]()
        async with lock, asyncio.timeout(10), asyncio.TaskGroup() as group:
            group.create_task(queue.get())
            await asyncio.sleep(1)
            queue.put_nowait(1)

    references: list[weakref.ref[object]] = []
    before = alive(Observer)
    for number in range(100):
        async with fast_lab(watch=number % 10 == 0) as lab:
            await lab.run(work)
        references.append(weakref.ref(lab))
    del lab
    await settle()
    assert alive(Observer) <= before
    assert [reference for reference in references if reference() is not None] == []


async def test_a_lab_that_could_not_start_can_be_started(lab: Lab) -> None:
    for wrong in (careful, lambda *_: "no coroutine"):
        with pytest.raises(TypeError):
            lab.start(wrong, 1, 2, 3)  # type: ignore[arg-type]
    await asyncio.sleep(5)
    assert lab.now == 0
    assert (await lab.run(asyncio.sleep, 1, "started")).value == "started"
    assert lab.now == pytest.approx(1)
    assert len(state_of(lab).tasks) == 1


async def test_a_loop_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    monkeypatch.setattr("asynclab.trace.patching.install.BaseEventLoop", type(None))
    with pytest.raises(RuntimeError, match="asyncio's own event loops, not FastLoop"):
        Lab().start(asyncio.sleep, 1)
    assert "time" not in vars(loop)


async def test_handlers_and_debug_mode_of_the_app_are_its_own() -> None:
    async def sets() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *_: print("the lab's"))
        loop.set_debug(True)
        loop.call_soon(lambda: 1 / 0)
        await asyncio.sleep(1)

    loop = asyncio.get_running_loop()
    complaints: list[str] = []

    def handler(_: object, context: dict[str, Any]) -> None:
        complaints.append(context["message"])

    async with fast_lab() as lab:
        lab.start(sets)
        await settle()
        loop.set_exception_handler(handler)
        await lab.wait()
        assert [line.text for line in state_of(lab).activity if line.kind == "printed"] == ["“the lab's”"]
    assert loop.get_exception_handler() is handler
    assert not loop.get_debug()
    loop.call_soon(lambda: 1 / 0)
    await settle()
    assert len(complaints) == 1


@pytest.mark.usefixtures("real_loop")
async def test_what_is_left_in_the_loop_is_taken_back() -> None:
    async def forgets(reads: int, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(reads, print, "readable")
        loop.add_signal_handler(signal.SIGUSR1, print, "signal")
        kept.append(await asyncio.start_server(lambda *_: None, sock=listening))
        await asyncio.sleep(0)

    kept: list[asyncio.Server] = []

    reads, writes = os.pipe()
    os.write(writes, b"never read")
    async with Lab(watch=False) as lab:
        await lab.run(forgets, reads, socket.create_server(("127.0.0.1", 0)))
    loop: Any = asyncio.get_running_loop()
    assert not loop.remove_reader(reads)
    assert not loop.remove_signal_handler(signal.SIGUSR1)
    assert not kept[0].is_serving()
    assert len(loop._selector.get_map()) == 1
    os.close(reads)
    os.close(writes)


@pytest.mark.parametrize("in_gather", [False, True])
async def test_tasks_that_wait_for_each_other_can_be_ended(lab: Lab, in_gather: bool) -> None:
    async def waits_for(tasks: list[asyncio.Task[None]], other: int) -> None:
        await asyncio.sleep(1)
        await (asyncio.gather(tasks[other], asyncio.sleep(100)) if in_gather else tasks[other])

    async def circle() -> None:
        tasks: list[asyncio.Task[None]] = []
        tasks += [asyncio.create_task(waits_for(tasks, 1)), asyncio.create_task(waits_for(tasks, 0))]
        await asyncio.gather(*tasks)

    lab.start(circle)
    await asyncio.sleep(2)
    assert not in_gather or lab.cancel_task(2)
    lab.cancel()
    ending = await lab.wait()
    assert ending.outcome in ("cancelled", "failed")
    assert ending.unstoppable == ()


async def test_a_long_chain_of_awaits_can_be_cancelled() -> None:
    async def link(inner: asyncio.Task[None] | None) -> None:
        await (asyncio.sleep(100) if inner is None else inner)

    async def chain() -> None:
        last = None
        for _ in range(5_000):
            last = asyncio.create_task(link(last))
        await link(last)

    async with fast_lab(exact=False) as lab:
        lab.start(chain)
        await asyncio.sleep(1)
        lab.cancel()
        ending = await lab.wait()
        assert (ending.outcome, ending.unstoppable) == ("cancelled", ())


async def test_a_circle_elsewhere_is_left_alone_when_one_task_is_cancelled(lab: Lab) -> None:
    async def waits_for(tasks: list[asyncio.Task[None]], other: int) -> None:
        await asyncio.sleep(0)
        await tasks[other]

    async def script() -> None:
        tasks: list[asyncio.Task[None]] = []
        tasks += [asyncio.create_task(waits_for(tasks, 1)), asyncio.create_task(waits_for(tasks, 0))]
        tasks.append(asyncio.create_task(asyncio.sleep(100)))
        await asyncio.wait(tasks)

    lab.start(script)
    await asyncio.sleep(1)
    assert lab.cancel_task(4)
    await asyncio.sleep(1)
    assert (state_of(lab).counts["waiting"], state_of(lab).counts["cancelled"]) == (3, 1)


async def test_an_endless_sleep_is_no_moment_to_jump_to() -> None:
    async with fast_lab(instant=True) as lab:
        lab.start(asyncio.sleep, float("inf"))
        await asyncio.sleep(10)
        assert lab.is_running
        assert lab.now == pytest.approx(10)
        lab.pause()
        assert lab.step() == "nothing"


@pytest.mark.usefixtures("real_loop")
async def test_a_thread_of_the_labs_own_is_waited_for_in_real_time() -> None:
    release = threading.Event()

    async def guarded() -> str:
        loop, future = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

        def work() -> None:
            release.wait()
            loop.call_soon_threadsafe(future.set_result, "from the thread")

        threading.Thread(target=work).start()
        return await asyncio.wait_for(future, 3600)

    async with Lab(instant=True) as lab:
        lab.start(guarded)
        await settle()
        release.set()
        assert (await lab.wait()).value == "from the thread"


class Captured:
    """What stands in for a stream, as Textual's does: it returns nothing."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None: ...


async def test_streams_that_do_not_count_are_good_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    captured = Captured()
    monkeypatch.setattr(sys, "stdout", captured)

    async def writes() -> None:
        assert sys.stdout.write("four") == 4

    async with fast_lab(echo=True) as lab:
        await lab.run(writes)
    assert captured.text == "four"


def test_a_program_that_closes_its_output_closes_nobody_elses() -> None:
    async def closes() -> None:
        sys.stdout.buffer.write(b"as bytes\n")
        sys.stdout.close()

    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())) as stream:
        seen = observe(closes)
        print("still open")
    assert not stream.closed
    assert [event.text for event in seen.of(Output)] == ["as bytes\n"]


async def test_a_complaint_is_the_labs_wherever_garbage_is_collected(lab: Lab) -> None:
    async def fails(itself: list[Any]) -> None:
        itself.append(asyncio.current_task())
        raise ValueError("unseen")

    async def waits(itself: list[Any]) -> None:
        itself.append(asyncio.current_task())
        await asyncio.get_running_loop().create_future()

    async def script() -> None:
        for coroutine in (fails, waits):
            asyncio.create_task(coroutine([]))  # noqa: RUF006 - that nobody keeps it is the point
        await asyncio.sleep(100)

    events: list[object] = []
    lab.subscribe(events.extend)
    gc.collect()
    gc.disable()
    try:
        lab.start(script)
        await settle()
        gc.collect()
    finally:
        gc.enable()
    lab.pump()
    texts = sorted(event.text.split(":")[0] for event in events if isinstance(event, Warned))
    assert texts == ["Task exception was never retrieved", "Task was destroyed but it is pending!"]


def test_threads_lose_nothing_that_they_print() -> None:
    def prints(name: str) -> None:
        for _ in range(300):
            sys.stdout.write(name)
            sys.stdout.write(name + "\n")
            time.sleep(0)

    async def script() -> None:
        await asyncio.gather(*(asyncio.to_thread(prints, name) for name in "abcd"))

    async def main() -> str:
        events: list[object] = []
        async with Lab(watch=False) as lab:
            lab.subscribe(events.extend)
            await lab.run(script)
        return "".join(event.text for event in events if isinstance(event, Output))

    text = asyncio.run(main())
    assert [text.count(letter) for letter in "abcd\n"] == [600, 600, 600, 600, 1200]
