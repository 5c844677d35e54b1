"""Tests each demo in a lab: it behaves as without one, and leaves nothing behind."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Sequence

import pytest

from asynclab.curriculum.catalogue import DEMOS, Demo
from asynclab.curriculum.demo_parameters import fill_urls
from asynclab.model.events import Event, Output, TaskEnded
from asynclab.model.fold import apply
from asynclab.model.state import LabState
from asynclab.practice.server import PracticeServer
from asynclab.trace import Lab
from tests.demos.performances import perform

every_demo = pytest.mark.parametrize("demo", DEMOS, ids=lambda demo: demo.name)


class Observed:
    """A demo started in a lab that does not wait for timers."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.text = ""
        self.events: list[Event] = []
        lab.subscribe(self._note)

    @property
    def lines(self) -> list[str]:
        return without_ports(self.text.splitlines())

    def _note(self, events: Sequence[Event]) -> None:
        self.events += events
        self.text += "".join(event.text for event in events if isinstance(event, Output))


def without_ports(lines: list[str]) -> list[str]:
    """Sort answers from the server, too: they arrive in no certain order."""
    lines = [re.sub(r"127\.0\.0\.1:\d+", "server", line) for line in lines]
    return sorted(lines) if any("server" in line for line in lines) else lines


@contextlib.asynccontextmanager
async def observed(demo: Demo) -> AsyncIterator[Observed]:
    async with PracticeServer(pace=0) as server, Lab(demo.name, instant=True) as lab:
        seen = Observed(lab)
        lab.start(demo.load(), **fill_urls(demo.parameters, demo.arguments({}), server.pages))
        yield seen


@every_demo
async def test_it_prints_the_same_in_the_lab_and_without(demo: Demo) -> None:
    async with observed(demo) as seen:
        ending = await seen.lab.wait()
    assert ending.outcome == "done"
    assert ending.leaked == ()
    assert seen.lines == without_ports((await asyncio.to_thread(perform, demo.name)).printed)


@every_demo
async def test_at_no_moment_does_a_task_wait_that_ends_just_then(demo: Demo) -> None:
    async with observed(demo) as seen:
        await seen.lab.wait()
    state, waits_since = LabState(), dict[int, int]()
    for moment, event in enumerate(seen.events):
        before = {number: task.state for number, task in state.tasks.items()}
        apply(state, event)
        if isinstance(event, TaskEnded):
            waited = before[event.task] == "waiting" and waits_since[event.task] == moment - 1
            assert not waited, f"{state.task_name(event.task)} waited between its last step and its end"
        for number, task in state.tasks.items():
            if task.state == "waiting" != before.get(number):
                waits_since[number] = moment


@every_demo
@pytest.mark.parametrize("turns", [0, 1, 2])
async def test_it_can_be_cancelled_in_the_lab_and_leaks_nothing(demo: Demo, turns: int) -> None:
    async with observed(demo) as seen:
        for _ in range(turns):
            await asyncio.sleep(0)
        seen.lab.cancel()
        ending = await seen.lab.wait()
    assert ending.outcome in ("cancelled", "done")
    assert turns or ending.outcome == "cancelled"
    assert ending.leaked == ()
    assert all(task.state in ("done", "cancelled") for task in seen.lab.state.tasks.values())
