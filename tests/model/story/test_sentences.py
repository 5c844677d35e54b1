"""Single sentences, from events that are written here."""

from __future__ import annotations

from typing import get_args

import pytest

from asynclab.model.events import (
    ClockChanged,
    Event,
    LoopBlocked,
    Output,
    StepEnded,
    Stepped,
    StepStarted,
    TaskCancelRequested,
    TaskChosen,
    TaskCreated,
    TaskEnded,
    TaskReady,
    TaskWaiting,
    TimeoutMet,
    TimeoutRescheduled,
    TimeoutStarted,
    Wait,
    WaitKind,
    Warned,
)
from asynclab.model.fold import fold
from asynclab.model.state import LabState
from asynclab.model.story import tell_life
from tests.model.history import COFFEE, MAIN, TEA, suspended, tea_party
from tests.model.story.lives import told, told_of

BIRTH: tuple[Event, ...] = (
    TaskCreated(0.0, MAIN, "main", "main"),
    StepStarted(0.0, MAIN),
    TaskCreated(0.0, TEA, "tea", "brew", MAIN, "/home/a/cafe.py", 7),
    TaskCreated(0.0, COFFEE, "coffee", "brew", MAIN, "/home/a/cafe.py", 8),
    StepEnded(0.0, MAIN, 0.0),
)


def told_of_tea(*events: Event) -> list[str]:
    """What is told of the tea after its creation."""
    return told_of(TEA, *BIRTH, *events)[1:]


def waits(wait: Wait, *ending: Event) -> str:
    """What is told of one wait of the tea's, which began at 0.0 s and is ended by these events."""
    ending = ending or (TaskReady(1.0, TEA, "timer"),)
    events = [*suspended(0.0, TEA, wait), *ending, *suspended(ending[-1].at, TEA)]
    return told_of_tea(*events)[1]


@pytest.mark.parametrize(
    ("wait", "text"),
    [
        (Wait("sleep", seconds=1.0), "Slept 1.000 s; its timer woke it."),
        (Wait("sleep", file="/home/a/cafe.py", line=3), "Slept 1.000 s (line 3); its timer woke it."),
        (Wait("sleep", file="/lib/x.py", line=3), "Slept 1.000 s (x.py line 3); its timer woke it."),
        (Wait("queue.get"), "Waited 1.000 s to get from a queue, which was empty; a timer woke it."),
        (Wait("task", tasks=(COFFEE,)), "Waited 1.000 s for coffee; a timer woke it."),
        (Wait("wait", tasks=(COFFEE,), count=1), "Waited 1.000 s for asyncio.wait of 1 (coffee); a timer woke it."),
        (Wait("condition"), "Waited 1.000 s to be notified on a condition; a timer woke it."),
        (Wait("library", library="aiohttp"), "Waited 1.000 s inside aiohttp; a timer woke it."),
        (Wait("unknown"), "Waited 1.000 s for something that can't be told; a timer woke it."),
    ],
)
def test_a_wait_says_what_for_how_long_and_where(wait: Wait, text: str) -> None:
    assert waits(wait) == text


@pytest.mark.parametrize("kind", get_args(WaitKind))
def test_every_kind_of_wait_can_be_told(kind: WaitKind) -> None:
    assert waits(Wait(kind)).startswith("Slept" if kind == "sleep" else "Waited 1.000 s ")


def test_a_wait_that_nobody_looked_at_says_so() -> None:
    events = [*suspended(0.0, TEA), TaskReady(1.0, TEA, "callback"), *suspended(1.0, TEA)]
    assert told_of_tea(*events)[1] == (
        "Waited 1.000 s for something that was not looked at; I/O, a thread or another callback woke it."
    )


@pytest.mark.parametrize(
    ("by", "who"),
    [(None, "it was asked to stop from outside"), (MAIN, "main asked it to stop, with cancel()")],
)
def test_a_cancelled_wait_says_who_asked_and_how_long_it_was_to_be(by: int | None, who: str) -> None:
    asked = TaskCancelRequested(0.25, TEA, by), TaskReady(0.25, TEA, "cancel")
    assert waits(Wait("sleep", seconds=1.0), *asked) == f"Slept 0.250 s of 1.00 s; at 0.250 s {who}."


def test_a_cancel_that_comes_when_the_task_is_ready_already_leaves_its_timer_the_honour() -> None:
    late = TaskReady(1.0, TEA, "timer"), TaskCancelRequested(1.0, TEA, MAIN)
    assert waits(Wait("sleep", seconds=1.0), *late) == (
        "Slept 1.000 s; its timer woke it; at 1.000 s main asked it to stop, with cancel()."
    )


