"""Makes the pictures of the README from a real run: `python docs/make_screenshots.py`."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from asynclab.app import AsyncLabApp
from asynclab.curriculum.catalogue import find
from asynclab.screens.run.replay import Replay
from asynclab.screens.run.run_screen import RunScreen

FOLDER = Path(__file__).parent / "screenshots"

SCENES = {
    "queue": ("queue", {"producers": "2", "maxsize": "2", "consume_seconds": "3"}, (112, 36), 4.2),
    "timeline": ("create_task", {}, (140, 36), 1.5),
}
"""Of each picture: the demo, its parameters, the size in cells, and the lab time in seconds."""

PROGRAM = """\
import asyncio
import aiohttp
from aiohttp import web

database = asyncio.Lock()

async def hello(request):
    async with database:
        await asyncio.sleep(0.02)
    return web.json_response({"ok": True})

async def get(session, url):
    async with asyncio.timeout(0.15), session.get(url) as response:
        return await response.json()

async def main():
    app = web.Application()
    app.router.add_get("/", hello)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(get(session, url) for _ in range(8)), return_exceptions=True)
    await runner.cleanup()

asyncio.run(main())
"""
"""A server under load, whose handlers wait for one lock: some of its clients give up."""

WAITING = 4
"""How many handlers wait for the lock when the picture is taken."""


def app_of(name: str) -> AsyncLabApp:
    """The dashboard that starts the demo of a picture."""
    demo_name, texts, _, _ = SCENES[name]
    demo = find(demo_name)
    return AsyncLabApp(demo, demo.arguments(texts))


async def take(name: str) -> None:
    """Run a demo in the dashboard, and save a picture of it at its moment."""
    demo_name, _, size, moment = SCENES[name]
    demo, app = find(demo_name), app_of(name)
    async with app.run_test(size=size) as pilot:
        lab = None
        while lab is None or lab.now < moment:
            await pilot.pause(0.02)
            lab = app.runs[demo.key].lab
        lab.pause()
        await pilot.pause(0.2)
        app.save_screenshot(f"{name}.svg", path=str(FOLDER))
        await app.runs.close()


def record(folder: Path) -> Path:
    """Run a program under `asynclab run`, and keep a recording of it."""
    script, recording = folder / "server.py", folder / "server.rec"
    script.write_text(PROGRAM)
    command = [sys.executable, "-m", "asynclab", "run", "--headless", "--record", str(recording), str(script)]
    subprocess.run(command, check=True)
    return recording


async def take_replay(recording: Path) -> None:
    """Replay a recording, go back to where handlers wait for the lock, select the last one, and save a picture."""
    app = AsyncLabApp(program=Replay(recording))
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.pause(1.5)
        screen = app.screen
        assert isinstance(screen, RunScreen)
        while True:
            lock = screen.record.state.named_primitives["lock", 1]
            if lock.holder is not None and len(lock.waiters) >= WAITING:
                break
            await pilot.press("[")
        await pilot.press("G")
        await pilot.pause(0.5)
        app.save_screenshot("inspect.svg", path=str(FOLDER))


async def main() -> None:
    """Take every picture."""
    FOLDER.mkdir(exist_ok=True)
    for name in SCENES:
        await take(name)
    with TemporaryDirectory() as folder:
        await take_replay(record(Path(folder)))


if __name__ == "__main__":
    asyncio.run(main())
