"""Waits, endings and lengths of time in words."""

from __future__ import annotations

from typing import get_args

import pytest

from asynclab.model.events import QueueCreated, QueuePut, TaskCreated, Wait, WaitKind
from asynclab.model.tasks import StateWord
from asynclab.model.text import cell_width
from asynclab.model.words import GLYPHS, describe_ending, describe_wait, length, measured, names_of, plural
from tests.model.history import COFFEE, MAIN, TEA, lab, tea_party


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (Wait("sleep", seconds=2.0), "sleep 2.00 s"),
        (Wait("sleep"), "sleep"),
        (Wait("task", tasks=(TEA,)), "task tea"),
        (Wait("gather", tasks=(TEA, COFFEE), count=3), "gather of 3"),
        (Wait("wait", tasks=(TEA, COFFEE), count=2), "wait of 2"),
        (Wait("wait_for", tasks=(TEA,), count=1), "task tea in wait_for"),
        (Wait("task_group", tasks=(TEA, COFFEE)), "task group of 2"),
        (Wait("queue.get", 1), "queue.get on queue#1"),
        (Wait("queue.join", 1), "queue.join on queue#1"),
        (Wait("queue.get"), "queue.get"),
        (Wait("lock", 1, (TEA,)), "lock#1 held by tea"),
        (Wait("lock", 1), "lock#1"),
        (Wait("semaphore", 2), "semaphore#2"),
        (Wait("event"), "event"),
        (Wait("future"), "future"),
        (Wait("stream"), "reads from a stream"),
        (Wait("thread"), "thread"),
        (Wait("library", library="aiohttp"), "inside aiohttp"),
        (Wait("async_generator"), "inside an async generator"),
        (Wait("unknown"), "can't tell"),
    ],
)
def test_a_wait_is_told_in_asyncios_own_words(wait: Wait, words: str) -> None:
    assert describe_wait(wait, tea_party()) == words


@pytest.mark.parametrize("kind", get_args(WaitKind))
def test_every_kind_of_wait_has_words_even_if_nothing_else_is_known(kind: WaitKind) -> None:
    assert describe_wait(Wait(kind), lab())


def test_a_task_that_waits_to_put_is_told_that_the_queue_is_full() -> None:
    state = lab(QueueCreated(0.0, 1, "Queue", 1), QueuePut(0.0, 1, "3", 1, 1))
    assert describe_wait(Wait("queue.put", 1), state) == "queue.put on queue#1 (full)"


def test_foreign_labels_and_names_are_cleaned() -> None:
    state = lab(TaskCreated(0.0, 1, "\x1b[31mred", "brew"))
    assert describe_wait(Wait("task", tasks=(1,)), state) == "task ␛[31mred"
    assert describe_wait(Wait("library", library="lib\x07"), state) == "inside lib␇"


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (describe_ending("done", "'tea'"), "returned 'tea'"),
        (describe_ending("done", ""), "done"),
        (describe_ending("failed", "ValueError: boom"), "raised ValueError: boom"),
        (describe_ending("failed", "Error: two\nlines"), "raised Error: two⏎lines"),
        (describe_ending("cancelled", "CancelledError"), "cancelled"),
    ],
)
def test_an_ending_is_told_as_what_it_was(ending: str, words: str) -> None:
    assert ending == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0.00 s"),
        (2.0, "2.00 s"),
        (1.99996, "2.00 s"),
        (0.125, "0.125 s"),
        (0.005, "0.005 s"),
        (0.0001, "0.0001 s"),
        (float("inf"), "inf s"),
    ],
)
def test_a_length_has_as_many_decimals_as_it_needs(seconds: float, words: str) -> None:
    assert length(seconds) == words


def test_what_was_measured_has_three_decimals() -> None:
    assert measured(1.0011) == "1.001 s"


def test_one_is_singular() -> None:
    assert [plural(count, "task") for count in (0, 1, 2000)] == ["0 tasks", "1 task", "2,000 tasks"]


def test_many_names_are_not_all_listed() -> None:
    state = tea_party()
    assert names_of((MAIN, TEA), state) == "main, tea"
    assert names_of(tuple(range(1, 9)), state) == "main, tea, coffee, task 4, task 5 and 3 more"


def test_each_state_has_its_own_mark_one_cell_wide() -> None:
    assert set(GLYPHS) == set(get_args(StateWord))
    assert len(set(GLYPHS.values())) == len(GLYPHS)
    assert {cell_width(glyph) for glyph in GLYPHS.values()} == {1}
