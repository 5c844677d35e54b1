"""How many lines each pane of the stage gets: what it needs, as far as the others can spare it."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

FRAME = 2
"""The lines that a pane's frame takes."""

HEADER = 1
"""The line above the rows of the task table."""

LEAST_TASKS = 7
"""The least lines of the task table, frame and header included."""

LEAST_MIDDLE = 7
"""The same of the row between the tasks and the code."""

LOWEST = 20
"""The height of a screen from which queues stand below the tasks where one pane shows at a time."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What there is to show, in lines without frames."""

    lesson: int
    """Of the lesson; its frame is part of it."""
    tasks: int
    gauges: int
    """Of queues, locks and deadlines; 0 where there are none."""


@dataclass(frozen=True, slots=True)
class Shares:
    """The lines of each pane, with its frame; the code and the activity have the rest."""

    tasks: int
    gauges: int
    middle: int


def shares(height: int, needs: Needs, shown: Set[str]) -> Shares:
    """What each pane gets where all of them show.

    Args:
        height: The screen's, in lines.
        needs: What there is to show.
        shown: The ids of the panes that show.
    """
    middle = max(LEAST_MIDDLE, height // 4)
    gauges = share_of_gauges(height, needs.gauges)
    others = (middle if "timeline" in shown or "loop" in shown else 0) + (gauges if "gauges" in shown else 0)
    rest = height - 2 - needs.lesson - others
    most, least = max(LEAST_TASKS, rest // 2), max(LEAST_TASKS, rest // 3)
    return Shares(min(most, max(least, needs.tasks + HEADER + FRAME)), gauges, middle)


def share_of_gauges(height: int, lines: int) -> int:
    """The lines that queues, locks and deadlines get on a screen of so many, with the frame."""
    return min(max(lines, 3), height // 5) + FRAME
