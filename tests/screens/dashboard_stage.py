"""Opens the app for a test, in a given size, with labs that don't wait in real time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from textual.app import App
from textual.events import Key
from textual.pilot import Pilot

from asynclab.app import AsyncLabApp
from asynclab.curriculum.catalogue import Demo
from asynclab.curriculum.demo_parameters import Parameter
from asynclab.screens.lab.runnable import LabFactory
from asynclab.screens.lab.stage import Stage as Views
from asynclab.screens.learn.learn_screen import LearnScreen
from asynclab.screens.shared.help_page import HelpScreen
from asynclab.trace import Lab
from asynclab.widgets.spans import plain
from tests.fast_ui import loop_time, until


def quick_lab(name: str, *, speed: float = 1.0, instant: bool = False) -> Lab:
    """A lab whose tasks never wait in real time for a timer."""
    return Lab(name, speed=speed, instant=True, watch=False)


def plain_lab(name: str, *, speed: float = 1.0, instant: bool = False) -> Lab:
    """A lab that uses the loop's time, without a thread that watches the loop."""
    return Lab(name, speed=speed, instant=instant, watch=False, real_time=loop_time())


@dataclass(frozen=True)
class StagedDemo:
    """A demo whose main is defined in a test."""

    main: Callable[..., Coroutine[Any, Any, Any]]
    parameters: tuple[Parameter, ...] = ()
    key: str = "1"
    name: str = "staged"

    @property
    def mistakes(self) -> tuple[Parameter, ...]:
        return tuple(parameter for parameter in self.parameters if parameter.mistake)

    def load(self) -> Callable[..., Coroutine[Any, Any, Any]]:
        return self.main


def staged(main: Callable[..., Coroutine[Any, Any, Any]], *parameters: Parameter) -> Demo:
    """Make a demo of a coroutine function."""
    return cast("Demo", StagedDemo(main, parameters))


def read_help(app: App[None]) -> str:
    """The text of the open help page, on one line."""
    page = app.screen
    assert isinstance(page, HelpScreen)
    return " ".join(page.text_to_copy().split())


def notices_of(app: App[Any]) -> list[str]:
    """The notifications on the screen."""
    return [str(toast.render()) for toast in app.screen.query("Toast")]


@dataclass
class Hand:
    """The app, and a pilot that presses keys."""

    app: AsyncLabApp
    pilot: Pilot[None]

    @property
    def notices(self) -> list[str]:
        return notices_of(self.app)

    @property
    def focused(self) -> str:
        """The id of the focused widget."""
        return "" if self.app.focused is None else str(self.app.focused.id)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    def type_at_once(self, *keys: str) -> None:
        """Press keys so fast that the app gets all of them at once."""
        for key in keys:
            event = Key(key, None)
            event.set_sender(self.app)
            self.app.post_message(event)


class Stage(Hand):
    """The app on its Learn screen, and a pilot that presses keys."""

    @property
    def screen(self) -> LearnScreen:
        return next(screen for screen in self.app.screen_stack if isinstance(screen, LearnScreen))

    @property
    def views(self) -> Views:
        return self.screen.stage

    @property
    def clock(self) -> str:
        """The times in the border of the lesson."""
        return plain(self.views.concept.subtitle)

    @property
    def bar(self) -> str:
        """The text of the key bar."""
        return str(self.screen.key_bar.render())

    @property
    def title(self) -> str:
        """The text of the title bar."""
        return self.screen.title_bar.line_text(0)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until a condition is true and on the screen, however late the next frame is on a busy machine."""
        await until(condition)
        front = self.app.screen
        if isinstance(front, LearnScreen) and front.is_furnished:
            front.beat()
        await self.pilot.pause()


@asynccontextmanager
async def opened(
    size: tuple[int, int] = (120, 40), make_lab: LabFactory = plain_lab, demo: Demo | None = None, **values: Any
) -> AsyncIterator[Stage]:
    """Open the app; everything is stopped when the block is left."""
    app = AsyncLabApp(demo, values, make_lab=make_lab)
    async with app.run_test(size=size, notifications=True) as pilot:
        stage = Stage(app, pilot)
        await stage.until(lambda: stage.screen.is_furnished)
        yield stage
        await app.runs.close()
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("run ")] == []
