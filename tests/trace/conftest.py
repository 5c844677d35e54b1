"""Coroutine tests of labs run on a FastLoop."""

from __future__ import annotations

import asyncio
import inspect

import pytest

from tests.fast_loop import FastLoop


@pytest.fixture(autouse=True)
def fast_loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pytest-asyncio run the test on a FastLoop; `asyncio.run` in other tests makes a loop of its own kind."""
    if inspect.iscoroutinefunction(request.function):
        monkeypatch.setattr(asyncio.events, "new_event_loop", FastLoop)
