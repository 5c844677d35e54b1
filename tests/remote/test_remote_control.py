"""Tests that a program is paused, stepped, slowed and cancelled by commands over its socket."""

import asyncio
import heapq
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import pytest

from asynclab.model.events import ClockChanged, Event, RunningTo, StepReported, TaskEnded, TaskHeld
from asynclab.remote.inside.sender import Sender
from asynclab.remote.launch import Child, Target, launch
from asynclab.remote.remote_control import CommandSender, RemoteControl
from asynclab.remote.wire import FrameReader, LoopEvents
from asynclab.trace import cpython
from asynclab.trace.process import observe_process

AnyEventKind = TypeVar("AnyEventKind", bound=Event)


class Program:
    """A program on another thread, with its viewer here."""

    def __init__(self) -> None:
        its, self.viewer = socket.socketpair()
        self.viewer.setblocking(False)
        self.observation = observe_process()
        self.sender = Sender(self.observation, its)
        self.control = RemoteControl(CommandSender(self.viewer), 1)
        self.events: list[Event] = []
        self._frames = FrameReader()
        self._thread: threading.Thread | None = None

    def start(self, coroutine: Coroutine[Any, Any, object]) -> None:
        self._thread = threading.Thread(target=asyncio.run, args=(coroutine,))
        self._thread.start()

    def look(self) -> None:
        """Let it obey and tell, and take in what it tells."""
        self.sender.look()
        try:
            frames = list(self._frames.feed(self.viewer.recv(1 << 20)))
        except BlockingIOError:
            return
        self.events += [event for frame in frames if isinstance(frame, LoopEvents) for event in frame.events]

    def look_until(self, happened: Callable[[], object]) -> None:
        while not happened():
            self.look()

    def of(self, kind: type[AnyEventKind]) -> list[AnyEventKind]:
        return [event for event in self.events if isinstance(event, kind)]

    def join(self) -> None:
        assert self._thread is not None
        while self._thread.is_alive():
            self.look()
        self.look()


@pytest.fixture
def program() -> Iterator[Program]:
    running = Program()
    yield running
    running.observation.stop()
    running.sender.abandon()
    running.viewer.close()


async def note_time(times: list[float], rounds: int) -> None:
    for _ in range(rounds):
        times.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0)


def test_a_paused_program_runs_a_step_at_a_time_while_its_time_stands(program: Program) -> None:
    times: list[float] = []
    program.control.pause()
    program.look()
    program.start(note_time(times, 5))
    program.look_until(lambda: program.of(TaskHeld))
    assert times == []
    program.control.step()
    program.look_until(lambda: len(program.of(TaskHeld)) == 2)
    program.control.step()
    program.look_until(lambda: len(program.of(TaskHeld)) == 3)
    assert len(times) == 2
    assert times[0] == times[1]
    assert [report.outcome for report in program.of(StepReported)] == ["step", "step"]
    program.control.resume()
    program.join()
    assert len(times) == 5
    assert times[-1] > times[0]


async def wait_for(event: asyncio.Event, loops: list[asyncio.AbstractEventLoop]) -> None:
    loops.append(asyncio.get_running_loop())
    await event.wait()


async def hand_over(rounds: int, done: list[str]) -> None:
    async def work(name: str, previous: asyncio.Event, mine: asyncio.Event) -> None:
        for _ in range(rounds):
            await previous.wait()
            previous.clear()
            done.append(name)
            mine.set()

    ping, pong = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(work("ping", pong, ping), name="ping")
        group.create_task(work("pong", ping, pong), name="pong")
        pong.set()


def test_a_paused_program_runs_up_to_the_next_step_of_a_task(program: Program) -> None:
    done: list[str] = []
    program.control.pause()
    program.look()
    program.start(hand_over(5, done))
    program.look_until(lambda: program.of(TaskHeld))
    for _ in range(3):
        program.control.run_to_event(3)
        told = len(program.of(RunningTo))
        program.look_until(partial(lambda told: len(program.of(RunningTo)) == told + 2, told))
        assert program.of(TaskHeld)[-1].task == 3
        assert program.of(ClockChanged)[-1].paused
    assert done == ["ping", "pong", "ping", "pong", "ping"]
    assert {event.task for event in program.of(RunningTo)} == {3, None}
    program.control.resume()
    program.join()
    assert done == ["ping", "pong"] * 5


@pytest.mark.parametrize("command", ["pause", "resume", "step"])
def test_another_command_ends_the_run_to_a_task_that_never_steps(program: Program, command: str) -> None:
    loops: list[asyncio.AbstractEventLoop] = []
    event = asyncio.Event()
    program.start(wait_for(event, loops))
    program.look_until(lambda: loops)
    program.control.run_to_event(1)
    program.look_until(lambda: program.of(RunningTo))
    getattr(program.control, command)()
    program.look_until(lambda: len(program.of(RunningTo)) == 2)
    assert program.of(ClockChanged)[-1].paused == (command != "resume")
    loops[0].call_soon_threadsafe(event.set)
    program.control.resume()
    program.join()


