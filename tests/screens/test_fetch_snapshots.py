"""Compares pictures of the Fetch screen and its lab, from a paused fetch."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from asynclab.app import AsyncLabApp
from asynclab.fetch.options import Request
from asynclab.screens.fetch.fetch_screen import FetchScreen
from asynclab.screens.lab.run_record import Record
from tests.screens.frozen import frozen_lab
from tests.screens.frozen_fetch import OPTIONS, TEXT, FrozenSession
from tests.screens.frozen_fetch_lab import CODE, HELD_AT, PATH, lab_history
from tests.screens.test_snapshots import SIZES, Compare, drawn, open_the_app

pytestmark = pytest.mark.usefixtures("without_practice_pages")


async def stand_still(pilot: Pilot[Any], record: Record | None = None) -> None:
    await open_the_app(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, FetchScreen)
    screen.together = FrozenSession(record)
    screen.views.text.take(TEXT)
    await screen.urls.read(TEXT)
    await pilot.pause(0.3)  # a few frames, so that every pane has found its place


async def open_the_detail(pilot: Pilot[Any]) -> None:
    await stand_still(pilot)
    await pilot.press("d")
    await pilot.pause(0.3)


async def open_the_lab(pilot: Pilot[Any]) -> None:
    await stand_still(pilot, Record(frozen_lab(lab_history(), HELD_AT)))
    await pilot.press("j", "j", "T")
    await pilot.pause(0.3)


CHOICES = {"the_format": "F", "the_export": "e"}
"""The keys of the forms with choices."""


async def open_a_choice(form: str, pilot: Pilot[Any]) -> None:
    await stand_still(pilot)
    await pilot.press(CHOICES[form])
    await pilot.pause(0.3)


def frozen_app() -> AsyncLabApp:
    return AsyncLabApp(request=Request(options=OPTIONS))


@pytest.mark.parametrize("size", [*SIZES, (160, 35)], ids=drawn)
def test_the_fetch_screen(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(frozen_app(), terminal_size=size, run_before=stand_still)


@pytest.mark.parametrize("size", [(80, 24), (100, 30)], ids=drawn)
def test_the_detail_where_room_is_short(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(frozen_app(), terminal_size=size, run_before=open_the_detail)


@pytest.mark.parametrize("size", SIZES, ids=drawn)
@pytest.mark.parametrize("form", CHOICES)
def test_a_choice(snap_compare: Compare, form: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "cwd", lambda: Path("/home/me/pages"))
    assert snap_compare(frozen_app(), terminal_size=size, run_before=partial(open_a_choice, form))


@pytest.mark.parametrize("size", SIZES, ids=drawn)
def test_the_lab_of_a_fetch(snap_compare: Compare, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FetchScreen, "show_engine", lambda screen: screen.stage.source.show_source(PATH, CODE))
    assert snap_compare(frozen_app(), terminal_size=size, run_before=open_the_lab)