def test_an_inner_task_that_is_cancelled_before_it_ran_says_who_asked() -> None:
    assert told_of_tea(TaskCancelRequested(0.0, TEA, MAIN), *suspended(0.0, TEA), TaskEnded(0.0, TEA, "cancelled")) == [
        "First ran 0.00 ms later, after main's step; at 0.000 s main asked it to stop, with cancel().",
        "Ended cancelled in its first step. A task that is cancelled before that never runs a line of its code.",
    ]


def test_it_names_those_that_ran_while_it_was_ready() -> None:
    events = [
        *suspended(0.0, TEA, Wait("sleep")),
        TaskReady(1.0, TEA, "timer"),
        *suspended(1.0, COFFEE),
        StepStarted(1.0123, TEA),
    ]
    assert told_of_tea(*events)[1] == "Slept 1.000 s; its timer woke it; ready for 12.3 ms behind coffee."


def test_a_step_in_one_event_is_a_step_like_any_other() -> None:
    events = [
        ClockChanged(0.0, paused=False, speed=2.0, instant=False),
        Stepped(0.0, TEA, 0.1),
        TaskWaiting(0.2, TEA, Wait("sleep")),
        TaskReady(1.2, TEA, "timer"),
        Stepped(1.2, COFFEE, 0.0),
        Stepped(1.3, TEA, 0.0, ready=True),
        Stepped(1.4, TEA, 0.0),
    ]
    assert told_of_tea(*events)[1:3] == [
        "Slept 1.000 s; its timer woke it; ready for 0.100 s behind coffee.",
        "Gave up its turn, as sleep(0) does: it was ready again at once and ran 0.100 s later.",
    ]


def test_an_end_comes_before_what_it_brings_about() -> None:
    waits_for_tea = suspended(0.0, COFFEE, Wait("task", tasks=(TEA,)))
    last = (StepStarted(1.0, TEA), Output(1.0, "hot\n", TEA), StepEnded(1.1, TEA, 0.01, ends=True))
    woken = (TaskEnded(1.1, TEA, "done", "'tea'"), TaskReady(1.1, COFFEE, "task", TEA), *suspended(1.2, COFFEE))
    events = (*BIRTH, *waits_for_tea, *last, *woken)
    assert told_of(TEA, *events)[-2:] == [
        "First ran 1.000 s later, after main's step and behind coffee. Then it printed “hot”.",
        "Returned 'tea'. That woke coffee.",
    ]
    assert "; tea ended and woke it; " in told_of(COFFEE, *events)[2]


def test_a_task_whose_last_step_is_over_but_whose_end_is_not_told_yet_runs() -> None:
    assert told_of_tea(Stepped(0.0, TEA, 0.1, ends=True))[-1] == "Runs now."


def test_a_callback_that_blocks_is_no_deed_of_a_task() -> None:
    blocked = LoopBlocked(0.2, None, 0.2, "/home/a/cafe.py", 9, "data_received")
    step = (StepStarted(0.0, TEA), blocked, StepEnded(0.0, TEA, 0.0))
    assert told_of_tea(*step) == told_of_tea(step[0], step[2])


def test_a_timeout_that_was_missed_or_never_comes_says_so() -> None:
    started = (TimeoutStarted(0.0, 1, 0.5, TEA), TimeoutStarted(0.0, 2, None, TEA))
    moved = (TimeoutRescheduled(1.0, 2, 3.0), TimeoutRescheduled(1.0, 2, None))
    events = (*started, StepEnded(0.0, TEA, 0.0), StepStarted(1.0, TEA), TimeoutMet(1.0, 1, 0.5), *moved)
    first, second = told_of_tea(StepStarted(0.0, TEA), *events, TimeoutMet(1.0, 2), StepEnded(1.0, TEA, 0.0))[:2]
    assert first.endswith(" Then it set a timeout of 0.50 s and timeout without a deadline.")
    assert second.endswith(
        " Then it missed its timeout of 0.50 s by 0.500 s (the loop was blocked), moved its timeout to 3.000 s and "
        "no deadline and was done within its timeout without a deadline."
    )


def test_a_turn_that_the_person_chose_says_so() -> None:
    events = [
        *suspended(0.0, TEA, Wait("sleep")),
        TaskReady(1.0, TEA, "timer"),
        TaskChosen(1.0, TEA, COFFEE),
        *suspended(1.0, TEA),
    ]
    assert told_of_tea(*events)[1].endswith("; ready for 0.00 ms, until you let it go before coffee.")


