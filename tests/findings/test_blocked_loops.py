"""Tests that a step is blamed only for its own CPU time, and only if something had to wait for it."""

import pytest

from asynclab.findings.blocked_loops import find_blocks
from asynclab.model import events
from asynclab.model.event_feed import EventFeed

BUSY, OTHER = 1, 2


BEGUN = (
    events.TaskCreated(0.0, BUSY, "busy", "busy"),
    events.TaskCreated(0.0, OTHER, "other", "other"),
    events.TaskReady(0.0, OTHER, "callback"),
    events.StepStarted(0.1, BUSY),
)
"""A step begins while another task is ready."""


def _found(*before: events.Event, seconds: float = 0.6, stolen: float = 0.0) -> list[str]:
    """What is found while a step goes on for a while, after another task began to wait."""
    feed = EventFeed()
    feed.take(
        [
            events.TaskCreated(0.0, BUSY, "busy", "busy"),
            events.TaskCreated(0.0, OTHER, "other", "other"),
            events.StepStarted(0.0, OTHER),
            events.StepEnded(0.0, OTHER, 0.0),
            *before,
            events.StepStarted(0.1, BUSY),
            events.LoopBlocked(0.1 + seconds, BUSY, seconds, "app.py", 7, "busy", stolen),
        ]
    )
    return [finding.rule for finding in find_blocks(feed.state)]


def _waits(kind: events.WaitKind, deadline: float | None = None) -> events.Event:
    return events.TaskWaiting(0.0, OTHER, events.Wait(kind, 1, deadline=deadline))


@pytest.mark.parametrize(
    "held_up",
    [
        events.TaskReady(0.0, OTHER, "callback"),
        _waits("sleep", 0.3),
        _waits("stream"),
        events.TimeoutStarted(0.0, 1, 0.3, OTHER),
        events.CallScheduled(0.0, 1, "beat", 0.3),
    ],
    ids=lambda event: type(event).__name__,
)
def test_a_long_step_is_found_if_it_holds_something_up(held_up: events.Event) -> None:
    assert _found(held_up) == ["blocked-loop"]


@pytest.mark.parametrize(
    "waits",
    [
        _waits("event"),
        _waits("queue.get"),
        _waits("sleep", 9.0),
        events.CallScheduled(0.0, 1, "clean", 0.3, library="aiohttp"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_nobody_is_held_up_who_waits_for_other_tasks_or_is_not_due(waits: events.Event) -> None:
    assert _found(waits) == []


def test_the_time_in_which_the_machine_ran_something_else_is_not_the_steps() -> None:
    ready = events.TaskReady(0.0, OTHER, "callback")
    assert _found(ready, seconds=2.0, stolen=1.7) == []
    assert _found(ready, seconds=2.0, stolen=1.5) == ["blocked-loop"]


def test_what_a_step_took_is_told_as_it_is_everywhere_else() -> None:
    feed = EventFeed()
    feed.take(
        [
            *BEGUN,
            events.LoopBlocked(1.1, BUSY, 1.0, "app.py", 7, "busy", 0.1),
        ]
    )
    assert ["has taken 1.000 s" in finding.text for finding in find_blocks(feed.state)] == [True]
    feed.take([events.StepEnded(2.1, BUSY, 2.0)])
    assert ["took 2.000 s" in finding.text for finding in find_blocks(feed.state)] == [True]


def test_the_evidence_is_the_end_of_the_step_whenever_it_is_found() -> None:
    feed = EventFeed()
    feed.take(
        [
            *BEGUN,
            events.LoopBlocked(0.7, BUSY, 0.6, "app.py", 7, "busy"),
            events.StepEnded(0.9, BUSY, 0.8),
            events.Stepped(1.0, OTHER, 0.0),
        ]
    )
    (found,) = find_blocks(feed.state)
    assert (found.at, found.evidence) == (0.1, (6,))


def test_a_line_that_blocks_again_and_again_is_one_finding() -> None:
    feed = EventFeed()
    feed.take(
        [events.TaskCreated(0.0, task, name, name) for task, name in ((BUSY, "busy"), (OTHER, "other"), (3, "third"))]
    )
    for at, task, seconds in ((0.1, BUSY, 0.6), (1.0, 3, 0.9), (3.0, BUSY, 0.5)):
        feed.take(
            [
                _waits("sleep", at),
                events.StepStarted(at, task),
                events.LoopBlocked(at + seconds, task, seconds, "app.py", 7, "work"),
                events.StepEnded(at + seconds, task, seconds, ready=True),
            ]
        )
    (found,) = find_blocks(feed.state)
    assert (found.at, found.task) == (0.1, BUSY)
    assert "'third' took 0.900 s, the longest of 3, in work at app.py:7" in found.text


@pytest.mark.parametrize(("times", "seconds", "found"), [(3, 0.25, 1), (2, 0.25, 0), (5, 0.15, 0)])
def test_steps_that_take_a_while_are_found_if_there_are_several(times: int, seconds: float, found: int) -> None:
    feed = EventFeed()
    feed.take([events.TaskCreated(0.0, task, name, name) for task, name in ((BUSY, "busy"), (OTHER, "other"))])
    feed.take([events.StepStarted(0.0, OTHER), events.StepEnded(0.0, OTHER, 0.0)])
    for at in range(times):
        feed.take([events.TaskReady(at, OTHER, "callback"), events.StepStarted(at, BUSY)])
        feed.take([events.LoopBlocked(at + 0.12, BUSY, 0.12, "app.py", 7, "busy")])
        feed.take([events.StepEnded(at + seconds, BUSY, seconds)])
    assert len(list(find_blocks(feed.state))) == found
