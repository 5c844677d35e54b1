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
    await pilot.press("tab")
    await pilot.pause(0.15)  # a few frames, so that every pane has found its place


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=["80x24", "120x40", "200x60"])
def test_the_dashboard(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(frozen_app(), terminal_size=size, run_before=start_the_queue)


async def open_help(pilot: Pilot[Any]) -> None:
    await start_the_queue(pilot)
    await pilot.press("question_mark")
    await pilot.pause(0.15)


def test_help(snap_compare: Compare) -> None:
    assert snap_compare(frozen_app(), terminal_size=(120, 40), run_before=open_help)


async def select_the_producer(pilot: Pilot[Any]) -> None:
    await start_the_queue(pilot)
    await pilot.press("j", "w")
    await pilot.pause(0.15)


async def look_at_the_past(pilot: Pilot[Any]) -> None:
    await select_the_producer(pilot)
    await pilot.press(*["left_square_bracket"] * 12)
    await pilot.pause(0.15)


async def zoom_the_event_loop(pilot: Pilot[Any]) -> None:
    await start_the_queue(pilot)
    await pilot.press("tab", "tab", "tab", "z")
    await pilot.pause(0.15)


async def open_a_life(pilot: Pilot[Any]) -> None:
    await start_the_queue(pilot)
    await pilot.press("j", "enter")
    await pilot.pause(0.5)


def test_the_timeline_beside_the_event_loop(snap_compare: Compare) -> None:
    assert snap_compare(frozen_app(), terminal_size=(140, 36), run_before=select_the_producer)


def test_the_past(snap_compare: Compare) -> None:
    assert snap_compare(frozen_app(), terminal_size=(120, 34), run_before=look_at_the_past)


def test_the_event_loop_where_room_is_short(snap_compare: Compare) -> None:
    assert snap_compare(frozen_app(), terminal_size=(80, 24), run_before=zoom_the_event_loop)


def test_the_life_of_a_task(snap_compare: Compare) -> None:
    assert snap_compare(frozen_app(), terminal_size=(100, 30), run_before=open_a_life)