def test_a_step_that_blocks_the_loop_says_where_and_for_how_long() -> None:
    blocked = LoopBlocked(0.2, TEA, 0.1, "/home/a/cafe.py", 9, "grind")
    live = [StepStarted(0.0, TEA), blocked]
    assert told_of_tea(*live)[-1] == "Blocks the whole loop: 0.100 s so far (cafe.py line 9)."
    assert told_of_tea(*live, StepEnded(0.3, TEA, 0.3))[0] == (
        "First ran 0.00 ms later, after main's step. "
        "Then it blocked the whole loop for 0.300 s in grind() at cafe.py line 9."
    )


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([], "Is ready now: it runs when its turn comes."),
        ([StepStarted(0.0, TEA)], "Runs now."),
        (suspended(0.0, TEA), "Now waits; for what was not looked at."),
        (
            suspended(0.0, TEA, Wait("sleep", seconds=1.0, deadline=1.0)),
            "Now sleeps 1.00 s, until 1.000 s.",
        ),
        (
            suspended(0.0, TEA, Wait("wait_for", deadline=1.0)),
            "Now waits for wait_for, until 1.000 s at the latest.",
        ),
    ],
)
def test_a_task_that_lives_says_what_it_does_now(events: list[Event], text: str) -> None:
    assert told_of_tea(*events)[-1] == text


def test_a_task_that_was_asked_to_stop_and_lives_may_be_cleaning_up() -> None:
    asked = [*suspended(0.0, TEA), TaskCancelRequested(0.5, TEA, MAIN), TaskReady(0.5, TEA, "cancel")]
    assert told_of_tea(*asked, *suspended(0.5, TEA, Wait("sleep")))[-2] == (
        "It was asked to stop at 0.500 s, and has not: it cleans up, or refuses."
    )


def test_a_step_that_does_much_is_told_shortly() -> None:
    printed = [Output(0.0, f"{number}\n", TEA) for number in range(100)]
    text = told_of_tea(StepStarted(0.0, TEA), *printed, StepEnded(0.0, TEA, 0.0))[0]
    assert text.endswith("Then it printed “0”, “1”, “2” and 97 more.")


def test_a_life_whose_beginning_is_no_longer_kept_says_so_and_still_knows_its_creation() -> None:
    state = tea_party()
    later: list[Event] = [*suspended(5.0, TEA, Wait("sleep")), TaskReady(6.0, TEA, "timer"), *suspended(6.0, TEA)]
    fold(state, later)
    assert told(tell_life(later, TEA, state))[:3] == [
        "Created by main, to run brew().",
        "What it did before 5.000 s is no longer kept.",
        "Was in a wait, which ended.",
    ]


def test_a_task_that_nobody_knows_has_no_story() -> None:
    story = tell_life([], 99, LabState())
    assert story.word is None
    assert story.headline == "task 99 is no longer kept."


def test_text_from_outside_is_cleaned() -> None:
    events = [
        TaskCreated(0.0, MAIN, "\x1b[2J", "\x1b]0;", None, "\x9b.py", 1),
        StepStarted(0.0, MAIN),
        TaskCreated(0.0, TEA, "\x1b[31m", "f", MAIN),
        Output(0.0, "\x1b[2J\u202e\n", MAIN),
        Warned(0.0, "\x07", MAIN),
        StepEnded(0.0, MAIN, 0.0),
        TaskEnded(0.0, MAIN, "failed", "Error: \x9b", ("└ \x1b[2J",)),
        Warned(0.0, "\x07", MAIN),
    ]
    state = LabState()
    fold(state, events)
    text = tell_life(events, MAIN, state).text()
    assert "␛[31m" in text
    assert "└ ␛[2J" in text
    assert all(line.isprintable() for line in text.splitlines())


def test_as_text_each_sentence_stands_beside_its_moment() -> None:
    events = [*BIRTH, *suspended(0.0, TEA), TaskEnded(0.0, TEA, "done", "'tea'")]
    state = LabState()
    fold(state, events)
    assert tell_life(events, TEA, state).text().splitlines() == [
        "tea ran brew() to its end in 0.00 ms.",
        "",
        "    0.000  Created by main in cafe.py line 7, to run brew().",
        "",
        "    0.000  First ran 0.00 ms later, after main's step.",
        "",
        "    0.000  Returned 'tea'.",
        "",
        "           In all: 1 step, 0.00 ms of running, 0.00 ms ready and 0.00 ms waiting.",
    ]
