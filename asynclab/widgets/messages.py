"""What the views tell the screen they are on."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message
from textual.widget import Widget


@dataclass
class TaskSelected(Message):
    """A person picked a task in a view, by the cursor or the mouse."""

    view: Widget
    """Where it was picked."""
    task: int | None
    """Its id; None for none."""
    is_choice: bool = True
    """Whether it was picked for what it is; not where a cursor only had to begin somewhere."""

    @property
    def control(self) -> Widget:
        """The view, so that `on` can tell them apart."""
        return self.view


@dataclass
class MomentChosen(Message):
    """A person moved the cursor of a view in time."""

    view: Widget
    """Where it was moved."""
    at: float | None
    """The moment to be looked at, in lab seconds; None for now."""

    @property
    def control(self) -> Widget:
        """The view, so that `on` can tell them apart."""
        return self.view


@dataclass
class TaskOpened(Message):
    """A person wants to know all about a task of a view."""

    view: Widget
    """Where it was picked."""
    task: int
    """Its id."""

    @property
    def control(self) -> Widget:
        """The view, so that `on` can tell them apart."""
        return self.view
