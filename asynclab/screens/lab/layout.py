"""The layout of the stage: which panes show, and how many lines each one gets."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

PANES = {
    "demos": "demos",
    "tasks": "tasks",
    "timeline": "timeline",
    "gauges": "queues",
    "loop": "loop",
    "source": "code",
    "activity": "activity",
    "concept": "lesson",
}
"""What can have the focus, in the order of the tab key: ids, and what the tabs call them."""

MIDDLE = ("timeline", "gauges", "loop")
"""The ids of the panes that take turns there, in the order of their turns."""

ROOMY = 50
"""The height of a screen from which queues and deadlines have a row of their own."""

WIDE = 110
"""The width from which two panes stand side by side."""


def turns(width: int, height: int, *, has_gauges: bool) -> tuple[str, ...]:
    """Which of the panes have to take turns; fewer than two where all that there is shows anyway.

    Args:
        width: The cells that the row has.
        height: The screen's, in lines.
        has_gauges: Whether there is any queue, lock or deadline.
    """
    gauges = ("gauges",) if has_gauges and height < ROOMY else ()
    loop = ("loop",) if width < WIDE else ()
    return ("timeline", *gauges, *loop)


def shown(width: int, height: int, *, has_gauges: bool, chosen: str | None) -> frozenset[str]:
    """Which of the panes show.

    Args:
        width: The cells that the row has.
        height: The screen's, in lines.
        has_gauges: Whether there is any queue, lock or deadline.
        chosen: The one that the person wants to see; None for no wish: then queues go before the timeline.
    """
    waiting = turns(width, height, has_gauges=has_gauges)
    front = chosen if chosen in waiting else "gauges" if "gauges" in waiting else "timeline"
    beside = {"loop"} if width >= WIDE and front == "timeline" else set()
    above = {"gauges"} if has_gauges and height >= ROOMY else set()
    return frozenset({front} | beside | above)


def next_to_show(front: str) -> str:
    """Which of the panes comes after the one in front, where one shows at a time; first after all others."""
    return MIDDLE[(MIDDLE.index(front) + 1) % len(MIDDLE)] if front in MIDDLE else MIDDLE[0]


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
