"""Opens the Fetch screen for a test, with a practice server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from textual.content import Content
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from asynclab.app import AsyncLabApp
from asynclab.fetch.engine import Fetch
from asynclab.fetch.options import Request
from asynclab.screens.fetch.fetch_screen import FetchScreen
from asynclab.screens.fetch.fetch_views import FetchViews
from asynclab.screens.lab.runnable import LabFactory
from asynclab.trace import Lab
from tests.fast_ui import until
from tests.practice.faulty_server import FaultyServer
from tests.screens.dashboard_stage import notices_of, plain_lab
from tests.screens.recordings import text_of


@dataclass
class FetchStage:
    """The app on its Fetch screen, a pilot that presses keys, and a practice server."""

    app: AsyncLabApp
    screen: FetchScreen
    pilot: Pilot[None]
    server: FaultyServer

    @property
    def views(self) -> FetchViews:
        return self.screen.views

    @property
    def fetch(self) -> Fetch:
        fetch = self.screen.together.fetch
        assert fetch is not None
        return fetch

    @property
    def lab(self) -> Lab:
        lab = self.screen.together.lab
        assert lab is not None
        return lab

    @property
    def notices(self) -> list[str]:
        return notices_of(self.app)

    @property
    def states(self) -> list[str]:
        return [row.state for row in self.fetch.rows]

    @property
    def table(self) -> list[str]:
        """The lines of the table, without its header."""
        return text_of(self.views.table).splitlines()

    @property
    def frame(self) -> str:
        """The text in the bottom border of the table."""
        return Content.from_markup(str(self.views.table.border_subtitle or "")).plain

    @property
    def answer(self) -> str:
        """The text of the pane with headers and preview."""
        return " ".join(map(str.strip, text_of(self.views.answer).splitlines()))

    @property
    def totals(self) -> list[str]:
        return text_of(self.views.totals).splitlines()

    def urls(self, *paths: str) -> list[str]:
        return [self.server.url(path) for path in paths]

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until a condition is true, and draw the screen."""
        await until(condition)
        self.screen.beat()
        await self.pilot.pause()

    async def paste(self, text: str) -> None:
        """Paste text into the focused widget."""
        self.app.post_message(Paste(text))
        await self.pilot.pause()
        self.screen.beat()

    async def take(self, *paths: str, then: str = "") -> None:
        """Put these paths' URLs into the text, and then press a key."""
        await self.screen.take("\n".join(self.urls(*paths)))
        self.screen.beat()
        if then:
            await self.press(then)

    async def begun(self, *paths: str, states: list[str]) -> None:
        """Begin to fetch these paths, and wait until their rows have these states."""
        await self.take(*paths, then="enter")
        await self.until(lambda: self.screen.together.fetch and self.states == states)

    async def held(self, *paths: str) -> None:
        """Begin to fetch these paths, and hold at the first step."""
        await self.take(*paths, then="n")
        await self.until(lambda: self.screen.together.is_running)

    async def fetched(self, *paths: str) -> None:
        """Fetch these paths to their end."""
        await self.take(*paths, then="enter")
        await self.ended()

    async def ended(self) -> None:
        await self.until(lambda: self.screen.together.fetch is not None and not self.screen.together.is_active)

    async def type_into(self, selector: str, text: str) -> None:
        self.app.screen.query_one(selector, Input).value = text
        await self.pilot.pause()


@asynccontextmanager
async def fetching(
    size: tuple[int, int] = (140, 40),
    make_lab: LabFactory = plain_lab,
    *,
    pace: float = 0.0,
    request: Request | None = None,
) -> AsyncIterator[FetchStage]:
    """Open the app on its Fetch screen; everything is stopped when the block is left."""
    app = AsyncLabApp(make_lab=make_lab, request=request or Request())  # opens the Fetch screen
    async with FaultyServer(pace=pace) as server, app.run_test(size=size, notifications=True) as pilot:
        screen = app.screen
        assert isinstance(screen, FetchScreen)
        stage = FetchStage(app, screen, pilot, server)
        await stage.until(lambda: screen.urls.urls)
        try:
            yield stage
        finally:
            await app.close_labs()
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("run ")] == []


@asynccontextmanager
async def hanging(*keys: str, count: int = 3, size: tuple[int, int] = (140, 40)) -> AsyncIterator[FetchStage]:
    """Begin to fetch some URLs that never answer, and press these keys."""
    async with fetching(size) as stage:
        await stage.begun(*(f"/hang?{number}" for number in range(count)), states=["running"] * count)
        await stage.until(lambda: stage.lab.state.counts["waiting"] == count + 1)
        await stage.press(*keys)
        yield stage
