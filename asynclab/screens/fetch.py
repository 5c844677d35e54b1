"""The Fetch screen: any text with URLs in it, and every URL while it is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Paste, Resize
from textual.widgets import Input, TextArea

from asynclab.fetch.request import Request
from asynclab.fetch.rows import Row
from asynclab.model.wording.quantities import plural
from asynclab.screens.app_commands import TABS
from asynclab.screens.commands import BarEntry, Situation, bindings_of, filter_entries
from asynclab.screens.controls import tell_report
from asynclab.screens.fetch_commands import FETCH_COMMANDS, TEXT_ENTRIES
from asynclab.screens.fetch_controls import PANES, FetchControls
from asynclab.screens.fetch_list import UrlList
from asynclab.screens.fetch_marks import FETCH_MARKS
from asynclab.screens.fetch_session import FetchSession
from asynclab.screens.fetch_views import FetchViews
from asynclab.screens.help import Mark
from asynclab.screens.key_bar import KeyBar
from asynclab.screens.lab_screen import LabScreen
from asynclab.screens.panes import LOW, NARROW
from asynclab.screens.program import LabFactory
from asynclab.screens.readings import reading_of
from asynclab.widgets.clock_line import clock_line
from asynclab.widgets.fetch_table import UrlSelected
from asynclab.widgets.lines import Line
from asynclab.widgets.title_bar import TitleBar

FRAMES_PER_SECOND = 12

TALL = 50
"""Lines from which on everything gets more room."""


class FetchScreen(FetchControls):
    """Text and options, a line for each URL, and all that is known of the selected one."""

    DEFAULT_CSS = """
    FetchScreen { background: $background; color: $state-text; }
    """
    AUTO_FOCUS = "#fetch-table"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(FETCH_COMMANDS)]
    own_commands = FETCH_COMMANDS

    def __init__(self, make_lab: LabFactory | None = None, request: Request | None = None) -> None:
        """Make the screen.

        Args:
            make_lab: What makes the labs that the fetches run in; None for `Lab` itself.
            request: What to fetch at once, and with which options; None for nothing yet.
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
        """Offer something to fetch, and begin to paint."""
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
        """Find the URLs of a text that was pasted, and say how many there are.

        It is added to the text that is there, unless that is fetched already.
        """
        if isinstance(self.app.screen, LabScreen):
            self.app.pop_screen()  # it is no longer about what is fetched next
        before = self.views.text.text.rstrip()
        joins = before and not self.has_fetched_these
        self.views.text.take(f"{before}\n{text}" if joins else text)
        if await self.urls.read(self.views.text.text):
            self.host.tell(f"{plural(len(self.urls.found.urls), 'URL')} found")
        self.views.table.focus()

    async def on_paste(self, event: Paste) -> None:
        """Take what is pasted while something else than the text has the focus."""
        event.stop()
        await self.take(event.text)

    @on(TextArea.Changed, "#fetch-text")
    async def read_text(self, event: TextArea.Changed) -> None:
        """Find the URLs while they are typed."""
        text = event.text_area.text
        if text != self.urls.text:
            await self.urls.read(text)

    @on(UrlSelected)
    def keep_body(self, event: UrlSelected) -> None:
        """Keep the body of the selected URL, where it is still to be downloaded."""
        self.together.keep(event.number)

    @on(Input.Changed, "#fetch-filter")
    def use_filter(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        self.views.wanted = event.value

    @on(Input.Submitted, "#fetch-filter")
    async def keep_filter(self) -> None:
        """Go back to the URLs; an empty filter goes away."""
        self.views.table.focus()
        if not self.views.wanted:
            await self.views.close_filter()

    @property
    def rows(self) -> Sequence[Row]:
        """What the table shows: what is or was fetched, or else what would be fetched."""
        fetch = self.together.fetch
        if fetch is not None and (self.together.is_active or self.has_fetched_these):
            return fetch.rows
        return self.urls.rows

    def paint(self) -> None:
        """Bring every view up to date; each repaints only what changed."""
        for session in self.sessions:
            session.pump()  # events are folded few at a time, also while another screen is seen
        if not self.is_current or isinstance(self.app.screen, LabScreen):
            return  # for what changes behind another screen, Textual paints that one anew as a whole
        tell_report(self.host, self.together)
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
        """What the key bar says; while something is typed, what works then."""
        if self.focused is self.views.text:
            return TEXT_ENTRIES
        return filter_entries("URLs") if isinstance(self.focused, Input) else super().bar()

    def situation(self) -> Situation:
        """What decides which commands apply now."""
        fetch, row = self.together.fetch, self.views.selected
        clock = next((source.state.clock for source in self.sources), None)
        is_fetched = fetch is not None and self.views.rows is fetch.rows
        return Situation(
            is_running=clock is not None,
            is_active=self.together.is_active or self.one_by_one.is_active,
            is_paused=clock is not None and clock.paused,
            has_filter=self.views.is_filtering,
            is_typing=isinstance(self.focused, TextArea | Input),
            has_urls=bool(self.views.rows),
            has_ignored=bool(self.urls.found.ignored),
            has_url=row is not None,
            has_live_url=row is not None and not row.has_ended,
            has_ended_url=is_fetched and row is not None and row.has_ended,
            is_instant=clock is not None and clock.instant,
            has_failed=is_fetched and fetch is not None and fetch.counts["failed"] + fetch.counts["cancelled"] > 0,
            has_results=is_fetched,
            has_past=self.together.record is not None,
        )

    def on_resize(self, event: Resize) -> None:
        """Use the room there is."""
        self.lay_out()

    def lay_out(self) -> None:
        """Show the selected URL below the list; where room is short, only if asked to, and in place of the text."""
        is_small = self.size.width < NARROW or self.size.height < LOW
        has_detail = not is_small if self._wants_detail is None else self._wants_detail
        self.views.set_class(is_small, "-small")
        self.views.set_class(self.size.height >= TALL and not is_small, "-tall")
        self.views.set_class(has_detail, "-detail")
        if self.focused is not None and self.focused not in self.focus_chain:  # it is hidden now
            self.views.table.focus()

    def action_detail(self) -> None:
        """Show or hide what is known of the selected URL."""
        self._wants_detail = not self.views.has_class("-detail")
        self.lay_out()

    def action_next_pane(self) -> None:
        """Go to the next pane."""
        self._go(1)

    def action_previous_pane(self) -> None:
        """Go to the pane before."""
        self._go(-1)

    async def action_leave(self) -> None:
        """Leave the text, drop the filter, close the detail that covers the text, or go back to the demos."""
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

    def _go(self, by: int) -> None:
        panes = [pane for pane in PANES if self.query_one(f"#{pane}").region.area]
        focused = "" if self.focused is None else self.focused.id or ""
        at = panes.index(focused) if focused in panes else 0
        self.query_one(f"#{panes[(at + by) % len(panes)]}").focus()

    def _select_first(self, rows: Sequence[Row]) -> None:
        """Select something in a new list, so that its detail is seen."""
        if rows is not self._selected_for:
            self._selected_for = rows
            if self.views.selected is None:  # of the list before, or beyond the end of this one
                self.views.table.select(1 if rows else None)

    def _clock(self) -> Line:
        """How the time of what is being fetched runs, or when it ended."""
        session = next((session for session in self.sessions if session.is_running), self.together)
        return () if session.record is None else clock_line(reading_of(session.record))
