"""The panes of the Fetch screen."""

from __future__ import annotations

import time
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.getters import query_one

from asynclab.fetch.options import Options
from asynclab.fetch.rows import STATES, Row, RowState
from asynclab.fetch.totals import Totals
from asynclab.model.wording.quantities import plural
from asynclab.screens.fetch.fetch_layout import FetchShares
from asynclab.screens.fetch.fetch_options import summary_lines
from asynclab.screens.fetch.fetch_session import FetchSession
from asynclab.screens.fetch.url_list import UrlList, summary
from asynclab.screens.fetch.url_order import SORTS, Sort, arrange
from asynclab.screens.lab.filtered_view import Filtered
from asynclab.widgets.fetch.fetch_detail import DetailView, answer_lines, story_lines, whole_lines
from asynclab.widgets.fetch.fetch_table import FetchTable
from asynclab.widgets.fetch.fetch_totals import Racer, race_lines, totals_line
from asynclab.widgets.fetch.url_words import without_scheme
from asynclab.widgets.fetch.waterfall import nice_scale
from asynclab.widgets.paste_area import PasteArea
from asynclab.widgets.spans import Line, joined
from asynclab.widgets.static_lines import StaticLines

ARRANGED_EVERY = 1.0
"""Real seconds after which changing rows are sorted and filtered again."""

PLACEHOLDER = """\
Paste anything with URLs in it: a list, an email, Markdown, HTML, a log.
No URLs? Press enter to fetch the practice pages below from this computer."""

NO_URLS = "No URLs in the text. Press a and paste one, or press F if the text was taken for the wrong format."

NO_MATCH = "No URL contains this text. Press esc to show all URLs."

SELECTED = "What happened to the selected URL, phase by phase."

ANSWERED = "What the server answered: the headers, and the beginning of the page."


