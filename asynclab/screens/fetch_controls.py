"""What keys do on the Fetch screen: fetch, cancel, retry, compare, pause, export, copy."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from asynclab.fetch.options import Options
from asynclab.model.wording.quantities import plural
from asynclab.screens.command_screen import CommandScreen
from asynclab.screens.fetch_list import UrlList
from asynclab.screens.fetch_order import SORTS, next_sort
from asynclab.screens.fetch_rows import url_row
from asynclab.screens.fetch_session import FetchSession
from asynclab.screens.fetch_views import FetchViews
from asynclab.widgets.fetch_columns import in_words

if TYPE_CHECKING:
    from asynclab.fetch.rows import Row
    from asynclab.model.source import Source
    from asynclab.screens.fetch_export import Format

PANES = ("fetch-text", "fetch-table", "fetch-story", "fetch-answer", "fetch-whole")
"""What can have the focus, in the order of the tab key."""


class FetchControls(CommandScreen):
    """A screen with a list of URLs, and the actions on it."""

    views: FetchViews
    urls: UrlList
    """What would be fetched next."""
    together: FetchSession
    """Fetches all URLs at the same time."""
    one_by_one: FetchSession
    """Fetches them one after another, to compare."""
    chosen: Options
    """How they are fetched."""

    @property
    def sessions(self) -> tuple[FetchSession, FetchSession]:
        """Both ways of fetching."""
        return (self.together, self.one_by_one)

    @property
    def sources(self) -> list[Source]:
        """What is being fetched, as what it tells."""
        return [session.source for session in self.sessions if session.source is not None and session.is_running]

    @property
    def unfinished(self) -> list[Row]:
        """The rows that have ended and are not ok."""
        return [row for row in self.views.rows if row.state in ("failed", "cancelled")]

    async def action_fetch(self) -> None:
        """Fetch all URLs at the same time, afresh where that is under way."""
        if await self._read_text():
            self._fetch_together()

    async def action_one_by_one(self) -> None:
        """Fetch the URLs one after another; also at the same time, where that was not done yet."""
        if not await self._read_text():
            return
        slowly = replace(self.chosen, concurrency=1, per_host=1, save_to=None)
        self.one_by_one.fetch_list(self.urls.urls, slowly)
        if not self.has_fetched_these:
            self._fetch_together()

    @property
    def has_fetched_these(self) -> bool:
        """Whether the URLs that were fetched last are those in the text now."""
        return self.together.fetch is not None and self.together.targets == self.urls.targets

    @property
    def shows_fetched(self) -> bool:
        """Whether the rows that are shown are those of the fetch."""
        return self.together.fetch is not None and self.views.rows is self.together.fetch.rows

    def action_cancel_url(self) -> None:
        """Cancel the selected URL."""
        row = self._live_row()
        if row is not None and self.together.fetch is not None:
            self.together.fetch.cancel(row)

    def action_cancel(self) -> None:
        """Cancel everything."""
        self.together.cancel()
        self.one_by_one.cancel()

    def action_retry(self) -> None:
        """Fetch again what has failed or was cancelled."""
        rows = self.unfinished
        self.together.retry(rows)
        self.host.tell(f"once more: {plural(len(rows), 'URL')}")

    def action_again(self) -> None:
        """Fetch the selected URL again, and keep its whole body."""
        row = self.views.selected
        if row is not None:
            self.together.keep(row.number)
            self.together.retry([row])

    def action_pause(self) -> None:
        """Hold the tasks and the clock of the fetch."""
        for session in self.sessions:
            session.pause()

    def action_resume(self) -> None:
        """Let them go on."""
        for session in self.sessions:
            session.resume()

    async def action_step(self) -> None:
        """Run one step; pause first where it is not paused, start paused where these URLs were not fetched yet."""
        source = self.together.source
        if source is None or not source.is_running:
            if await self._read_text():
                self._start_paused()
        elif source.state.clock.paused:
            self.together.step()
        else:
            self.together.pause()

    def action_run_to_event(self) -> None:
        """Run to the next event of the task that fetches the selected URL."""
        row, state = self._live_row(), self.together.state
        if row is None or state is None:
            return
        task = self.together.task_of(row.number)
        if task is not None and state.tasks[task].has_ended:
            task = None
        if task is None:
            self.host.tell("this URL has no task yet: it waits for its turn")
        else:
            self.together.run_to_event(task)

    def action_tasks(self) -> None:
        """Show the lab in which the URLs are fetched, with the task of the selected one."""
        from asynclab.screens.fetch_lab import FetchLabScreen

        row = self.views.selected if self.shows_fetched else None
        task = None if row is None else self.together.task_of(row.number)
        stage = FetchLabScreen(self.together, self.one_by_one, task)
        self.app.push_screen(stage, lambda _: self._select(stage.number))

    def action_slower(self) -> None:
        """Slow lab time down."""
        self._change_speed(-1)

    def action_faster(self) -> None:
        """Speed lab time up."""
        self._change_speed(1)

    def action_instantly(self) -> None:
        """Skip all waiting from now on, but for the network."""
        for session in self.sessions:
            session.run_instantly()

    def action_sort(self) -> None:
        """Sort in the next way."""
        self.views.sort = next_sort(self.views.sort)
        self.host.tell(SORTS[self.views.sort])

    async def action_filter(self) -> None:
        """Open the filter."""
        await self.views.open_filter()

    def action_edit(self) -> None:
        """Go to the text."""
        self.views.text.focus()
        self.views.text.go_to_new_line()

    def action_clear(self) -> None:
        """Empty the text."""
        self.views.text.take("")

    def action_options(self) -> None:
        """Open the form of the options."""
        from asynclab.screens.fetch_options import OptionsForm

        def use(options: Options | None) -> None:
            if options is not None:
                self.chosen = options

        self.app.push_screen(OptionsForm(self.chosen), use)

    def action_ignored(self) -> None:
        """Show the lines without a URL."""
        from asynclab.model.text import one_line
        from asynclab.screens.text_list import TextList

        lines = [((one_line(line), ""),) for line in self.urls.found.ignored]
        self.app.push_screen(TextList("Lines without a URL", lines))

    def action_copy(self) -> None:
        """Copy the selected URL and how it ended."""
        row = self.views.selected
        if row is not None:
            self.copy(in_words(url_row(row, self.together.now)))

    def action_copy_failed(self) -> None:
        """Copy the URLs that have failed."""
        failed = [row.url for row in self.views.rows if row.state == "failed"]
        self.copy("\n".join(failed), if_nothing="no URL has failed")

    def action_export(self) -> None:
        """Ask for a format, and write the results to a file."""
        from asynclab.screens.fetch_export import ExportForm

        try:
            folder = Path.cwd()
        except OSError:
            self.host.tell("can't write: the folder that this was started in is gone", is_problem=True)
            return

        def export(form: Format | None) -> None:
            if form is not None:
                self.run_worker(self._write(form, folder), group="export", exit_on_error=False)

        self.app.push_screen(ExportForm(folder), export)

    async def _write(self, form: Format, folder: Path) -> None:
        from asynclab.screens.fetch_export import write_results

        rows = tuple(self.views.rows)
        options = self.chosen if self.together.fetch is None else self.together.fetch.options
        try:
            path = await asyncio.to_thread(write_results, rows, options, form, folder)
        except OSError as error:
            self.host.tell(f"can't write {error.filename or folder}: {error.strerror or error}", is_problem=True)
        else:
            self.host.tell(f"{plural(len(rows), 'URL')} written to {path}")

    def _fetch_together(self, *, paused: bool = False) -> None:
        selected = self.views.table.selected or 1
        self.together.fetch_list(self.urls.urls, self.chosen, keep=[selected], paused=paused)
        if self.views.text.has_focus:
            self.views.table.focus()

    def _select(self, number: int | None) -> None:
        """Select a URL of the fetch, if its rows are those that are shown."""
        if number is not None and self.shows_fetched:
            self.views.table.select(number)
            self.together.keep(number)

    def _start_paused(self) -> None:
        """Fetch, held before the first step; what was fetched stays, since a key held down gets here, too."""
        if self.together.is_active:
            return
        if self.has_fetched_these:
            self.host.tell("the fetch has ended: enter fetches the list again")
        else:
            self._fetch_together(paused=True)

    def _live_row(self) -> Row | None:
        """The selected URL if it is being fetched; else it is said why nothing can be done to it."""
        row, fetch = self.views.selected, self.together.fetch
        if row is None:
            self.host.tell("no URL is selected")
        elif fetch is None or row not in fetch.rows:
            self.host.tell("this URL is not being fetched: enter fetches the list")
        elif row.has_ended:
            self.host.tell("this URL has ended: R fetches it again")
        else:
            return row
        return None

    async def _read_text(self) -> bool:
        """Whether there is something to fetch."""
        if not await self.urls.read(self.views.text.text):
            return False
        if not self.urls.urls:
            self.host.tell("no URL was found in the text", is_problem=True)
        return bool(self.urls.urls)

    def _change_speed(self, steps: int) -> None:
        for session in self.sessions:
            session.change_speed(steps)
        self.host.tell(f"lab time at {self.together.speed:g}× speed")
