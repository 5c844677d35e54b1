"""Makes the time of all apps jump, so that no test waits for a timer."""

from functools import partial

import pytest

from asynclab.practice.server import PracticeServer
from asynclab.screens.fetch.url_list import UrlList


@pytest.fixture(scope="module", autouse=True)
def without_waiting(jumping_time: None) -> None:
    """Run the apps of all modules on a loop whose time jumps."""


@pytest.fixture
def practice_server_in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the demos' practice server answer at once: sockets are the only thing that is waited for in real time."""
    monkeypatch.setattr("asynclab.practice.server.PracticeServer", partial(PracticeServer, pace=0.0))


@pytest.fixture
def without_practice_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open no socket for practice pages that no test uses: the Fetch screen has a text."""

    async def offer_nothing(_: UrlList) -> None:
        return

    monkeypatch.setattr(UrlList, "offer_practice", offer_nothing)
