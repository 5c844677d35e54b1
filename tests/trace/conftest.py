"""Coroutines run on a FastLoop; a test may take a lab, or an observed process, that is closed behind it."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator

import pytest

from asynclab.model.events import Event
from asynclab.trace import Lab
from asynclab.trace.process import ProcessObservation, observe_process
from tests.fast_loop import FastLoop
from tests.trace.fast_labs import fast_lab


@pytest.fixture(autouse=True)
def fast_loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pytest-asyncio run the test on a FastLoop; `asyncio.run` in other tests makes a loop of its own kind."""
    if inspect.iscoroutinefunction(request.function) and "real_loop" not in request.fixturenames:
        monkeypatch.setattr(asyncio.events, "new_event_loop", FastLoop)


@pytest.fixture
def real_loop() -> None:
    """Let it run on asyncio's own loop, in real time."""


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    """A lab on the FastLoop's time."""
    async with fast_lab() as lab:
        yield lab


@pytest.fixture
def told(lab: Lab) -> list[Event]:
    """All that this lab has told so far."""
    events: list[Event] = []
    lab.subscribe(events.extend)
    return events


@pytest.fixture
def observation() -> Iterator[ProcessObservation]:
    """What observes the loops that the test makes."""
    observation = observe_process()
    yield observation
    observation.stop()
