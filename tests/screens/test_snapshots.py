"""Compares pictures of the Learn screen in several sizes, from a paused lab."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from textual.pilot import Pilot

from asynclab.app import AsyncLabApp
from tests.fast_ui import until
from tests.screens.frozen import frozen_lab, frozen_monitor, queue_history

Compare = Callable[..., bool]

SIZES = [(80, 24), (100, 30), (120, 40), (200, 60)]

SMALL = (60, 20)

PANES = {
    "the_timeline": "j w w",
    "the_event_loop": "w",
    "the_activity": "tab tab tab z",
    "the_code": "j tab tab z",
    "a_mistake": "v",
}
"""What is pressed on the table of a full queue's tasks to see each pane."""

SCREENS = {
    "the_parameters": "p",
    "the_palette": "ctrl+p",
    "help": "question_mark",
    "the_life_of_a_task": "j enter",
    "the_past": "j w" + " left_square_bracket" * 12,
}
"""The same for what lies over the Learn screen, or changes all of it."""


def frozen_app() -> AsyncLabApp:
    return AsyncLabApp(make_lab=lambda *_, **__: frozen_lab(queue_history(), 1.62))


async def open_the_app(pilot: Pilot[Any]) -> None:
    app = pilot.app
    assert isinstance(app, AsyncLabApp)
    await until(lambda: app.monitor is not None)
    assert app.monitor is not None
    app.monitor.stop()
    app.monitor = frozen_monitor()
    await pilot.pause(0.15)  # a few frames, so that every pane has found its place


async def press(keys: str, pilot: Pilot[Any]) -> None:
    """Run the queue demo, and press these keys on the table of its tasks."""
    await open_the_app(pilot)
    app = pilot.app
    assert isinstance(app, AsyncLabApp)
    await pilot.press("7")
    await until(lambda: app.runs["7"].is_running)
    await pilot.press("tab", *keys.split())
    await pilot.pause(0.5)


def pressing(keys: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    return partial(press, keys)


def drawn(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


@pytest.mark.parametrize("size", [SMALL, *SIZES], ids=drawn)
def test_the_first_screen(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(frozen_app(), terminal_size=size, run_before=open_the_app)


@pytest.mark.parametrize("size", [SMALL, *SIZES], ids=drawn)
def test_the_dashboard(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(frozen_app(), terminal_size=size, run_before=pressing(""))


@pytest.mark.parametrize("pane", PANES)
def test_a_pane(snap_compare: Compare, pane: str) -> None:
    assert snap_compare(frozen_app(), terminal_size=(100, 30), run_before=pressing(PANES[pane]))


@pytest.mark.parametrize("size", SIZES, ids=drawn)
@pytest.mark.parametrize("screen", SCREENS)
def test_over_the_dashboard(snap_compare: Compare, screen: str, size: tuple[int, int]) -> None:
    assert snap_compare(frozen_app(), terminal_size=size, run_before=pressing(SCREENS[screen]))


def test_the_timeline_beside_the_event_loop(snap_compare: Compare) -> None:
    assert snap_compare(frozen_app(), terminal_size=(140, 36), run_before=pressing("j w"))


def test_the_event_loop_where_room_is_short(snap_compare: Compare) -> None:
    assert snap_compare(frozen_app(), terminal_size=(80, 24), run_before=pressing("tab tab tab z"))


def test_help_where_room_is_short(snap_compare: Compare) -> None:
    assert snap_compare(frozen_app(), terminal_size=SMALL, run_before=pressing("question_mark"))
