"""Shows how late the event loop runs."""

from __future__ import annotations

from collections.abc import Sequence

from asynclab.model.events import BLOCKED_AFTER
from asynclab.widgets.lines import Line, sparkline

TOP = 0.010
"""The lag in seconds that fills a column, unless a later lag was larger."""

SPAN = 12
"""How many of the latest measurements are shown."""

WARN, ALARM = 0.010, BLOCKED_AFTER
"""The lags in seconds at which the meter turns amber and red."""


def loop_meter(lag: Sequence[float], width: int = SPAN) -> Line:
    """A sparkline of the loop's lag and its latest figure, "loop ▁▁▂▁ 0.4 ms"; if it was late, the worst."""
    recent = list(lag)[-max(width, SPAN) :]
    worst = max(recent, default=0.0)
    part = "failed" if worst >= ALARM else "ready" if worst >= WARN else "running"
    told = worst if worst >= WARN else recent[-1] if recent else None
    figure = "     – ms" if told is None else f"{told * 1000:6.1f} ms"
    word = " late" if worst >= WARN else "     "
    return (("loop ", "past"), (sparkline(recent, width, max(TOP, worst)), part), (figure, ""), (word, part))
