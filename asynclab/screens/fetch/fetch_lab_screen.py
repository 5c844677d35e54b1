"""Shows the lab of a fetch, with its tasks and timeline, as any demo is shown."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import Horizontal

from asynclab.fetch import engine
from asynclab.fetch.engine import Fetch
from asynclab.model.wording.quantities import plural
from asynclab.screens.fetch.fetch_session import FetchSession
from asynclab.screens.lab.lab_screen import FRAMES_PER_SECOND, LabScreen
from asynclab.screens.lab.source_files import SourceFiles
from asynclab.screens.lab.stage import Stage
from asynclab.screens.shared.command import Command
from asynclab.screens.shared.command_screen import TABS
from asynclab.screens.shared.key_bar import KeyBar
from asynclab.widgets.lesson_pane import Lesson
from asynclab.widgets.title_bar import TabChosen, TitleBar

command = Command["FetchLabScreen"]


class FetchLabScreen(LabScreen):
    """The stage of a fetch, all at once or one after another; it lies over the Fetch screen."""

    DEFAULT_CSS = """
    FetchLabScreen { background: $background; color: $state-text; }
    """
    AUTO_FOCUS = "#tasks"

    def __init__(self, together: FetchSession, one_by_one: FetchSession, task: int | None) -> None:
        """Make the screen.

        Args:
            together: Fetches all URLs at the same time; its lab is shown first.
            one_by_one: Fetches them one after another, or not at all.
            task: The task that is selected first.
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
        """The session on the stage."""
        return self._session

    @property
    def programs(self) -> Iterable[FetchSession]:
        """Both ways of fetching."""
        return (self._together, self._one_by_one)

    @property
    def number(self) -> int | None:
        """The number of the URL that the selected task fetches; None if it fetches none, or one of another list."""
        if self.selected_task is None or self._session.targets != self._together.targets:
            return None
        return self._session.number_of(self.selected_task)

    def compose(self) -> ComposeResult:
        """The stage between the title and the keys."""
        yield self.title_bar
        yield Horizontal(self.stage, id="body")
        yield self.key_bar

    def on_mount(self) -> None:
        """Start in the present with the task selected, and start to paint."""
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
        """Show the engine's code first; tasks also run other files of asynclab."""
        path = engine.__file__
        first = Fetch._fetch.__code__.co_firstlineno
        self.stage.show_program(self.program.name, path, SourceFiles().read(path) or "", line=first)

    @command("fetch again", key="r", group="Run", rank=12)
    def action_start_selected(self) -> None:
        """Fetch the same list again."""
        super().action_start_selected()

    @command("step through", key="R", group="Run")
    def action_start_held(self) -> None:
        """Fetch the same list again, paused before its first step."""
        super().action_start_held()

    @command("cancel all", key="c", group="Run", rank=5, when=lambda screen: screen.program.is_active)
    def action_cancel(self) -> None:
        """Cancel everything that is being fetched here; what has arrived stays."""
        super().action_cancel()

    @command("URLs", key="T,f", group="Run", rank=2)
    def action_back(self) -> None:
        """Back to the URL list, at this task's URL."""
        self.dismiss()

    @command("other run", key="S", group="Run", rank=9, when=lambda screen: screen.other.record is not None)
    def action_other(self) -> None:
        """Show the run that fetches one by one, or the one that fetches concurrently."""
        self._session = self.other

    @property
    def can_leave(self) -> bool:
        """Always: there are the URLs to go back to."""
        return True

    async def action_leave(self) -> None:
        """Return from the past, clear the filter, leave the zoomed pane, or go back to the URLs."""
        if self.is_hiding or self.is_past:
            await super().action_leave()
        else:
            self.action_back()

    def on_tab_chosen(self, event: TabChosen) -> None:
        """Go back to the URLs if their tab was clicked."""
        if TABS[event.tab] == "fetch":
            event.stop()
            self.action_back()

    @property
    def other(self) -> FetchSession:
        """The session that is not on the stage."""
        return self._one_by_one if self._session is self._together else self._together

    def _lesson(self) -> Lesson:
        fetch = self._session.fetch
        if fetch is None:
            return Lesson("fetch")
        way = "together" if self._session is self._together else "one after another"
        options = fetch.options
        return Lesson(
            f"fetch · {plural(len(fetch.rows), 'URL')} {way}",
            f"One task per URL: at most {options.concurrency} at once, {options.per_host} per host.",
            "a task that waits for the network (inside aiohttp) is suspended; the loop runs the others meanwhile.",
        )
