"""Tests how a running lab is paused, stepped, slowed and cancelled."""

import asyncio
from collections.abc import Callable
from time import perf_counter

import pytest

from asynclab.model.events import StepStarted, TaskCancelRequested
from asynclab.trace import Lab
from asynclab.trace.monitoring.loop_monitor import LoopMonitor
from asynclab.trace.monitoring.standstill import STALLED_AFTER
from tests.fast_loop import FastLoop
from tests.trace.fast_labs import fast_lab, held, observe, settle, state_of, stepped


async def counter(turns: int = 100) -> int:
    for number in range(turns):
        print(number)
        await asyncio.sleep(0)
    return turns


def printed(lab: Lab) -> int:
    return sum(line.kind == "printed" for line in state_of(lab).activity)


def stop_the_process(lab: Lab, seconds: float) -> None:
    """Let real time pass in which nothing of this process ran, as it does for one that was suspended."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, FastLoop)
    loop.jumps.now += seconds
    lab.was_stopped(seconds)


async def test_a_stop_of_the_process_takes_no_lab_time_and_makes_no_timer_late(lab: Lab) -> None:
    moments: list[float] = []

    async def main() -> None:
        for _ in range(3):
            await asyncio.sleep(1)
            moments.append(asyncio.get_running_loop().time())

    begin = asyncio.get_running_loop().time()
    lab.start(main)
    await asyncio.sleep(1.5)
    stop_the_process(lab, 6)
    assert lab.now == pytest.approx(1.5)
    await lab.wait()
    assert asyncio.get_running_loop().time() - begin == pytest.approx(9)
    assert [moment - begin for moment in moments] == pytest.approx([1, 2, 3])
    assert not state_of(lab).clock.kept_real_time
    assert [line.text for line in lab.state.activity if line.kind == "clock"] == []


async def test_a_paused_lab_is_paused_after_a_stop_of_the_process(lab: Lab) -> None:
    lab.start(counter)
    lab.pause()
    stop_the_process(lab, 6)
    await asyncio.sleep(10)
    assert lab.paused
    assert (lab.now, printed(lab)) == (0, 0)


async def test_a_stop_before_a_lab_starts_or_after_it_ended_does_nothing(lab: Lab) -> None:
    stop_the_process(lab, 6)
    await lab.run(counter)
    now = lab.now
    stop_the_process(lab, 6)
    assert (lab.now, lab.state.clock.kept_real_time) == (now, True)


async def test_the_measurement_that_spans_a_stop_is_dropped() -> None:
    monitor = LoopMonitor(asyncio.get_running_loop())
    sent = perf_counter()
    monitor.was_stopped()
    monitor.beat(sent)
    assert list(monitor.lags) == []
    monitor.beat(perf_counter())
    assert len(monitor.lags) == 1


async def test_a_paused_lab_runs_no_step_and_no_time(lab: Lab) -> None:
    lab.start(counter)
    await settle()
    lab.pause()
    await settle()
    before, now = printed(lab), lab.now
    await asyncio.sleep(100)
    assert 0 < before == printed(lab) < 100
    assert lab.now == now
    assert state_of(lab).clock.paused
    lab.resume()
    assert (await lab.wait()).value == 100


async def test_a_paused_lab_keeps_its_timeouts_from_firing(lab: Lab) -> None:
    async def guarded() -> str:
        return await asyncio.wait_for(asyncio.sleep(0.5, "in time"), 0.6)

    lab.start(guarded)
    for _ in range(3):
        await asyncio.sleep(0.1)
        lab.pause()
        await asyncio.sleep(0.4)
        lab.resume()
    assert (await lab.wait()).value == "in time"
    assert lab.now == pytest.approx(0.5)


async def test_one_step_is_one_step_of_one_task(lab: Lab) -> None:
    events: list[object] = []
    lab.subscribe(events.extend)
    await held(lab, counter)
    for steps in range(1, 8):
        assert lab.held == [1]
        assert await stepped(lab) == "step"
        lab.pump()
        assert sum(isinstance(event, StepStarted) for event in events) == steps


async def test_impatient_steps_are_not_two_at_once(lab: Lab) -> None:
    await held(lab, counter)
    for _ in range(5):
        lab.step()
    await settle()
    assert printed(lab) == 1


async def test_a_step_with_nothing_ready_moves_on_to_the_next_timer(lab: Lab) -> None:
    async def sleeper() -> None:
        await asyncio.sleep(5)
        print("awake")

    await held(lab, sleeper)
    assert await stepped(lab) == "step"
    assert await stepped(lab) == "jump"
    assert lab.now == pytest.approx(5)
    assert (printed(lab), lab.held) == (0, [1])
    assert await stepped(lab) == "step"
    assert printed(lab) == 1
    assert lab.step() == "nothing"


@pytest.mark.usefixtures("real_loop")
async def test_a_step_never_skips_time_while_something_outside_is_awaited() -> None:
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def threaded() -> str:
        return await asyncio.wait_for(loop.run_in_executor(None, wait_outside), 30)

    def wait_outside() -> str:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result()
        return "from outside"

    async with Lab() as lab:
        lab.start(threaded)
        lab.pause()
        await settle()
        assert lab.step() == "step"
        while True:
            await settle()
            if not lab.held:
                break
            lab.step()
        assert lab.step() == "outside"
        release.set()
        lab.resume()
        assert (await lab.wait()).value == "from outside"


async def test_a_held_task_can_be_cancelled(lab: Lab) -> None:
    lab.start(counter)
    await settle()
    lab.pause()
    await settle()
    assert lab.cancel_task(1)
    assert lab.paused
    assert not lab.cancel_task(99)
    lab.step()
    assert (await lab.wait()).outcome == "cancelled"


async def test_cancelling_a_paused_lab_lets_it_clean_up(lab: Lab) -> None:
    async def careful() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(1)
            print("cleaned")

    lab.start(careful)
    await settle()
    lab.pause()
    lab.cancel()
    assert (await lab.wait()).outcome == "cancelled"
    assert printed(lab) == 1
    requests = [line for line in state_of(lab).activity if line.kind == "cancel"]
    assert len(requests) == 1


@pytest.mark.parametrize("speed", [0.25, 4.0])
async def test_slow_motion_slows_sleeps_and_timeouts_alike(speed: float) -> None:
    async def script() -> None:
        await asyncio.sleep(1)
        await asyncio.wait_for(asyncio.sleep(5), 1)

    loop = asyncio.get_running_loop()
    begin = loop.time()
    async with fast_lab(speed=speed) as lab:
        ending = await lab.run(script)
        assert isinstance(ending.exception, TimeoutError)
        assert loop.time() - begin == pytest.approx(2 / speed)
        assert lab.now == pytest.approx(2)


async def test_the_speed_can_be_changed_on_the_way(lab: Lab) -> None:
    loop = asyncio.get_running_loop()
    lab.start(asyncio.sleep, 10)
    await asyncio.sleep(2)
    lab.set_speed(8)
    await lab.wait()
    assert loop.time() == pytest.approx(3)
    assert lab.speed == 8


async def long_way() -> str:
    for _ in range(50):
        await asyncio.sleep(3600)
    return "arrived"


@pytest.mark.usefixtures("real_loop")
async def test_an_instant_lab_skips_no_timer_that_came_due_while_another_task_ran() -> None:
    async def main() -> None:
        loop, due = asyncio.get_running_loop(), 0.0

        async def first() -> None:
            await asyncio.sleep(1)
            while loop.time() <= due:  # a step that lasts beyond the other's deadline
                pass
            await asyncio.sleep(0)
            await asyncio.sleep(1)

        async def second() -> None:
            nonlocal due
            due = loop.time() + 1.0005
            await asyncio.sleep(1.0005)

        await asyncio.gather(first(), second())

    async with Lab(instant=True) as lab:
        await lab.run(main)
    assert lab.state.tasks[3].ended_at == pytest.approx(1, abs=0.5)


@pytest.mark.usefixtures("real_loop")
async def test_an_instant_lab_skips_what_nobody_uses() -> None:
    begin = perf_counter()
    async with Lab(instant=True) as lab:
        ending = await lab.run(long_way)
        assert ending.value == "arrived"
        assert lab.now >= 50 * 3600
        assert lab.now - (perf_counter() - begin) <= 50 * 3600


@pytest.mark.usefixtures("real_loop")
async def test_the_rest_of_a_run_can_be_made_instant() -> None:
    async with Lab() as lab:
        lab.start(long_way)
        await settle()
        lab.pause()
        lab.run_instantly()
        assert (await lab.wait()).value == "arrived"


@pytest.mark.usefixtures("real_loop")
async def test_an_instant_lab_waits_for_threads_in_real_time() -> None:
    loop = asyncio.get_running_loop()
    release = asyncio.Event()

    def outside() -> str:
        return asyncio.run_coroutine_threadsafe(wait_outside(), loop).result()

    async def wait_outside() -> str:
        await release.wait()
        return "from outside"

    async def guarded() -> str:
        return await asyncio.wait_for(asyncio.to_thread(outside), 3600)

    async with Lab(instant=True) as lab:
        lab.start(guarded)
        await asyncio.to_thread(lambda: None)
        await settle()
        release.set()
        ending = await lab.wait()
        assert (ending.value, ending.exception) == ("from outside", None)
        assert lab.now < 3600


@pytest.mark.usefixtures("real_loop")
async def test_an_instant_lab_waits_for_sockets_in_real_time() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        await settle()
        writer.write(b"answer\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()

    async def ask() -> bytes:
        async with asyncio.timeout(3600):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(b"question\n")
            line = await reader.readline()
            writer.close()
            await writer.wait_closed()
            return line

    async with server, Lab(instant=True) as lab:
        ending = await lab.run(ask)
        assert ending.value == b"answer\n"
        assert lab.now < 3600


async def test_several_labs_have_their_own_time() -> None:
    async with fast_lab() as slow, fast_lab(speed=10) as quick, fast_lab() as held:
        for lab in (slow, quick, held):
            lab.start(asyncio.sleep, 10, lab)
        held.pause()
        await quick.wait()
        assert slow.now == pytest.approx(1)
        await slow.wait()
        assert held.now == 0
        assert held.is_running
        assert [len(state_of(lab).tasks) for lab in (slow, quick, held)] == [1, 1, 1]


async def test_a_lab_runs_once() -> None:
    lab = fast_lab()
    with pytest.raises(RuntimeError, match="not started"):
        await lab.wait()
    await lab.run(asyncio.sleep, 0)
    with pytest.raises(RuntimeError, match="make a new one"):
        lab.start(asyncio.sleep, 0)
    await lab.close()


async def test_a_task_that_refuses_to_end_is_left_to_itself_and_named() -> None:
    async def stubborn() -> None:
        while True:
            try:
                await asyncio.sleep(10)
                return
            except asyncio.CancelledError:
                print("no")

    loop = asyncio.get_running_loop()
    async with fast_lab() as lab:
        lab.start(stubborn)
        await settle()
        await lab.close()
        assert lab.ending is not None
        assert lab.ending.unstoppable
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert len(left) == 1
    await asyncio.wait(left)  # its timer went on on the loop's own time
    assert loop.time() < 20


async def test_what_was_told_to_stop_in_the_middle_has_leaked_nothing(lab: Lab) -> None:
    async def one_by_one() -> None:
        first, second = asyncio.create_task(asyncio.sleep(5)), asyncio.create_task(asyncio.sleep(9))
        await first
        await second

    lab.start(one_by_one)
    await asyncio.sleep(1)
    lab.cancel()
    ending = await lab.wait()
    assert (ending.outcome, ending.leaked, ending.unstoppable) == ("cancelled", (), ())
    assert state_of(lab).counts["cancelled"] == 3


def test_who_asked_is_known_through_a_chain_of_awaits() -> None:
    async def outer(inner: asyncio.Task[None]) -> None:
        await asyncio.gather(inner)

    async def main() -> None:
        inner = asyncio.create_task(asyncio.sleep(100), name="inner")
        chain = asyncio.create_task(outer(inner), name="outer")
        await asyncio.sleep(1)
        chain.cancel()
        await asyncio.wait([chain])

    seen = observe(main)
    asked = {seen.state.tasks[event.task].name: event.by for event in seen.of(TaskCancelRequested)}
    assert asked == {"inner": 1, "outer": 1}


def test_a_timeout_is_not_mistaken_for_somebody_who_asks() -> None:
    async def main() -> None:
        await asyncio.wait_for(asyncio.create_task(asyncio.sleep(100), name="work"), 1)

    seen = observe(main)
    assert [(event.task, event.by) for event in seen.of(TaskCancelRequested)] == [(seen.task("work").id, 1)]
    assert seen.task("work").state == "cancelled"


def test_a_run_that_begins_at_another_speed_says_so() -> None:
    seen = observe(asyncio.sleep, 1, speed=0.5)
    assert seen.state.clock.speed == 0.5


async def test_what_is_done_to_the_clock_after_the_end_is_no_event(lab: Lab) -> None:
    await lab.run(asyncio.sleep, 1)
    version = state_of(lab).version
    lab.run_instantly()
    lab.set_speed(2)
    assert state_of(lab).version == version


async def test_a_lab_in_which_a_task_sleeps_can_go_on(lab: Lab) -> None:
    lab.start(asyncio.sleep, 100)
    for _ in range(3):
        await asyncio.sleep(STALLED_AFTER)
        assert not state_of(lab).is_stalled


@pytest.mark.parametrize(
    ("act", "is_kept"),
    [
        (lambda lab: None, True),
        (lambda lab: (lab.set_speed(1.0), lab.resume()), True),
        (lambda lab: (lab.pause(), lab.resume()), False),
        (lambda lab: lab.step(), False),
        (lambda lab: (lab.set_speed(2.0), lab.set_speed(1.0)), False),
        (lambda lab: lab.run_instantly(), False),
    ],
)
async def test_a_lab_knows_whether_its_time_was_always_real(act: Callable[[Lab], object], is_kept: bool) -> None:
    async with Lab(watch=False) as lab:
        lab.start(counter, 3)
        act(lab)
        lab.resume()
        await lab.wait()
        assert state_of(lab).clock.kept_real_time == is_kept


async def test_a_lab_with_a_speed_of_its_own_never_kept_real_time() -> None:
    async with Lab(speed=2.0, watch=False) as lab:
        lab.start(counter, 3)
        assert not state_of(lab).clock.kept_real_time
