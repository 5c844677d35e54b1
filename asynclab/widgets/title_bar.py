"""The title bar: the app's tabs, and the loop's lag or the past moment being viewed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.events import Click
from textual.message import Message

from asynclab.model.events import BLOCKED_AFTER
from asynclab.model.wording.quantities import measured, plural
from asynclab.widgets.line_view import LineView
from asynclab.widgets.spans import Line, sparkline, width_of

NAME = " asynclab "
"""The text at the start of the bar."""

FULL_LAG = 0.010
"""The lag in seconds that fills a column of the chart, unless a larger lag is shown."""

LAGS_SHOWN = 12
"""The number of latest lags that are shown."""

WARN, ALARM = 0.010, BLOCKED_AFTER
"""The lags in seconds at which the meter becomes amber and red."""


BACK = "esc now "
KEYS = f"[ ] event by event  {BACK}"


@dataclass(frozen=True, slots=True)
class Moment:
    """A past moment."""

    number: int
    """The number of events before it."""
    end: int
    """The number of events up to the present."""
    now: float
    """The lab time of the moment in seconds."""
    what: str
    """The latest event before it, in words."""


@dataclass
class TabChosen(Message):
    """A tab of the title bar was clicked."""

    tab: str


class TitleBar(LineView, can_focus=False):
    """The app's name, its tabs, the loop's lag, and the numbers of runs and tasks. Posts `TabChosen`.

    While a past moment is viewed, the bar names that moment instead of the lag.
    """

    DEFAULT_CSS = """
    TitleBar {
        height: 1;
        border: none;
        background: $surface;
        overflow-y: hidden;
        scrollbar-gutter: auto;
    }
    """

    moment: Moment | None = None
    """The past moment being viewed; None for the present. The next `show` paints it."""
    findings = 0
    """The number of findings about the run being shown. The next `show` paints it."""

    def __init__(self, tabs: Sequence[str] = (), active: str = "") -> None:
        """Make a bar with these tabs. The tab `active` is active, or else the first one."""
        super().__init__()
        self._tabs = tuple(tabs)
        self._active = active or next(iter(tabs), "")
        self._lag: Sequence[float] = ()
        self._runs_and_tasks = (0, 0)

    def show(self, lag: Sequence[float], runs: int, tasks: int) -> None:
        """Show the latest lags in seconds, oldest first, and how many runs and tasks are live."""
        self._lag, self._runs_and_tasks = tuple(lag), (runs, tasks)
        self.repaint()

    def line_count(self) -> int:
        return 1

    def compose_line(self, index: int, width: int) -> Line:
        """The bar. A narrow bar leaves out the counts first, then the chart of lags, but never the findings."""
        start = self._start()
        if self.moment is not None:
            return (*start, *banner(self.moment, width - width_of(start)))
        found: Line = ((f"  ✗ {plural(self.findings, 'finding')}", "failed"),) if self.findings else ()
        runs, tasks = self._runs_and_tasks
        said = f"{plural(runs, 'run'):>7} · {plural(tasks, 'task'):<9}" if runs else " " * 19
        counts: Line = ((f"  {said}", "past"),)
        for lag in ((*loop_meter(self._lag), *counts), loop_meter(self._lag), loop_meter(self._lag, 0), ()):
            end = (*lag, *found)
            gap = width - width_of(start) - width_of(end) - 1
            if gap >= 2 or not lag:
                break
        return (*start, (" " * max(0, gap), ""), *end)

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        at = len(NAME)
        for tab in self._tabs if offset is not None else ():
            end = at + cell_len(tab) + 2
            if offset is not None and at <= offset.x < end:
                self.post_message(TabChosen(tab))
            at = end

    def _start(self) -> Line:
        tabs = ((f" {tab} ", "tab" if tab == self._active else "past") for tab in self._tabs)
        return ((NAME, "strong accent"), *tabs)


def loop_meter(lag: Sequence[float], width: int = LAGS_SHOWN) -> Line:
    """A chart of the loop's lags, and the latest: "loop ▁▁▂▁ 0.4 ms". If the loop was late, the worst lag."""
    recent = list(lag)[-max(width, LAGS_SHOWN) :]
    worst = max(recent, default=0.0)
    part = "failed" if worst >= ALARM else "ready" if worst >= WARN else "running"
    told = worst if worst >= WARN else recent[-1] if recent else None
    figure = "     – ms" if told is None else f"{told * 1000:6.1f} ms"
    word = " late" if worst >= WARN else "     "
    return (("loop ", "past"), (sparkline(recent, width, max(FULL_LAG, worst)), part), (figure, ""), (word, part))


def banner(moment: Moment, width: int) -> Line:
    """The past moment being viewed, and the keys to leave it, in exactly `width` cells.

    A narrow bar leaves out the latest event first, then the keys to other moments, then the lab time.
    """
    name, event = "◂ the past", f"event {moment.number:,}"
    of, at = f" of {moment.end:,}", measured(moment.now)
    place = f" {name}  {event}{of} · {at}"
    what = f"  {moment.what}" if moment.what else ""
    forms = ((f"{place}{what}", KEYS), (place, KEYS), (place, BACK), (f" {name}  {event}{of}", BACK), ("", BACK))
    for said, keys in forms:
        gap = width - cell_len(said) - cell_len(keys)
        if gap >= 1:
            break
    return ((f"{said}{' ' * max(0, gap)}{keys}", "flag"),)
