"""Tests which lanes are made of events, and what a timeline drops."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Iterator

import pytest
from hypothesis import given

import asynclab.model.fold.births_and_ends
import asynclab.model.lanes.lanes_of_run
from asynclab.model import events
from asynclab.model.events import Event, Output, StepEnded, StepStarted, TaskCreated, TaskEnded
from asynclab.model.lanes import READY, Timeline
from tests.model.anything import any_history
from tests.model.short_histories import timeline_of
from tests.model.timeline.short_runs import COFFEE, MAIN, TEA, Run, brewing, intervals, run_of, slices, step, woken
from tests.trace.fast_labs import observe


def marks(timeline: Timeline, task: int) -> list[tuple[float, str]]:
    return [(mark.at, mark.kind) for mark in timeline.lanes[task].marks_between(-1.0, 1e9, 1_000)]


@given(any_history())
def test_state_and_timeline_agree_on_the_time(happened: list[events.Event]) -> None:
    run = run_of(*happened)
    assert run.timeline.now == run.state.now
    for number, task in run.state.tasks.items():
        lane = run.timeline.lanes[number]
        assert task.since == (lane.ended if task.has_ended else lane.begins[-1])
        assert list(lane.begins) == sorted(lane.begins)
        assert list(lane.mark_times) == sorted(lane.mark_times)


def test_a_life_is_cut_where_the_task_changes_its_state() -> None:
    run = brewing(
        *step(TEA, 0.2, 0.3), woken(1.3, TEA, "timer"), events.StepStarted(1.4, TEA), events.TaskEnded(1.5, TEA, "done")
    )
    assert slices(run.timeline, TEA) == [
        ("ready", 0.0, 0.2),
        ("running", 0.2, 0.3),
        ("waiting", 0.3, 1.3),
        ("ready", 1.3, 1.4),
        ("running", 1.4, 1.5),
    ]
    assert slices(run.timeline, COFFEE) == [("ready", 0.0, None)]
    assert run.timeline.interval_at(TEA, 1.5) is None
    assert run.timeline.now == 1.5


@pytest.mark.parametrize(
    "steps",
    [
        (events.Stepped(0.25, TEA, 0.25, ends=True),),
        (events.StepStarted(0.25, TEA), events.StepEnded(0.5, TEA, 0.25, ends=True)),
    ],
)
def test_a_lane_ends_with_the_step_that_its_task_ends_with(steps: tuple[events.Event, ...]) -> None:
    run = brewing(*steps)
    assert slices(run.timeline, TEA)[1:] == [("running", 0.25, None)]
    run.take(events.TaskEnded(0.5, TEA, "done"))
    assert slices(run.timeline, TEA) == [("ready", 0.0, 0.25), ("running", 0.25, 0.5)]


def test_a_whole_step_in_one_event_is_drawn_as_one_in_two() -> None:
    birth = events.TaskCreated(0.0, 1, "a", "a")
    in_one = timeline_of(birth, events.Stepped(1.0, 1, 0.5, True), events.Stepped(2.0, 1, 0.5))
    in_two = timeline_of(
        birth,
        events.StepStarted(1.0, 1),
        events.StepEnded(1.5, 1, 0.5, True),
        events.StepStarted(2.0, 1),
        events.StepEnded(2.5, 1, 0.5),
    )
    assert intervals(in_one, 1) == intervals(in_two, 1)
    assert in_one.now == in_two.now


@pytest.mark.parametrize(("paused", "speed", "end"), [(False, 1.0, 1.5), (False, 4.0, 3.0), (True, 4.0, 1.0)])
def test_a_whole_step_takes_the_lab_time_that_its_clock_gives_it(paused: bool, speed: float, end: float) -> None:
    clock = events.ClockChanged(0.0, paused, speed, False)
    timeline = timeline_of(clock, events.TaskCreated(0.0, 1, "a", "a"), events.Stepped(1.0, 1, 0.5))
    assert slices(timeline, 1)[1:] == [("running", 1.0, end), ("waiting", end, None)]
    assert timeline.now == end


def test_a_task_that_is_woken_in_its_own_step_is_ready_from_the_end_of_that() -> None:
    wake = events.TaskReady(0.25, TEA, "task", TEA)
    run = brewing(*step(TEA, 0.2, 0.3, wake))
    assert slices(run.timeline, TEA)[1:] == [("running", 0.2, 0.3), ("ready", 0.3, None)]
    assert intervals(run.timeline, TEA)[-1].reason is wake
    run.take(*step(TEA, 0.4, 0.5))
    assert slices(run.timeline, TEA)[-1] == ("waiting", 0.5, None)


def test_a_step_that_asks_for_another_turn_leaves_the_task_ready_for_no_reason() -> None:
    run = brewing(events.StepStarted(0.2, TEA), events.StepEnded(0.3, TEA, 0.1, True))
    assert intervals(run.timeline, TEA)[-1] == ("ready", 0.3, None, None)


def test_what_a_task_waits_for_belongs_to_its_wait_and_a_stale_look_to_none() -> None:
    wait, wake = events.Wait("sleep", seconds=1.0), woken(1.3, TEA, "timer")
    run = brewing(*step(TEA, 0.2, 0.3, wait=wait), wake, events.TaskWaiting(1.3, TEA, events.Wait("event", 1)))
    assert [interval.reason for interval in intervals(run.timeline, TEA)[2:]] == [wait, wake]


def test_what_happens_to_a_task_is_marked_up_to_its_end() -> None:
    run = brewing(
        events.TimeoutStarted(0.2, 1, 1.0, TEA),
        events.TimeoutStarted(0.2, 2, 1.0, TEA),
        events.TimeoutStarted(0.2, 3, 0.3, TEA),
        events.QueuePut(0.3, 1, "'A'", 1, 1, TEA),
        events.QueueGot(0.3, 1, "'A'", 0, 1, 0, TEA),
        events.Output(0.4, "hi\n", TEA),
        events.TaskCancelRequested(0.5, TEA, MAIN),
        events.TimeoutMet(0.6, 1),
        events.TimeoutExpired(0.7, 2),
        events.TimeoutMet(0.7, 3, 0.4),
        events.TaskEnded(0.8, TEA, "cancelled"),
        events.Output(0.9, "from beyond\n", TEA),
    )
    assert marks(run.timeline, TEA) == [
        *[(0.2, "timeout")] * 3,
        (0.3, "put"),
        (0.3, "got"),
        (0.4, "printed"),
        (0.5, "cancel"),
        (0.6, "met"),
        (0.7, "expired"),
        (0.7, "late"),
        (0.8, "cancelled"),
    ]


def test_a_callback_that_blocks_the_loop_marks_no_task() -> None:
    timeline = brewing(events.LoopBlocked(0.5, None, 0.2, "/x/protocol.py", 7, "data_received")).timeline
    assert [marks(timeline, task) for task in (MAIN, TEA, COFFEE)] == [[], [], []]


def test_a_task_that_is_collected_has_failed() -> None:
    lane = brewing(events.TaskCollected(0.5, TEA)).timeline.lanes[TEA]
    assert (lane.ended, lane.outcome) == (0.5, "failed")


def test_what_says_nothing_about_lanes_changes_none() -> None:
    run = brewing()
    before = [lane.revision for lane in run.timeline.lanes.values()]
    run.take(
        events.TaskStands(0.5, TEA, (events.StackFrame("brew", "brew.py", 3),)),
        events.TaskRenamed(0.5, TEA, "green tea"),
        events.Progressed(0.5, TEA, 1.0),
        events.LoopLagged(0.5, 0.1),
    )
    assert [lane.revision for lane in run.timeline.lanes.values()] == before
    assert run.timeline.now == 0.5


def test_a_wake_is_told_where_another_task_caused_it() -> None:
    run = brewing(*step(TEA, 0.2, 0.3), woken(0.5, TEA, "task", COFFEE), *step(TEA, 0.6, 0.7))
    run.take(woken(0.8, TEA, "timer"), *step(TEA, 0.8, 0.9), woken(1.0, TEA, "cancel", MAIN))
    lane = run.timeline.lanes[TEA]
    assert [lane.woken_by(index) for index, kind in enumerate(lane.kinds) if kind == READY][-3:] == [COFFEE, None, MAIN]


async def kitchen() -> None:
    """Tasks that sleep, yield, fill a queue, take a lock, time out and are cancelled."""
    queue: asyncio.Queue[int] = asyncio.Queue(1)
    lock = asyncio.Lock()

    async def produce() -> None:
        for number in range(5):
            await queue.put(number)
            await asyncio.sleep(0)

    async def consume() -> None:
        for _ in range(5):
            async with lock:
                await queue.get()
                await asyncio.sleep(0.3)

    async def give_up() -> None:
        async with asyncio.timeout(0.5):
            await asyncio.sleep(9)

    cancelled = asyncio.create_task(asyncio.sleep(60), name="cancelled")
    await asyncio.gather(produce(), consume(), give_up(), return_exceptions=True)
    cancelled.cancel()
    await asyncio.sleep(0.1)


def test_the_slices_of_a_real_run_whose_steps_take_time_add_up_to_what_its_state_has_counted() -> None:
    ticks = itertools.count()
    seen = observe(kitchen, instant=True, real_time=lambda: next(ticks) * 0.001)
    timeline = timeline_of(*seen.events)
    assert len(seen.state.tasks) == 5
    for number, task in seen.state.tasks.items():
        spent: dict[str, float] = defaultdict(float)
        for word, begin, end in slices(timeline, number):
            spent[word] += (timeline.now if end is None else end) - begin
        assert task.running_seconds > 0.0
        # Telling of what happens in a step reads the clock, which ticks here.
        assert spent["running"] == pytest.approx(task.running_seconds, abs=0.002 * task.steps)
        assert spent["ready"] == pytest.approx(task.ready_seconds)
        assert spent["waiting"] == pytest.approx(task.waiting_seconds)


KEPT = 40


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)


def shrink(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(asynclab.model.lanes.lanes_of_run, "KEPT", KEPT)
    patch.setattr(asynclab.model.lanes.lanes_of_run, "DROPPED_AT_ONCE", 4)


def turns(task: int, count: int, begin: float = 0.0) -> Iterator[Event]:
    """Steps of a task that prints and asks for another turn in each; a tenth of a second apart."""
    for number in range(count):
        at = begin + number / 10
        yield StepStarted(at, task)
        yield Output(at, "x\n", task)
        yield StepEnded(at + 0.05, task, 0.05, True)


def kept(timeline: Timeline) -> int:
    return sum(lane.size for lane in timeline.lanes.values())


@pytest.mark.usefixtures("_small")
def test_the_oldest_go_first_and_each_that_went_is_counted() -> None:
    run = run_of(TaskCreated(0.0, 1, "a", "a"), *turns(1, 100))
    assert kept(run.timeline) <= KEPT
    assert kept(run.timeline) + run.timeline.dropped == 1 + 3 * 100
    assert (run.timeline.lanes[1].begins[0], run.timeline.now) == pytest.approx((8.75, 9.95))
    assert [word for word, _, end in slices(run.timeline, 1) if end is None] == ["ready"]
    assert "no longer kept" in run.told(1, 0.5)
    assert run.timeline.interval_at(1, 0.5) is None


@pytest.mark.usefixtures("_small")
def test_what_lasts_still_is_kept_however_old_it_is() -> None:
    tasks = KEPT + 20
    run = run_of(*(TaskCreated(0.0, task, "a", "a") for task in range(1, tasks + 1)), *turns(1, 200))
    assert len(run.timeline.lanes) == tasks
    assert slices(run.timeline, 2) == [("ready", 0.0, None)]
    assert kept(run.timeline) <= 2 * tasks


@pytest.mark.usefixtures("_small")
def test_many_tasks_that_do_nothing_do_not_keep_what_is_old_of_another() -> None:
    run = Run()
    run.take(*(TaskCreated(0.0, task, "a", "a") for task in range(1, KEPT // 2 + 1)))
    for number in range(50):
        run.take(*turns(1, 5, number / 2))
        assert kept(run.timeline) <= KEPT


@pytest.mark.usefixtures("_small")
def test_the_lane_of_an_ended_task_goes_with_the_last_that_is_kept_of_it() -> None:
    run = run_of(
        TaskCreated(0.0, 1, "a", "a"),
        TaskCreated(0.0, 2, "b", "b"),
        StepStarted(0.0, 2),
        TaskEnded(0.1, 2, "done"),
        *turns(1, 50, 1.0),
    )
    assert list(run.timeline.lanes) == [1]
    assert run.told(2, 0.0) == run.told(99, 0.0)


def test_the_lanes_of_tasks_that_the_state_forgets_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asynclab.model.fold.births_and_ends, "ENDED_KEPT", 10)
    monkeypatch.setattr(asynclab.model.fold.births_and_ends, "DROPPED_AT_ONCE", 4)
    run = Run()
    for task in range(1, 31):
        run.take(TaskCreated(0.0, task, "a", "a"), TaskEnded(0.0, task, "done"))
        assert list(run.timeline.lanes) == list(run.state.tasks)
    assert run.timeline.dropped == 2 * run.state.dropped.tasks == 2 * 20


@given(any_history())
def test_a_small_memory_changes_nothing_of_what_lasts_still(events: list[Event]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch)
        small = run_of(*events).timeline
    whole = run_of(*events).timeline
    for task, lane in whole.lanes.items():
        if lane.ended is None:
            assert slices(small, task)[-1] == slices(whole, task)[-1]
    assert kept(small) + small.dropped == kept(whole)
