"""The lab of a fetch: its tasks, steps, waits and timeouts, seen like any demo's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from asynclab.fetch import engine
from asynclab.fetch.engine import Fetch
from asynclab.model.wording.quantities import plural
from asynclab.screens.app_commands import TABS
from asynclab.screens.commands import Situation, bindings_of
from asynclab.screens.fetch_lab_commands import FETCH_LAB_COMMANDS
from asynclab.screens.fetch_session import FetchSession
from asynclab.screens.key_bar import KeyBar
from asynclab.screens.lab_screen import FRAMES_PER_SECOND, LabScreen
from asynclab.screens.source_files import SourceFiles
from asynclab.screens.stage import Stage
from asynclab.widgets.concept import Lesson
from asynclab.widgets.title_bar import TabChosen, TitleBar


class FetchLabScreen(LabScreen):
    """The stage of what is fetched together, or one after another; it lies on the Fetch screen."""

    DEFAULT_CSS = """
    FetchLabScreen { background: $background; color: $state-text; }
    """
    AUTO_FOCUS = "#tasks"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(FETCH_LAB_COMMANDS)]
    own_commands = FETCH_LAB_COMMANDS

    def __init__(self, together: FetchSession, one_by_one: FetchSession, task: int | None) -> None:
        """Make the screen.

        Args:
            together: Fetches all URLs at the same time; its lab is seen first.
            one_by_one: Fetches them one after another, or not at all.
            task: The task that is selected at first.
        """
        super().__init__()
        self.title_bar, self.key_bar = TitleBar(tuple(TABS)), KeyBar()
        self.stage = Stage(in_the_middle="timeline", id="stage")
        self._together, self._one_by_one = together, one_by_one
        self._session = together
        self._first_task = task
        self._described: Fetch | None = None

    @property
    def program(self) -> FetchSession:
        """What is on the stage."""
        return self._session

    @property
    def programs(self) -> Iterable[FetchSession]:
        """Both ways of fetching."""
        return (self._together, self._one_by_one)

    @property
    def number(self) -> int | None:
        """The number of the URL that the selected task fetches; None where it fetches none, or one of another list."""
        if self.selected_task is None or self._session.targets != self._together.targets:
            return None
        return self._session.number_of(self.selected_task)

    def compose(self) -> ComposeResult:
        """The stage between the title and the keys."""
        yield self.title_bar
        yield Horizontal(self.stage, id="body")
        yield self.key_bar

    def on_mount(self) -> None:
        """Begin in the present, with the task selected, and to paint."""
        self.action_go_to_present()
        self.title_bar.activate("Fetch")
        self.show_engine()
        self.lay_out()
        self.stage.turn_to(self.record, self._first_task)
        self.paint()
        self.set_interval(1 / FRAMES_PER_SECOND, self.beat)

    def paint(self) -> None:
        """Bring every view up to date; each repaints only what changed."""
        if self._session.fetch is not self._described:
            self._described = self._session.fetch
            self.stage.describe(self._lesson())
        super().paint()

    def show_engine(self) -> None:
        """Show what each task runs, as the first file; tasks are in others of asynclab's own, too."""
        path = engine.__file__
        first = Fetch._fetch.__code__.co_firstlineno
        self.stage.show_program(self.program.name, path, SourceFiles().read(path) or "", line=first)

    def situation(self) -> Situation:
        """What decides which commands apply now."""
        return replace(super().situation(), has_other=self._other.record is not None)

    async def action_leave(self) -> None:
        """Drop the filter, come back from the past, leave the zoomed pane, or go back to the URLs."""
        now = self.situation()
        if now.has_filter or now.is_past or now.is_zoomed:
            await super().action_leave()
        else:
            self.action_back()

    def action_back(self) -> None:
        """Go back to the URLs."""
        self.dismiss()

    def action_other(self) -> None:
        """Put the other way of fetching on the stage."""
        self._session = self._other

    def on_tab_chosen(self, event: TabChosen) -> None:
        """Go back to the URLs where their tab was clicked."""
        if TABS[event.tab] == "fetch":
            event.stop()
            self.action_back()

    @property
    def _other(self) -> FetchSession:
        return self._one_by_one if self._session is self._together else self._together

    def _lesson(self) -> Lesson:
        fetch = self._session.fetch
        if fetch is None:
            return Lesson("fetch")
        way = "together" if self._session is self._together else "one after another"
        options = fetch.options
        return Lesson(
            f"fetch · {plural(len(fetch.rows), 'URL')} {way}",
            f"A task for each URL, born when its turn comes: {options.concurrency} at once, {options.per_host} a host.",
            "a task that waits for the network, inside aiohttp, is suspended: the loop runs the others meanwhile.",
        )
