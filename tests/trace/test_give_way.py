"""Tests that a busy loop pauses briefly for a look that is overdue."""

import asyncio
import math
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue

import pytest

from asynclab.model.events import Warned
from asynclab.trace.process import ProcessObservation
from asynclab.trace.recording import give_way
from asynclab.trace.recording.give_way import AT_ONCE, NEVER, GiveWay


class CountedWay(GiveWay):
    """Counts how often a loop would make way, and says when it is to ask again."""

    def __init__(self, again_at: float) -> None:
        super().__init__()
        self.again_at = again_at
        self.asked = 0

    def stand_aside(self) -> float:
        self.asked += 1
        return self.again_at


class AlarmError(Exception):
    """What the handler of a signal raises."""


def alarm(*_: object) -> None:
    """Handle a signal as those do that limit the time of what runs."""
    raise AlarmError


class Alarm:
    """Does the same as a method, and as an object."""

    def ring(self, *_: object) -> None:
        raise AlarmError

    __call__ = ring


class InterruptedWay(CountedWay):
    """Gets a signal while the loop makes way for the first time."""

    def stand_aside(self) -> float:
        if not self.asked:
            self.asked = 1
            signal.raise_signal(signal.SIGTERM)
        return self.again_at


async def steps() -> None:
    """Take ten steps."""
    for _ in range(10):
        await asyncio.sleep(0)


async def callbacks() -> None:
    """Let ten callbacks run, and wait for them."""
    done = asyncio.get_running_loop().create_future()
    for _ in range(9):
        asyncio.get_running_loop().call_soon(int)
    asyncio.get_running_loop().call_soon(done.set_result, None)
    await done


async def timers() -> None:
    """Let ten timers fire, and wait for them."""
    done = asyncio.get_running_loop().create_future()
    for _ in range(9):
        asyncio.get_running_loop().call_later(0, int)
    asyncio.get_running_loop().call_later(0, done.set_result, None)
    await done


@pytest.mark.parametrize("run", [steps, callbacks, timers])
def test_a_loop_makes_way_between_calls(
    run: Callable[[], asyncio.Future[None]], observation: ProcessObservation
) -> None:
    way = observation.way = CountedWay(AT_ONCE)
    asyncio.run(run())  # type: ignore[arg-type]
    assert way.asked >= 10


def test_a_loop_asks_no_more_often_than_it_was_told_to(observation: ProcessObservation) -> None:
    way = observation.way = CountedWay(NEVER)
    asyncio.run(steps())
    births = 3  # those of the main task, and of what asyncio.run ends with: they are named at the end of a step
    assert 1 <= way.asked <= 1 + births


@pytest.mark.parametrize("handler", [alarm, Alarm().ring, Alarm(), partial(alarm)])
def test_what_a_handler_raises_leaves_the_loop(handler: Callable[..., None], observation: ProcessObservation) -> None:
    observation.way = InterruptedWay(AT_ONCE)
    before = signal.signal(signal.SIGTERM, handler)
    try:
        with pytest.raises(AlarmError):
            asyncio.run(steps())
    finally:
        signal.signal(signal.SIGTERM, before)
    (recording,) = observation.recorders
    assert not [event for event in recording.take_events() if isinstance(event, Warned)]


def test_the_way_is_free_until_a_look_is_overdue() -> None:
    way = GiveWay()
    assert time.monotonic() < way.stand_aside() < math.inf  # nobody looks yet, but somebody may begin to
    way.expect(0.5)
    now = time.monotonic()
    assert now < way.stand_aside() <= now + 0.5 + give_way.SLACK


def test_a_loop_goes_on_when_the_look_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(give_way, "LONGEST", 50.0)
    monkeypatch.setattr(give_way, "PAUSE", 0.0)
    way = GiveWay()
    began: SimpleQueue[None] = SimpleQueue()

    def stand_aside() -> float:
        began.put(None)
        return way.stand_aside()

    for _ in range(2):
        way.expect(-1.0)
        with ThreadPoolExecutor(1) as pool:
            again_at = pool.submit(stand_aside)
            began.get(timeout=50)
            way.expect(100.0)
            assert again_at.result(50) > time.monotonic()


def test_a_loop_waits_for_no_look_that_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(give_way, "LONGEST", 0.0)
    monkeypatch.setattr(give_way, "PAUSE", 100.0)
    monkeypatch.setattr(give_way, "LONGEST_PAUSE", 300.0)
    way = GiveWay()
    for _ in range(2):
        way.expect(-1.0)
        for pause in (100.0, 200.0, 300.0, 300.0):  # though the look before released the lock, and nobody waited
            assert -50 < way.stand_aside() - time.monotonic() - pause <= 0
