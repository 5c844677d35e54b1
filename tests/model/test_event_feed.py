"""Tests how new events are folded and passed to subscribers, also if a subscriber fails."""

from collections.abc import Sequence

import pytest

from asynclab.model.event_feed import BATCH, EventFeed
from asynclab.model.events import Event, LoopLagged


def measurements(count: int, begin: int = 0) -> list[Event]:
    return [LoopLagged(float(number), 0.0) for number in range(begin, begin + count)]


class Failing:
    """A subscriber that notes what it gets, and raises each time."""

    def __init__(self, error: BaseException) -> None:
        self.events: list[Event] = []
        self._error = error

    def __call__(self, events: Sequence[Event]) -> None:
        self.events.extend(events)
        raise self._error


def test_a_subscriber_gets_each_batch_when_the_state_has_just_taken_it_in() -> None:
    feed, seen = EventFeed(), list[tuple[int, int]]()
    feed.subscribe(lambda events: seen.append((len(events), feed.state.version)))
    feed.take(measurements(2 * BATCH + 1))
    assert seen == [(BATCH, BATCH), (BATCH, 2 * BATCH), (1, 2 * BATCH + 1)]


@pytest.mark.parametrize("error", [ValueError("mine"), SystemExit(3)])
def test_a_subscriber_that_raises_loses_nothing_of_anybodys(error: BaseException) -> None:
    feed, before, after, failing = EventFeed(), list[Event](), list[Event](), Failing(error)
    for subscriber in (before.extend, failing, after.extend):
        feed.subscribe(subscriber)
    events = measurements(3 * BATCH + 1)
    feed.take(events)
    assert before == after == failing.events == events
    with pytest.raises(type(error)) as raised:
        feed.raise_error()
    assert raised.value is error
    feed.raise_error()
    more = measurements(1, begin=len(events))
    feed.take(more)
    assert failing.events == events + more


def test_the_first_error_is_the_one_that_is_raised() -> None:
    feed = EventFeed()
    for error in (ValueError("first"), KeyError("second")):
        feed.subscribe(Failing(error))
    feed.take(measurements(1))
    with pytest.raises(ValueError, match="first"):
        feed.raise_error()


def test_an_interrupt_is_raised_at_once_after_all_have_got_everything() -> None:
    feed, seen = EventFeed(), list[Event]()
    for subscriber in (Failing(ValueError()), Failing(KeyboardInterrupt()), seen.extend):
        feed.subscribe(subscriber)
    events = measurements(BATCH + 1)
    with pytest.raises(KeyboardInterrupt):
        feed.take(events)
    assert seen == events


def test_what_comes_while_a_batch_is_handed_on_comes_after_it() -> None:
    feed, seen = EventFeed(), list[Event]()
    first, second = measurements(BATCH + 1), measurements(2, begin=BATCH + 1)
    late = [second]

    def ask_for_more(_: Sequence[Event]) -> None:
        if late:
            feed.take(late.pop())

    feed.subscribe(ask_for_more)
    feed.subscribe(seen.extend)
    feed.take(first)
    assert seen == first + second
    assert feed.state.version == len(seen)
