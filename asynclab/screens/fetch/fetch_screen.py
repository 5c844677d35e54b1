"""The Fetch screen: a text with URLs in it, and each URL while it is fetched."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.events import Paste, Resize
from textual.widgets import Input, TextArea

from asynclab.fetch.request import Request
from asynclab.fetch.rows import Row
from asynclab.model.wording.quantities import plural
from asynclab.screens.fetch.fetch_marks import FETCH_MARKS
from asynclab.screens.fetch.fetch_session import FetchSession
from asynclab.screens.fetch.fetch_views import FetchViews
from asynclab.screens.fetch.result_actions import ResultActions
from asynclab.screens.fetch.url_list import UrlList
from asynclab.screens.lab.lab_screen import LabScreen
from asynclab.screens.lab.pane_screen import LOW, NARROW
from asynclab.screens.lab.record_readings import reading_of
from asynclab.screens.lab.runnable import LabFactory
from asynclab.screens.shared.command import BarEntry, Command
from asynclab.screens.shared.command_screen import TABS, filter_entries
from asynclab.screens.shared.help_page import Mark
from asynclab.screens.shared.key_bar import KeyBar
from asynclab.widgets.clock_line import clock_line
from asynclab.widgets.fetch_table import UrlSelected
from asynclab.widgets.lines import Line
from asynclab.widgets.title_bar import TitleBar

command = Command["FetchScreen"]

FRAMES_PER_SECOND = 12

PANES = ("fetch-text", "fetch-table", "fetch-story", "fetch-answer", "fetch-whole")
"""What can have the focus, in the order of the tab key."""

TALL = 50
"""Lines from which on all panes get more room."""


class FetchScreen(ResultActions):
    """Text and options, a line for each URL, and the details of the selected one."""

    DEFAULT_CSS = """
    FetchScreen { background: $background; color: $state-text; }
    """
    AUTO_FOCUS = "#fetch-table"

    def __init__(self, make_lab: LabFactory | None = None, request: Request | None = None) -> None:
        """Make the screen.

        Args:
            make_lab: Makes the labs that fetches run in; None for `Lab` itself.
            request: What to fetch at once, and with which options; None for nothing.
        """
        super().__init__()
        self.urls = UrlList()
        self.together, self.one_by_one = FetchSession(make_lab), FetchSession(make_lab)
        self._request = request or Request()
        self.chosen = self._request.options
        self.title_bar = TitleBar(tuple(TABS))
        self.views = FetchViews(id="fetch")
        self.key_bar = KeyBar()
        self._wants_detail: bool | None = None
        self._selected_for: object = None

    def compose(self) -> ComposeResult:
        """The views between the title and the keys."""
        yield self.title_bar
        yield self.views
        yield self.key_bar

    async def on_mount(self) -> None:
        """Offer something to fetch, and start to paint."""
        self.title_bar.activate("Fetch")
        self.lay_out()
        try:
            await self.urls.offer_practice()
        except OSError as error:
            self.host.tell(f"the practice server can't start: {error}", is_problem=True)
        self.host.begin_to_measure()
        if self._request.text:
            self.views.text.take(self._request.text)
            await self.action_fetch()
        self.paint()
        self.set_interval(1 / FRAMES_PER_SECOND, self.paint)

    async def close(self) -> None:
        """Cancel everything, wait for its clean-up, and stop the practice server."""
        await self.together.close()
        await self.one_by_one.close()
        await self.urls.close()

    async def take(self, text: str) -> None:
        """Find the URLs of a pasted text, and say how many there are.

        The text is added to the one before, unless that was fetched already.
        """
        if isinstance(self.app.screen, LabScreen):
            self.app.pop_screen()  # it shows a list that is no longer the current one
        before = self.views.text.text.rstrip()
        joins = before and not self.has_fetched_these
        self.views.text.take(f"{before}\n{text}" if joins else text)
        if await self.urls.read(self.views.text.text):
            self.host.tell(f"{plural(len(self.urls.found.urls), 'URL')} found")
        self.views.table.focus()

    async def on_paste(self, event: Paste) -> None:
        """Take what is pasted while the text doesn't have the focus."""
        event.stop()
        await self.take(event.text)

    @on(TextArea.Changed, "#fetch-text")
    async def read_text(self, event: TextArea.Changed) -> None:
        """Find URLs while they are typed."""
        text = event.text_area.text
        if text != self.urls.text:
            await self.urls.read(text)

    @on(UrlSelected)
    def keep_body(self, event: UrlSelected) -> None:
        """Keep the body of the selected URL, if it is still to be downloaded."""
        self.together.keep(event.number)

    @on(Input.Changed, "#fetch-filter")
    def use_filter(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        self.views.wanted = event.value

    @on(Input.Submitted, "#fetch-filter")
    async def keep_filter(self) -> None:
        """Go back to the URLs; an empty filter is closed."""
        self.views.table.focus()
        if not self.views.wanted:
            await self.views.close_filter()

    @property
    def rows(self) -> Sequence[Row]:
        """The rows of the table: of the present or latest fetch, or else of the list to fetch next."""
        fetch = self.together.fetch
        if fetch is not None and (self.together.is_active or self.has_fetched_these):
            return fetch.rows
        return self.urls.rows

    def paint(self) -> None:
        """Bring every view up to date; each repaints only what changed."""
        for session in self.sessions:
            session.pump()  # also while another screen shows, so that only a few events are folded at a time
        if not self.is_current or isinstance(self.app.screen, LabScreen):
            return  # Textual repaints all of the screen in front for a change behind it
        self.tell_report()
        rows, fetch = self.rows, self.together.fetch
        is_fetched = fetch is not None and rows is fetch.rows
        version = fetch.version if fetch is not None and is_fetched else 0
        self.views.show_text(self.urls, self.chosen)
        self.views.show_rows(rows, version, self.together.now, is_running=self.together.is_running)
        self._select_first(rows)
        self.views.show_clock(self._clock() if is_fetched else ())
        self.views.show_detail()
        is_raced = is_fetched and self.one_by_one.targets == self.together.targets
        self.views.show_totals(self.together if is_fetched else None, self.one_by_one if is_raced else None)
        self.paint_bars()

    def bar(self) -> tuple[BarEntry, ...]:
        """What the key bar shows; while something is typed, what works then."""
        if self.focused is self.views.text:
            return self.bar_while_typing(BarEntry("esc", "to the URLs", "leave", rank=0))
        return self.bar_while_typing(*filter_entries("URLs")) if isinstance(self.focused, Input) else super().bar()

    def on_resize(self, event: Resize) -> None:
        """Lay the panes out for the new size."""
        self.lay_out()

    def lay_out(self) -> None:
        """Show details below the list; where room is short, only on request, and instead of the text."""
        is_small = self.size.width < NARROW or self.size.height < LOW
        has_detail = not is_small if self._wants_detail is None else self._wants_detail
        self.views.set_class(is_small, "-small")
        self.views.set_class(self.size.height >= TALL and not is_small, "-tall")
        self.views.set_class(has_detail, "-detail")
        if self.focused is not None and self.focused not in self.focus_chain:  # it is hidden now
            self.views.table.focus()

    @command("detail", key="d", group="Looking", rank=7, when=lambda screen: screen.views.selected is not None)
    def action_detail(self) -> None:
        """Show or hide the details of the selected URL."""
        self._wants_detail = not self.views.has_class("-detail")
        self.lay_out()

    @command("back", key="escape", group="App", rank=2)
    async def action_leave(self) -> None:
        """Leave the text, the filter or, where room is short, the details; or return to the demos. Fetches continue."""
        if self.focused is self.views.text:
            self.views.table.focus()
        elif self.views.is_filtering:
            await self.views.close_filter()
        elif self.views.has_class("-small") and self.views.has_class("-detail"):
            self._wants_detail = None
            self.lay_out()
        else:
            self.app.switch_mode("learn")

    def marks(self) -> Sequence[Mark]:
        """What the marks of a URL mean."""
        return FETCH_MARKS

    def go_to_pane(self, by: int) -> None:
        """Move the focus by some of the panes that are visible."""
        panes = [pane for pane in PANES if self.query_one(f"#{pane}").region.area]
        focused = "" if self.focused is None else self.focused.id or ""
        at = panes.index(focused) if focused in panes else 0
        self.query_one(f"#{panes[(at + by) % len(panes)]}").focus()

    def _select_first(self, rows: Sequence[Row]) -> None:
        """Select a row of a new list, so that its details show."""
        if rows is not self._selected_for:
            self._selected_for = rows
            if self.views.selected is None:  # it was in the list before, or is beyond the end of this one
                self.views.table.select(1 if rows else None)

    def _clock(self) -> Line:
        """The clock of the fetch that runs, or when the last one ended."""
        session = next((session for session in self.sessions if session.is_running), self.together)
        return () if session.record is None else clock_line(reading_of(session.record))
