"""Tests what another thread finds out about a loop that is busy, or waits for something lost."""

import asyncio
import contextlib
import sys
import threading
from collections.abc import Awaitable, Callable
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from asynclab.model.events import Event, LoopBlocked, StepReported, TaskCreated, TaskRenamed, TasksStranded
from asynclab.trace.mishaps import foreign_threads, replaced_tasks
from asynclab.trace.monitoring.idle_loops import is_idle
from asynclab.trace.monitoring.loop_monitor import place_of_thread
from asynclab.trace.monitoring.run_times import NEVER_RAN, RunTimes
from asynclab.trace.monitoring.spinning_tasks import only_waits
from asynclab.trace.monitoring.watchdog import BlockReports
from asynclab.trace.patching.handles import BOUNDARY
from asynclab.trace.process import ProcessObservation
from asynclab.trace.reading.private_waits import DROPPED_AFTER, DroppedSources
from asynclab.trace.watching import looks


def _elsewhere(call: Callable[[], object]) -> None:
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()


@pytest.mark.parametrize(
    ("delays", "ran", "would_run", "stolen"),
    [
        ([0.0, 0.3, 0.3, 0.3], [0.0, 0.0, 0.0, 0.0], False, [0.3, 0.3]),
        ([0.0, 0.7, 0.9, 1.1], [1.0, 1.0, 1.1, 1.6], False, [0.5, 0.15]),
        ([0.0, 0.0, 0.0, 0.0], [1.0, 1.1, 1.2, 1.5], True, [0.4, 0.25]),
        ([0.0, 0.3, 0.3, 0.3], [1.0, 1.0, 1.0, 1.0], True, [0.3, 0.3]),
    ],
    ids=["others ran", "it ran while others waited", "others had Python's lock", "it waits for a lock"],
)
def test_a_block_is_told_again_when_it_is_to_blame_without_what_other_programs_took(
    observation: ProcessObservation, delays: list[float], ran: list[float], would_run: bool, stolen: list[float]
) -> None:
    times = map(RunTimes, delays, ran, repeat(would_run))
    asked: list[bool] = []

    def read(_: int, asks_whether_it_would_run: bool) -> RunTimes:
        asked.append(asks_whether_it_would_run)
        return next(times)

    reports = BlockReports(BOUNDARY, read)

    async def blocks() -> None:
        tracer: Any = observation.recorders[0].observer
        observation.clock.real_time = lambda: tracer.busy_since + 0.001
        _elsewhere(lambda: reports.look(tracer))
        observation.clock.real_time = real_time
        await asyncio.sleep(0)
        began = observation.clock.real_time()
        for seconds in (0.5, 0.6, 0.75):
            observation.clock.real_time = lambda seconds=seconds: began + seconds  # type: ignore[misc]
            _elsewhere(lambda: reports.look(tracer))
        observation.clock.real_time = real_time

    real_time = observation.clock.real_time
    asyncio.run(blocks())
    told = [event for event in observation.recorders[0].take_events() if isinstance(event, LoopBlocked)]
    assert [round(event.stolen, 3) for event in told] == stolen
    assert asked == [False, True, True, True], "a step that has just begun blocks nothing, whatever its thread does"
    assert told[0].seconds < 0.7 <= told[1].seconds


def test_a_loop_that_has_been_idle_for_long_is_looked_at_less_often(observation: ProcessObservation) -> None:
    rests: list[bool] = []

    def look() -> None:
        recording, real_time = observation.recorders[0], observation.clock.real_time
        observer: Any = recording.observer
        while not is_idle(observer.loop, observer):
            pass  # the call has just been made
        recording.take_events()
        began = real_time()
        for seconds in (0.0, 1.9, 2.1, 2.4, 2.5, 2.6):
            observation.clock.real_time = lambda seconds=seconds: began + seconds  # type: ignore[misc]
            rests.append(recording.rests())
            if not rests[-1]:
                recording.report_idleness()
                recording.take_events()
        observer.write(StepReported(1.5, "nothing"))
        rests.append(recording.rests())
        observation.clock.real_time = real_time

    async def main() -> None:
        await asyncio.to_thread(look)

    asyncio.run(main())
    assert rests == [False, False, True, True, False, True, False]


