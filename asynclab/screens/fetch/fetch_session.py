"""The list that is fetched now: its engine, its lab, and the way from one run to the next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from asynclab.fetch.engine import Fetch
from asynclab.fetch.jobs import TASK_NAME
from asynclab.screens.lab.runnable import LabFactory, Launch, Program

if TYPE_CHECKING:
    from asynclab.fetch.options import Options
    from asynclab.fetch.rows import Row
    from asynclab.fetch.urls import FoundUrl
    from asynclab.model.source import Source


class FetchSession(Program):
    """One list at a time in one lab at a time."""

    def __init__(self, make_lab: LabFactory | None = None) -> None:
        super().__init__("fetch", make_lab)
        self.fetch: Fetch | None = None
        """What fetches, or fetched; None before the first start."""
        self.targets: tuple[str, ...] = ()
        """The URLs that were to be fetched last."""
        self._next: Fetch | None = None
        """What the next run is to fetch."""
        self._list: tuple[Sequence[FoundUrl], Options] | None = None
        """What was to be fetched last, and how."""

    @property
    def now(self) -> float:
        """Seconds of the lab; 0 before the first start."""
        return 0.0 if self.source is None else self.source.now

    def fetch_list(
        self, urls: Sequence[FoundUrl], options: Options, *, keep: Iterable[int] = (), paused: bool = False
    ) -> None:
        """Fetch a list, in place of the one before; returns at once.

        Args:
            urls: What to fetch.
            options: How.
            keep: The numbers of the URLs whose whole bodies are kept.
            paused: Whether to hold it before its first step.
        """
        self._list = (urls, options)
        self.targets = tuple([url.url for url in urls])
        self._begin(keep, paused=paused)

    def start(self, *, paused: bool = False, instant: bool = False) -> None:
        """Fetch the latest list afresh; nothing happens where there was none."""
        if self._next is not None:
            self._begin(self._next.kept, paused=paused, instant=instant)

    def retry(self, rows: Iterable[Row]) -> None:
        """Fetch rows again that have ended; while others are still fetched, among these."""
        if self.fetch is None:
            return
        is_under_way = self.fetch.is_running
        if self.fetch.retry(rows) and not is_under_way:
            self._next = self.fetch
            super().start()

    def keep(self, number: int | None) -> None:
        """Keep the whole body of this URL and of no other, where it is still to be downloaded."""
        if self.fetch is not None and number is not None and self.fetch.kept != {number}:
            self.fetch.keep([number])

    def task_of(self, number: int) -> int | None:
        """The task that fetches a URL, or fetched it last; None where there is none, or it is no longer kept.

        Args:
            number: The URL's.
        """
        tasks = {} if self.state is None else self.state.tasks
        name = f"{TASK_NAME}{number}"
        return next((task.id for task in reversed(tasks.values()) if task.name == name), None)

    def number_of(self, task: int) -> int | None:
        """The number of the URL that a task fetches, or on behalf of which it was made; None for none."""
        tasks = {} if self.state is None else self.state.tasks
        known = tasks.get(task)
        while known is not None:
            number = known.name.removeprefix(TASK_NAME)
            if number != known.name and number.isdecimal():
                return int(number)
            known = None if known.parent is None else tasks.get(known.parent)
        return None

    async def enter(self, source: Source, launch: Launch) -> str:
        """Fetch what comes next."""
        assert self._next is not None
        self.fetch = self._next
        self.fetch.clock = lambda: source.now
        self.fetch.keeps_real_time = lambda: source.state.clock.kept_real_time
        launch(self.fetch.run)
        return ""

    def _begin(self, keep: Iterable[int], *, paused: bool, instant: bool = False) -> None:
        assert self._list is not None
        self._next = Fetch(*self._list)
        self._next.keep(keep)
        super().start(paused=paused, instant=instant)
