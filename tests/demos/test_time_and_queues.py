"""Tests demos 6, 7 and 0 (timeout, queue, futures): their mistakes and parameters."""

import asyncio

import pytest

from tests.demos.performances import perform
from tests.fast_loop import FastLoop


def test_timeout_does_nothing_to_a_task_that_is_quick_enough() -> None:
    demo = perform("timeout", seconds=1.0)
    assert (demo.printed, demo.times) == (["Task finished"], [1])


def test_a_task_that_would_swallow_its_cancellation_is_not_late_where_it_is_quick_enough() -> None:
    demo = perform("timeout", swallow_cancel=True, seconds=1.0)
    assert (demo.printed, demo.times) == (["Task finished"], [1])


def test_a_task_that_swallows_its_cancellation_returns_late_without_a_timeout_error() -> None:
    demo = perform("timeout", swallow_cancel=True)
    assert (demo.printed, demo.times) == (["Task finished late"], [3])
    assert demo.is_clean


def test_a_task_that_swallows_one_cancellation_still_ends_when_main_is_cancelled() -> None:
    demo = perform("timeout", swallow_cancel=True, cancel_at=1.0)
    assert demo.seconds == pytest.approx(2)
    assert demo.is_clean


@pytest.mark.parametrize("seconds", [0.7, 5.0])
def test_a_task_that_blocks_the_loop_does_so_for_a_second_at_most(
    monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    def stand_still(seconds: float) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, FastLoop)
        loop.jumps.now += seconds

    monkeypatch.setattr("time.sleep", stand_still)
    demo = perform("timeout", block=True, seconds=seconds)
    assert (demo.printed, demo.times) == (["Task finished without a pause"], [min(seconds, 1)])
    assert demo.is_clean


def test_both_timeout_mistakes_at_once_leave_no_coroutine_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert perform("timeout", block=True, swallow_cancel=True).is_clean


@pytest.mark.parametrize("maxsize", [0, 1, 50])
@pytest.mark.parametrize("consumers", [1, 2, 10])
def test_queue_consumes_every_item_once_whatever_the_numbers(maxsize: int, consumers: int) -> None:
    demo = perform("queue", producers=3, consumers=consumers, items=12, maxsize=maxsize)
    for verb in ("Producing", "Consuming"):
        numbers = [int(line.split()[1]) for line in demo.printed if line.startswith(verb)]
        assert sorted(numbers) == list(range(12))
    assert demo.is_clean


def test_a_full_queue_makes_the_producer_wait() -> None:
    def when_produced(maxsize: int) -> list[float]:
        demo = perform("queue", items=5, maxsize=maxsize, produce_seconds=0.0, consume_seconds=1.0)
        return [round(at, 3) for at, line in demo.lines if line.startswith("Producing")]

    assert when_produced(maxsize=0) == [0, 0, 0, 0, 0]
    assert when_produced(maxsize=1) == [0, 0, 0, 1, 2]


@pytest.mark.parametrize(
    ("name", "mistake", "last"),
    [("queue", "forget_task_done", "Consuming 4"), ("futures", "never_set", "Waiting for the result...")],
)
def test_what_never_comes_keeps_main_waiting_forever_and_can_be_cancelled(name: str, mistake: str, last: str) -> None:
    demo = perform(name, **{mistake: True})
    assert demo.hung
    assert demo.printed[-1] == last
    assert demo.cancelled
    assert demo.is_clean


def test_queue_marks_everything_done_the_sentinels_too(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[asyncio.Queue[object]] = []

    class NotedQueue(asyncio.Queue[object]):
        def __init__(self, maxsize: int = 0) -> None:
            super().__init__(maxsize)
            made.append(self)

    monkeypatch.setattr("asyncio.Queue", NotedQueue)
    perform("queue", consumers=3)
    assert [queue._unfinished_tasks for queue in made] == [0]  # type: ignore[attr-defined]


def test_a_future_that_is_set_twice_raises_invalid_state() -> None:
    demo = perform("futures", set_twice=True)
    assert demo.printed == ["Waiting for the result...", "Set 42", "Got 42"]
    assert isinstance(demo.error, asyncio.InvalidStateError)
    assert demo.is_clean
