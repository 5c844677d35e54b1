"""Tests single sentences of stories, made from given events. The sentences are in a golden file."""

from typing import get_args

import pytest

from asynclab.model import events
from tests.golden_files import Golden
from tests.model.short_histories import COFFEE, MAIN, TEA, suspended
from tests.model.story.told_lives import story_from, tell_life, told_of
from tests.model.timeline.short_runs import Run

BIRTH: tuple[events.Event, ...] = (
    events.TaskCreated(0.0, MAIN, "main", "main"),
    events.StepStarted(0.0, MAIN),
    events.TaskCreated(0.0, TEA, "tea", "brew", MAIN, "/home/a/cafe.py", 7),
    events.TaskCreated(0.0, COFFEE, "coffee", "brew", MAIN, "/home/a/cafe.py", 8),
    events.StepEnded(0.0, MAIN, 0.0),
)


def waits(wait: events.Wait, *ending: events.Event) -> list[events.Event]:
    """One wait of the tea's, which began at 0.0 s and is ended by these events."""
    ending = ending or (events.TaskReady(1.0, TEA, "timer"),)
    return [*suspended(0.0, TEA, wait), *ending, *suspended(ending[-1].at, TEA)]


ASKED = events.TaskCancelRequested(0.25, TEA, MAIN), events.TaskReady(0.25, TEA, "cancel")
SLEEP = events.Wait("sleep", seconds=1.0)
BLOCKED = events.LoopBlocked(0.2, TEA, 0.1, "/home/a/cafe.py", 9, "grind")
TIMEOUTS = (
    events.StepStarted(0.0, TEA),
    events.TimeoutStarted(0.0, 1, 0.5, TEA),
    events.TimeoutStarted(0.0, 2, None, TEA),
    events.StepEnded(0.0, TEA, 0.0),
    events.StepStarted(1.0, TEA),
    events.TimeoutMet(1.0, 1, 0.5),
    events.TimeoutRescheduled(1.0, 2, 3.0),
    events.TimeoutRescheduled(1.0, 2, None),
    events.TimeoutMet(1.0, 2),
    events.StepEnded(1.0, TEA, 0.0),
)

