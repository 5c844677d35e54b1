"""Runs asynchronous tests on a FastLoop, and makes labs and observations that are closed after the test."""

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
    """Make pytest-asyncio run the test on a FastLoop; in other tests, `asyncio.run` makes its usual loop."""
    if inspect.iscoroutinefunction(request.function) and "real_loop" not in request.fixturenames:
        monkeypatch.setattr(asyncio.events, "new_event_loop", FastLoop)


@pytest.fixture
def real_loop() -> None:
    """Make pytest-asyncio run the test on asyncio's usual loop, in real time."""


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    """A lab that uses the FastLoop's time."""
    async with fast_lab() as lab:
        yield lab


@pytest.fixture
def told(lab: Lab) -> list[Event]:
    """All events of the lab so far."""
    events: list[Event] = []
    lab.subscribe(events.extend)
    return events


@pytest.fixture
def observation() -> Iterator[ProcessObservation]:
    """An observation of all loops that the test makes."""
    observation = observe_process()
    yield observation
    observation.stop()