def test_a_step_that_blocks_is_told_with_its_new_tasks_and_the_due_sleeps(observation: ProcessObservation) -> None:
    reports = BlockReports(BOUNDARY, lambda *_: NEVER_RAN)
    told: list[Event] = []

    async def blocks() -> None:
        recording = observation.recorders[0]
        tracer: Any = recording.observer
        sleeper = asyncio.create_task(asyncio.sleep(0.001), name="sleeper")
        await asyncio.sleep(0)
        child = asyncio.create_task(asyncio.sleep(0), name="child")
        real_time = observation.clock.real_time
        observation.clock.real_time = lambda: real_time() + 1.0
        while asyncio.get_running_loop().time() < due(sleeper):
            pass
        _elsewhere(lambda: reports.look(tracer))
        _elsewhere(lambda: told.extend(recording.take_events()))
        observation.clock.real_time = real_time
        child.set_name("renamed")
        await asyncio.gather(child, sleeper)

    def due(task: asyncio.Task[None]) -> float:
        timer: asyncio.TimerHandle = task.get_stack()[0].f_locals["h"]
        return timer.when()

    asyncio.run(blocks())
    assert [event.name for event in told if isinstance(event, TaskCreated)][-2:] == ["sleeper", "child"]
    assert [event.late for event in told if isinstance(event, LoopBlocked)] == [1]
    later = observation.recorders[0].take_events()
    assert [event.name for event in later if isinstance(event, TaskRenamed)] == ["renamed"]


async def _wait_for_a_notification(condition: asyncio.Condition) -> None:
    async with condition:
        await condition.wait()


@pytest.mark.parametrize(
    ("kind", "wait_for"),
    [
        (asyncio.Event, asyncio.Event.wait),
        (asyncio.Queue, asyncio.Queue.get),
        (asyncio.Condition, _wait_for_a_notification),
        (lambda: asyncio.get_running_loop().create_future(), asyncio.shield),
    ],
)
def test_what_was_dropped_after_its_waiter_had_begun_is_found_once_nobody_has_had_it_for_a_while(
    kind: Callable[[], Any], wait_for: Callable[[Any], Awaitable[Any]]
) -> None:
    async def main() -> list[int]:
        shared, sources = [kind()], DroppedSources()

        async def wait() -> None:
            await wait_for(shared[0])

        async def wait_for_its_own() -> None:
            await asyncio.Event().wait()

        async def wait_for_theirs(event: asyncio.Event) -> None:
            await event.wait()

        theirs = [asyncio.Event()]
        for each in (wait(), wait(), wait_for_its_own(), *(wait_for_theirs(theirs[0]) for _ in range(2))):
            tasks.append(asyncio.create_task(each))
        await asyncio.sleep(0)
        theirs.clear()
        for number, task in enumerate(tasks):
            sources.begins(_record(task, number), task)
        found = [len(list(sources.look(0.0)))]
        shared[0] = kind()
        found += [len(list(sources.look(now))) for now in (1.0, 1.1, 1.1 + DROPPED_AFTER, 9.0)]
        return found

    tasks: list[asyncio.Task[None]] = []
    assert asyncio.run(main()) == [0, 0, 0, 2, 0]


def _record(task: asyncio.Task[None], number: int) -> Any:
    class Record:
        id = number

        def __call__(self) -> asyncio.Task[None]:
            return task

    return Record()


