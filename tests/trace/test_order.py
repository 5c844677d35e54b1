"""Tests the order of ready tasks: asyncio's own, unless the user chooses; and running to the next event."""

import asyncio
import itertools
import random
import threading
from collections.abc import Callable
from functools import partial

import pytest

from asynclab.model.events import CallEnded, CallScheduled, Stepped, StepStarted, TaskChosen, TimeoutStarted
from asynclab.model.fold import apply
from asynclab.model.state import LabState
from asynclab.trace import Lab
from tests.fast_ui import until
from tests.trace.fast_labs import held, observe, settle, state_of, stepped


async def arrived(lab: Lab) -> None:
    """Wait until a run to an event is over."""
    await until(lambda: state_of(lab).running_to is None)
    await settle()


def texts(lab: Lab) -> list[str]:
    return [line.text for line in state_of(lab).activity]


class Account:
    """Money that two tasks draw at the same time, as if each were alone."""

    balance = 100

    async def draw(self, amount: int) -> None:
        before = self.balance
        if amount > 50:
            await asyncio.sleep(0)  # others may run here
        self.balance = before - amount

    async def both(self) -> int:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.draw(10), name="small")
            group.create_task(self.draw(60), name="large")
        return self.balance


def test_in_the_default_order_no_update_is_lost() -> None:
    assert observe(Account().both).ending.value == 30


async def test_a_chosen_order_makes_a_lost_update_happen_and_the_log_says_so(lab: Lab) -> None:
    await held(lab, Account().both)
    await stepped(lab)
    small, large = lab.held
    await stepped(lab, large)
    assert lab.held == [small, large]
    await stepped(lab)
    lab.resume()
    ending = await lab.wait()
    assert ending.value == 40
    assert [line.task for line in state_of(lab).activity if line.kind == "chosen"] == [large]


async def test_the_first_in_line_needs_no_choosing(lab: Lab) -> None:
    seen: list[object] = []
    lab.subscribe(seen.extend)
    await held(lab, Account().both)
    for _ in range(6):
        await stepped(lab, lab.held[0] if lab.held else None)
    lab.pump()
    assert not any(isinstance(event, TaskChosen) for event in seen)


def test_the_model_knows_the_order_in_which_ready_tasks_run() -> None:
    async def worker(queue: asyncio.Queue[int], lock: asyncio.Lock, luck: random.Random) -> None:
        for number in range(20):
            match luck.randrange(5):
                case 0:
                    await asyncio.sleep(0)
                case 1:
                    await asyncio.sleep(luck.random() / 100)
                case 2:
                    async with lock:
                        await asyncio.sleep(0)
                case 3:
                    queue.put_nowait(number)
                case _:
                    queue.put_nowait(number)
                    await queue.get()

    async def main() -> None:
        queue: asyncio.Queue[int] = asyncio.Queue()
        lock, luck = asyncio.Lock(), random.Random(7)
        await asyncio.gather(*(worker(queue, lock, luck) for _ in range(30)))

    events = observe(main).events
    state, steps = LabState(), 0
    for event in events:
        if isinstance(event, Stepped | StepStarted):
            assert next(iter(state.ready_queue)) == event.task
            steps += 1
        apply(state, event)
    assert steps > 300
    assert not state.ready_queue


async def test_running_to_an_event_passes_over_all_others(lab: Lab) -> None:
    async def chatter() -> None:
        for number in range(50):
            print(number)
            await asyncio.sleep(0)

    async def sleeper() -> None:
        await asyncio.sleep(5)

    async def both() -> None:
        await asyncio.gather(chatter(), sleeper())

    await held(lab, both)
    await stepped(lab)
    sleeping = lab.held[1]
    before = state_of(lab).tasks[sleeping].steps
    lab.run_to_event(sleeping)
    assert state_of(lab).running_to == sleeping
    await arrived(lab)
    assert (state_of(lab).tasks[sleeping].steps, state_of(lab).tasks[sleeping].state) == (before + 1, "waiting")
    lab.run_to_event(sleeping)
    await arrived(lab)
    assert state_of(lab).tasks[sleeping].state == "ready"
    assert texts(lab).count("“49”") == 1
    assert lab.now == pytest.approx(5)
    assert lab.paused
    lab.run_to_event(sleeping)
    await arrived(lab)
    assert state_of(lab).tasks[sleeping].state == "done"


@pytest.mark.parametrize("command", [Lab.pause, Lab.step, Lab.resume, Lab.cancel])
async def test_any_other_command_stops_running_to_an_event(lab: Lab, command: object) -> None:
    async def busy() -> None:
        for _ in itertools.count():
            await asyncio.sleep(0)

    async def main_of_lab() -> None:
        await asyncio.gather(busy(), asyncio.sleep(1e9))

    await held(lab, main_of_lab)
    for _ in range(3):
        await stepped(lab)
    lab.run_to_event(3)
    await settle()
    assert state_of(lab).running_to == 3
    assert callable(command)
    command(lab)
    assert state_of(lab).running_to is None


async def test_running_to_an_event_waits_for_what_comes_from_outside(lab: Lab) -> None:
    gate = threading.Event()

    async def from_a_thread() -> bool:
        return await asyncio.to_thread(gate.wait)

    await held(lab, from_a_thread)
    await stepped(lab)
    lab.run_to_event(1)
    await asyncio.sleep(1)
    assert state_of(lab).running_to == 1
    gate.set()
    await arrived(lab)
    assert state_of(lab).tasks[1].state == "ready"


def test_callbacks_that_are_set_for_later_are_known_until_they_are_called_or_cancelled() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[str] = loop.create_future()
        loop.call_later(1, future.set_result, "rung")
        loop.call_later(5, print).cancel()
        await future
        await asyncio.sleep(1)

    seen = observe(main)
    first, second = seen.of(CallScheduled)
    assert [first.name, second.name] == ["Future.set_result", "print"]
    assert first.library == second.library == ""
    assert [first.deadline, second.deadline] == [pytest.approx(1), pytest.approx(5)]
    assert first.task == second.task == 1
    assert [(ended.call, ended.at) for ended in seen.of(CallEnded)] == [(2, 0), (1, pytest.approx(1))]
    assert not seen.state.calls


def test_of_a_call_that_a_library_made_for_itself_the_library_is_known() -> None:
    from aiohttp.helpers import TimerNoop  # any function of an installed package will do

    async def main() -> None:
        loop = asyncio.get_running_loop()
        timer = TimerNoop()
        callbacks: list[Callable[[], object]] = [timer.__enter__, partial(timer.__enter__), of_the_user]
        for callback in callbacks:
            loop.call_later(5, callback).cancel()

    def of_the_user() -> None: ...

    assert [call.library for call in observe(main).of(CallScheduled)] == ["aiohttp", "aiohttp", ""]


def test_of_a_timeout_that_a_library_arms_the_library_is_known() -> None:
    from aiohttp.helpers import TimerNoop

    async def main() -> None:
        async with asyncio.timeout(6):
            await asyncio.wait_for(asyncio.sleep(0), 7)
        installed = {"__name__": "aiohttp.of_the_test", "asyncio": asyncio}
        code = "async def waits():\n async with asyncio.timeout(8):\n  await asyncio.wait_for(asyncio.sleep(0), 9)"
        exec(compile(code, TimerNoop.__enter__.__code__.co_filename, "exec"), installed)
        await installed["waits"]()  # type: ignore[operator]

    assert [timeout.library for timeout in observe(main).of(TimeoutStarted)] == ["", "", "aiohttp", "aiohttp"]
