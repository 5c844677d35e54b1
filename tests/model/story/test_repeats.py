"""Tests that stories describe repetitions once, and stay short however long a life is."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import asynclab.model.story.life
import asynclab.model.story.turn_sentences
from asynclab.model import events
from asynclab.model.story import Story
from asynclab.model.story.life import TURNS_KEPT, Life
from asynclab.model.story.turn_sentences import Stretch, blocks
from asynclab.model.story.turns import Summary, Turn
from tests.model.anything import any_history
from tests.model.short_histories import lab_with_timeline, suspended
from tests.model.story.told_lives import story_from, tell_life, told_of

WORKER = 2
MOST = 60
"""Sentences of a story."""


def life(*turns: list[events.Event]) -> list[events.Event]:
    """A worker's life: its first step, then these turns."""
    born = [events.TaskCreated(0.0, 1, "main", "main"), events.TaskCreated(0.0, WORKER, "worker", "work", 1)]
    return [*born, *suspended(0.0, WORKER), *itertools.chain.from_iterable(turns)]


def turn(at: float, wait: events.Wait, *deeds: events.Event) -> list[events.Event]:
    """A wait for one second up to a moment, and what was done then."""
    woken = events.TaskReady(at, WORKER, "timer")
    return [
        events.TaskWaiting(at - 1, WORKER, wait),
        woken,
        events.StepStarted(at, WORKER),
        *deeds,
        events.StepEnded(at, WORKER, 0.0),
    ]


def sentences(story: Story) -> int:
    return sum(map(len, story.paragraphs))


def test_alike_turns_are_told_once_with_their_number_and_lengths() -> None:
    naps = [turn(at, events.Wait("sleep")) for at in range(1, 1001)]
    assert told_of(WORKER, *life(*naps))[2:-1] == [
        "Slept 1.000 s; its timer woke it.",
        "Repeated 999 times until 1000.000 s: slept 1.000 s.",
    ]


def test_turns_that_alternate_are_told_once_each() -> None:
    got = events.QueueGot(0.0, 1, "x", 0, 0, 0, WORKER)
    rounds = [
        [
            *turn(at, events.Wait("queue.get", 1), got),
            *turn(at + 1, events.Wait("sleep"), events.Output(at, "x\n", WORKER)),
        ]
        for at in range(1, 101, 2)
    ]
    (again,) = told_of(WORKER, *life(*rounds))[4:-1]
    assert again.startswith("Both repeated 49 times until 100.000 s: waited 1.000 s ")
    assert again.endswith("; slept 1.000 s, then printed.")


def test_a_few_alike_turns_are_told_one_by_one() -> None:
    naps = [turn(at, events.Wait("sleep")) for at in range(1, 6)]
    assert told_of(WORKER, *life(*naps)).count("Slept 1.000 s; its timer woke it.") == 5


@pytest.mark.parametrize("count", [2, 1_000])
def test_turns_that_were_given_up_in_a_row_are_one_sentence(count: int) -> None:
    given: list[events.Event] = [events.StepStarted(0.0, WORKER), events.StepEnded(0.0, WORKER, 0.0, ready=True)]
    for at in range(1, count + 1):
        given += [events.StepStarted(at, WORKER), events.StepEnded(at, WORKER, 0.0, ready=at < count)]
    born = life()[:2]
    yielded = told_of(WORKER, *born, *given)[2]
    assert f"{count:,} times" in yielded
    assert "1.000 s later on average" in yielded


def test_a_long_life_without_repetition_is_summed_up_in_its_middle() -> None:
    naps = [turn(at, events.Wait("sleep", file="a.py", line=1 + at * at % 7 + at % 5)) for at in range(1, 1000)]
    told = told_of(WORKER, *life(*naps))
    summary = next(text for text in told if " × " in text)
    assert summary.startswith("960 more turns until 983.000 s: 191 × slept 1.000 s (line 5); ")
    assert len(told) < MOST


def test_of_a_very_long_life_the_first_and_last_turns_are_kept_and_the_others_summed_up() -> None:
    count = 4 * TURNS_KEPT
    naps = (turn(at, events.Wait("sleep", line=1 + at % 2, file="a.py")) for at in range(1, count + 1))
    state, timeline = lab_with_timeline(*life(*naps))
    kept = Life(WORKER)
    assert kept.read(timeline, state, limit=10**9) == 0
    assert len(kept.turns) < 3 * TURNS_KEPT
    assert len(kept.turns) + kept.between.count == count + 1
    assert len(kept.between.kinds) == 2


def test_a_very_long_life_is_told_with_what_is_between_first_and_last_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    naps = [turn(at, events.Wait("sleep")) for at in range(1, 101)]
    naps[60] = turn(61, events.Wait("event", 1))
    monkeypatch.setattr(asynclab.model.story.life, "TURNS_KEPT", 30)
    monkeypatch.setattr(asynclab.model.story.turn_sentences, "TURNS_KEPT", 30)
    assert told_of(WORKER, *life(*naps))[2:-1] == [
        "Slept 1.000 s; its timer woke it.",
        "Repeated 28 times until 29.000 s: slept 1.000 s.",
        "30 more turns until 59.000 s: 30 × slept 1.000 s.",
        "Slept 1.000 s; its timer woke it.",
        "Waited 1.000 s for event#1 to be set; a timer woke it.",
        "Slept 1.000 s; its timer woke it.",
        "Repeated 38 times until 100.000 s: slept 1.000 s.",
    ]


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(0, 40))
def test_a_summary_of_two_halves_is_that_of_the_whole(lines: list[int], cut: int) -> None:
    turns = [Turn(at, wait=events.Wait("sleep", line=line), ran=at + line / 4) for at, line in enumerate(lines)]
    whole, half = Summary(), Summary()
    whole.add(turns)
    half.add(turns[:cut])
    both, before = half.copy(), half.copy()
    both.add(turns[cut:])
    assert (both, half) == (whole, before)


@given(any_history())
def test_no_history_makes_the_telling_fail(happened: list[events.Event]) -> None:
    state, timeline = lab_with_timeline(*happened)
    for task in (-1, 1, 2):
        story = tell_life(timeline, task, state)
        assert sentences(story) <= MOST
        assert all(line.isprintable() for line in story.text().splitlines())


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), max_size=300))
def test_a_story_is_bounded_however_the_turns_differ(lines: list[int]) -> None:
    naps = [turn(at, events.Wait("sleep", file="a.py", line=line)) for at, line in enumerate(lines, 1)]
    assert sentences(story_from(WORKER, *life(*naps))) <= MOST


@given(st.lists(st.integers(0, 2), max_size=80))
def test_blocks_cover_every_part_once_and_repeat_what_they_say(keys: list[int]) -> None:
    end = 0
    for block in blocks(keys):
        assert block.start == end
        end = block.end
        assert keys[block.start : end] == keys[block.start : block.start + block.period] * block.times
    assert end == len(keys)


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ("", []),
        ("aaaaaaaaaaaa", [Stretch(0, 1, 12)]),
        ("abababababab", [Stretch(0, 2, 6)]),
        ("abcabcabcabcx", [Stretch(0, 3, 4), Stretch(12, 1, 1)]),
        ("aaa", [Stretch(0, 1, 1), Stretch(1, 1, 1), Stretch(2, 1, 1)]),
    ],
)
def test_the_shortest_pattern_is_found(keys: str, found: list[Stretch]) -> None:
    assert list(blocks(keys)) == found
