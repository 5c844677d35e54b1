"""The layout of the stage: which panes show, and how many lines each one gets."""

from __future__ import annotations

from collections.abc import Set
from typing import NamedTuple

PANES = {
    "demos": "demos",
    "tasks": "tasks",
    "timeline": "timeline",
    "gauges": "queues",
    "loop": "loop",
    "source": "code",
    "activity": "activity",
    "findings": "findings",
    "concept": "lesson",
}
"""What can have the focus, in the order of the tab key: ids, and what the tabs call them."""

STAGE_PANES = {pane: name for pane, name in PANES.items() if pane != "demos"}
"""The stage's panes, which any list may stand beside."""

MIDDLE = ("timeline", "gauges", "loop")
"""The ids of the panes that take turns in the row between tasks and code, in their order."""

BESIDE_CODE = ("activity", "findings")
"""The ids of the panes that take turns beside the code."""

ROOMY = 50
"""Lines from which on queues and deadlines have a row of their own."""

WIDE = 110
"""Columns from which on two panes stand side by side."""


def turns(width: int, height: int, *, has_gauges: bool) -> tuple[str, ...]:
    """The panes that have to take turns; only one if there is room for all.

    Args:
        width: Of the row, in cells.
        height: Of the screen, in lines.
        has_gauges: Whether there is any queue, lock or deadline.
    """
    gauges = ("gauges",) if has_gauges and height < ROOMY else ()
    loop = ("loop",) if width < WIDE else ()
    return ("timeline", *gauges, *loop)


def shown(width: int, height: int, *, has_gauges: bool, chosen: str | None) -> frozenset[str]:
    """The panes that show.

    Args:
        width: Of the row, in cells.
        height: Of the screen, in lines.
        has_gauges: Whether there is any queue, lock or deadline.
        chosen: The pane that the user chose; None for no choice: then queues come before the timeline.
    """
    waiting = turns(width, height, has_gauges=has_gauges)
    front = chosen if chosen in waiting else "gauges" if "gauges" in waiting else "timeline"
    beside = {"loop"} if width >= WIDE and front == "timeline" else set()
    above = {"gauges"} if has_gauges and height >= ROOMY else set()
    return frozenset({front} | beside | above)


def next_to_show(front: str) -> str:
    """The pane after the one in front, if one pane shows at a time; the first one after any other pane."""
    return MIDDLE[(MIDDLE.index(front) + 1) % len(MIDDLE)] if front in MIDDLE else MIDDLE[0]


FRAME = 2
"""Lines of a pane's frame."""

HEADER = 1
"""Lines above the rows of the task table."""

LEAST_TASKS = 7
"""Lines that the task table gets at least, with frame and header, if there is room for the code."""

LEAST_MIDDLE = 7
"""Lines that the row between tasks and code gets at least, if there is room for the code."""

LEAST_CODE = 10
"""Lines for which code and activity take back what the panes above them don't need, with their frame."""

SCANTY = 5
"""Lines that are left to a pane above the code in any case."""

LEAST_FINDINGS = 10
"""Lines that findings get at least beside the code, with their frame: if room is short, that row goes instead."""

POINTER = 1
"""The line below the lanes that points at a moment; if it would hide a lane, the ruler does that."""

MOST_LANES = 9
"""Lines that the timeline gets at the cost of the code, with frame and header, if it has more lanes than fit."""

LITTLE_CODE = 6
"""Lines that code and activity keep then, with their frame."""

LEAST_BELOW = 5
"""Lines that activity or findings need below the tasks, with their frame, if one pane shows at a time."""

LESSON_ABOVE_A_PANE = 4
"""The fewest lines of the lesson, with its frame, if one pane shows at a time."""

OTHER_LINES = 3
"""Lines of the title bar, the tabs and the key bar."""

LOWEST = 20
"""Lines from which on queues stand below the tasks if one pane shows at a time."""


def lines_of_tasks(tasks: int) -> int:
    """Lines that tasks take in the table, and their lanes on the timeline, with frame and header."""
    return tasks + HEADER + FRAME


def lines_of_gauges(height: int, gauges: int) -> int:
    """Lines that queues, locks and deadlines get on a screen of this height, with their frame."""
    return min(max(gauges, 3), height // 5) + FRAME


def lines_above(height: int, front: str, *, lesson: int, tasks: int, gauges: int) -> int:
    """The lines of the lesson if one pane shows at a time: all, if they leave that pane ten lines or all that it needs.

    Args:
        height: Of the screen, in lines.
        front: The id of the pane in front.
        lesson: Lines that the lesson wants, with its frame.
        tasks: Lines of the tasks.
        gauges: Lines that queues take below the tasks, with their frame; 0 if they don't show there.
    """
    is_known = tasks > 0 and front in ("tasks", "timeline")
    needed = min(lines_of_tasks(tasks), LEAST_CODE) + gauges if is_known else LEAST_CODE
    return max(LESSON_ABOVE_A_PANE, min(lesson, height - OTHER_LINES - needed))


class Shares(NamedTuple):
    """The lines of each pane, with its frame; code and activity get the rest."""

    tasks: int
    gauges: int
    middle: int


def shares(height: int, shown: Set[str], *, lesson: int, tasks: int, gauges: int, loop: int = 0) -> Shares:
    """The lines that each pane gets if all of them show: what it needs, if the others can spare that much.

    Args:
        height: Of the screen, in lines.
        shown: The ids of the panes that show.
        lesson: Lines of the lesson, with its frame; the others are counted without frames.
        tasks: Lines of the tasks.
        gauges: Lines of queues, locks and deadlines; 0 if there are none.
        loop: Lines of the event loop's view, the most that it has had.
    """
    table, queues = lines_of_tasks(tasks), lines_of_gauges(height, gauges)
    row = max(table, loop + FRAME)
    middle = max(LEAST_MIDDLE, min(height // 4, max(table + POINTER, row)))
    has_middle = "timeline" in shown or "loop" in shown
    rest = height - 2 - lesson - (queues if "gauges" in shown else 0)
    room = rest - (middle if has_middle else 0)
    listed = max(LEAST_TASKS, min(room // 2, table))
    if not tasks:  # nothing has run: how much is needed is unknown
        return Shares(listed, queues, middle)
    missing = LEAST_CODE - (room - listed)
    from_tasks = _spared(listed, table, missing)
    hidden = min(MOST_LANES, table) - middle if "timeline" in shown else 0
    to_middle = max(0, min(hidden, room - listed - LITTLE_CODE)) - _spared(middle, row, missing - from_tasks)
    return Shares(listed - from_tasks, queues, middle + to_middle)


def _spared(lines: int, needed: int, missing: int) -> int:
    """How many of its lines a pane gives back where some are missing."""
    return max(0, min(missing, lines - max(SCANTY, needed)))
