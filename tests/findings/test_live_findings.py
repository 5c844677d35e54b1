"""Tests the findings of a running program: they appear and disappear, and cost little of a frame."""

from collections.abc import Iterator
from itertools import count, pairwise

import pytest

from asynclab.findings import catalogue_of_rules
from asynclab.findings.alike import gathered, likeness, with_others
from asynclab.findings.catalogue_of_rules import Findings
from asynclab.findings.live_findings import OVER_KEPT, PERIOD, Found, LiveFindings
from asynclab.findings.rule import Certainty, Finding, Rule
from asynclab.model import events as e
from asynclab.model.event_feed import EventFeed
from asynclab.model.events import CoroutineDropped, RunStarted
from asynclab.model.incidents import ALIKE_KEPT, INCIDENTS_KEPT
from asynclab.model.state import LabState
from asynclab.model.tasks import Place
from tests.remote.programs import observed


class Watched:
    """A run with one rule, which finds what the test says, and a clock that stands still unless the rule takes time."""

    def __init__(self) -> None:
        self.feed = EventFeed()
        self.holds: list[Finding] = []
        self.error: Exception | None = None
        self.seconds = self.took = 0.0
        self.looks = 0
        rule = Rule("bug", "It is wrong.", "It fails.", "Mend it.", self.check)
        self.live = LiveFindings(self.feed.state, (rule,), lambda: self.seconds)
        self.feed.subscribe(self.live.take)
        self.happen(e.RunStarted(0.0, "app.py", 0.0, "3.13.0"), e.TaskCreated(0.0, 1, "main", "main"))

    def check(self, state: LabState) -> Iterator[Finding]:
        self.looks += 1
        self.seconds += self.took
        if self.error is not None:
            raise self.error
        yield from self.holds

    def happen(self, *events: e.Event) -> None:
        self.feed.take(events)

    def frames(self, count: int = PERIOD + 1) -> None:
        """Let some time pass in which something happens at each frame."""
        for _ in range(count):
            self.happen(e.Stepped(self.feed.state.now + 0.05, 1, 0.0))
            self.live.look()

    def hold(self, *findings: Finding) -> None:
        """Have the rule find these from now on, and let some time pass."""
        self.holds = list(findings)
        self.frames()

    @property
    def found(self) -> list[tuple[str, bool]]:
        return [(each.finding.text, each.is_over) for each in self.live.found]


def bug(
    text: str = "stuck",
    at: float = 0.1,
    task: int | None = 1,
    place: Place | None = None,
    certainty: Certainty = "proved",
) -> Finding:
    return Finding("bug", text, at, (round(at * 10),), task, place, certainty)


def test_what_is_found_again_keeps_the_moment_and_the_evidence_of_the_first_time() -> None:
    run = Watched()
    run.hold(bug("stuck for 1 s", 1.0))
    run.hold(bug("stuck for 2 s", 2.0))
    (found,) = run.live.found
    assert (found.finding.text, found.finding.at, found.finding.evidence) == ("stuck for 2 s", 1.0, (10,))


def test_what_no_longer_holds_while_the_run_goes_on_is_over_and_not_counted() -> None:
    run = Watched()
    run.hold(bug())
    assert run.live.count == 1
    run.hold(bug("other", task=2))
    assert run.found == [("other", False), ("stuck", True)]
    assert run.live.count == 1
    run.hold(bug())
    assert run.found == [("stuck", False), ("other", True)]


@pytest.mark.parametrize(
    "end",
    [e.EndRequested(2.0), e.TaskCancelRequested(2.0, 1), e.RunEnded(2.0, "done", "None", ())],
    ids=["asked to end", "ctrl+c", "ended"],
)
def test_what_held_when_the_run_was_ended_from_outside_stays(end: e.Event) -> None:
    run = Watched()
    run.hold(bug())
    run.happen(end)
    run.hold()
    assert run.found == [("stuck", False)]


def test_a_timeout_around_the_first_task_does_not_end_the_run() -> None:
    run = Watched()
    run.holds = [bug()]
    run.happen(e.TimeoutStarted(0.0, 1, 2.0, 1))
    run.frames()
    run.happen(e.TimeoutExpired(2.0, 1), e.TaskCancelRequested(2.0, 1))
    run.hold()
    assert run.found == [("stuck", True)]


def test_a_place_that_becomes_known_late_makes_no_second_finding() -> None:
    run = Watched()
    run.hold(bug())
    run.hold(bug(place=("app.py", 3), at=5.0))
    (found,) = run.live.found
    assert (found.is_over, found.finding.place, found.finding.at) == (False, ("app.py", 3), 0.1)


