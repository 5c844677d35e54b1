"""Recordings to display: of a program with two loops, on one of which tasks wait for each other."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from asynclab.app import AsyncLabApp
from asynclab.model import events as e
from asynclab.remote.program_recording import VERSION, Header, RecordingWriter
from asynclab.remote.wire import AnyFrame, LoopClosed, LoopEvents, LoopOpened, ProgramEnded, ProgramStarted
from asynclab.screens.lab.stage import Stage as Views
from asynclab.screens.run.replay import MakeJudge, Replay, plain_judge
from asynclab.screens.run.run_screen import RunScreen
from asynclab.widgets.line_view import LineView
from tests.fast_ui import until
from tests.screens.dashboard_stage import Hand
from tests.screens.frozen import queue_history

CODE = """\
import asyncio

async def ticker():
    while True:
        await asyncio.sleep(1)

asyncio.run(ticker())
"""

ENDED = ProgramEnded(1.62, -9)


def frames(file: str = "ticker.py") -> Iterable[AnyFrame]:
    """The frames of a program whose first loop has ended, while tasks of the second one wait."""
    yield ProgramStarted("shop.py", "3.13.0", 4711, 4_000_000_000.0)
    yield LoopOpened(1, "_UnixSelectorEventLoop", 0.0)
    ticker: list[e.AnyEvent] = [
        e.TaskCreated(0.0, 101, "ticker", "ticker", None, file, 7),
        e.Stepped(0.001, 101, 0.0002),
        e.TaskWaiting(0.002, 101, e.Wait("sleep", seconds=1.0, deadline=1.002, file=file, line=5)),
        e.TaskEnded(1.0, 101, "done", "None"),
    ]
    yield LoopEvents(1, tuple(ticker))
    yield LoopClosed(1, 1.0)
    yield LoopOpened(2, "_UnixSelectorEventLoop", 0.0)
    _, *queue = queue_history()
    yield LoopEvents(2, tuple(queue))


def written(path: Path, *told: AnyFrame, is_whole: bool = True, code: str = CODE) -> Path:
    """Write a recording; a complete one contains the source of a file that no longer exists."""
    script = path.with_name("ticker.py")
    script.write_text(code, encoding="utf-8")
    with path.open("wb") as file:
        writer = RecordingWriter(file, Header(VERSION, "9.9", ("shop.py", "--open")))
        for frame in told:
            writer.write(frame)
        if is_whole:
            writer.add_sources([str(script)])
            writer.close()
    script.unlink()
    return path


@dataclass
class Shown(Hand):
    """The app that displays a recording, and a pilot that presses keys."""

    replay: Replay

    @property
    def screen(self) -> RunScreen:
        return next(screen for screen in self.app.screen_stack if isinstance(screen, RunScreen))

    @property
    def views(self) -> Views:
        return self.screen.stage

    @property
    def bar(self) -> str:
        return "  ".join(f"{entry.keys} {entry.name}" for entry in self.screen.bar())

    @property
    def title(self) -> str:
        return self.screen.title_bar.line_text(0)

    async def press(self, *keys: str) -> None:
        await super().press(*keys)
        self.screen.beat()
        await self.pilot.pause()


@asynccontextmanager
async def shown(path: Path, size: tuple[int, int] = (140, 44), judge: MakeJudge = plain_judge) -> AsyncIterator[Shown]:
    """Display a recording after it was read to its end."""
    replay = Replay(path, judge)
    app = AsyncLabApp(program=replay)
    async with app.run_test(size=size, notifications=True) as pilot:
        shown = Shown(app, pilot, replay)
        await until(lambda: replay.is_read)
        shown.screen.beat()
        await pilot.pause()
        yield shown


def text_of(view: LineView) -> str:
    return "\n".join(view.line_text(index) for index in range(view.line_count()))
