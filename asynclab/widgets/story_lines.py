"""Lays out the story of a task: for each sentence its time, a mark, and the wrapped text."""

from __future__ import annotations

from asynclab.model.activity import ActivityKind
from asynclab.model.story import Sentence, Story
from asynclab.model.wording.glyphs import GLYPHS
from asynclab.widgets.event_marks import MARKS
from asynclab.widgets.spans import Line, hanging

COLOURED: frozenset[ActivityKind] = frozenset({"failed", "cancelled", "done"})
"""The kinds of sentences whose text is coloured, and not only their mark."""

WIDEST = 100
"""The most cells of a line. Longer lines are hard to read."""

MOMENT, MARGIN = 9, 13
"""The width of a time, and of a time with the mark after it, in cells."""


def story_lines(story: Story, width: int) -> list[Line]:
    """The lines of a story, `width` cells wide."""
    part = story.word or "past"
    mark = GLYPHS[story.word] if story.word is not None else "?"
    lines = hanging(((f"{mark} ", part),), story.headline, min(width, WIDEST), "strong")
    for paragraph in story.paragraphs:
        lines.append(())
        for sentence in paragraph:
            lines.extend(_sentence_lines(sentence, width))
    return lines


def _sentence_lines(sentence: Sentence, width: int) -> list[Line]:
    mark, part = MARKS.get(sentence.kind, ("·", "past"))
    at = "" if sentence.at is None else f"{sentence.at:.3f}"
    colour = part if sentence.kind in COLOURED else "past" if sentence.kind == "progress" else ""
    if sentence.is_drawn:
        return [((" " * MARGIN, ""), (sentence.text, colour))]
    head = ((f"{at:>{MOMENT}} ", "past"), (f" {mark} ", part))
    return hanging(head, sentence.text, max(MARGIN + 12, min(width, WIDEST)), colour)
