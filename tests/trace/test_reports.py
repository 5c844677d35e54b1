"""Tests endings, prints, complaints, progress, names, and reports of what blocks the loop."""

import ast
import asyncio
import contextlib
import gc
import io
import itertools
import logging
import socket
import sys
import threading
import time
import warnings
from contextlib import nullcontext
from typing import Any

import pytest

import asynclab
from asynclab.model import events as e
from asynclab.trace import Ending, Lab, cpython
from asynclab.trace.patching import extended_functions
from tests.trace.fast_labs import fast_lab, observe, state_of


def test_a_run_says_what_it_returned() -> None:
    async def main() -> list[int]:
        return [1, 4, 9]

    seen = observe(main)
    assert (seen.ending.outcome, seen.ending.value, str(seen.ending)) == ("done", [1, 4, 9], "returned [1, 4, 9]")
    assert seen.of(e.RunStarted)[0].name == "lab"
    assert seen.events[-1] == e.RunEnded(seen.events[-1].at, "done", "[1, 4, 9]")


def test_a_run_says_what_it_raised() -> None:
    async def main() -> None:
        raise ValueError("boom")

    seen = observe(main)
    assert isinstance(seen.ending.exception, ValueError)
    assert str(seen.ending) == "raised ValueError: boom"
    assert seen.of(e.TaskEnded)[0].detail == "ValueError: boom"


def test_leaked_tasks_are_counted_and_named() -> None:
    async def background() -> None:
        await asyncio.sleep(100)

    kept: list[Any] = []

    async def main() -> None:
        kept.extend(asyncio.create_task(background(), name=f"left-{n}") for n in range(2))
        await asyncio.sleep(1)

    seen = observe(main)
    assert seen.ending.leaked == ("left-0", "left-1")
    assert str(seen.ending) == "returned None, leaked 2 tasks: left-0, left-1"
    assert seen.state.leaked == (2, 3)
    assert seen.state.counts["cancelled"] == 2


def test_an_ending_reads_as_a_sentence() -> None:
    assert str(Ending("cancelled", leaked=("a",))) == "was cancelled, leaked 1 task: a"


def test_the_main_task_is_shown_by_its_function_and_others_by_their_names() -> None:
    async def child() -> None:
        asyncio.current_task().set_name("itself")  # type: ignore[union-attr]
        await asyncio.sleep(1)

    async def brew() -> str:
        task = asyncio.create_task(child(), name="first name")
        await task
        return asyncio.current_task().get_name()  # type: ignore[union-attr]

    seen = observe(brew)
    assert [event.name for event in seen.of(e.TaskCreated)] == ["brew", "first name"]
    assert [event.name for event in seen.of(e.TaskRenamed)] == ["itself"]
    assert str(seen.ending.value).startswith("Task-")


def test_steps_are_whole_and_say_who_woke_whom() -> None:
    async def setter(future: asyncio.Future[int]) -> None:
        await asyncio.sleep(1)
        future.set_result(1)

    async def main() -> None:
        future = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(setter(future), name="setter")
        await future
        await asyncio.gather(task, asyncio.sleep(2))

    seen = observe(main)
    assert [event.task for event in seen.of(e.StepStarted)] == [event.task for event in seen.of(e.StepEnded)]
    ready = [(event.task, event.cause, event.waker) for event in seen.of(e.TaskReady)]
    assert ready == [(2, "timer", None), (1, "task", 2), (3, "timer", None), (1, "task", 3)]


def test_prints_belong_to_the_task_that_printed() -> None:
    async def says(text: str) -> None:
        print(text, end="")
        await asyncio.sleep(1)
        print("!", file=sys.stderr)

    async def main() -> None:
        await asyncio.gather(says("a"), says("b"))

    seen = observe(main)
    assert [(event.task, event.text, event.stream) for event in seen.of(e.Output)] == [
        (2, "a", "stdout"),
        (3, "b", "stdout"),
        (2, "!\n", "stderr"),
        (3, "!\n", "stderr"),
    ]


def test_an_echoing_lab_prints_as_well() -> None:
    async def main() -> None:
        print("hello", flush=True)
        sys.stdout.writelines(["a", "b"])
        assert sys.stdout.writable()

    with contextlib.redirect_stdout(io.StringIO()) as printed:
        seen = observe(main, echo=True)
    assert printed.getvalue() == "hello\nab"
    assert "".join(event.text for event in seen.of(e.Output)) == "hello\nab"


