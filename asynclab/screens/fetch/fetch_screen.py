"""The Fetch screen: a text with URLs in it, each URL while it is fetched, and the lab in which that happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Paste
from textual.widgets import TextArea

from asynclab.fetch import engine
from asynclab.fetch.engine import Fetch
from asynclab.fetch.request import Request
from asynclab.fetch.rows import Row
from asynclab.model.wording.quantities import plural
from asynclab.screens.fetch.fetch_layout import fetch_shares
from asynclab.screens.fetch.fetch_marks import FETCH_MARKS
from asynclab.screens.fetch.fetch_options import summary_lines
from asynclab.screens.fetch.fetch_session import FetchSession
from asynclab.screens.fetch.fetch_views import FetchViews
from asynclab.screens.fetch.result_actions import ResultActions
from asynclab.screens.fetch.url_list import UrlList
from asynclab.screens.lab.lab_screen import FRAMES_PER_SECOND
from asynclab.screens.lab.pane_screen import NARROW
from asynclab.screens.lab.record_readings import reading_of
from asynclab.screens.lab.runnable import LabFactory
from asynclab.screens.lab.source_files import SourceFiles
from asynclab.screens.lab.stage import Stage
from asynclab.screens.shared.command import BarEntry, Command
from asynclab.screens.shared.command_screen import TABS, filter_entries
from asynclab.screens.shared.help_page import LAB_MARKS, Mark
from asynclab.screens.shared.key_bar import KeyBar
from asynclab.widgets.clock_line import clock_line
from asynclab.widgets.fetch_table import UrlSelected
from asynclab.widgets.lesson_pane import Lesson
from asynclab.widgets.lines import Line
from asynclab.widgets.messages import TaskSelected
from asynclab.widgets.title_bar import TabChosen, TitleBar

command = Command["FetchScreen"]


class FetchScreen(ResultActions):
    """Text and options, a line for each URL, and the details of the selected one; or the list beside the stage."""

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
            &.-narrow #fetch, &.-zoomed #fetch { display: none; }
        }
    }
    """
    AUTO_FOCUS = "#fetch-table"
    list_panes: ClassVar[tuple[str, ...]] = (
        "fetch-text",
        "fetch-table",
        "fetch-story",
        "fetch-answer",
        "fetch-whole",
    )

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
        self.title_bar, self.key_bar = TitleBar(tuple(TABS)), KeyBar()
        self.views = FetchViews(id="fetch")
        self.stage = Stage(in_the_middle="timeline", id="stage")
        self._wants_detail: bool | None = None
        self._selected_for: object = None
        self._described: Fetch | None = None

    def compose(self) -> ComposeResult:
        """The views between the title and the keys."""
        yield self.title_bar
        yield Horizontal(self.views, self.stage, id="body")
        yield self.key_bar

    async def on_mount(self) -> None:
        """Offer something to fetch, and start to paint."""
        self.title_bar.activate("Fetch")
        self.show_engine()
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
        self.set_interval(1 / FRAMES_PER_SECOND, self.beat)

    def show_engine(self) -> None:
        """Show the engine's code while no task is followed; tasks also run other files of asynclab."""
        path, first = engine.__file__, Fetch.run.__code__.co_firstlineno
        self.stage.show_program(self.program.name, path, SourceFiles().read(path) or "", line=first)

    async def close(self) -> None:
        """Cancel everything, wait for its clean-up, and stop the practice server."""
        for session in self.programs:
            await session.close()
        await self.urls.close()

    async def take(self, text: str) -> None:
        """Find the URLs of a pasted text, and say how many there are.

        The text is added to the one before, unless that was fetched already.
        """
        self.leave_stage()
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
    def follow_url(self, event: UrlSelected) -> None:
        """Keep the body of the selected URL, if it is still to be downloaded, and select its task on the stage."""
        self.together.keep(event.number)
        if self.is_staged:
            self.stage.select(self._task_of_selected())

    @on(TaskSelected)
    def follow_task(self, event: TaskSelected) -> None:
        """Select the URL that a task on the stage fetches, if it is one of the list that is shown."""
        is_listed = event.is_choice and self.shows_fetched and self.program.targets == self.together.targets
        number = self.program.number_of(event.task) if is_listed and event.task is not None else None
        if number is not None:
            self.views.table.select(number)
            self.together.keep(number)

    @property
    def rows(self) -> Sequence[Row]:
        """The rows of the table: of the present or latest fetch, or else of the list to fetch next."""
        fetch = self.together.fetch
        if fetch is not None and (self.together.is_active or self.has_fetched_these):
            return fetch.rows
        return self.urls.rows

    def paint(self) -> None:
        """Bring every view up to date; each repaints only what changed."""
        self._paint_list()
        if not self.is_staged:
            self.tell_report()
            self.keep_focus()
            self.paint_bars()
            return
        if self.program.fetch is not self._described:
            self._described = self.program.fetch
            self.stage.describe(self._lesson())
        super().paint()

    def bar(self) -> tuple[BarEntry, ...]:
        """What the key bar shows; while something is typed, what works then."""
        if self.focused is self.views.text:
            return self.bar_while_typing(BarEntry("esc", "to the URLs", "leave", rank=0))
        if self.views.list.is_typing:
            return self.bar_while_typing(*filter_entries("URLs"))
        return super().bar()

    def lay_out(self) -> None:
        """Choose between the list with its details and the list beside the stage, and divide the room."""
        super().lay_out()
        self.set_class(self.is_staged, "-staged")
        options = len(summary_lines(self.chosen, self.size.width))
        shares = fetch_shares(self.size.height, options, wants_detail=self._wants_detail)
        self.views.lay_out(shares, is_one_column=self.size.width < NARROW, is_beside=self.is_staged)
        if self.is_in_list and self.focused is not None and self.focused not in self.focus_chain:  # it is hidden now
            self.views.table.focus()

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

    @command(
        "tasks",
        key="T,f",
        group="Looking",
        rank=6,
        bar=lambda screen: ("T", "URLs" if screen.is_staged else "tasks"),
        when=lambda screen: screen.is_staged or screen.record is not None,
    )
    def action_tasks(self) -> None:
        """Show the fetch as any demo is shown: its tasks, timeline, event loop, code, activity and past; then go back
        to the URLs.
        """
        if self.is_staged:
            self.leave_stage()
            return
        self.is_staged = self.is_for_stepping = True
        self.stage.turn_to(self.record, self._task_of_selected())
        self.lay_out()
        self.action_show_pane("tasks")
        self.paint()

    def leave_stage(self) -> None:
        """Show the URLs alone; where the stage was left, the next time begins in the present."""
        if self.is_staged:
            self.action_go_to_present()
            self.is_staged = self.is_for_stepping = self.is_zoomed = self.shows_one_by_one = False
            self.title_bar.show_moment(None)
            self.lay_out()
            self.views.table.focus()

    @command(
        "view",
        key="w",
        group="Looking",
        rank=10,
        when=lambda screen: screen.is_staged and (screen.is_single or screen.stage.has_turns),
    )
    def action_view(self) -> None:
        """On the stage, show the next of timeline, queues and event loop: in the middle row, or in front."""
        super().action_view()

    @command("back", key="escape", group="App", rank=lambda screen: None if screen.is_past else 2)
    async def action_leave(self) -> None:
        """Leave the text, the filter, the past, the zoomed pane, the stage or, where they took the place of the text,
        the details; or return to the demos. Fetches continue.
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
            self.app.switch_mode("learn")

    def on_tab_chosen(self, event: TabChosen) -> None:
        """Go back to the URLs if their tab was clicked."""
        if self.is_staged and TABS[event.tab] == "fetch":
            event.stop()
            self.leave_stage()

    def marks(self) -> Sequence[Mark]:
        """What the marks of a URL mean, and those of the stage while it shows."""
        return (*FETCH_MARKS, *(mark for mark in LAB_MARKS if self.is_staged and mark not in FETCH_MARKS))

    def can_go_to(self, pane: str) -> bool:
        """Whether the focus can be moved to a pane: one that is to be seen, or stands behind a tab."""
        if pane in self.list_panes:
            return bool(self.query_one(f"#{pane}").region.area)
        return self.is_staged and super().can_go_to(pane)

    def keep_focus(self) -> None:
        """Give the focus to a visible pane if none has it."""
        if self.is_staged:
            super().keep_focus()
        elif self.focused is None and self.app.app_focus:
            self.views.table.focus()

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

    def _sample(self) -> None:
        """Look at what tasks wait for only while it shows."""
        if self.is_staged:
            super()._sample()

    def _select_first(self, rows: Sequence[Row]) -> None:
        """Select a row of a new list, so that its details show."""
        if rows is not self._selected_for:
            self._selected_for = rows
            if self.views.selected is None:  # it was in the list before, or is beyond the end of this one
                self.views.table.select(1 if rows else None)

    def _task_of_selected(self) -> int | None:
        """The task that fetches the selected URL."""
        row = self.views.selected if self.shows_fetched else None
        return (
            None if row is None or self.program.targets != self.together.targets else self.program.task_of(row.number)
        )

    def _clock(self) -> Line:
        """The clock of the fetch that runs, or when the last one ended."""
        session = next((session for session in self.programs if session.is_running), self.together)
        return () if session.record is None else clock_line(reading_of(session.record))

    def _lesson(self) -> Lesson:
        fetch = self.program.fetch
        if fetch is None:
            return Lesson("fetch")
        way = "one after another" if self.shows_one_by_one else "together"
        options = fetch.options
        return Lesson(
            f"fetch · {plural(len(fetch.rows), 'URL')} {way}",
            f"One task per URL: at most {options.concurrency} at once, {options.per_host} per host.",
            "a task that waits for the network (inside aiohttp) is suspended; the loop runs the others meanwhile.",
        )
