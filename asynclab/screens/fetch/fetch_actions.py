"""The commands on a list of URLs, such as to fetch, cancel and retry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from asynclab.fetch.options import Options
from asynclab.model.wording.quantities import plural
from asynclab.screens.fetch.staging import StagedFetch
from asynclab.screens.fetch.url_list import UrlList
from asynclab.screens.shared.command import Command

if TYPE_CHECKING:
    from asynclab.fetch.rows import Row

command = Command["FetchActions"]


def in_list(rank: int) -> Callable[[FetchActions], int | None]:
    """The rank of a command in the key bar; None, for not in the bar, while the keys act on the stage."""
    return lambda screen: rank if screen.is_in_list else None


class FetchActions(StagedFetch):
    """A screen with a list of URLs, and the actions on it."""

    urls: UrlList
    """The URLs to fetch next."""
    chosen: Options
    """How to fetch them."""

    @property
    def has_urls(self) -> bool:
        """Whether there are URLs to fetch."""
        return bool(self.views.rows)

    # Enter works only in the list, because elsewhere it could discard a run by mistake.
    @command(
        "fetch",
        key="enter,f5",
        group="URLs",
        rank=lambda screen: 5 if screen.is_fetching else 1,
        when=lambda screen: screen.has_urls and screen.is_in_list,
        bar=("enter", "fetch"),
    )
    async def action_fetch(self) -> None:
        """Fetch all URLs concurrently, again if they were fetched already. In the text, enter begins a new line, and f5
        fetches.
        """
        if await self._read_text():
            self._fetch_together()

    @command("one by one", key="S", group="URLs", rank=8, when=lambda screen: screen.has_urls and screen.is_in_list)
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
        """Whether the URLs in the text are those that were fetched last."""
        return self.together.fetch is not None and self.together.targets == self.urls.targets

    @property
    def has_failed(self) -> bool:
        """Whether URLs of the shown list have failed or were cancelled."""
        fetch = self.together.fetch
        return self.shows_fetched and fetch is not None and fetch.counts["failed"] + fetch.counts["cancelled"] > 0

    @command(
        "cancel one",
        key="x",
        group="URLs",
        rank=8,
        when=lambda screen: screen.has_live_selection and screen.is_fetching,
        explains=True,
    )
    def action_cancel_task(self) -> None:
        """Cancel only the selected URL; on the stage, only the selected task."""
        if self.is_in_stage:
            super().action_cancel_task()
        elif (row := self._live_row()) is not None and self.together.fetch is not None:
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
        rank=2,
        when=lambda screen: screen.has_failed and screen.is_in_list,
    )
    def action_retry(self) -> None:
        """Retry the URLs that failed or were cancelled."""
        rows = [row for row in self.views.rows if row.state in ("failed", "cancelled")]
        self.together.retry(rows)
        self.host.tell(f"fetching {plural(len(rows), 'URL')} again")

    @command(
        "fetch again",
        key="R",
        group="URLs",
        rank=13,
        when=lambda screen: screen.shows_fetched and not screen.has_live_selection and screen.is_in_list,
    )
    def action_again(self) -> None:
        """Fetch the selected URL again and keep its whole body; of others, only the first 4 KiB are kept."""
        row = self.views.selected
        if row is not None:
            self.together.keep(row.number)
            self.together.retry([row])

    @command("options", key="o", group="URLs", rank=in_list(10))
    def action_options(self) -> None:
        """Change how URLs are fetched: limits, timeouts, retries, method, headers, folder."""
        from asynclab.screens.fetch.fetch_options import options_form

        def use(values: dict[str, Any] | None) -> None:
            if values is not None:
                self.chosen = Options(**values)
                self.lay_out()

        self.app.push_screen(options_form(self.chosen), use)

    async def start_paused(self) -> None:
        """Fetch, paused before the first step. Results are never discarded, as holding down a key calls this again."""
        if self.is_in_stage:
            await super().start_paused()
            return
        if not await self._read_text() or self.together.is_active:
            return
        if self.has_fetched_these:
            self.host.tell("the fetch has ended: enter fetches the list again")
        else:
            self._fetch_together(paused=True)

    def task_to_follow(self) -> int | None:
        """The task that fetches the selected URL, or that is selected on the stage. If none, shows a notice."""
        if self.is_in_stage:
            return super().task_to_follow()
        row, state = self._live_row(), self.together.state
        if row is None:
            return None
        task = self.together.task_of(row.number)
        if task is not None and not state.tasks[task].has_ended:
            return task
        self.host.tell("this URL has no task yet: it is queued")
        return None

    def change_speed(self, steps: int) -> None:
        """Change the speed of lab time by some steps, and show the new speed in a notice."""
        super().change_speed(steps)
        self.host.tell(f"lab time at {self.together.speed:g}× speed")

    def _fetch_together(self, *, paused: bool = False) -> None:
        selected = self.views.table.selected or 1
        self.together.fetch_list(self.urls.urls, self.chosen, keep=[selected], paused=paused)
        if self.views.text.has_focus:
            self.views.table.focus()

    def _live_row(self) -> Row | None:
        """The selected URL if it is being fetched. Otherwise shows a notice that says why not, and returns None."""
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
        """Whether there are URLs to fetch."""
        if not await self.urls.read(self.views.text.text):
            return False
        if not self.urls.urls:
            self.host.tell("no URLs in the text", is_problem=True)
        return bool(self.urls.urls)
