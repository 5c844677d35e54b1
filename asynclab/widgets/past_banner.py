"""Says that what is on the screen is the past, and which moment of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from asynclab.model.events import Event
from asynclab.model.state import LabState
from asynclab.model.words import measured
from asynclab.widgets.line_view import LineView
from asynclab.widgets.lines import Line, joined, width_of

HINT: Line = (("[ ]", "strong accent"), (" event by event  ", "past"), ("esc", "strong accent"), (" now ", "past"))


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of the past."""

    number: int
    """How many events had happened."""
    end: int
    """How many have happened by now."""
    now: float
    """Lab seconds at that moment."""
    what: str
    """What had just happened."""


class PastBanner(LineView, can_focus=False):
    """One line that stands above everything that shows the past."""

    DEFAULT_CSS = """
    PastBanner {
        height: 1;
        border: none;
        background: $state-row;
        overflow-y: hidden;
        scrollbar-gutter: auto;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._moment: Moment | None = None

    def show(self, moment: Moment | None) -> None:
        """Show a moment; None for the present."""
        if moment != self._moment:
            self._moment = moment
            self.repaint()

    def line_count(self) -> int:
        """One, or none in the present."""
        return 0 if self._moment is None else 1

    def compose_line(self, index: int, width: int) -> Line:
        """Which moment it is, what had just happened, and how to come back."""
        moment = self._moment
        assert moment is not None
        place = ((f"event {moment.number:,} of {moment.end:,}", ""),)
        said: Line = ((" the past  ", "strong accent"), *joined((place, ((measured(moment.now), ""),))))
        if moment.what:
            said = (*said, ("  ", ""), (moment.what, "past"))
        gap = width - width_of(said) - width_of(HINT)
        return (*said, (" " * gap, ""), *HINT) if gap > 1 else said


def event_words(event: Event | None, state: LabState) -> str:
    """What kind of event it is and whom it is about: "queue put · producer-A"."""
    if event is None:
        return ""
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", type(event).__name__).lower()
    task = getattr(event, "task", None)
    return words if task is None else f"{words} · {state.task_name(task)}"
