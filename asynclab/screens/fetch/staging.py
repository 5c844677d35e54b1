"""Shows the lab of a fetch on the stage, beside the list of URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from asynclab.fetch import engine
from asynclab.fetch.engine import Fetch
from asynclab.model.wording.quantities import plural
from asynclab.screens.lab.lab_screen import LabScreen
from asynclab.screens.lab.source_files import SourceFiles
from asynclab.screens.shared.command import Command
from asynclab.widgets.fetch.fetch_table import UrlSelected
from asynclab.widgets.lesson_pane import LessonText
from asynclab.widgets.messages import TaskSelected
from asynclab.widgets.title_bar import TabChosen

if TYPE_CHECKING:
    from asynclab.screens.fetch.fetch_session import FetchSession
    from asynclab.screens.fetch.fetch_views import FetchViews

command = Command["StagedFetch"]


class StagedFetch(LabScreen):
    """A screen with a list of URLs, and the lab of their fetch on its stage.

    The stage is the set of panes that show a run. Most keys act on the list or on the run, whichever has the focus.
    """

    list_panes: ClassVar[tuple[str, ...]] = ("fetch-text", "fetch-table", "fetch-story", "fetch-answer", "fetch-whole")
    views: FetchViews
    """The list with the text, the options and the details."""
    together: FetchSession
    """The session that fetches all URLs concurrently."""
    one_by_one: FetchSession
    """The session that fetches them one after another, for comparison."""
    is_staged = False
    shows_one_by_one = False
    """Whether the stage shows the run that fetches one by one."""
    is_for_stepping = False
    _described: Fetch | None = None
    """The fetch that the lesson on the stage describes."""

    @property
    def program(self) -> FetchSession:
        """The session on the stage."""
        return self.one_by_one if self.shows_one_by_one else self.together

    @property
    def programs(self) -> tuple[FetchSession, FetchSession]:
        """Both sessions."""
        return (self.together, self.one_by_one)

    timed = programs

    @property
    def is_fetching(self) -> bool:
        """Whether anything is being fetched."""
        return any(session.is_active for session in self.programs)

    @property
    def is_in_stage(self) -> bool:
        """Whether a pane of the stage has the focus."""
        return self.is_staged and self.focused is not None and self.stage in self.focused.ancestors

    @property
    def is_in_list(self) -> bool:
        """Whether the keys act on the list."""
        return not self.is_in_stage

    @property
    def shows_fetched(self) -> bool:
        """Whether the table shows the rows of a fetch, and not a list that was not fetched yet."""
        return self.together.fetch is not None and self.views.rows is self.together.fetch.rows

    @property
    def is_list_on_stage(self) -> bool:
        """Whether the run on the stage fetches the list that the table shows."""
        return self.shows_fetched and self.program.targets == self.together.targets

    @property
    def can_step(self) -> bool:
        """Whether a step is possible, or a fetch that starts paused."""
        return super().can_step if self.is_in_stage else bool(self.views.rows)

    @property
    def can_skip_waiting(self) -> bool:
        """Whether a running fetch could skip waiting, or the stage could start one that does."""
        return (self.is_in_stage or self.running is not None) and super().can_skip_waiting

    @property
    def has_past(self) -> bool:
        """Whether the stage shows a run that has a past."""
        return self.is_staged and super().has_past

    @property
    def has_lines(self) -> bool:
        """Whether the keys act on the stage, and its activity log has lines to filter or copy."""
        return self.is_in_stage and super().has_lines

    @property
    def has_live_selection(self) -> bool:
        """Whether the selected URL, or on the stage the selected task, has not ended."""
        if self.is_in_stage:
            return super().has_live_selection
        row = self.views.selected
        return row is not None and not row.has_ended

    @command(
        "tasks",
        key="T,f",
        group="Looking",
        rank=6,
        bar=lambda screen: ("T", "URLs" if screen.is_staged else "tasks"),
        when=lambda screen: screen.is_staged or screen.record.has_run,
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
        """Show only the URLs. The stage goes back to the present."""
        if self.is_staged:
            self.action_go_to_present()
            self.stage.paint(self.record)
            self.is_staged = self.is_for_stepping = self.is_zoomed = self.shows_one_by_one = False
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

    @command(
        "fetch again",
        key="r",
        group="Stage",
        rank=lambda screen: 12 if screen.is_fetching else 5,
        when=lambda screen: screen.is_in_stage,
    )
    def action_start_selected(self) -> None:
        """On the stage: fetch the same list again."""
        self.program.start()

    @command("step through", key="R", group="Stage", when=lambda screen: screen.is_in_stage)
    def action_start_held(self) -> None:
        """On the stage: fetch the same list again, paused before its first step."""
        self.program.start(paused=True)

    @command("other run", key="S", group="Stage", rank=9, when=lambda screen: screen.is_in_stage and screen.has_other)
    def action_other(self) -> None:
        """On the stage: show the run that fetches one by one, or the one that fetches concurrently."""
        self.shows_one_by_one = not self.shows_one_by_one
        self.stage.turn_to(self.record, self._task_of_selected())

    @property
    def has_other(self) -> bool:
        """Whether the session that isn't on the stage has run."""
        return (self.together if self.shows_one_by_one else self.one_by_one).record.has_run

    @on(UrlSelected)
    def follow_url(self, event: UrlSelected) -> None:
        """Keep the body of the selected URL, if it was not downloaded yet, and select its task on the stage."""
        self.together.keep(event.number)
        if self.is_staged:
            self.stage.select(self._task_of_selected())

    @on(TaskSelected)
    def follow_task(self, event: TaskSelected) -> None:
        """Select the URL that the selected task on the stage fetches, if the list has it."""
        task = event.task if event.is_choice and self.is_list_on_stage else None
        number = None if task is None else self.program.number_of(task)
        if number is not None:
            self.views.table.select(number)
            self.together.keep(number)

    def on_tab_chosen(self, event: TabChosen) -> None:
        """Go back to the URLs if their tab was clicked."""
        if self.is_staged and self.host.tabs[event.tab] == "fetch":
            event.stop()
            self.leave_stage()

    def show_engine(self) -> None:
        """Show the code of the fetch engine, until a task in another file is selected."""
        path, first = engine.__file__, Fetch.run.__code__.co_firstlineno
        self.stage.show_program(self.program.name, path, SourceFiles().read(path) or "", line=first)

    def paint(self) -> None:
        """Update the stage if it is shown, and its lesson."""
        if self.program.fetch is not self._described:
            self._described = self.program.fetch
            self.stage.describe(self._lesson())
        super().paint()

    def can_go_to(self, pane: str) -> bool:
        """Whether the focus can be moved to a pane, which must be visible or have a tab."""
        if pane in self.list_panes:
            return bool(self.query_one(f"#{pane}").region.area)
        return self.is_staged and super().can_go_to(pane)

    def keep_focus(self) -> None:
        """Give the focus to a visible pane if no pane or a hidden one has it."""
        if self.focused is not None and self.focused not in self.focus_chain:
            self.set_focus(None)
        if self.is_staged:
            super().keep_focus()
        elif self.focused is None and self.app.app_focus:
            self.views.table.focus()

    def _task_of_selected(self) -> int | None:
        """The task that fetches the selected URL."""
        row = self.views.selected if self.is_list_on_stage else None
        return None if row is None else self.program.task_of(row.number)

    def _lesson(self) -> LessonText:
        fetch = self.program.fetch
        if fetch is None:
            return LessonText("fetch")
        way = "one after another" if self.shows_one_by_one else "together"
        options = fetch.options
        return LessonText(
            f"fetch · {plural(len(fetch.rows), 'URL')} {way}",
            f"One task per URL: at most {options.concurrency} at once, {options.per_host} per host.",
            "a task that waits for the network (inside aiohttp) is suspended; the loop runs the others meanwhile.",
        )
