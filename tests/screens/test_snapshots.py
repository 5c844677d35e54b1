"""The dashboard as a picture, at three sizes, from a lab that stands still."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from asynclab.app import AsyncLabApp
from tests.fast_ui import until
from tests.screens.frozen import frozen_lab, frozen_monitor, queue_history

Compare = Callable[..., bool]


def frozen_app() -> AsyncLabApp:
    return AsyncLabApp(make_lab=lambda *_, **__: frozen_lab(queue_history(), 1.62))


async def start_the_queue(pilot: Pilot[Any]) -> None:
    app = pilot.app
    assert isinstance(app, AsyncLabApp)
    await until(lambda: app.monitor is not None)
    assert app.monitor is not None
    app.monitor.stop()
    app.monitor = frozen_monitor()
    await pilot.press("7")
    await until(lambda: app.runs["7"].is_running)
    await pilot.press("tab", "j")
    await pilot.pause(0.15)  # a few frames, so that every pane has found its place


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=["80x24", "120x40", "200x60"])
def test_the_dashboard(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(frozen_app(), terminal_size=size, run_before=start_the_queue)


def test_help(snap_compare: Compare) -> None:
    assert snap_compare(frozen_app(), terminal_size=(120, 40), press=["question_mark"], run_before=start_the_queue)
