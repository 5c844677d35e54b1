"""What a story is made of."""

from __future__ import annotations

import msgspec

from asynclab.model.activity import ActivityKind
from asynclab.model.tasks import StateWord


class Sentence(msgspec.Struct, frozen=True, gc=False):
    """A sentence or two about one moment. Its text is clean."""

    at: float | None
    """Lab seconds; None for what goes with the sentence before, or with the whole life."""
    kind: ActivityKind
    """What it is about, for its colour."""
    text: str
    is_drawn: bool = False
    """Whether it is a line of a drawing, to be cut and not wrapped."""


class Story(msgspec.Struct, frozen=True):
    """A task's life in words."""

    name: str
    """The task's name, clean."""
    word: StateWord | None
    """Its state; None where it is not known."""
    headline: str
    """The whole life in one sentence."""
    paragraphs: tuple[tuple[Sentence, ...], ...]
    """The beginning, what it did, how it ended or what it does now, and the totals."""

    def text(self) -> str:
        """All of it as plain text, a sentence a line."""
        return "\n\n".join([self.headline, *("\n".join(map(_line, paragraph)) for paragraph in self.paragraphs)])


def _line(sentence: Sentence) -> str:
    at = " " * 9 if sentence.at is None else f"{sentence.at:9.3f}"
    return f"{at}  {sentence.text}"