def test_what_another_rule_explains_better_by_now_is_not_over_but_gone() -> None:
    run = Watched()
    run.happen(e.Stepped(0.1, 1, 0.0))
    run.holds = [bug()]
    run.live.look()
    run.happen(e.TaskCreated(2.0, 2, "other", "other"))
    run.holds = []
    for _ in range(PERIOD + 1):
        run.live.look()
    assert run.found == []


def test_two_findings_that_a_rule_can_t_tell_apart_are_two() -> None:
    run = Watched()
    run.hold(bug("one"), bug("two"))
    assert run.found == [("one", False), ("two", False)]


def test_rules_rest_between_two_rounds_and_while_nothing_happens() -> None:
    run = Watched()
    run.frames(100 * (PERIOD + 1))
    assert run.looks == 100
    for _ in range(100):
        run.live.look()
    assert run.looks == 101  # of what came last


def test_slow_rules_take_a_twentieth_of_the_time() -> None:
    run = Watched()
    run.took = 0.05
    run.frames(200)
    assert run.looks == 10


def test_of_several_rules_a_frame_checks_as_many_as_it_has_time_for() -> None:
    run = Watched()
    slow = [Rule(f"slow {number}", "", "", "", run.check) for number in range(5)]
    run.took = 0.001
    live = LiveFindings(run.feed.state, slow, lambda: run.seconds)

    def looks_of_frames() -> list[int]:
        run.looks = 0
        run.happen(e.Stepped(run.feed.state.now + 0.05, 1, 0.0))
        seen = [0]
        while run.looks < len(slow):
            live.look()
            seen.append(run.looks)
        return [after - before for before, after in pairwise(seen) if after > before]

    assert looks_of_frames() == [3, 2], "of what a rule takes nothing is known"
    assert looks_of_frames() == [2, 2, 1], "no rule begins that would take too long"


def test_what_only_a_moment_shows_is_found_though_the_next_event_hides_it() -> None:
    run = Watched()
    run.frames()
    run.holds = [bug()]
    run.happen(e.Outside(1.0))
    run.holds = []
    run.happen(e.TaskCancelRequested(1.1, 1))
    run.frames()
    assert run.found == [("stuck", False)]


def test_a_long_recording_is_not_looked_at_for_longer_than_its_share() -> None:
    run = Watched()
    run.took = 0.1
    for _ in range(100):
        run.happen(e.Outside(1.0))
    assert run.looks == 6


def test_a_rule_that_fails_is_named_and_the_others_go_on() -> None:
    run = Watched()
    other = Rule("other", "", "", "", lambda state: iter([bug("seen")]))
    live = LiveFindings(run.feed.state, [Rule("bug", "", "", "", run.check), other], lambda: 0.0)
    run.error = KeyError(7)
    live.look()
    assert live.failed == {"bug": "KeyError"}
    assert [found.finding.text for found in live.found] == ["seen"]


def test_what_is_over_is_kept_up_to_a_limit() -> None:
    run = Watched()
    for number in range(OVER_KEPT + 9):
        run.hold(bug(str(number), task=number))
    texts = [text for text, _ in run.found]
    assert len(texts) == 1 + OVER_KEPT
    assert texts[:2] == [str(OVER_KEPT + 8), "8"]


def test_what_is_alike_is_one_bug_which_is_over_when_all_of_it_is() -> None:
    run = Watched()
    here, there = ("app.py", 7), ("app.py", 8)
    alike = [bug(f"at 7, {task}", task=task, place=here) for task in (1, 2, 3)]
    run.hold(*alike, bug("at 8", place=there), bug("at 7, perhaps", place=here, certainty="likely"))
    assert run.live.bugs == (Found(alike[0], others=2), *(Found(each) for each in run.holds[3:]))
    assert run.live.count == 3
    run.holds = alike[1:]
    run.frames()
    assert [(each.finding.text, each.is_over, each.others) for each in run.live.bugs] == [
        ("at 7, 2", False, 1),
        ("at 7, 1", True, 0),
        ("at 8", True, 0),
        ("at 7, perhaps", True, 0),
    ]
    assert len(run.live.found) == 5


def test_the_findings_of_a_task() -> None:
    run = Watched()
    run.hold(bug("one"), bug("two", task=2), bug("none", task=None))
    assert run.live.of_task(2) == [Found(bug("two", task=2))]


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
    monkeypatch.setattr(catalogue_of_rules, "RULES", (Rule("bug", "", "", "", check),))
    findings = Findings(LabState())
    for _ in range(2 * ALIKE_KEPT):
        findings.look()
    assert [finding.task for finding in findings.seen] == list(range(ALIKE_KEPT))


def test_reports_and_texts_have_one_line_for_it() -> None:
    told = observed("--findings", "text", "-c", CARELESS)
    said = [line for line in (*told.report, *told.out.splitlines()) if "never-retrieved" in line]
    assert [line.partition("; ")[2] for line in said] == ["2 more like it"] * 2
