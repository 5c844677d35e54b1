"""Messages from the views to their screen."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from asynclab.findings.rule import Finding


@dataclass
class TaskSelected(Message):
    """A task was selected in a view, by keys or mouse."""

    task: int | None
    """Its id; None for none."""
    is_choice: bool = True
    """Whether the user selected it; False if a cursor only had to start somewhere."""


@dataclass
class MomentChosen(Message):
    """The cursor of a view was moved in time."""

    at: float | None
    """The lab time to show, in seconds; None for the present."""


@dataclass
class TaskOpened(Message):
    """A task was opened, to read its story."""

    task: int
    """Its id."""


@dataclass
class PasteTooLong(Message):
    """A pasted text is longer than can be shown, and was not taken."""

    length: int
    """How many characters it has."""


@dataclass
class FindingOpened(Message):
    """A finding was opened, to see the moment that shows it."""

    finding: Finding
    event: int | None = None
    """The event to go to, counted from 1; None for the finding's own moment."""