@pytest.mark.parametrize(
    ("loop", "waits"),
    [
        ("while not done:\n        await asyncio.sleep(0)", True),
        ("while not (task.done() or time.monotonic() > ends):\n        await sleep(0)", True),
        ("while True:\n        await asyncio.sleep(0)", True),
        ("while not is_over():\n        await asyncio.sleep(0)", False),
        ("while not done:\n        await asyncio.sleep(0.01)", False),
        ("while not done:\n        work()\n        await asyncio.sleep(0)", False),
        ("for each in items:\n        await asyncio.sleep(0)", False),
        ("while (item := items.pop()):\n        await asyncio.sleep(0)", False),
    ],
)
def test_a_loop_only_waits_if_it_does_nothing_but_ask(loop: str, waits: bool, tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text(f"async def main():\n    {loop}\n")
    assert only_waits(str(file), 3) is waits


async def _look_each_minute(observation: ProcessObservation, looks: int) -> None:
    """Look for tasks that nothing can wake, and end the program."""
    observer: Any = observation.recorders[0].observer
    real_time = observation.clock.real_time
    for minute in range(1, looks + 2):  # the first only notes what is waited for
        await asyncio.sleep(0)
        observation.clock.real_time = lambda later=60 * minute: real_time() + later  # type: ignore[misc]
        _elsewhere(lambda: observer.mishaps.partial_deadlocks.look(lambda: False))
    observation.clock.real_time = real_time
    for task in asyncio.all_tasks():
        task.cancel()


@pytest.mark.parametrize(("is_known", "looks", "told"), [(False, 1, 0), (False, 3, 1), (True, 3, 0)])
def test_tasks_that_only_the_run_keeps_are_told_once_at_the_second_look(
    is_known: bool, looks: int, told: int, observation: ProcessObservation
) -> None:
    kept: list[object] = []

    async def follow(loading: dict[str, asyncio.Future[None]]) -> None:
        await loading["a"]

    async def main() -> None:
        loading = {"a": asyncio.get_running_loop().create_future()}
        kept.append((asyncio.create_task(_look_each_minute(observation, looks)), loading if is_known else None))
        await asyncio.create_task(follow(loading))

    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(main())
    kept.clear()
    events = [event for event in observation.recorders[0].take_events() if isinstance(event, TasksStranded)]
    assert [len(event.tasks) for event in events] == [2] * told


@pytest.mark.parametrize("serves", [False, True])
def test_a_main_task_that_nothing_can_wake_may_be_there_to_let_a_server_go_on(
    observation: ProcessObservation, serves: bool
) -> None:
    kept: list[asyncio.Task[None]] = []

    class App:
        """Keeps what it waits for to itself."""

        async def run(self) -> None:
            self.stopped = asyncio.get_running_loop().create_future()
            await self.stopped

    async def main() -> None:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        if not serves:
            server.close()
        kept.append(asyncio.create_task(_look_each_minute(observation, 2)))
        try:
            await App().run()
        finally:
            server.close()

    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(main())
    kept.clear()
    events = [event for event in observation.recorders[0].take_events() if isinstance(event, TasksStranded)]
    assert [(event.serves, len(event.tasks)) for event in events] == [(serves, 1)]


def test_code_is_analysed_only_of_a_task_whose_place_another_has_taken(
    observation: ProcessObservation, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysed: list[str] = []

    def has_swallowed_cancel(task: asyncio.Task[Any]) -> bool:
        analysed.append(task.get_name())
        return False

    monkeypatch.setattr(replaced_tasks, "is_in_endless_loop", has_swallowed_cancel)

    class Poller:
        async def poll(self) -> None:
            await asyncio.Event().wait()

    async def main() -> None:
        alone, started_twice = Poller(), Poller()
        tasks = [
            asyncio.create_task(each.poll(), name=name) for each, name in ((alone, "alone"), (started_twice, "first"))
        ]
        vars(started_twice)["task"] = asyncio.create_task(started_twice.poll(), name="second")
        await asyncio.sleep(0)
        tracer: Any = observation.recorders[0].observer
        _elsewhere(tracer.mishaps.replaced.look)
        for task in (*tasks, vars(started_twice)["task"]):
            task.cancel()

    asyncio.run(main())
    assert analysed == ["first"]


def test_no_line_of_ours_is_blamed_where_we_are_called_in_the_middle_of_a_step() -> None:
    place = place_of_thread(threading.get_ident(), lambda _: False, ())
    assert place is not None
    assert place.file == __file__


@pytest.mark.parametrize(("file", "told"), [("app.py", True), (looks.__file__, False)])
def test_what_is_collected_on_a_thread_of_ours_is_no_call_of_the_programs_threads(file: str, told: bool) -> None:
    seen: list[bool] = []
    scope: dict[str, Any] = {"see": lambda: seen.append(not foreign_threads.looks_at_the_program(sys._getframe()))}
    exec(compile("def look(): see()", file, "exec"), scope)
    _elsewhere(scope["look"])
    assert seen == [told]
