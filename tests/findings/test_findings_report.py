"""Tests how a finding is described with the history of its tasks."""

from asynclab.findings.catalogue_of_rules import Findings
from asynclab.findings.findings_report import FLOWS, flows_of
from asynclab.findings.rule import Finding
from asynclab.model import events as e
from asynclab.model.event_feed import EventFeed
from asynclab.model.wording.grammar import NAMES_LISTED


def _feed(*events: e.Event) -> EventFeed:
    feed = EventFeed()
    feed.take([e.RunStarted(0.0, "app.py", 0.0, "3.13.0"), *events])
    return feed


def _waiting(number: int, *others: int) -> list[e.Event]:
    return [
        e.TaskCreated(0.1, number, f"t{number}", "work", file="app.py", line=number),
        e.StepStarted(0.1, number),
        e.StepEnded(0.2, number, 0.1),
        e.TaskWaiting(0.2, number, e.Wait("gather", tasks=others, file="app.py", line=100 + number)),
    ]


def test_a_deadlock_is_told_with_each_of_its_tasks() -> None:
    feed = _feed(
        *(e.TaskCreated(0.1, number, name, "take", file="app.py", line=20) for number, name in ((1, "a"), (2, "b"))),
        *(e.PrimitiveCreated(0.1, number, "lock", number) for number in (1, 2)),
        *(e.PrimitiveChanged(0.1, number, 1, number, in_block=True) for number in (1, 2)),
        *(event for number in (1, 2) for event in (e.StepStarted(0.1, number), e.StepEnded(0.1, number, 0.0))),
        e.TaskWaiting(0.2, 1, e.Wait("lock", 2, (2,), file="app.py", line=7)),
        e.TaskWaiting(0.2, 2, e.Wait("lock", 1, (2,), file="app.py", line=7)),  # which had it then
        e.Outside(0.7, io=1),
    )
    findings = Findings(feed.state)
    findings.look()
    (finding,) = findings.found
    flows = flows_of(feed.state, finding)
    assert [(flow.task, [step.line for step in flow.steps]) for flow in flows] == [("a", [20, 7]), ("b", [20, 7])]
    assert flows[0].steps[-1].text == finding.text
    assert flows[1].steps[-1].text == "waits for lock#1 held by a"


def test_of_a_large_circle_some_tasks_are_named() -> None:
    tasks = range(NAMES_LISTED + 4)
    feed = _feed(
        *(e.TaskCreated(0.1, number, f"t{number}", "take", file="app.py", line=20) for number in tasks),
        *(e.PrimitiveCreated(0.1, number, "lock", number) for number in tasks),
        *(e.PrimitiveChanged(0.1, number, 1, number, in_block=True) for number in tasks),
        *(event for number in tasks for event in (e.StepStarted(0.1, number), e.StepEnded(0.1, number, 0.0))),
        *(e.TaskWaiting(0.2, number, e.Wait("lock", (number + 1) % len(tasks))) for number in tasks),
        e.Outside(0.7, io=1),
    )
    (finding,) = Findings(feed.state).found
    assert finding.text.count("waits for lock#") == NAMES_LISTED
    assert finding.text.endswith("; 4 tasks more")


def test_of_very_many_tasks_some_are_told() -> None:
    feed = _feed(*(event for number in range(2, 500) for event in _waiting(number)), *_waiting(1, *range(1, 500)))
    flows = flows_of(feed.state, Finding("standstill", "all wait", 0.9, (1,), task=1))
    assert [flow.task for flow in flows] == ["t1", *(f"t{number}" for number in range(2, FLOWS + 1))]


def test_what_a_task_waits_for_later_has_no_part_in_a_finding() -> None:
    feed = _feed(*_waiting(1, 2), *_waiting(2))
    assert [flow.task for flow in flows_of(feed.state, Finding("x", "", 0.15, (1,), task=1))] == ["t1"]
    assert flows_of(feed.state, Finding("x", "", 0.9, (1,), task=77)) == ()
    assert flows_of(feed.state, Finding("x", "", 0.9, (1,))) == ()