def test_a_loop_that_waits_has_no_step_to_run(program: Program) -> None:
    loops: list[asyncio.AbstractEventLoop] = []
    event = asyncio.Event()
    program.start(wait_for(event, loops))
    program.look_until(lambda: loops)
    program.control.pause()
    program.look_until(lambda: program.of(ClockChanged))
    program.control.step()
    program.look_until(lambda: program.of(StepReported))
    assert program.of(StepReported)[0].outcome == "outside"
    loops[0].call_soon_threadsafe(event.set)
    program.look_until(lambda: program.of(TaskHeld))
    program.control.resume()
    program.join()


def test_a_step_goes_on_to_a_timer_that_would_have_come_by_now_and_to_no_later_one(program: Program) -> None:
    async def main() -> None:
        await asyncio.sleep(1e-3)
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)

    program.control.pause()
    program.look()
    program.start(main())
    program.look_until(lambda: program.of(TaskHeld))
    program.control.step()
    program.look_until(lambda: program.of(StepReported))
    while program.of(StepReported)[-1].outcome != "jump":
        program.control.step()
        program.look()
    program.look_until(lambda: len(program.of(TaskHeld)) == 2)
    program.control.step()
    program.control.step()
    program.look_until(lambda: program.of(StepReported)[-1].outcome == "outside")
    program.control.cancel_task(1)
    program.control.resume()
    program.join()


def test_time_runs_slower_but_never_faster_than_outside(program: Program) -> None:
    program.start(note_time([], 1))
    program.join()
    for speed in (0.25, 4.0, -1.0):
        program.control.set_speed(speed)
        program.look()
    program.look()
    assert program.observation.clock.speed == 1.0


def test_a_task_is_cancelled_by_its_number(program: Program) -> None:
    started: list[bool] = []

    async def victim() -> None:
        started.append(True)
        await asyncio.Event().wait()

    async def main() -> None:
        await asyncio.wait([asyncio.create_task(victim())])

    program.start(main())
    program.look_until(lambda: started)
    program.control.cancel_task(99)
    program.control.cancel_task(2)
    program.join()
    assert ("cancelled", 2) in [(event.outcome, event.task) for event in program.of(TaskEnded)]


def test_what_is_frozen_goes_on_when_nobody_observes_any_more(program: Program) -> None:
    times: list[float] = []
    program.control.pause()
    program.look()
    program.start(note_time(times, 3))
    program.look_until(lambda: program.of(TaskHeld))
    program.observation.stop()
    program.join()
    assert len(times) == 3


def fired_in_order(loop: asyncio.AbstractEventLoop) -> list[asyncio.TimerHandle]:
    """The timers of a loop as it would let them fire; those for the same moment in an order of its own."""
    heap = cpython.timer_heap(loop).copy()
    return [heapq.heappop(heap) for _ in tuple(heap)]


def test_a_loop_that_was_slowed_gets_its_time_back_and_its_timers_keep_what_they_had_to_go(program: Program) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        first = loop.time() + 3600
        timers = [loop.call_at(first + 10 * (number // 4), print, number) for number in range(20)]
        order = fired_in_order(loop)
        kept, names = set(timers), {repr(type(timer)) for timer in timers}
        program.control.set_speed(0.5)
        program.control.pause()
        program.look()
        program.control.resume()
        program.look()
        program.observation.clock.skip(400)
        slow = [timer.when() - loop.time() for timer in timers]
        program.observation.stop()
        await asyncio.sleep(0)
        assert program.observation.has_left()
        assert "time" not in vars(loop)
        back = [timer.when() - loop.time() for timer in timers]
        assert back == pytest.approx(slow, abs=10)
        assert min(back) > 3599
        assert all(timer in kept for timer in timers)
        assert len(kept | set(timers)) == 20
        assert {repr(type(timer)) for timer in timers} == names
        assert fired_in_order(loop) == order

    asyncio.run(main())


def test_commands_to_a_program_that_reads_nothing_never_wait() -> None:
    viewer, its = socket.socketpair()
    with viewer, its:
        control = RemoteControl(CommandSender(viewer), 1)
        for _ in range(20_000):
            control.step()
        its.close()
        control.resume()
        control.resume()


CHILD = """
import asyncio, os, signal
signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
async def main():
    for _ in range(10):
        await asyncio.sleep(0)
asyncio.run(main())
"""


def frozen_child() -> Child:
    """A program that waits before its first step."""
    child = launch(Target(("-c", CHILD)))
    RemoteControl(CommandSender(child.connection), 1).pause()
    frames, is_held = FrameReader(), False
    while not is_held:
        for frame in frames.feed(child.connection.recv(1 << 16)):
            is_held |= isinstance(frame, LoopEvents) and any(isinstance(event, TaskHeld) for event in frame.events)
    return child


def test_signals_reach_a_frozen_program() -> None:
    child = frozen_child()
    with child.connection:
        child.process.send_signal(signal.SIGTERM)
        assert child.process.wait(60) == 7


def test_a_frozen_program_goes_on_when_its_viewer_is_gone() -> None:
    child = frozen_child()
    child.connection.close()
    assert child.process.wait(60) == 0


def test_ctrl_c_from_the_viewer_ends_a_frozen_program(capfd: pytest.CaptureFixture[str]) -> None:
    child = frozen_child()
    with child.connection:
        RemoteControl(CommandSender(child.connection), 1).cancel()
        assert child.process.wait(60) == -signal.SIGINT
    assert "KeyboardInterrupt" in capfd.readouterr().err