def test_a_thread_prints_for_the_lab_but_for_no_task() -> None:
    async def main() -> None:
        await asyncio.to_thread(print, "from a thread")

    async def run() -> list[e.Event]:
        events: list[e.Event] = []
        async with Lab(watch=False) as lab:
            lab.subscribe(events.extend)
            await lab.run(main)
        return events

    outputs = [event for event in asyncio.run(run()) if isinstance(event, e.Output)]
    assert [(event.task, event.text) for event in outputs] == [(None, "from a thread\n")]


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_a_forgotten_await_is_reported_each_time() -> None:
    async def forgotten() -> None: ...

    async def main() -> None:
        for _ in range(2):
            forgotten()  # type: ignore[unused-coroutine]

    for _ in range(2):
        seen = observe(main)
        assert len(seen.of(e.Warned)) == 2
        assert "forgotten' was never awaited" in seen.of(e.Warned)[0].text
        assert seen.of(e.Warned)[0].task == 1


def test_an_exception_that_nobody_retrieves_is_reported() -> None:
    async def fails() -> None:
        raise ValueError("unseen")

    async def main() -> None:
        asyncio.create_task(fails(), name="fails")  # noqa: RUF006 - that nobody keeps it is the point
        await asyncio.sleep(1)
        gc.collect()

    seen = observe(main)
    assert [event.text for event in seen.of(e.Warned)] == ["Task exception was never retrieved: ValueError: unseen"]


def test_a_retrieved_exception_is_not_reported() -> None:
    async def fails() -> None:
        raise ValueError("seen")

    async def main() -> None:
        await asyncio.gather(fails(), return_exceptions=True)

    assert observe(main).of(e.Warned) == []


def test_a_task_that_nobody_keeps_is_reported_when_it_is_collected() -> None:
    async def lost() -> None:
        await asyncio.get_running_loop().create_future()

    async def main() -> None:
        asyncio.create_task(lost(), name="lost")  # noqa: RUF006 - that nobody keeps it is the point
        await asyncio.sleep(1)
        gc.collect()
        await asyncio.sleep(1)

    seen = observe(main)
    assert [(event.task, event.at) for event in seen.of(e.TaskCollected)] == [(2, 1.0)]  # not first when somebody reads
    assert "destroyed but it is pending" in seen.of(e.Warned)[0].text
    assert seen.ending.leaked == ()


