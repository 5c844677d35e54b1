"""What a rule finds at one place is told once, and hides nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from asynclab.findings import catalogue_of_rules
from asynclab.findings.alike import gathered, likeness, with_others
from asynclab.findings.catalogue_of_rules import Findings
from asynclab.findings.phrases import NAMED, listed_deeds
from asynclab.findings.rule import Finding, Rule
from asynclab.model.event_feed import EventFeed
from asynclab.model.events import CoroutineDropped, RunStarted
from asynclab.model.incidents import ALIKE_KEPT, INCIDENTS_KEPT
from asynclab.model.state import LabState
from tests.remote.programs import observed

CARELESS = """
import asyncio

async def fails():
    raise ValueError

async def main():
    for _ in range(3):
        asyncio.create_task(fails())
        await asyncio.sleep(0)

asyncio.run(main())
"""


def _found(*lines: int) -> list[str]:
    feed = EventFeed()
    feed.take([RunStarted(0.0, "app.py", 0.0, "3.13.0")])
    feed.take([CoroutineDropped(number * 0.001, "work", "app.py", line, number) for number, line in enumerate(lines)])
    found = Findings(feed.state).found
    return [with_others(f"{each.place}", others) for each, others in gathered(found, likeness)]


def test_what_happens_over_and_over_is_told_once() -> None:
    assert _found(7, 8, 7, 7) == ["('app.py', 7); 2 more like it", "('app.py', 8)"]


def test_what_happens_very_often_hides_nothing_that_comes_later() -> None:
    often = f"('app.py', 7); at least {ALIKE_KEPT - 1} more like it"
    assert _found(*[7] * 2 * INCIDENTS_KEPT, 8) == [often, "('app.py', 8)"]


def test_what_is_found_for_days_in_ever_other_tasks_is_kept_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(state: LabState) -> Iterator[Finding]:
        yield Finding("bug", "stuck", state.now, (1,), next(tasks), ("app.py", 7))

    tasks = count()
    monkeypatch.setattr(catalogue_of_rules, "RULES", (Rule("bug", "", "", "", "", check),))
    findings = Findings(LabState())
    for _ in range(2 * ALIKE_KEPT):
        findings.look()
    assert [finding.task for finding in findings.seen] == list(range(ALIKE_KEPT))


def test_reports_and_texts_have_one_line_for_it() -> None:
    told = observed("--findings", "text", "-c", CARELESS)
    said = [line for line in (*told.report, *told.out.splitlines()) if "never-retrieved" in line]
    assert [line.partition("; ")[2] for line in said] == ["2 more like it"] * 2


def test_of_many_tasks_in_one_finding_those_that_do_the_same_are_named_once() -> None:
    same = [(number, "waits for lock#1") for number in range(3)]
    others = [(number, f"waits for 'task {number + 1}'") for number in range(10, 10 + NAMED + 1)]
    said = listed_deeds(LabState(), [*same, *others, *same])
    assert said[:2] == ["'task 0' waits for lock#1, and 5 like it", "'task 10' waits for 'task 11'"]
    assert said[NAMED:] == ["2 tasks more"]
