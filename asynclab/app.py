"""The Textual app, which has the screens and what they share."""

from __future__ import annotations

import asyncio
import importlib
import os
import time
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App
from textual.events import Event, Key, Paste
from textual.screen import ModalScreen
from textual.theme import Theme, ThemeProvider

from asynclab import settings
from asynclab.collector import RareCollections
from asynclab.curriculum.catalogue import DEMOS
from asynclab.model.wording.quantities import plural
from asynclab.screens.lab.pane_screen import LOW, NARROW
from asynclab.screens.learn.learn_screen import LearnScreen
from asynclab.screens.shared.command import Command
from asynclab.screens.shared.command_screen import TABS, CommandScreen
from asynclab.screens.shared.leaving import Leaving
from asynclab.terminal.terminal_app import TerminalApp
from asynclab.widgets.colours import DARK, THEMES, state_variables

if TYPE_CHECKING:
    from asynclab.curriculum.catalogue import Demo
    from asynclab.curriculum.demo_parameters import Value
    from asynclab.fetch.options import Request
    from asynclab.model.source import Source
    from asynclab.screens.fetch.fetch_screen import FetchScreen
    from asynclab.screens.lab.runnable import LabFactory
    from asynclab.screens.lab.staged_run import StagedRun
    from asynclab.screens.learn.demo_runs import Runs
    from asynclab.screens.run.run_screen import RunScreen
    from asynclab.screens.run.watched_program import WatchedProgram
    from asynclab.trace.monitoring.loop_monitor import LoopMonitor
    from asynclab.widgets.messages import PasteTooLong
    from asynclab.widgets.title_bar import TabChosen

command = Command["AsyncLabApp"]


