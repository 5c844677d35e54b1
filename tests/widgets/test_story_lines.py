"""Tests the layout of a story."""

from typing import get_args

import pytest
from rich.cells import cell_len

from asynclab.model.activity import ActivityKind
from asynclab.model.story import Sentence, Story
from asynclab.widgets.spans import plain
from asynclab.widgets.story_lines import WIDEST, story_lines

LONG = "It waited for something, and when that had come it went on to the next thing. " * 3


def story(*sentences: Sentence) -> Story:
    return Story(
        "tea", "failed", "tea ran brew() and failed after 1.000 s.", (sentences, (Sentence(None, "run", "x."),))
    )


def texts(told: Story, width: int) -> list[str]:
    return [plain(line).rstrip() for line in story_lines(told, width)]


def test_moments_marks_and_sentences_stand_in_columns() -> None:
    told = story(
        Sentence(0.25, "waits", LONG.strip()),
        Sentence(1.0, "failed", "Raised ValueError."),
        Sentence(None, "failed", "└ x", is_drawn=True),
    )
    assert texts(told, 60) == [
        "✗ tea ran brew() and failed after 1.000 s.",
        "",
        "    0.250  ◌ It waited for something, and when that had come",
        "             it went on to the next thing. It waited for",
        "             something, and when that had come it went on to",
        "             the next thing. It waited for something, and",
        "             when that had come it went on to the next",
        "             thing.",
        "    1.000  ✗ Raised ValueError.",
        "             └ x",
        "",
        "           · x.",
    ]


@pytest.mark.parametrize("width", [1, 20, 40, 80, 300])
@pytest.mark.parametrize("kind", get_args(ActivityKind))
def test_no_line_is_wider_than_can_be_read(width: int, kind: ActivityKind) -> None:
    lines = story_lines(story(Sentence(12345.6789, kind, LONG + "🍵" * 50)), width)
    assert max(cell_len(plain(line)) for line in lines[1:]) <= max(28, min(width, WIDEST))


def test_how_it_ended_has_the_colour_of_its_state() -> None:
    lines = story_lines(story(Sentence(1.0, "failed", "Raised ValueError.")), 80)
    assert lines[0][0] == ("✗ ", "failed")
    assert lines[2][1:] == ((" ✗ ", "failed"), ("Raised ValueError.", "failed"))
