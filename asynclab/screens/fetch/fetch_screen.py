"""The Fetch screen: a text that contains URLs, a list of these with their results, and the lab that fetches them."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Paste
from textual.widgets import TextArea

from asynclab.fetch.options import Request
from asynclab.fetch.row_lines import GLYPHS
from asynclab.fetch.rows import Phase, Row, RowState
from asynclab.model.wording.quantities import plural
from asynclab.screens.fetch.fetch_layout import fetch_shares
from asynclab.screens.fetch.fetch_options import summary_lines
from asynclab.screens.fetch.fetch_session import FetchSession
from asynclab.screens.fetch.fetch_views import FetchViews
from asynclab.screens.fetch.result_actions import ResultActions
from asynclab.screens.fetch.url_list import UrlList
from asynclab.screens.lab.pane_screen import NARROW
from asynclab.screens.lab.record_readings import clock_of
from asynclab.screens.lab.runnable import LabFactory
from asynclab.screens.lab.stage import Stage
from asynclab.screens.shared.command import BarEntry, Command
from asynclab.screens.shared.command_screen import filter_entries
from asynclab.screens.shared.help_page import LAB_MARKS, LOOP_MARK, Sign
from asynclab.screens.shared.key_bar import KeyBar
from asynclab.widgets.fetch.url_words import PARTS
from asynclab.widgets.fetch.waterfall import CUT
from asynclab.widgets.fetch.waterfall import MARKS as PHASES
from asynclab.widgets.messages import PasteTooLong
from asynclab.widgets.paste_area import has_room_for
from asynclab.widgets.spans import Line
from asynclab.widgets.title_bar import TitleBar

URLS: dict[RowState, tuple[str, str]] = {
    "queued": ("queued", "waiting for a free slot"),
    "running": ("under way", "connecting, waiting for the answer, or downloading it"),
    "retrying": ("retrying", "waiting before its next attempt"),
    "ok": ("ok", "status below 400, complete body"),
    "failed": ("failed", "anything else; d shows why"),
    "cancelled": ("cancelled", "stopped before it ended"),
}
"""The name and the meaning of each state of a URL."""

PHASE_MEANINGS: dict[Phase, str] = {
    "queued": "in a bar: waited for a slot",
    "dns": "looked up the address of the host",
    "tcp": "connected",
    "tls": "set up encryption",
    "wait": "waited for the answer to begin",
    "download": "received the answer",
}
"""The meaning of each part of a bar."""

FETCH_MARKS: tuple[Sign, ...] = (
    *(Sign(f"{GLYPHS[state]} {name}", PARTS[state], meaning) for state, (name, meaning) in URLS.items()),
    *(Sign(f"{PHASES[name][0]} {name}", PHASES[name][1], meaning) for name, meaning in PHASE_MEANINGS.items()),
    Sign(f"{CUT}{PHASES['queued'][0]}", "past", "waited for a slot, longer than the bar shows"),
    Sign("━━╸──", "waiting", "bytes received; a share if the server says how many there are"),
    Sign("► 1×", "waiting", "in the frame of the list: lab time runs at this speed"),
    LOOP_MARK,
)
"""The marks of the list, in the order of the help page."""


command = Command["FetchScreen"]

FRAMES_PER_SECOND = 12
"""Fewer than for demos: in each frame all lines of the list change, and the fetches share the loop with it."""


class FetchScreen(ResultActions):
    """Text, options, a line for each URL, and details of the selected URL; or the list of URLs beside the stage."""

    DEFAULT_CSS = """
    FetchScreen {
        background: $background;
        color: $state-text;
        #stage { display: none; }
        &.-low #fetch-options { display: none; }
        &.-staged {
            #stage { display: block; }
            #fetch { width: 34; }
            &.-huge #fetch { width: 48; }
        }
    }
    """
    AUTO_FOCUS = "#fetch-table"

    def __init__(self, make_lab: LabFactory | None = None, request: Request | None = None) -> None:
        """Make the screen.

        Args:
            make_lab: Creates the labs for fetches; None for `Lab` itself.
            request: What to fetch when the screen opens, with its options; None for nothing.
        """
        super().__init__()
        self.urls = UrlList()
        self.together, self.one_by_one = FetchSession(make_lab), FetchSession(make_lab)
        self._request = request or Request()
        self.chosen = self._request.options
        self.views = FetchViews(id="fetch")
        self.stage = Stage(in_the_middle="timeline", keeps_ended=False, id="stage")
        self._wants_detail: bool | None = None
        self._selected_for: object = None

    def compose(self) -> ComposeResult:
        self.title_bar, self.key_bar = TitleBar(tuple(self.host.tabs), "Fetch"), KeyBar()
        """The title bar, the views and the key bar."""
        yield self.title_bar
        yield Horizontal(self.views, self.stage, id="body")
        yield self.key_bar

    async def on_mount(self) -> None:
        """Start the practice server, fetch what was requested, and start to paint."""
        self.show_engine()
        self.lay_out()
        try:
            await self.urls.offer_practice()
        except OSError as error:
            self.host.tell(f"the practice server can't start: {error}", is_problem=True)
        self.host.begin_to_measure()
        if self._request.text:
            self.urls.taken_as = self._request.taken_as
            self.views.text.take(self._request.text)
            await self.action_fetch()
        self.paint()
        self.set_interval(1 / FRAMES_PER_SECOND, self.frame)

    async def close(self) -> None:
        """Cancel all fetches, wait for their clean-up, and stop the practice server."""
        for session in self.programs:
            await session.close()
        await self.urls.close()

    async def take(self, text: str) -> None:
        """Find the URLs in a pasted text, and show their number in a notice.

        The text is appended to the present one, unless that was fetched already.
        """
        self.leave_stage()
        before = self.views.text.text.rstrip()
        joins = before and not self.has_fetched_these
        whole = f"{before}\n{text}" if joins else text
        if not has_room_for(whole):
            self.post_message(PasteTooLong(len(whole)))
            return
        if not joins:
            self.urls.taken_as = ""
        self.views.text.take(whole)
        if await self.urls.read(self.views.text.text):
            self.host.tell(f"{plural(len(self.urls.found.urls), 'URL')} found")
        self.views.table.focus()

    async def on_paste(self, event: Paste) -> None:
        """Handle a paste while the text doesn't have the focus."""
        event.stop()
        await self.take(event.text)

    @on(TextArea.Changed, "#fetch-text")
    async def read_text(self, event: TextArea.Changed) -> None:
        """Find URLs while text is typed."""
        text = event.text_area.text
        if text != self.urls.text:
            await self.urls.read(text)

    @property
    def rows(self) -> Sequence[Row]:
        """The rows of the table: those of the present or latest fetch, or else those to fetch next."""
        fetch = self.together.fetch
        if fetch is not None and (self.together.is_active or self.has_fetched_these):
            return fetch.rows
        return self.urls.rows

    def paint(self) -> None:
        """Update all views. Each repaints only what changed."""
        self._paint_list()
        super().paint()

    def bar(self) -> tuple[BarEntry, ...]:
        """The entries of the key bar. While text is typed, only keys that work then."""
        if self.focused is self.views.text:
            return self.bar_while_typing(BarEntry("esc", "to the URLs", "leave", rank=0))
        if self.views.list.is_typing:
            return self.bar_while_typing(*filter_entries("URLs"))
        return super().bar()

    def lay_out(self) -> None:
        """Show the list with its details, or the list beside the stage, and divide the room."""
        super().lay_out()
        self.set_class(self.is_staged, "-staged")
        self.views.display = not self.is_staged or (self.size.width >= NARROW and not self.is_zoomed)
        options = len(summary_lines(self.chosen, self.size.width))
        shares = fetch_shares(self.size.height, options, wants_detail=self._wants_detail)
        self.views.lay_out(shares, is_one_column=self.size.width < NARROW, is_beside=self.is_staged)
        self.keep_focus()

    @command(
        "detail",
        key="d",
        group="Looking",
        rank=7,
        when=lambda screen: screen.views.selected is not None and not screen.is_staged,
    )
    def action_detail(self) -> None:
        """Show or hide the details of the selected URL."""
        self._wants_detail = not self.views.has_detail
        self.lay_out()

    @command("back", key="escape", group="App", rank=lambda screen: None if screen.is_past else 2)
    async def action_leave(self) -> None:
        """Leave the text, the filter, the past, the zoomed pane, the stage or the details. If there is nothing to
        leave, return to the screen before. Fetches continue.
        """
        if self.focused is self.views.text:
            self.views.table.focus()
        elif self.is_in_list and self.views.list.is_filtering:
            await self.views.list.close_filter()
        elif self.is_staged and (self.is_hiding or self.is_past):
            await super().action_leave()
        elif self.is_staged:
            self.leave_stage()
        elif self.views.has_detail and not self.views.top.display:
            self._wants_detail = None
            self.lay_out()
        else:
            await self.host.leave_fetch()

    def marks(self) -> Sequence[Sign]:
        """The marks of the list, and of the stage while it is shown."""
        return (*FETCH_MARKS, *(mark for mark in LAB_MARKS if self.is_staged and mark not in FETCH_MARKS))

    def _paint_list(self) -> None:
        rows, fetch = self.rows, self.together.fetch
        is_fetched = fetch is not None and rows is fetch.rows
        version = fetch.version if fetch is not None and is_fetched else 0
        self.views.show_rows(rows, version, self.together.now, is_running=self.together.is_running)
        self._select_first(rows)
        self.views.show_clock(self._clock() if is_fetched and not self.is_staged else ())
        if self.is_staged:
            return  # the others are hidden
        self.views.show_text(self.urls, self.chosen)
        self.views.show_detail()
        is_raced = is_fetched and self.one_by_one.targets == self.together.targets
        self.views.show_totals(self.together if is_fetched else None, self.one_by_one if is_raced else None)

    def _select_first(self, rows: Sequence[Row]) -> None:
        """Select a row of a new list, so that its details are shown."""
        if rows is not self._selected_for:
            self._selected_for = rows
            if self.views.selected is None:  # no row is selected, or the new list is shorter
                self.views.table.select(1 if rows else None)

    def _clock(self) -> Line:
        """The clock of the running fetch, or of the latest one."""
        session = next((session for session in self.programs if session.is_running), self.together)
        return clock_of(session.record)