class FetchViews(Vertical):
    """Text and options at the top, URLs in the middle, details of the selected one below. Beside a stage, only URLs."""

    DEFAULT_CSS = """
    FetchViews {
        width: 1fr;
        height: 100%;
        #fetch-text { width: 1fr; height: 100%; }
        #fetch-options { width: 50; height: 100%; padding: 0 1; }
        #fetch-list { height: 1fr; }
        #fetch-totals { height: 1; border: none; padding: 0 1; }
        #fetch-story, #fetch-answer, #fetch-whole { width: 1fr; height: 100%; padding: 0 1; }
        #fetch-whole { display: none; }
        &.-one-column {
            #fetch-options, #fetch-story, #fetch-answer { display: none; }
            #fetch-whole { display: block; }
        }
    }
    """

    text = query_one(PasteArea)
    table = query_one(FetchTable)
    list = query_one(Filtered)
    options = query_one("#fetch-options", StaticLines)
    top = query_one("#fetch-top", Horizontal)
    totals = query_one("#fetch-totals", StaticLines)
    detail = query_one("#fetch-detail", Horizontal)
    story = query_one("#fetch-story", DetailView)
    answer = query_one("#fetch-answer", DetailView)
    whole = query_one("#fetch-whole", DetailView)
    """The contents of `story` and `answer` in one pane, for narrow windows."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.sort: Sort = "order"
        """How the rows are sorted."""
        self.wanted = ""
        """The text that a row must contain to be shown."""
        self.has_detail = False
        """Whether the details of the selected URL are shown."""
        self._rows: Sequence[Row] = ()
        self._now = 0.0
        self._longest: float = 0.0
        self._measured = 0
        self._arranged: tuple[object, ...] = ()
        self._arranged_at = 0.0
        self._numbers: Sequence[int] = ()
        self._is_filter_new = False

    def compose(self) -> ComposeResult:
        """The panes from top to bottom."""
        with Horizontal(id="fetch-top"):
            text = PasteArea(id="fetch-text", placeholder=PLACEHOLDER, highlight_cursor_line=False)
            text.border_title = "Paste anything with URLs in it"
            yield text
            options = StaticLines(id="fetch-options")
            options.border_title = "Options"
            options.set_subtitle((("o changes them", "past"),))
            options.can_focus = False
            yield options
        yield Filtered(FetchTable(id="fetch-table"), "URLs", self._want, id="fetch-list")
        totals = StaticLines(id="fetch-totals")
        totals.can_focus = False
        yield totals
        with Horizontal(id="fetch-detail"):
            story = DetailView(story_lines, id="fetch-story")
            answer = DetailView(answer_lines, id="fetch-answer")
            whole = DetailView(whole_lines, id="fetch-whole")
            answer.border_title = "Headers and preview"
            for view, hint in ((story, SELECTED), (answer, ANSWERED), (whole, SELECTED)):
                view.set_hint(hint)
                yield view

    @property
    def rows(self) -> Sequence[Row]:
        """All rows, before filtering."""
        return self._rows

    @property
    def selected(self) -> Row | None:
        """The row under the cursor; None if a filter hides it."""
        number = None if self.table.cursor is None else self.table.selected
        return self._rows[number - 1] if number is not None and number <= len(self._rows) else None

    def show_rows(self, rows: Sequence[Row], version: int, now: float, *, is_running: bool) -> None:
        """Update the table with all rows. `version` is the fetch's version, and `now` is lab time in seconds."""
        if rows is not self._rows:
            self._longest = self._measured = 0
        self._rows, self._now = rows, now
        self._measure(version)
        self._arrange(version, is_running=is_running)
        self.table.show(self._numbers, rows, now, nice_scale(self._longest) if self._longest else None)
        if self._is_filter_new and self.table.cursor is None:
            self.table.move_cursor(0)
        self._is_filter_new = False
        self.table.set_title(plural(len(rows), "URL"))
        self.table.set_hint(NO_MATCH if rows else NO_URLS)

    def show_clock(self, clock: Line) -> None:
        """Show the clock, the filter and the order in the frame of the table."""
        groups = [clock] if clock else []
        if self.wanted:
            groups.append(((f"{len(self._numbers):,} with “{self.wanted}”", "accent"),))
        self.table.set_subtitle(joined([*groups, ((SORTS[self.sort], "past"),)]))

    def show_detail(self) -> None:
        """Update the panes with the details of the selected row."""
        row = self.selected
        for view in (self.story, self.answer, self.whole):
            if view.region.area:
                view.show_row(row, self._now)
        title = "Selected URL" if row is None else f"{row.number} {without_scheme(row.url)}"
        for view in (self.story, self.whole):
            view.set_title(title)

    def show_text(self, urls: UrlList, options: Options) -> None:
        """Update the summaries of the text and the options."""
        told = "".join(text for text, _ in summary(urls))
        if self.text.border_subtitle != told:
            self.text.border_subtitle = told
        self.options.show(summary_lines(options, self.options.content_width()))

    def show_totals(self, together: FetchSession | None, one_by_one: FetchSession | None) -> None:
        """Update the totals, and the comparison of both ways to fetch.

        Args:
            together: The session that fetches the shown rows; None before it starts.
            one_by_one: The session that fetches the same rows one after another; None if there is none.
        """
        width = self.totals.content_width()
        racers = [racer for racer in (_racer("together", together), _racer("one after another", one_by_one)) if racer]
        if together is None or not racers:
            lines = [totals_line(_untouched(len(self._rows)), width, is_running=False)]
        else:
            lines = [totals_line(racers[0].totals, width, is_running=together.is_running)]
        if len(racers) > 1:
            lines += race_lines(racers, width)
        self.totals.styles.height = len(lines)
        self.totals.show(lines)

    def lay_out(self, shares: FetchShares, *, is_one_column: bool, is_beside: bool) -> None:
        """Divide the room between the panes.

        Args:
            shares: The lines of the text and the details.
            is_one_column: Whether there is no room for the options and a second pane of details beside the others.
            is_beside: Whether only the list is shown, beside the stage.
        """
        self.set_class(is_one_column, "-one-column")
        self.has_detail = shares.detail > 0
        for pane, lines in ((self.top, shares.text), (self.detail, shares.detail)):
            pane.display = lines > 0 and not is_beside
            pane.styles.height = lines
        self.totals.display = not is_beside

    def _want(self, text: str) -> None:
        """Set the filter. If it hides the selected URL, the first visible one will be selected."""
        self.wanted = text
        self._is_filter_new = True

    def _measure(self, version: int) -> None:
        """Update the length of the longest bar, in seconds. A quarter of it is for the time in the queue."""
        seen, self._measured = self._measured, version
        for row in self._rows:
            if row.attempt_at is not None and (row.ended_at is None or row.version > seen):
                active = (self._now if row.ended_at is None else row.ended_at) - row.attempt_at
                self._longest = max(self._longest, active * 4 / 3)

    def _arrange(self, version: int, *, is_running: bool) -> None:
        chosen = (id(self._rows), len(self._rows), self.sort, self.wanted, is_running)
        if chosen == self._arranged[:-1]:
            soon = time.monotonic() - self._arranged_at < ARRANGED_EVERY
            is_same = version == self._arranged[-1] and not is_running
            if is_same or soon or (self.sort == "order" and not self.wanted):
                return
        self._arranged = (*chosen, version)
        self._arranged_at = time.monotonic()
        self._numbers = arrange(self._rows, self.sort, self.wanted, self._now)


def _racer(name: str, session: FetchSession | None) -> Racer | None:
    if session is None or session.fetch is None:
        return None
    return Racer(name, session.fetch.totals(session.now), session.is_running)


def _untouched(count: int) -> Totals:
    """The totals of a list that was not fetched yet."""
    counts: dict[RowState, int] = dict.fromkeys(STATES, 0) | {"queued": count}
    return Totals(counts, rows=count, wire=0, rate=0.0, took=0.0, one_by_one=0.0)