class Unclosed:
    """Complains as an aiohttp session does that is destroyed without having been closed."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()

    def __del__(self) -> None:
        self.loop.call_exception_handler({"message": "Unclosed thing"})


async def test_what_a_cancelled_main_task_had_complains_in_the_lab_and_not_after_it() -> None:
    async def careless() -> None:
        thing = Unclosed()
        await asyncio.sleep(10)
        del thing

    after: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: after.append(context))
    async with fast_lab() as lab:
        lab.start(careless)
        await asyncio.sleep(1)
        lab.cancel()
        await lab.wait()
    assert "Unclosed thing" in [line.text for line in state_of(lab).activity]
    del lab
    gc.collect()
    assert after == []


def test_warnings_are_seen_where_the_compiler_loses_count_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    parse, calls = ast.parse, []

    def loses_count(source: str) -> ast.AST:
        calls.append(source)
        if len(calls) == 1:
            raise SystemError("AST constructor recursion depth mismatch (before=222, after=240)")
        return parse(source)

    monkeypatch.setattr(ast, "parse", loses_count)
    extended_functions.factory_of.cache_clear()
    assert extended_functions.extended(getattr(warnings, cpython.WARN_UNAWAITED), nullcontext) is not None
    assert len(calls) > 1


def test_a_complaint_is_told_and_not_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def complains() -> None:
        asyncio.get_running_loop().call_exception_handler({"message": "made up"})

    monkeypatch.setattr(logging.getLogger("asyncio"), "propagate", False)  # pytest has handlers of its own
    seen = observe(complains)
    assert [event.text for event in seen.of(e.Warned)] == ["made up"]
    assert seen.of(e.Output) == []
    assert capsys.readouterr().err == ""


def test_progress_is_reported_for_the_task_that_reports_it() -> None:
    async def main() -> None:
        asynclab.progress(1, 4, "pages")
        for _ in asynclab.track([10, 20]):
            await asyncio.sleep(1)
        for _ in asynclab.track(iter("x"), unit="letters"):
            pass

    progressed = [(event.done, event.total, event.unit) for event in observe(main).of(e.Progressed)]
    assert progressed == [
        (1, 4, "pages"),
        (0, 2, ""),
        (1, 2, ""),
        (2, 2, ""),
        (0, None, "letters"),
        (1, None, "letters"),
    ]


@pytest.mark.parametrize(("done", "total"), [("many", None), (None, 2), (1, "all"), (1, [2])])
def test_progress_that_is_no_number_fails_where_it_is_reported(done: Any, total: Any) -> None:
    async def main() -> None:
        with pytest.raises((TypeError, ValueError)):
            asynclab.progress(done, total)
        with pytest.raises((TypeError, ValueError)):
            list(asynclab.track([1], "all"))  # type: ignore[arg-type]

    assert observe(main).ending.outcome == "done"


def test_progress_outside_a_lab_does_nothing() -> None:
    asynclab.progress(1)
    assert list(asynclab.track([1, 2])) == [1, 2]


@pytest.mark.usefixtures("real_loop")
async def test_the_lag_of_the_loop_is_measured() -> None:
    arrived = asyncio.Event()

    async def waits() -> None:
        await arrived.wait()

    def note(events: Any) -> None:
        if any(isinstance(event, e.LoopLagged) for event in events):
            arrived.set()

    async with Lab() as lab:
        lab.subscribe(note)
        lab.start(waits)
        while not arrived.is_set():
            await asyncio.to_thread(time.sleep, 0.01)
            assert state_of(lab).lag is not None
        await lab.wait()
        assert state_of(lab).lag[0] >= 0


async def test_what_nobody_reads_does_not_grow_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    async def counts() -> None:
        for number in itertools.count():
            asynclab.progress(number)
            await asyncio.sleep(0.1)

    monkeypatch.setattr("asynclab.trace.lab.BACKLOG", 1_000)
    async with fast_lab(watch=True) as lab:
        lab.start(counts)
        while lab.state.version < 1_000:  # noqa: ASYNC110 - nobody reads, so nobody is told
            await asyncio.sleep(1)


def until_noticed(start: Any) -> list[e.Event]:
    """What is told while a program blocks the loop until it is noticed; `start` takes a lock that is released then."""
    told: list[e.Event] = []
    noticed = threading.Lock()
    noticed.acquire()

    def release(lab: Lab) -> None:
        while not any(isinstance(event, e.LoopBlocked) for event in told):
            # The loop may still add a reader, or remove one, while this goes over them.
            with contextlib.suppress(RuntimeError, KeyError):
                lab.pump()
        noticed.release()

    async def run() -> None:
        async with Lab() as lab:
            lab.subscribe(
                lambda events: told.extend(event for event in events if isinstance(event, e.LoopBlocked | e.LoopFreed))
            )
            reader = threading.Thread(target=release, args=(lab,))
            reader.start()
            await lab.run(start, noticed)
            reader.join()

    asyncio.run(run())
    return told


def block_until(lock: Any) -> None:
    """Keep the loop from running."""
    assert lock.acquire(timeout=50), "the block was not noticed"


def call(_: Any, block: Any) -> None:
    """Block in the step of the task itself."""
    block()


def call_soon(loop: Any, block: Any) -> None:
    loop.call_soon(block)


def call_later(loop: Any, block: Any) -> None:
    loop.call_later(0, block)


def add_reader(loop: Any, block: Any) -> None:
    """Schedule a block for when data comes."""
    near, far = socket.socketpair()

    def read() -> None:
        loop.remove_reader(near)
        near.close()
        far.close()
        block()

    loop.add_reader(near, read)
    far.send(b"data")


@pytest.mark.parametrize("schedule", [call, call_soon, call_later, add_reader], ids=lambda schedule: schedule.__name__)
def test_who_blocks_the_loop_is_named_be_it_a_step_or_a_callback(schedule: Any) -> None:
    async def main(lock: Any) -> None:
        over = asyncio.Event()

        def block() -> None:
            block_until(lock)
            over.set()

        schedule(asyncio.get_running_loop(), block)
        await over.wait()

    blocked, *freed = until_noticed(main)
    assert isinstance(blocked, e.LoopBlocked)
    assert (blocked.task, blocked.file, blocked.function) == (1 if schedule is call else None, __file__, "block_until")
    assert blocked.line == block_until.__code__.co_firstlineno + 2
    assert blocked.seconds >= 0.1
    for end in freed[-1:] if schedule is not call else ():  # that of a step is told by its end
        assert isinstance(end, e.LoopFreed)
        assert end.seconds >= blocked.seconds


def test_a_callback_in_c_that_blocks_the_loop_is_named_by_its_function() -> None:
    async def main(lock: Any) -> None:
        over = asyncio.Event()
        asyncio.get_running_loop().call_soon(lock.acquire, True, 10)
        asyncio.get_running_loop().call_soon(over.set)
        await over.wait()

    blocked, *_, freed = until_noticed(main)
    assert isinstance(blocked, e.LoopBlocked)
    assert (blocked.task, blocked.file, blocked.line, blocked.function) == (None, "", 0, "lock.acquire")
    assert isinstance(freed, e.LoopFreed)
    assert freed.function == "lock.acquire"