LIVES: dict[str, list[events.Event]] = {
    "It sleeps": waits(SLEEP),
    "A wait in the file where it was created": waits(events.Wait("sleep", file="/home/a/cafe.py", line=3)),
    "A wait in another file": waits(events.Wait("sleep", file="/lib/x.py", line=3)),
    "A wait that nobody looked at": [
        *suspended(0.0, TEA),
        events.TaskReady(1.0, TEA, "callback"),
        *suspended(1.0, TEA),
    ],
    "A sleep cut short by another task": waits(SLEEP, *ASKED),
    "A sleep cut short from outside": waits(SLEEP, events.TaskCancelRequested(0.25, TEA), ASKED[1]),
    "A cancel that comes when it is ready already": waits(
        SLEEP, events.TaskReady(1.0, TEA, "timer"), events.TaskCancelRequested(1.0, TEA, MAIN)
    ),
    "A lock that has changed hands since it waits": [
        events.PrimitiveCreated(0.0, 1, "lock", 1),
        events.PrimitiveChanged(0.0, 1, 1, MAIN),
        *suspended(0.0, TEA, events.Wait("lock", 1, (MAIN,))),
        events.PrimitiveChanged(0.5, 1, 1, COFFEE),
    ],
    "Cancelled before it ran": [
        events.TaskCancelRequested(0.0, TEA, MAIN),
        *suspended(0.0, TEA),
        events.TaskEnded(0.0, TEA, "cancelled"),
    ],
    "Cancelled in its first step, by itself": [
        events.StepStarted(0.0, TEA),
        events.StepEnded(0.0, TEA, 0.0, ends=True),
        events.TaskEnded(0.0, TEA, "cancelled"),
    ],
    "Another task ran while it was ready": [
        *suspended(0.0, TEA, events.Wait("sleep")),
        events.TaskReady(1.0, TEA, "timer"),
        *suspended(1.0, COFFEE),
        events.StepStarted(1.0123, TEA),
    ],
    "Whole steps, each in one event, at double speed": [
        events.ClockChanged(0.0, paused=False, speed=2.0, instant=False),
        events.Stepped(0.0, TEA, 0.1),
        events.TaskWaiting(0.2, TEA, events.Wait("sleep")),
        events.TaskReady(1.2, TEA, "timer"),
        events.Stepped(1.2, COFFEE, 0.0),
        events.Stepped(1.3, TEA, 0.0, ready=True),
        events.Stepped(1.4, TEA, 0.0),
    ],
    "Its last step is over, but its end isn't known yet": [events.Stepped(0.0, TEA, 0.1, ends=True)],
    "A timeout that is missed, and one that never comes": [*TIMEOUTS],
    "Chosen by the person at the keyboard": [
        *suspended(0.0, TEA, events.Wait("sleep")),
        events.TaskReady(1.0, TEA, "timer"),
        events.TaskChosen(1.0, TEA, COFFEE),
        *suspended(1.0, TEA),
    ],
    "A step that is blocking": [events.StepStarted(0.0, TEA), BLOCKED],
    "A step that has blocked": [events.StepStarted(0.0, TEA), BLOCKED, events.StepEnded(0.3, TEA, 0.3)],
    "Ready": [],
    "Running": [events.StepStarted(0.0, TEA)],
    "Waiting, nobody has looked": [*suspended(0.0, TEA)],
    "Waiting for a time": suspended(0.0, TEA, events.Wait("sleep", seconds=1.0, deadline=1.0)),
    "Waiting at most for a time": suspended(0.0, TEA, events.Wait("wait_for", deadline=1.0)),
    "Asked to stop, and alive": [
        *suspended(0.0, TEA),
        events.TaskCancelRequested(0.5, TEA, MAIN),
        events.TaskReady(0.5, TEA, "cancel"),
        *suspended(0.5, TEA, events.Wait("sleep")),
    ],
    "A step that does a lot": [
        events.StepStarted(0.0, TEA),
        *(events.Output(0.0, f"{number}\n", TEA) for number in range(100)),
        events.StepEnded(0.0, TEA, 0.0),
    ],
    "What else it does to queues and primitives": [
        events.QueueCreated(0.0, 1, "Queue", 0),
        events.PrimitiveCreated(0.0, 1, "condition", 1, 0),
        events.StepStarted(0.0, TEA),
        events.QueueTaskDone(0.0, 1, 0, TEA),
        events.QueueShutDown(0.0, 1, False, TEA),
        events.ConditionNotified(0.0, 1, 2, TEA),
        events.StepEnded(0.0, TEA, 0.0),
    ],
    "Asked to stop by itself, and then by two others": [
        events.StepStarted(0.0, TEA),
        events.TaskCancelRequested(0.0, TEA, TEA),
        events.StepEnded(0.0, TEA, 0.0),
        events.TaskCancelRequested(0.5, TEA, MAIN),
        events.TaskCancelRequested(0.6, TEA, COFFEE),
        events.TaskReady(0.6, TEA, "cancel"),
        *suspended(0.6, TEA),
    ],
    "Asked to stop within its step, by others": [
        events.StepStarted(0.0, TEA),
        events.TaskCancelRequested(0.0, TEA, COFFEE),
        events.TaskCancelRequested(0.0, TEA),
        events.StepEnded(0.0, TEA, 0.0),
    ],
    "Woken before its step was over": [
        events.StepStarted(0.0, TEA),
        events.TaskReady(0.0, TEA, "task", MAIN),
        events.StepEnded(0.0, TEA, 0.0),
        *suspended(0.0, TEA),
    ],
    "Timeouts whose beginnings are no longer kept": [
        events.StepStarted(0.0, TEA),
        events.TimeoutMet(0.0, 7),
        events.StepEnded(0.0, TEA, 0.0),
    ],
    "Garbage-collected": [*suspended(0.0, TEA), events.TaskCollected(1.0, TEA)],
}
"""What happens to the tea after its creation."""


def test_sentences(golden: Golden) -> None:
    golden.check_passages("sentences", ((name, told_of(TEA, *BIRTH, *life)[1:]) for name, life in LIVES.items()))


@pytest.mark.parametrize("kind", get_args(events.WaitKind))
def test_every_kind_of_wait_can_be_told(kind: events.WaitKind) -> None:
    assert told_of(TEA, *BIRTH, *waits(events.Wait(kind)))[2].startswith(
        "Slept" if kind == "sleep" else "Waited 1.000 s "
    )


