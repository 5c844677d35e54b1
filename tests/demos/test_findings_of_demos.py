"""Tests that each mistake of a demo is found as its lesson says, and nothing in a demo without mistakes."""

import asyncio
import gc
import warnings
from collections.abc import Iterator

import pytest

from asynclab.curriculum.catalogue import DEMOS, Demo
from asynclab.curriculum.demo_parameters import fill_urls
from asynclab.findings.catalogue_of_rules import RULES
from asynclab.findings.live_findings import PERIOD, LiveFindings
from asynclab.findings.rule import Certainty
from asynclab.practice.server import PracticeServer
from asynclab.trace import Lab

VARIANTS = [(demo, mistake) for demo in DEMOS for mistake in (None, *demo.mistakes)]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Mistakes leave coroutines and sessions behind, of which Python warns."""
    with warnings.catch_warnings(action="ignore"):
        yield
        gc.collect()


async def found_in(demo: Demo, *, watch: bool = False, **switched_on: bool) -> dict[str, Certainty]:
    """The rules that find something in a run of a demo, to its end or until it is stuck, and whether that is proved."""
    async with PracticeServer(pace=0) as server, Lab(demo.name, instant=True, watch=watch) as lab:
        findings = LiveFindings(lab.state, seconds=lambda: 0.0)
        lab.subscribe(findings.take)
        lab.start(demo.load(), **fill_urls(demo.parameters, demo.arguments({}), server.pages) | switched_on)
        ended = asyncio.ensure_future(lab.wait())
        while not ended.done() and not lab.state.is_stalled:
            await asyncio.sleep(0)
            lab.pump()
        lab.sample()
        lab.pump()
        for _ in range(PERIOD + 1):
            findings.look()
        lab.cancel()
        await ended
    return {found.finding.rule: found.finding.certainty for found in findings.found if not found.is_over}


@pytest.mark.parametrize(("demo", "mistake"), VARIANTS, ids=lambda part: getattr(part, "name", "right"))
async def test_what_its_lesson_says_is_found(demo: Demo, mistake: object) -> None:
    if mistake is None:
        assert not await found_in(demo)
        return
    name, expected = getattr(mistake, "name", ""), set(getattr(mistake, "findings", ()))
    found = await found_in(demo, watch="blocked-loop" in expected, **{name: True})
    assert {rule for rule, certainty in found.items() if certainty == "proved"} == expected


def test_what_lessons_name_are_rules() -> None:
    named = {name for demo in DEMOS for mistake in demo.mistakes for name in mistake.findings}
    assert named
    assert named <= {rule.name for rule in RULES}
