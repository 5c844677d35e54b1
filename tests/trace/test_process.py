"""Tests the observation of every loop of a process: each has its own recording, and runs as without."""

import asyncio
import contextlib
import contextvars
import gc
import math
import sys
import threading
import traceback
import warnings
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

import pytest
from aiohttp.helpers import TimerNoop

from asynclab.model import events as e
from asynclab.trace import cpython
from asynclab.trace.process import ProcessObservation, observe_process
from asynclab.trace.watching import looks
from tests.fast_loop import run_fast
from tests.trace.fast_labs import fast_lab


@pytest.fixture
def no_time_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no task be looked at unless that matters at once, and pay for such a look for ever."""
    for name, value in {"FIRST_LOOK_AT": math.inf, "LOOK_SAVINGS": 0.0, "LOOK_SHARE": 1e-12}.items():
        monkeypatch.setattr(looks, name, value)


def told(observation: ProcessObservation, *kinds: type[e.Event], loop: int = 0) -> list[Any]:
    """What the recording of a loop has of some kinds of events; it is taken, and told once."""
    return [event for event in observation.recorders[loop].take_events() if isinstance(event, kinds)]


async def child() -> None:
    print("child")
    await asyncio.sleep(0)


async def main() -> None:
    await asyncio.gather(child(), child())


def test_loops_one_after_another_have_a_recording_each_and_numbers_that_go_on(observation: ProcessObservation) -> None:
    asyncio.run(main())
    asyncio.run(main())
    first, second = ([event.task for event in told(observation, e.TaskCreated, loop=loop)] for loop in (0, 1))
    assert first[:3] == [1, 2, 3]
    assert second == list(range(len(first) + 1, 2 * len(first) + 1))


def test_queues_and_locks_are_numbered_on_across_loops(observation: ProcessObservation) -> None:
    async def makes() -> None:
        async with asyncio.Lock():
            asyncio.Queue[int]().put_nowait(1)

    asyncio.run(makes())
    asyncio.run(makes())
    events = [recording.take_events() for recording in observation.recorders]
    assert [[event.queue for event in loop if isinstance(event, e.QueueCreated)] for loop in events] == [[1], [2]]
    locks = [[event.number for event in loop if isinstance(event, e.PrimitiveCreated)] for loop in events]
    assert locks == [[1], [2]]


def test_a_semaphore_that_was_made_before_its_loop_has_all_its_permits(observation: ProcessObservation) -> None:
    permits = asyncio.Semaphore(3)

    async def takes() -> None:
        async with permits:
            pass

    asyncio.run(takes())
    assert [(event.kind, event.value) for event in told(observation, e.PrimitiveCreated)] == [("semaphore", 3)]


def test_a_coroutine_that_only_asyncio_had_is_told_of_by_its_definition(observation: ProcessObservation) -> None:
    async def refresh() -> None: ...

    async def calls_it() -> None:
        asyncio.get_running_loop().call_soon(refresh)
        await asyncio.sleep(0.01)

    with pytest.warns(RuntimeWarning, match="never awaited"):
        asyncio.run(calls_it())
    (dropped,) = told(observation, e.CoroutineDropped)
    assert (dropped.file, dropped.line) == (__file__, refresh.__code__.co_firstlineno)


def test_a_loop_in_a_thread_is_observed_there(observation: ProcessObservation) -> None:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(main()))
    thread.start()
    thread.join()
    loop.close()
    events = observation.recorders[0].take_events()
    assert {event.task for event in events if isinstance(event, e.Output)} == {2, 3}
    assert len([event for event in events if isinstance(event, e.TaskEnded)]) == 3


def test_what_is_printed_goes_its_way(observation: ProcessObservation, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(main())
    assert capsys.readouterr().out == "child\nchild\n"


def test_contexts_stay_as_they_are(observation: ProcessObservation) -> None:
    async def count() -> int:
        return len(contextvars.copy_context())

    observed = asyncio.run(count())
    observation.stop()
    assert observed == asyncio.run(count())


def test_a_lab_within_keeps_its_own_tasks(observation: ProcessObservation) -> None:
    async def run() -> list[str]:
        async with fast_lab() as lab:
            await lab.run(main)
        return [task.coroutine for task in lab.state.tasks.values()]

    assert run_fast(run()) == ["main", "child", "child"]
    names = [event.coroutine for event in told(observation, e.TaskCreated)]
    assert "child" not in names
    assert any(name.endswith("run") for name in names)


def test_what_timers_do_is_told_in_the_time_of_the_process(observation: ProcessObservation) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(0.001, print, "called")
        loop.call_later(3600, print, "never").cancel()
        async with asyncio.timeout(60):
            await asyncio.sleep(0.002)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0.001)

    asyncio.run(asyncio.sleep(0))  # by then the time of the process is not that of the loop
    began = observation.clock.now()
    asyncio.run(main())
    recording = observation.recorders[1]
    events = recording.take_events()
    assert began <= recording.made_at <= events[0].at
    started = [event for event in events if isinstance(event, e.TimeoutStarted)]
    assert next(began + 60 < event.deadline < began + 120 for event in started if event.deadline)
    assert [type(event).__name__ for event in events if isinstance(event, e.TimeoutMet | e.TimeoutExpired)] == [
        "TimeoutMet",
        "TimeoutExpired",
    ]
    calls = [event.call for event in events if isinstance(event, e.CallScheduled)]
    assert sorted(event.call for event in events if isinstance(event, e.CallEnded)) == calls == [1, 2]
    assert "timer" in {event.cause for event in events if isinstance(event, e.TaskReady)}


def test_a_loop_that_nobody_has_woken_is_not_woken_by_a_look(observation: ProcessObservation) -> None:
    asleep = threading.Event()

    def sets(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
        asleep.wait()
        event.set()  # from another thread, which does not wake the loop
        with mock.patch.object(loop, "_write_to_self") as wakes:
            observation.recorders[0].look_at([1])
            observation.recorders[0].look_later()
        assert not wakes.called

    async def main() -> None:
        loop, event = asyncio.get_running_loop(), asyncio.Event()
        waiting = asyncio.create_task(event.wait())
        await asyncio.sleep(0)
        loop.call_later(3600, TimerNoop().__enter__)  # gives the second look something to do
        selector = cpython.selector_of(loop)
        assert selector is not None
        selects = selector.select

        def select(timeout: float | None = None) -> Any:
            if timeout is None or timeout > 0:
                asleep.set()
            return selects(timeout)

        with mock.patch.object(selector, "select", select):
            await asyncio.to_thread(sets, loop, event)
        assert await waiting

    asyncio.run(main())


def test_a_timer_of_a_library_is_told_only_if_it_is_still_set_a_moment_later(observation: ProcessObservation) -> None:
    def calls() -> list[tuple[str, int]]:
        return [(type(event).__name__, event.call) for event in told(observation, e.CallScheduled, e.CallEnded)]

    async def main() -> None:
        loop = asyncio.get_running_loop()
        of_a_library = TimerNoop().__enter__  # any function of an installed package will do

        loop.call_later(3600, of_a_library).cancel()
        assert calls() == []

        kept = loop.call_later(3600, of_a_library)
        for expected in ([], [("CallScheduled", 2)]):
            assert calls() == []
            observation.recorders[0].look_later()
            await asyncio.sleep(0)
            assert calls() == expected
        kept.cancel()
        assert calls() == [("CallEnded", 2)]

        loop.call_later(0, of_a_library)
        await asyncio.sleep(0.001)
        assert calls() == [("CallScheduled", 3), ("CallEnded", 3)]

    asyncio.run(main())


def calls_of(does: Callable[[], object]) -> int:
    """How many Python functions a call runs."""
    count = 0

    def see(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(see)
    try:
        does()
    finally:
        sys.setprofile(before)
    return count


def test_a_librarys_timer_that_is_cancelled_takes_no_more_calls_than_without_a_recorder() -> None:
    async def counts() -> int:
        loop, of_a_library = asyncio.get_running_loop(), TimerNoop().__enter__
        loop.call_at(1 << 40, of_a_library).cancel()  # where its package was looked up
        return calls_of(lambda: loop.call_at(1 << 41, of_a_library).cancel())

    plain = asyncio.run(counts())
    observing = observe_process()
    try:
        assert asyncio.run(counts()) < plain
    finally:
        observing.stop()


def test_a_time_that_cant_be_compared_fails_in_the_frames_that_it_would_fail_in() -> None:
    async def frames() -> list[tuple[str, int | None, str]]:
        loop: Any = asyncio.get_running_loop()
        loop.call_later(100, print)
        with pytest.raises(TypeError) as caught:
            loop.call_at("soon", print)
        return [(each.filename, each.lineno, each.name) for each in traceback.extract_tb(caught.value.__traceback__)]

    plain = asyncio.run(frames())
    observing = observe_process()
    try:
        assert asyncio.run(frames()) == plain
    finally:
        observing.stop()


def test_a_loop_with_a_time_of_its_own_is_not_asked_for_it_while_it_is_made(observation: ProcessObservation) -> None:
    class Late(asyncio.SelectorEventLoop):
        def __init__(self) -> None:
            super().__init__()
            self.ticks = 0.0

        def time(self) -> float:
            return self.ticks

    async def main() -> None:
        timer = asyncio.get_running_loop().call_later(0, print, "due at once")
        await asyncio.sleep(0)
        timer.cancel()

    with asyncio.Runner(loop_factory=Late) as runner:
        runner.run(main())
    assert observation.unobserved == []
    (call,) = told(observation, e.CallScheduled)
    assert call.deadline is None


def test_a_loop_that_cant_be_observed_runs_all_the_same(observation: ProcessObservation) -> None:
    class Odd(asyncio.SelectorEventLoop):
        call_at = mock.Mock()  # no plain function

    async def main() -> str:
        return "ran"

    with asyncio.Runner(loop_factory=Odd) as runner:
        assert runner.run(main()) == "ran"
    assert observation.unobserved == ["Odd: TypeError"]
    assert observation.recorders == []


def test_a_loop_counts_its_cancelled_timers(observation: ProcessObservation) -> None:
    async def main() -> tuple[int, int]:
        loop: Any = asyncio.get_running_loop()
        timers = [loop.call_later(3600, print) for _ in range(10)]
        for timer in timers[:3]:
            timer.cancel()
            timer.cancel()
        return loop._timer_cancelled_count, len(loop._scheduled)

    observed = asyncio.run(main())
    observation.stop()
    assert observed == asyncio.run(main())


def test_timers_outlive_the_observation() -> None:
    async def main() -> list[str]:
        observing.stop()
        told: list[str] = []
        loop = asyncio.get_running_loop()
        late.append(loop.call_at(last.when() - 0.001, told.append, "set afterwards"))
        early.cancel()
        await kept
        return told

    observing = observe_process()
    loop = asyncio.new_event_loop()
    kept, late = loop.create_future(), list[asyncio.TimerHandle]()
    early = loop.call_later(0.001, kept.set_exception, ValueError("it was cancelled"))
    last = loop.call_later(0.003, kept.set_result, None)
    assert loop.run_until_complete(main()) == ["set afterwards"]
    loop.close()


def test_who_blocks_a_loop_is_seen_from_another_thread(observation: ProcessObservation) -> None:
    async def blocks() -> None:
        observation.clock.real_time = lambda: now + 5.0
        thread = threading.Thread(target=observation.recorders[0].report_blocks)
        thread.start()
        thread.join()
        observation.clock.real_time = real_time

    real_time = observation.clock.real_time
    now = real_time()
    asyncio.run(blocks())
    (blocked,) = told(observation, e.LoopBlocked)
    assert (blocked.function, blocked.task) == ("blocks", 1)
    assert blocked.file == __file__


@pytest.mark.usefixtures("no_time_to_look")
def test_tasks_that_there_was_no_time_to_look_at_are_looked_at_later(observation: ProcessObservation) -> None:
    async def main() -> None:
        waiting = asyncio.create_task(asyncio.Event().wait())
        await asyncio.sleep(0)
        observation.recorders[0].look_later()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(main())
    assert [event.wait.kind for event in told(observation, e.TaskWaiting)] == ["event"]


def test_a_task_waits_for_a_call_in_a_pool_however_it_was_handed_in(observation: ProcessObservation) -> None:
    async def main() -> None:
        called = threading.Event()
        loop = asyncio.get_running_loop()
        waiting = [
            asyncio.create_task(asyncio.to_thread(called.wait)),
            asyncio.create_task(await_it(loop.run_in_executor(None, called.wait))),
            asyncio.create_task(await_it(asyncio.wrap_future(pool.submit(called.wait)))),
        ]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        called.set()
        await asyncio.wait(waiting)

    async def await_it(call: asyncio.Future[bool]) -> None:
        await call

    with ThreadPoolExecutor(1) as pool:
        asyncio.run(main())
    assert [event.wait.kind for event in told(observation, e.TaskWaiting)].count("thread") == 3


@pytest.mark.usefixtures("no_time_to_look")
def test_a_task_that_a_cancel_or_an_exception_wakes_is_looked_at_first(observation: ProcessObservation) -> None:
    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError

    async def wait_for(awaited: asyncio.Task[None]) -> None:
        with contextlib.suppress(ValueError):
            await awaited

    async def main() -> None:
        failing = asyncio.create_task(fail())
        waiting = asyncio.create_task(wait_for(failing), name="waits for a failure")
        lasting = asyncio.create_task(asyncio.Event().wait(), name="is cancelled")
        await waiting
        lasting.cancel()

    asyncio.run(main())
    events = observation.recorders[0].take_events()
    names = {event.task: event.name for event in events if isinstance(event, e.TaskCreated)}
    waited = [(names[event.task], event.wait.kind) for event in events if isinstance(event, e.TaskWaiting)]
    assert waited == [("waits for a failure", "task"), ("is cancelled", "event")]


@pytest.mark.usefixtures("no_time_to_look")
def test_a_task_that_ignores_its_cancel_is_looked_at_first(observation: ProcessObservation) -> None:
    async def ignore() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(100)
        await asyncio.Event().wait()

    async def main() -> None:
        ignoring = asyncio.create_task(ignore())
        await asyncio.sleep(0)
        ignoring.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(main())
    kinds = [type(event) for event in told(observation, e.TaskWaiting, e.CancelIgnored) if event.task != 1]
    # the sleep, the event, and that it goes on there
    assert kinds[:3] == [e.TaskWaiting, e.TaskWaiting, e.CancelIgnored]


def test_a_loop_that_is_closed_or_gone_is_over(observation: ProcessObservation) -> None:
    loop = asyncio.new_event_loop()
    assert not observation.recorders[0].is_over()
    loop.close()
    assert observation.recorders[0].is_over()
    del loop
    gc.collect()
    assert observation.recorders[0].is_over()
    observation.recorders[0].report_blocks()  # and nobody blocks it


def test_nobody_keeps_a_loop_alive_that_nobody_closes(observation: ProcessObservation) -> None:
    reference = weakref.ref(asyncio.new_event_loop())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        gc.collect()
    assert reference() is None
    assert any("unclosed event loop" in str(warning.message) for warning in caught)


def test_everything_is_as_it_was_afterwards() -> None:
    owners = (asyncio.BaseEventLoop, asyncio.SelectorEventLoop, asyncio.events, asyncio.Queue, asyncio.Lock)
    before = [dict(vars(owner)) for owner in owners]
    stdout = sys.stdout
    observing = observe_process()
    asyncio.new_event_loop().close()
    gc.collect()  # also where a loop is gone before the end
    loop = asyncio.new_event_loop()
    attributes = set(vars(loop))
    observing.stop()
    assert sys.stdout is stdout
    assert [dict(vars(owner)) for owner in owners] == before
    assert attributes - set(vars(loop)) == {"_asynclab_tasks"}
    loop.close()


def test_debug_mode_says_where_a_timer_was_set(observation: ProcessObservation) -> None:
    async def main() -> list[str]:
        loop = asyncio.get_running_loop()
        loop.set_debug(True)
        timers: list[Any] = [loop.call_later(1, print), loop.call_at(loop.time() + 1, print)]
        return [timer._source_traceback[-1].name for timer in timers]

    assert run_fast(main()) == ["main", "main"]


async def test_a_mock_of_the_exception_handler_is_what_the_loop_has(observation: ProcessObservation) -> None:
    with mock.patch("asyncio.base_events.BaseEventLoop.call_exception_handler"):
        asyncio.get_running_loop().call_exception_handler.assert_not_called()  # type: ignore[attr-defined]
