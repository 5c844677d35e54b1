"""Makes the pictures of the README from a real run: `python docs/make_screenshots.py`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from asynclab.app import AsyncLabApp
from asynclab.curriculum.catalogue import find

FOLDER = Path(__file__).parent / "screenshots"

SCENES = {
    "queue": ("queue", {"producers": "2", "maxsize": "2", "consume_seconds": "3"}, (112, 36), 4.2),
    "timeline": ("create_task", {}, (140, 36), 1.5),
}
"""Of each picture: the demo, its parameters, the size in cells, and the lab time in seconds."""


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


async def main() -> None:
    """Take every picture."""
    FOLDER.mkdir(exist_ok=True)
    for name in SCENES:
        await take(name)


if __name__ == "__main__":
    asyncio.run(main())