def test_an_end_comes_before_what_it_brings_about() -> None:
    waits_for_tea = suspended(0.0, COFFEE, events.Wait("task", tasks=(TEA,)))
    last = (events.StepStarted(1.0, TEA), events.Output(1.0, "hot\n", TEA), events.StepEnded(1.1, TEA, 0.01, ends=True))
    woken = (
        events.TaskEnded(1.1, TEA, "done", "'tea'"),
        events.TaskReady(1.1, COFFEE, "task", TEA),
        *suspended(1.2, COFFEE),
    )
    happened = (*BIRTH, *waits_for_tea, *last, *woken)
    step, end = told_of(TEA, *happened)[-2:]
    assert ("“hot”" in step, "coffee" in end) == (True, True)
    assert "tea ended and woke it" in told_of(COFFEE, *happened)[2]


def test_a_callback_that_blocks_is_no_deed_of_a_task() -> None:
    blocked = events.LoopBlocked(0.2, None, 0.2, "/home/a/cafe.py", 9, "data_received")
    step = (events.StepStarted(0.0, TEA), blocked, events.StepEnded(0.0, TEA, 0.0))
    assert told_of(TEA, *BIRTH, *step) == told_of(TEA, *BIRTH, step[0], step[2])


def test_a_life_whose_beginning_is_no_longer_kept_says_so_and_still_knows_its_creation() -> None:
    run = Run()
    run.take(
        *BIRTH, *suspended(5.0, TEA, events.Wait("sleep")), events.TaskReady(6.0, TEA, "timer"), *suspended(6.0, TEA)
    )
    run.timeline.lanes[TEA].drop_intervals(3)
    (created, unknown), (first, *_), *_ = tell_life(run.timeline, TEA, run.state).paragraphs
    assert (created.kind, "main" in created.text) == ("created", True)
    assert (unknown.kind, "6.000 s" in unknown.text) == ("warned", True)
    assert "not recorded" in first.text


def test_only_the_first_complaints_are_told() -> None:
    end = events.TaskEnded(0.0, TEA, "failed", "ValueError: boom")
    complaints = (events.Warned(0.0, f"complaint {number}", TEA) for number in range(9))
    said = told_of(TEA, *BIRTH, *suspended(0.0, TEA), end, *complaints)
    assert [sentence[-2:] for sentence in said if "complaint" in sentence] == ["0.", "1.", "2."]


def test_a_task_that_nobody_knows_has_no_story() -> None:
    story = story_from(99)
    assert story.word is None
    assert "task 99" in story.headline


def test_text_from_outside_is_cleaned() -> None:
    happened = [
        events.TaskCreated(0.0, MAIN, "\x1b[2J", "\x1b]0;", None, "\x9b.py", 1),
        events.StepStarted(0.0, MAIN),
        events.TaskCreated(0.0, TEA, "\x1b[31m", "f", MAIN),
        events.Output(0.0, "\x1b[2J\u202e\n", MAIN),
        events.Warned(0.0, "\x07", MAIN),
        events.StepEnded(0.0, MAIN, 0.0),
        events.TaskEnded(0.0, MAIN, "failed", "Error: \x9b", ("└ \x1b[2J",)),
        events.Warned(0.0, "\x07", MAIN),
    ]
    text = story_from(MAIN, *happened).text()
    assert "␛[31m" in text
    assert "└ ␛[2J" in text
    assert all(line.isprintable() for line in text.splitlines())


def test_as_text_each_sentence_stands_beside_its_moment() -> None:
    happened = [*BIRTH, *suspended(0.0, TEA), events.TaskEnded(0.0, TEA, "done", "'tea'")]
    story = story_from(TEA, *happened)
    first, *rest = story.text().splitlines()
    assert first == story.headline
    lines = [line for paragraph in story.paragraphs for line in paragraph]
    moments = ["" if line.at is None else f"{line.at:.3f}" for line in lines]
    assert [line for line in rest if line] == [f"{at:>9}  {line.text}" for at, line in zip(moments, lines, strict=True)]
    assert rest.count("") == len(story.paragraphs)


def test_a_task_that_was_found_says_so_and_not_who_created_it() -> None:
    found = events.TaskCreated(0.0, TEA, "tea", "brew", found=True)
    wait = events.TaskWaiting(0.0, TEA, SLEEP)
    said = told_of(TEA, found, wait, events.TaskReady(1.0, TEA, "timer"), *suspended(1.0, TEA))
    assert said[0].startswith("Found running brew()")
    assert said[1].startswith("Slept")
    assert "no longer kept" not in "".join(said)
