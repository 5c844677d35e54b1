"""Defines the messages that views post to their screen."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from asynclab.findings.rule import Finding


@dataclass
class TaskSelected(Message):
    """A task was selected in a view."""

    task: int | None
    """The task's number; None if no task is selected now."""
    is_choice: bool = True
    """Whether the user chose the task. False if the view itself put its cursor on it."""


@dataclass
class MomentChosen(Message):
    """A moment was chosen in a view."""

    at: float | None
    """The lab time to show, in seconds; None for the present."""


@dataclass
class TaskOpened(Message):
    """A task was opened, to show its story."""

    task: int
    """The task's number."""


@dataclass
class PasteTooLong(Message):
    """A pasted text is too long, and was refused."""

    length: int
    """The number of its characters."""


@dataclass
class FindingOpened(Message):
    """A finding was opened, to show its moment."""

    finding: Finding
    event: int | None = None
    """The number of an event to show, counted from 1; None for the finding's own moment."""
