"""Tests the texts of the rules: each says what is wrong, why it matters and how to mend it."""

import runpy
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from asynclab.cli.exit_codes import FOUND
from asynclab.cli.main import main
from asynclab.curriculum.catalogue import find
from asynclab.findings.catalogue_of_rules import RULES, Findings
from asynclab.model import events
from asynclab.model.event_feed import EventFeed
from tests.findings.test_corpus import PROGRAMS, TABLE
from tests.remote.programs import ROOT, observed


def test_each_rule_says_what_why_and_how_and_links_to_a_demo_that_exists() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.summary.endswith(".")
        assert rule.why.endswith(".")
        assert rule.mend.endswith(".")
        if rule.demo:
            assert find(rule.demo).name == rule.demo


def test_each_rule_has_a_program_in_the_corpus() -> None:
    texts = "\n".join(program.read_text().splitlines()[0] for program in PROGRAMS)
    texts += " ".join(rule for _, _, rules in TABLE for rule in rules)
    assert [rule.name for rule in RULES if rule.name not in texts] == []


def _own_lock(*more: object, before: Sequence[object] = ()) -> Findings:
    feed = EventFeed()
    findings = Findings(feed.state)
    feed.subscribe(findings.take)
    feed.take(
        [
            events.RunStarted(0.0, "app.py", 0.0, "3.13.0"),
            events.TaskCreated(0.0, 1, "main", "main"),
            *before,  # type: ignore[list-item]
            events.StepStarted(0.1, 1),
            events.PrimitiveCreated(0.1, 1, "lock", 1),
            events.PrimitiveChanged(0.1, 1, 1, 1, in_block=True),
            *more,  # type: ignore[list-item]
            events.StepEnded(0.1, 1, 0.0),
            events.TaskWaiting(0.1, 1, events.Wait("lock", 1, (1,), file="app.py", line=7)),
            events.Outside(0.6, io=1),
        ]
    )
    return findings


def test_a_task_that_waits_for_its_own_lock_is_found_though_the_loop_may_still_wake() -> None:
    (finding,) = _own_lock().found
    assert (finding.rule, finding.task, finding.place, finding.certainty) == ("deadlock", 1, ("app.py", 7), "proved")


def test_a_timeout_around_the_task_may_still_end_its_wait() -> None:
    assert _own_lock(events.TimeoutStarted(0.1, 1, 5.0, 1)).found == []


def test_a_timeout_around_both_waits_makes_it_likely() -> None:
    began = [events.StepStarted(0.05, 1), events.TimeoutStarted(0.05, 1, 5.0, 1), events.StepEnded(0.05, 1, 0.0)]
    (finding,) = _own_lock(before=began).found
    assert (finding.rule, finding.certainty) == ("deadlock", "likely")


def test_a_task_that_is_collected_before_its_first_step_was_cut_off_by_the_end_of_its_loop() -> None:
    feed = EventFeed()
    findings = Findings(feed.state)
    feed.subscribe(findings.take)
    waits = [
        events.StepStarted(0.1, 2),
        events.StepEnded(0.1, 2, 0.0),
        events.TaskWaiting(0.1, 2, events.Wait("future")),
    ]
    feed.take(
        [
            events.RunStarted(0.0, "app.py", 0.0, "3.13.0"),
            events.TaskCreated(0.0, 1, "made", "work"),
            events.TaskCreated(0.0, 2, "waits", "work"),
            *waits,
            events.TaskCollected(0.2, 1),
            events.TaskCollected(0.2, 2),
        ]
    )
    found = {(finding.task, finding.rule, finding.certainty) for finding in findings.found}
    assert found == {(1, "cut-off", "likely"), (2, "task-collected", "proved")}


INTERRUPTED = """
import asyncio, gc
async def press(key): raise key
async def drop():
    tasks.clear()
    gc.collect()
loop = asyncio.new_event_loop()
tasks = []
for key in KeyboardInterrupt, SystemExit:
    tasks.append(loop.create_task(press(key)))
    try:
        loop.run_forever()
    except key:
        print("seen")
loop.run_until_complete(drop())
loop.close()
"""


def test_what_the_loop_itself_has_raised_is_not_called_unseen() -> None:
    ran = observed("-c", INTERRUPTED)
    assert (ran.out.count("seen"), ran.err.count("never retrieved")) == (2, 2)
    assert not [line for line in ran.report if "never-retrieved" in line]


def test_what_came_just_after_a_look_is_found_in_the_end() -> None:
    feed = EventFeed()
    findings = Findings(feed.state)
    feed.subscribe(findings.take)
    failed = [
        events.TaskCreated(0.0, 1, "main", "main"),
        events.TaskEnded(0.0, 1, "failed", "ValueError"),
        events.Outside(0.6),
    ]
    feed.take(failed)
    feed.take([events.ExceptionDropped(0.6001, 1)])
    assert [finding.rule for finding in findings.found] == ["never-retrieved"]


def test_the_page_is_written_of_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    written = runpy.run_path(str(ROOT / "docs" / "make_findings_page.py"))["page"]()
    page = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    assert page == written, "run python docs/make_findings_page.py"


def test_a_recording_tells_the_same_and_a_named_rule_fails_it(tmp_path: Path) -> None:
    recording = str(tmp_path / "run.gz")
    ran = observed("--fail-on", "never-awaited", "--record", recording, "tests/corpus/unseen_failure.py")
    assert ran.code == FOUND
    said = [line.strip() for line in ran.report if line.startswith("    never-")]
    again = CliRunner().invoke(main, ["findings", recording, "--fail-on", "any"])
    assert again.exit_code == FOUND
    assert [line.partition(": ")[2] for line in again.output.splitlines()] == said
    assert CliRunner().invoke(main, ["findings", recording, "--fail-on", "deadlock"]).exit_code == 0