class AsyncLabApp(Leaving, TerminalApp):
    """The app, which users know as the dashboard."""

    TITLE = "asynclab"
    CSS_PATH = "asynclab.tcss"
    MODES: ClassVar[dict[str, Any]] = {"learn": LearnScreen}
    DEFAULT_MODE = "learn"
    NOTIFICATION_TIMEOUT = 4.0
    """Seconds for which a notice is shown: enough to read two lines. Notices cover the key bar."""
    SELECT_AUTO_SCROLL_LINES = 2
    """The mouse scrolls a pane in this many lines at both ends while text is selected. Textual's three are too many."""
    SELECT_AUTO_SCROLL_SPEED = 10.0
    # Textual declares these as instance variables, so they can't be ClassVar.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide"), (160, "-huge")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (LOW, "-tall")]  # noqa: RUF012
    COMMANDS: ClassVar[set[Any]] = set()  # the palette gets all commands from the screen, in its own order

    def __init__(
        self,
        demo: Demo | None = None,
        values: dict[str, Value] | None = None,
        *,
        instant: bool = False,
        request: Request | None = None,
        make_lab: LabFactory | None = None,
        program: WatchedProgram | None = None,
    ) -> None:
        """Set up the app.

        Args:
            demo: A demo to start at once, with `values` as its parameters; None for none.
            instant: Whether the demo runs without real waiting.
            request: What to fetch at once on the Fetch screen; None for nothing.
            make_lab: Creates a lab from a name, a speed and `instant`; None for `Lab` itself.
            program: The user's program to show at once on the Run screen; None for none.
        """
        if program is not None:
            self.DEFAULT_MODE = "run"  # type: ignore[misc]
        if request is not None:
            self.DEFAULT_MODE = "fetch"  # type: ignore[misc]
        super().__init__()
        self.first = demo
        """The demo that was named on the command line."""
        self.starts_instantly = instant
        self.monitor: LoopMonitor | None = None
        """Measures the lag of the loop; None until it is started."""
        self.latest_event = time.monotonic()
        """When the terminal last had input, such as a key or click, by `time.monotonic()`."""
        self._collections = RareCollections()
        self._values = values or {}
        self._make_lab = make_lab
        self._request = request
        self._program = program
        self._runs: Runs | None = None
        self._fetch: FetchScreen | None = None
        self._before_fetch = "learn"
        """The mode of the screen from which the Fetch screen was opened."""
        self._settings_path = settings.settings_path()
        self._settings, self._complaint = settings.load(self._settings_path)
        self.add_mode("fetch", self._make_fetch_screen)
        if program is not None:
            self.add_mode("run", partial(self._make_run_screen, program))
        for theme in THEMES:
            self.register_theme(theme)
        self.set_reactive(App.theme, DARK.name)

    @property
    def runs(self) -> Runs:
        """The runs of all demos. They are imported on first use."""
        if self._runs is None:
            from asynclab.screens.learn.demo_runs import Runs

            self._runs = Runs(DEMOS, self._make_lab)
            if self.first is not None:
                self._runs[self.first.key].take(self._values)
        return self._runs

    @property
    def sources(self) -> list[Source]:
        """The sources of everything that runs on any screen. A program has a source for each of its loops."""
        loops = () if self._program is None else self._program.runs.values()
        return [run.source for run in (*self._own_runs, *loops) if run.is_running]

    @property
    def run_count(self) -> int:
        """The number of running demos, fetches and programs."""
        is_program_live = self._program is not None and self._program.is_live
        return sum(run.is_running for run in self._own_runs) + is_program_live

    @property
    def _own_runs(self) -> list[StagedRun]:
        """The programs that run inside asynclab: demos and fetches."""
        return [*(self._runs or ()), *(self._fetch.programs if self._fetch is not None else ())]

    @property
    def tabs(self) -> dict[str, str]:
        """The tabs of all screens, each with its mode."""
        return TABS if self._program is None else TABS | {"Run": "run"}

    @property
    def available_themes(self) -> dict[str, Theme]:
        """All themes. With NO_COLOR, those in the terminal's sixteen colours are left out: they would be illegible."""
        themes = super().available_themes
        if not os.environ.get("NO_COLOR"):
            return themes
        return {name: theme for name, theme in themes.items() if not theme.ansi}

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colours of task states in the current theme, and the style of a selected row of a list."""
        theme = self.current_theme
        chosen = "bold underline" if theme.ansi else "bold"  # these themes have no background colour for a row
        return state_variables(theme) | {"chosen-style": chosen}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key of the app does anything now."""
        return self.answers(action) and super().check_action(action, parameters)

    @command("palette", key="ctrl+p", group="App", rank=16, in_palette=False)
    def action_command_palette(self) -> None:
        """Find a command or a demo by name."""
        from asynclab.screens.shared.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    @command("theme", key="t", group="App", rank=17)
    def action_change_theme(self) -> None:
        """Choose another theme; it is remembered."""
        self.search_themes()

    def search_themes(self) -> None:
        """Open a palette with the names of all themes."""
        from asynclab.screens.shared.palette import Palette

        self.push_screen(Palette(providers=[ThemeProvider], placeholder="Search for themes…"))

    def on_mount(self) -> None:
        """Use the saved theme, and subscribe to changes of the theme."""
        if self._settings.theme in self.available_themes:
            self.theme = self._settings.theme
        self.theme_changed_signal.subscribe(self, self._remember_theme)
        self.app_resume_signal.subscribe(self, self._come_back)
        if self._complaint:
            self.tell(self._complaint, is_problem=True)

    def begin_to_measure(self) -> None:
        """Start to measure the lag of the loop, and make garbage collection rare, so that it adds little lag."""
        if self.monitor is not None:
            return
        from asynclab.trace.monitoring.loop_monitor import LoopMonitor

        self._collections.start()
        self.monitor = LoopMonitor(asyncio.get_running_loop())
        self.monitor.start()

    def on_unmount(self) -> None:
        """Undo what `begin_to_measure` did."""
        if self.monitor is not None:
            self.monitor.stop()
        self._collections.stop()

    async def on_event(self, event: Event) -> None:
        """Remove notices when a key is pressed, because they may be outdated. Problems stay."""
        self.latest_event = time.monotonic()
        if isinstance(event, Key):
            if not event.is_forwarded:
                self.forget_notices("information")
            # Also a forwarded key: it may have been forwarded before the last key moved the focus to the terminal.
            if isinstance(self.screen, CommandScreen) and self.screen.takes_key(event):
                return
        await super().on_event(event)

    @command("fetch", key="f", group="App", rank=9, offered=lambda app: app.current_mode != "fetch")
    async def action_fetch(self) -> None:
        """Fetch URLs concurrently. Pasting a text with URLs, anywhere, does so, too."""
        # In a thread, because importing HTTP is slow, and demos may be running.
        await asyncio.to_thread(importlib.import_module, "asynclab.screens.fetch.fetch_screen")
        if self.current_mode != "fetch":
            self._before_fetch = self.current_mode
        await self.switch_mode("fetch")

    async def leave_fetch(self) -> None:
        """Return to the screen that was shown before the Fetch screen, or else to the demos."""
        await self.switch_mode(self._before_fetch)

    @command("screen", key="W", group="App", rank=10, offered=lambda app: "Run" in app.tabs)
    async def action_next_screen(self) -> None:
        """Go to the next screen: the demos, the fetches, or your program."""
        modes = list(self.tabs.values())
        await self._show(modes[(modes.index(self.current_mode) + 1) % len(modes)])

    async def _show(self, mode: str) -> None:
        if mode == "fetch":
            await self.action_fetch()
        else:
            await self.switch_mode(mode)

    async def on_paste(self, event: Paste) -> None:
        """Open the Fetch screen with a pasted text, if it contains URLs."""
        from asynclab.fetch.urls import find_urls
        from asynclab.widgets.messages import PasteTooLong
        from asynclab.widgets.paste_area import has_room_for

        if isinstance(self.screen, ModalScreen):
            return
        if not has_room_for(event.text):
            self.on_paste_too_long(PasteTooLong(len(event.text)))
            return
        if not (await asyncio.to_thread(find_urls, event.text)).urls:
            self.tell("no URLs in the pasted text")
            return
        await self.action_fetch()
        if self._fetch is not None:
            await self._fetch.take(event.text)

    def on_paste_too_long(self, event: PasteTooLong) -> None:
        """Say what to do with a text that is too long to paste."""
        size = plural(event.length, "character")
        self.tell(f"{size} are too many to paste: save them and run asynclab fetch -f FILE", is_problem=True)

    async def on_tab_chosen(self, event: TabChosen) -> None:
        """Switch to the screen of the clicked tab."""
        await self._show(self.tabs[event.tab])

    def was_stopped(self, seconds: float) -> None:
        """Exclude the time in which the process was stopped from lab time and from the loop's lag.

        Called in a signal handler, before anything else runs on the loop.
        """
        for source in self.sources:
            if source.control is not None:
                source.control.was_stopped(seconds)
        if self.monitor is not None:
            self.monitor.was_stopped()

    @property
    def ends_with_it(self) -> str:
        program = self._program
        return program.command if program is not None and program.is_live and program.ends_when_left else ""

    async def close_labs(self) -> None:
        if self._fetch is not None:
            await self._fetch.close()
        if self._runs is not None:
            await self._runs.close()
        if self._program is not None:
            await self._program.close()

    @command("suspend", key="ctrl+z", group="App")
    def action_suspend_process(self) -> None:
        """Go to the shell; fg comes back. Lab time stands still."""
        super().action_suspend_process()

    def _make_fetch_screen(self) -> FetchScreen:
        from asynclab.screens.fetch.fetch_screen import FetchScreen

        self._fetch = FetchScreen(self._make_lab, self._request)
        return self._fetch

    def _make_run_screen(self, program: WatchedProgram) -> RunScreen:
        from asynclab.screens.run.live_program import LiveProgram
        from asynclab.screens.run.live_screen import LiveScreen
        from asynclab.screens.run.run_screen import RunScreen

        return LiveScreen(program) if isinstance(program, LiveProgram) else RunScreen(program)

    def _come_back(self, _: App[None]) -> None:
        """Repaint everything after the shell had the terminal. Textual itself would only draw changes."""
        self.refresh(layout=True)

    @command("screenshot", key="", group="App")
    def action_save_screen(self) -> None:
        """Save the screen as an SVG file."""
        try:
            path = self.save_screenshot()
        except OSError as error:
            self.tell(f"can't write {error.filename}: {error.strerror or error}", is_problem=True)
        else:
            self.tell(f"saved the screen to {os.path.abspath(path)}")

    def _remember_theme(self, theme: Theme) -> None:
        if theme.name == self._settings.theme:
            return
        self._settings = settings.Settings(theme=theme.name)
        if complaint := settings.save(self._settings, self._settings_path):
            self.tell(complaint, is_problem=True)
