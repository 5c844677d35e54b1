"""Defines a story, which describes a task's life, and its sentences."""

from __future__ import annotations

import msgspec

from asynclab.model.activity import ActivityKind
from asynclab.model.tasks import StateWord


class Sentence(msgspec.Struct, frozen=True, gc=False):
    """One or two sentences about one moment of the task's life. The text is clean."""

    at: float | None
    """Lab seconds; None if it continues the sentence before, or is about the whole life."""
    kind: ActivityKind
    """Its subject, which determines its colour."""
    text: str
    is_drawn: bool = False
    """Whether it is a line of a drawing, which must be cut and not wrapped."""


class Story(msgspec.Struct, frozen=True):
    """A task's life in sentences."""

    name: str
    """The task's name, clean."""
    word: StateWord | None
    """Its state; None if it is unknown."""
    headline: str
    """The whole life in one sentence."""
    paragraphs: tuple[tuple[Sentence, ...], ...]
    """The creation, the turns, the end or the present, and the totals. Empty paragraphs are left out."""

    def text(self) -> str:
        """The story as plain text, with one sentence per line."""
        return "\n\n".join([self.headline, *("\n".join(map(_line, paragraph)) for paragraph in self.paragraphs)])


def _line(sentence: Sentence) -> str:
    at = " " * 9 if sentence.at is None else f"{sentence.at:9.3f}"
    return f"{at}  {sentence.text}"
