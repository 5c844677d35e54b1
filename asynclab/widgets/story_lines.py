"""How a story looks: the moment, a mark, and the sentence wrapped beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from asynclab.model.activity import ActivityKind
from asynclab.model.story import Sentence, Story
from asynclab.model.words import GLYPHS
from asynclab.widgets.lines import Line, wrap

LOOKS: Mapping[ActivityKind, tuple[str, str]] = MappingProxyType(
    {
        "created": ("+", "accent"),
        "waits": (GLYPHS["waiting"], "waiting"),
        "woke": (GLYPHS["ready"], "ready"),
        "run": ("·", "past"),
        "cancel": (GLYPHS["cancelled"], "cancelled"),
        "expired": (GLYPHS["cancelled"], "cancelled"),
        "cancelled": (GLYPHS["cancelled"], "cancelled"),
        "failed": (GLYPHS["failed"], "failed"),
        "blocked": ("!", "failed"),
        "late": ("!", "failed"),
        "warned": ("!", "failed"),
        "done": (GLYPHS["done"], "done"),
    }
)
"""The mark of each kind of sentence, and its colour."""

COLOURED: frozenset[ActivityKind] = frozenset({"failed", "cancelled", "done"})
"""Kinds whose text has the colour, too: a life has one such sentence, and its drawing."""

WIDEST = 100
"""Cells after which a line is too long to be read with ease."""

MOMENT, GAP = 9, 2
"""The cells of a moment, and of what is between it and the sentence: the mark and a blank on each side."""


def story_lines(story: Story, width: int) -> list[Line]:
    """The lines of a story in so many cells."""
    part = story.word or "past"
    mark = GLYPHS[story.word] if story.word is not None else "?"
    lines: list[Line] = []
    for index, text in enumerate(wrap(story.headline, max(1, min(width, WIDEST) - 2))):
        lines.append(((f"{mark if index == 0 else ' '} ", part), (text, "strong")))
    for paragraph in story.paragraphs:
        lines.append(())
        for sentence in paragraph:
            lines.extend(_sentence_lines(sentence, width))
    return lines


def _sentence_lines(sentence: Sentence, width: int) -> Iterator[Line]:
    mark, part = LOOKS.get(sentence.kind, ("·", "past"))
    margin = MOMENT + GAP + 2
    at = "" if sentence.at is None else f"{sentence.at:.3f}"
    room = max(12, min(width, WIDEST) - margin)
    colour = part if sentence.kind in COLOURED else "past" if sentence.kind == "progress" else ""
    if sentence.is_drawn:
        yield ((" " * margin, ""), (sentence.text, colour))
        return
    for index, text in enumerate(wrap(sentence.text, room)):
        if index:
            yield ((" " * margin, ""), (text, colour))
        else:
            yield ((f"{at:>{MOMENT}} ", "past"), (f" {mark} ", part), (text, colour))
