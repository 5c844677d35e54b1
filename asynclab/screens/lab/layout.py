"""Computes the layout of the stage: which panes are shown, and how many lines each gets."""

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
"""The panes that can have the focus, in the order of the tab key: their ids, and their names on tabs."""

STAGE_PANES = {pane: name for pane, name in PANES.items() if pane != "demos"}
"""The panes of a stage. A screen may have a list beside them."""

MIDDLE = ("timeline", "gauges", "loop")
"""The ids of the panes that share the middle row, between tasks and code. If room is short, the user switches them."""

BESIDE_CODE = ("activity", "findings")
"""The ids of the panes that share the place beside the code."""

ROOMY = 50
"""From this many lines on, queues and deadlines have their own row."""

WIDE = 110
"""From this many columns on, two panes are side by side."""


def turns(width: int, height: int, *, has_gauges: bool) -> tuple[str, ...]:
    """The panes that share one place in the middle row; only one if there is room for all.

    Args:
        width: Cells of the row.
        height: Lines of the screen.
        has_gauges: Whether there are queues, locks or deadlines.
    """
    gauges = ("gauges",) if has_gauges and height < ROOMY else ()
    loop = ("loop",) if width < WIDE else ()
    return ("timeline", *gauges, *loop)


def shown(width: int, height: int, *, has_gauges: bool, chosen: str | None) -> frozenset[str]:
    """The panes of the middle row, and of the row for queues, that are shown.

    Args:
        width: Cells of the row.
        height: Lines of the screen.
        has_gauges: Whether there are queues, locks or deadlines.
        chosen: The pane that the user chose. With None, queues have priority over the timeline.
    """
    waiting = turns(width, height, has_gauges=has_gauges)
    front = chosen if chosen in waiting else "gauges" if "gauges" in waiting else "timeline"
    beside = {"loop"} if width >= WIDE and front == "timeline" else set()
    above = {"gauges"} if has_gauges and height >= ROOMY else set()
    return frozenset({front} | beside | above)


def next_to_show(front: str) -> str:
    """The next of the panes `MIDDLE` after the one in front; the first if another pane is in front."""
    return MIDDLE[(MIDDLE.index(front) + 1) % len(MIDDLE)] if front in MIDDLE else MIDDLE[0]


FRAME = 2
"""Lines of a pane's frame."""

HEADER = 1
"""Lines above the rows of the task table."""

LEAST_TASKS = 7
"""The fewest lines of the task table, with frame and header, if there is room for the code."""

LEAST_MIDDLE = 7
"""The fewest lines of the middle row, if there is room for the code."""

LEAST_CODE = 10
"""If code and activity have fewer lines than this, they take lines that the panes above don't need. With the frame."""

SCANTY = 5
"""The fewest lines that a pane above the code keeps then."""

LEAST_FINDINGS = 10
"""The fewest lines of findings beside the code, with their frame. If room is short, the middle row is hidden."""

POINTER = 1
"""The line below the lanes that points at a moment. If it would hide a lane, it is left out."""

MOST_LANES = 9
"""A timeline with more lanes than fit takes lines from the code, up to this many, with frame and header."""

LITTLE_CODE = 6
"""The fewest lines that code and activity keep then, with their frame."""

LEAST_BELOW = 5
"""If one pane is shown at a time: the fewest lines of activity or findings below the tasks, with their frame."""

LESSON_ABOVE_A_PANE = 4
"""If one pane is shown at a time: the fewest lines of the lesson, with its frame."""

OTHER_LINES = 3
"""Lines of the title bar, the tabs and the key bar."""

LOWEST = 20
"""If one pane is shown at a time: from this many lines on, queues are below the tasks."""


def lines_of_tasks(tasks: int) -> int:
    """The lines of the task table, and of the timeline, with frame and header."""
    return tasks + HEADER + FRAME


def lines_of_gauges(height: int, gauges: int) -> int:
    """The lines for queues, locks and deadlines on a screen of this height, with their frame."""
    return min(max(gauges, 3), height // 5) + FRAME


def lines_above(height: int, front: str, *, lesson: int, tasks: int, gauges: int) -> int:
    """The lines of the lesson if one pane is shown at a time. That pane gets at least ten lines, or all that it needs.

    Args:
        height: Lines of the screen.
        front: The id of the pane in front.
        lesson: Lines that the lesson needs, with its frame.
        tasks: The number of tasks.
        gauges: Lines of the queues below the tasks, with their frame; 0 if they aren't shown there.
    """
    is_known = tasks > 0 and front in ("tasks", "timeline")
    needed = min(lines_of_tasks(tasks), LEAST_CODE) + gauges if is_known else LEAST_CODE
    return max(LESSON_ABOVE_A_PANE, min(lesson, height - OTHER_LINES - needed))


class Shares(NamedTuple):
    """The lines of the panes, with their frames. Code and activity get the rest."""

    tasks: int
    gauges: int
    middle: int


def shares(height: int, shown: Set[str], *, lesson: int, tasks: int, gauges: int, loop: int = 0) -> Shares:
    """The lines of each pane if all panes are shown: what it needs, if there is room.

    Args:
        height: Lines of the screen.
        shown: The ids of the panes that are shown.
        lesson: Lines of the lesson, with its frame. The other numbers are without frames.
        tasks: The number of tasks.
        gauges: Lines of the queues, locks and deadlines; 0 if there are none.
        loop: The most lines that the view of the event loop has had.
    """
    table, queues = lines_of_tasks(tasks), lines_of_gauges(height, gauges)
    row = max(table, loop + FRAME)
    middle = max(LEAST_MIDDLE, min(height // 4, max(table + POINTER, row)))
    has_middle = "timeline" in shown or "loop" in shown
    rest = height - 2 - lesson - (queues if "gauges" in shown else 0)
    room = rest - (middle if has_middle else 0)
    listed = max(LEAST_TASKS, min(room // 2, table))
    if not tasks:  # nothing has run, so it is unknown how many lines are needed
        return Shares(listed, queues, middle)
    missing = LEAST_CODE - (room - listed)
    from_tasks = _spared(listed, table, missing)
    hidden = min(MOST_LANES, table) - middle if "timeline" in shown else 0
    to_middle = max(0, min(hidden, room - listed - LITTLE_CODE)) - _spared(middle, row, missing - from_tasks)
    return Shares(listed - from_tasks, queues, middle + to_middle)


def _spared(lines: int, needed: int, missing: int) -> int:
    """How many lines a pane can give to others that miss some, and still have the lines that it needs."""
    return max(0, min(missing, lines - max(SCANTY, needed)))
