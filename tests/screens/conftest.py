"""Nothing here waits for a timer."""

from functools import partial

import pytest

from asynclab.practice.server import PracticeServer


@pytest.fixture(scope="module", autouse=True)
def without_waiting(jumping_time: None) -> None:
    """Every module's apps are on a loop whose time jumps."""


@pytest.fixture
def practice_server_in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demos' own server answers at once: sockets are the one thing that is waited for in real time."""
    monkeypatch.setattr("asynclab.practice.server.PracticeServer", partial(PracticeServer, pace=0.0))
