"""Which panes share the row between the tasks and the code."""

from __future__ import annotations

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
