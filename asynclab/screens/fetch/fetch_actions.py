"""The commands on a list of URLs: fetch it, compare, cancel, retry, look at its lab."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from asynclab.fetch.options import Options
from asynclab.model.wording.quantities import plural
from asynclab.screens.fetch.fetch_session import FetchSession
from asynclab.screens.fetch.fetch_views import FetchViews
from asynclab.screens.fetch.url_list import UrlList
from asynclab.screens.lab.time_screen import TimeScreen
from asynclab.screens.shared.command import Command

if TYPE_CHECKING:
    from asynclab.fetch.rows import Row
    from asynclab.model.source import Source

command = Command["FetchActions"]


class FetchActions(TimeScreen):
    """A screen with a list of URLs, and the actions on it."""

    views: FetchViews
    urls: UrlList
    """The URLs to fetch next."""
    together: FetchSession
    """Fetches all URLs at the same time."""
    one_by_one: FetchSession
    """Fetches them one after another, to compare."""
    chosen: Options
    """How to fetch them."""

    is_for_stepping = False

    @property
    def program(self) -> FetchSession:
        """The session that fetches all URLs at the same time."""
        return self.together

    @property
    def timed(self) -> tuple[FetchSession, FetchSession]:
        """Both ways of fetching."""
        return self.sessions

    @property
    def sessions(self) -> tuple[FetchSession, FetchSession]:
        """Both ways of fetching."""
        return (self.together, self.one_by_one)

    @property
    def sources(self) -> list[Source]:
        """The sources of the sessions that run."""
        return [session.source for session in self.sessions if session.source is not None and session.is_running]

    @property
    def unfinished(self) -> list[Row]:
        """The rows that have ended and are not ok."""
        return [row for row in self.views.rows if row.state in ("failed", "cancelled")]

    @property
    def has_urls(self) -> bool:
        """Whether there is something to fetch."""
        return bool(self.views.rows)

    @property
    def is_fetching(self) -> bool:
        """Whether anything is being fetched."""
        return any(session.is_active for session in self.sessions)

    @property
    def can_step(self) -> bool:
        """Whether there is something to step, or to fetch paused."""
        return self.has_urls

    @property
    def can_skip_waiting(self) -> bool:
        """Whether something runs that waits."""
        return self.running is not None and super().can_skip_waiting

    @property
    def has_live_selection(self) -> bool:
        """Whether a URL is selected that has not ended."""
        row = self.views.selected
        return row is not None and not row.has_ended

    @command("fetch", key="enter,f5", group="URLs", rank=1, when=lambda screen: screen.has_urls, bar=("enter", "fetch"))
    async def action_fetch(self) -> None:
        """Fetch all URLs concurrently, again if they were fetched already. In the text, enter begins a new line, and f5
        fetches.
        """
        if await self._read_text():
            self._fetch_together()

    @command("one by one", key="S", group="URLs", rank=8, when=lambda screen: screen.has_urls)
    async def action_one_by_one(self) -> None:
        """Fetch the list one after another, to compare how long that takes."""
        if not await self._read_text():
            return
        slowly = replace(self.chosen, concurrency=1, per_host=1, save_to=None)
        self.one_by_one.fetch_list(self.urls.urls, slowly)
        if not self.has_fetched_these:
            self._fetch_together()

    @property
    def has_fetched_these(self) -> bool:
        """Whether the text still has the URLs that were fetched last."""
        return self.together.fetch is not None and self.together.targets == self.urls.targets

    @property
    def has_failed(self) -> bool:
        """Whether URLs of the list that is shown have failed or were cancelled."""
        fetch = self.together.fetch
        return self.shows_fetched and fetch is not None and fetch.counts["failed"] + fetch.counts["cancelled"] > 0

    @property
    def shows_fetched(self) -> bool:
        """Whether the table shows the rows of a fetch, not of a list to be fetched."""
        return self.together.fetch is not None and self.views.rows is self.together.fetch.rows

    @command(
        "cancel one",
        key="x",
        group="URLs",
        rank=8,
        when=lambda screen: screen.has_live_selection and screen.is_fetching,
        explains=True,
    )
    def action_cancel_url(self) -> None:
        """Cancel only the selected URL."""
        row = self._live_row()
        if row is not None and self.together.fetch is not None:
            self.together.fetch.cancel(row)

    @command("cancel all", key="c", group="URLs", rank=4, when=lambda screen: screen.is_fetching)
    def action_cancel(self) -> None:
        """Cancel everything that is being fetched; what has arrived stays."""
        self.together.cancel()
        self.one_by_one.cancel()

    @command(
        "retry failed",
        key="r",
        group="URLs",
        rank=5,
        when=lambda screen: screen.has_failed,
    )
    def action_retry(self) -> None:
        """Retry the URLs that failed or were cancelled."""
        rows = self.unfinished
        self.together.retry(rows)
        self.host.tell(f"fetching {plural(len(rows), 'URL')} again")

    @command(
        "fetch again",
        key="R",
        group="URLs",
        rank=13,
        when=lambda screen: screen.shows_fetched and screen.has_ended_selection,
    )
    def action_again(self) -> None:
        """Fetch the selected URL again and keep its whole body; of others, only the first 4 KiB are kept."""
        row = self.views.selected
        if row is not None:
            self.together.keep(row.number)
            self.together.retry([row])

    @command("options", key="o", group="URLs", rank=10)
    def action_options(self) -> None:
        """Change how URLs are fetched: limits, timeouts, retries, method, headers, folder."""
        from asynclab.screens.fetch.fetch_options import options_form

        def use(values: dict[str, Any] | None) -> None:
            if values is not None:
                self.chosen = Options(**values)

        self.app.push_screen(options_form(self.chosen), use)

    @property
    def has_ended_selection(self) -> bool:
        """Whether a URL is selected that has ended."""
        row = self.views.selected
        return row is not None and row.has_ended

    async def start_paused(self) -> None:
        """Fetch, paused before the first step; results are kept, since a key held down gets here, too."""
        if not await self._read_text() or self.together.is_active:
            return
        if self.has_fetched_these:
            self.host.tell("the fetch has ended: enter fetches the list again")
        else:
            self._fetch_together(paused=True)

    def task_to_follow(self) -> int | None:
        """The task that fetches the selected URL; None where there is none, after saying why."""
        row, state = self._live_row(), self.together.state
        if row is None or state is None:
            return None
        task = self.together.task_of(row.number)
        if task is not None and not state.tasks[task].has_ended:
            return task
        self.host.tell("this URL has no task yet: it is queued")
        return None

    def action_run_to_event(self) -> None:
        """Pause, and run step by step until something happens to the task that fetches the selected URL."""
        super().action_run_to_event()

    def action_instantly(self) -> None:
        """Skip all waits (retries, rate limits, Retry-After); network time is real."""
        super().action_instantly()

    def change_speed(self, steps: int) -> None:
        """Slow lab time down or speed it up by some steps, and say how fast it is."""
        super().change_speed(steps)
        self.host.tell(f"lab time at {self.together.speed:g}× speed")

    @command("tasks", key="T", group="Looking", rank=6, when=lambda screen: screen.record is not None)
    def action_tasks(self) -> None:
        """Show the fetch as any demo is shown: its tasks, timeline, event loop, code, activity and past."""
        from asynclab.screens.fetch.fetch_lab_screen import FetchLabScreen

        row = self.views.selected if self.shows_fetched else None
        task = None if row is None else self.together.task_of(row.number)
        stage = FetchLabScreen(self.together, self.one_by_one, task)
        self.app.push_screen(stage, lambda _: self._select(stage.number))

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

    def _live_row(self) -> Row | None:
        """The selected URL if it is being fetched; None otherwise, after saying why."""
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
            self.host.tell("no URLs in the text", is_problem=True)
        return bool(self.urls.urls)
