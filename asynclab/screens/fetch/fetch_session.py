"""Runs fetches of URL lists, one after another, each in its own lab."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from asynclab.fetch.engine import Fetch, task_name
from asynclab.screens.lab.runnable import LabFactory, Launch, Program

if TYPE_CHECKING:
    from asynclab.fetch.options import Options
    from asynclab.fetch.rows import Row
    from asynclab.fetch.urls import FoundUrl
    from asynclab.model.source import Source


class FetchSession(Program):
    """A program that fetches a list of URLs."""

    def __init__(self, make_lab: LabFactory | None = None) -> None:
        super().__init__("fetch", make_lab)
        self.fetch: Fetch | None = None
        """The present or latest fetch; None before the first."""
        self.targets: tuple[str, ...] = ()
        """The URLs of the latest list."""
        self._next: Fetch | None = None
        """The fetch to start next."""
        self._list: tuple[Sequence[FoundUrl], Options] | None = None
        """The latest list and its options."""

    @property
    def now(self) -> float:
        """Lab time in seconds; 0 before the first fetch."""
        return self.source.now

    def fetch_list(
        self, urls: Sequence[FoundUrl], options: Options, *, keep: Iterable[int] = (), paused: bool = False
    ) -> None:
        """Fetch a list, and cancel the fetch before. `keep` has the numbers of URLs whose whole bodies are kept."""
        self._list = (urls, options)
        self.targets = tuple([url.url for url in urls])
        self._begin(keep, paused=paused)

    def start(self, *, paused: bool = False, instant: bool = False) -> None:
        """Fetch the latest list again. Does nothing without one."""
        if self._next is not None:
            self._begin(self._next.kept, paused=paused, instant=instant)

    def retry(self, rows: Iterable[Row]) -> None:
        """Fetch ended rows again, as a part of a running fetch if there is one."""
        if self.fetch is None:
            return
        is_under_way = self.fetch.is_running
        if self.fetch.retry(rows) and not is_under_way:
            self._next = self.fetch
            super().start()

    def keep(self, number: int | None) -> None:
        """Keep the whole body of only this URL, if it was not downloaded yet."""
        if self.fetch is not None and number is not None and self.fetch.kept != {number}:
            self.fetch.keep([number])

    def task_of(self, number: int) -> int | None:
        """The latest task that fetches the URL with a number; None if there is none, or if it was dropped."""
        tasks = self.state.tasks
        name = task_name(number)
        return next((task.id for task in reversed(tasks.values()) if task.name == name), None)

    def number_of(self, task: int) -> int | None:
        """The number of the URL that a task or one of its ancestors fetches; None if there is none."""
        tasks, numbers = self.state.tasks, {} if self.fetch is None else self.fetch.numbers
        known = tasks.get(task)
        while known is not None:
            if known.name in numbers:
                return numbers[known.name]
            known = None if known.parent is None else tasks.get(known.parent)
        return None

    async def enter(self, source: Source, launch: Launch) -> str:
        """Start the next fetch in a new lab."""
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
