"""Keeps the findings of a run up to date: they come, and may go again."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TypeAlias

from asynclab.findings.alike import gathered, likeness
from asynclab.findings.allowed import FindingFilter, Verdict
from asynclab.findings.catalogue_of_rules import RULES
from asynclab.findings.rule import Finding, Rule
from asynclab.model.events import (
    EndRequested,
    Event,
    Outside,
    RunEnded,
    RunStalled,
    TaskCancelRequested,
    TimeoutExpired,
)
from asynclab.model.state import LabState
from asynclab.model.tasks import Place

PERIOD = 5
"""Frames from one round of all rules to the next, at least: four rounds a second."""

FRAME = 0.05
"""Real seconds of a frame."""

SHARE = 0.05
"""The share of the time that rounds may take, at most, and what rules take of a frame; one rule is never cut short."""

ALLOWANCE = 0.5
"""Real seconds that rounds between two frames may take beyond their share: a short recording is read at once."""

OVER_KEPT = 100
"""How many findings are kept that no longer hold; the oldest go first."""

LEFT_OUT: dict[Verdict, str] = {"allowed": "allowed", "known": "in the baseline"}
"""What becomes of findings that are left out here, and the words for it; likely ones are listed as such."""

Key: TypeAlias = tuple[str, Hashable, int]
"""What stays the same when a finding is found again: its rule, its key, and a number among those with equal keys."""

_TELLING = frozenset({Outside, RunStalled, RunEnded})
"""Events after which something may hold that the next event ends."""


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, and whether it still holds."""

    finding: Finding
    """The finding as last seen, with the moment and the evidence of the first time."""
    is_over: bool = False
    """Whether it no longer holds, such as a deadlock that a timeout has ended."""
    others: int = 0
    """How many alike ones it stands for in a list where each bug is once."""


class LiveFindings:
    """What the rules find in a run. `look` is called at each frame, and checks little at a time."""

    def __init__(
        self,
        state: LabState,
        rules: Sequence[Rule] = RULES,
        seconds: Callable[[], float] = perf_counter,
        judge: FindingFilter | None = None,
    ) -> None:
        """Begin with a state in which nothing has happened.

        Args:
            state: The state of the present.
            rules: What is looked for.
            seconds: Returns real seconds.
            judge: Knows which findings are allowed or known; None if only comments in files on the disk allow any.
        """
        self.found: tuple[Found, ...] = ()
        """The findings that hold, by their moments; then the ones that are over. Likely ones are included."""
        self.bugs: tuple[Found, ...] = ()
        """The first of those that are alike."""
        self._judge = judge or FindingFilter("")
        self._left_out: Counter[Verdict] = Counter()
        self._verdicts: dict[tuple[str, Place | None, str], Verdict] = {}
        self.failed: dict[str, str] = {}
        """The rules that could not look at this run, by name, and the kind of the error."""
        self._state, self._rules, self._seconds = state, tuple(rules), seconds
        self._known: dict[Key, Found] = {}
        self._left: deque[Rule] = deque()
        """The rules of this round that are not checked yet."""
        self._version = 0
        """The moment at which the latest round began."""
        self._rest = 0
        """Frames until the next round may begin."""
        self._cost = self._spent = 0.0
        """Real seconds that this round, and all rounds, have taken."""
        self._costs: dict[str, float] = {}
        """The real seconds that each rule took last time, by its name."""
        self._begun = seconds()
        self._is_ending = False

    @property
    def count(self) -> int:
        """How many bugs hold."""
        return sum(not found.is_over for found in self.bugs)

    def of_task(self, task: int) -> list[Found]:
        """The findings about a task."""
        return [found for found in self.found if found.finding.task == task]

    def take(self, events: Sequence[Event]) -> None:
        """Take in events that the state has taken in; where the next ones may hide something, look at once."""
        kinds = set(map(type, events))  # of thousands at once few are of interest
        self._is_ending = self._is_ending or _is_ending(events, kinds, self._state)
        if not kinds.isdisjoint(_TELLING):
            self._rest = 0
            if self._spent <= ALLOWANCE + SHARE * (self._seconds() - self._begun):
                self._begin_round()
                self._check(float("inf"))

    @property
    def left_out(self) -> str:
        """How many are left out, and why, such as "3 left out: 2 allowed, 1 in the baseline"; empty for none."""
        counts = self._left_out
        said = [f"{counts[verdict]:,} {why}" for verdict, why in LEFT_OUT.items() if counts[verdict]]
        return f"{counts.total():,} left out: {', '.join(said)}" if said else ""

    def judge_again(self) -> None:
        """Judge all of them again: code has come that was not there before."""
        self._verdicts.clear()
        self._tell()

    def look(self) -> None:
        """Check some rules, if anything has happened since the last round and it is time for the next one."""
        if not self._left:
            if self._rest > 0:
                self._rest -= 1
                return
            if self._version == self._state.version:
                return
            self._begin_round()
        self._check(SHARE * FRAME)

    def _begin_round(self) -> None:
        self._left = deque(self._rules)
        self._version, self._cost = self._state.version, 0.0

    def _check(self, budget: float) -> None:
        begin = self._seconds()
        took = 0.0
        while self._left and (not took or took + self._costs.get(self._left[0].name, 0.0) < budget):
            rule = self._left.popleft()
            self._apply(rule)
            took, before = self._seconds() - begin, took
            self._costs[rule.name] = took - before
        self._cost += took
        self._spent += took
        if not self._left:
            self._rest = max(PERIOD, int(self._cost / SHARE / FRAME))
        self._tell()

    def _apply(self, rule: Rule) -> None:
        try:
            found = _by_key(rule, rule.check(self._state))
        except Exception as error:  # a recording may hold anything; the other rules still count
            self.failed[rule.name] = type(error).__name__
            return
        gone = [key for key in self._known if key[0] == rule.name and key not in found]
        for key, finding in found.items():
            before = self._known.get(key) or self._moved(finding, gone)
            first = finding if before is None else before.finding
            self._known[key] = Found(replace(finding, at=first.at, evidence=first.evidence))
        for key in () if self._is_ending else gone:
            if self._stands_still(self._known[key].finding):  # what is known by now has another cause
                del self._known[key]
            else:
                self._known[key] = replace(self._known[key], is_over=True)

    def _stands_still(self, finding: Finding) -> bool:
        """Whether nothing has happened to a finding's task since."""
        task = None if finding.task is None else self._state.tasks.get(finding.task)
        return task is not None and not task.has_ended and task.since <= finding.at

    def _moved(self, finding: Finding, gone: list[Key]) -> Found | None:
        """The same finding at the place where it was seen before: a task's place may become known late."""
        for key in gone:
            known = self._known[key]
            if known.finding.task == finding.task is not None and not known.is_over:
                gone.remove(key)
                return self._known.pop(key)
        return None

    def _tell(self) -> None:
        over = [key for key, found in self._known.items() if found.is_over]
        for key in over[:-OVER_KEPT]:
            del self._known[key]
        verdicts = {key: self._verdict(found.finding) for key, found in self._known.items()}
        self._left_out = Counter(verdict for verdict in verdicts.values() if verdict in LEFT_OUT)
        told = (found for key, found in self._known.items() if verdicts[key] not in LEFT_OUT)
        found = tuple(sorted(told, key=lambda each: (each.is_over, each.finding.at)))
        if found != self.found:
            self.found = found
            self.bugs = tuple(replace(bug, others=others) for bug, others in gathered(found, _likeness))

    def _verdict(self, finding: Finding) -> Verdict:
        """What the judge says; it is asked once, since it reads code."""
        key = (finding.rule, finding.place, "" if finding.place else finding.text)
        if key not in self._verdicts:
            self._verdicts[key] = self._judge.verdict(finding)
        return self._verdicts[key]


def _likeness(found: Found) -> Hashable:
    return found.is_over, likeness(found.finding)


def _by_key(rule: Rule, found: Iterable[Finding]) -> dict[Key, Finding]:
    """The findings of a rule by what stays the same when they are found again."""
    counts = Counter[Hashable]()
    keyed: dict[Key, Finding] = {}
    for finding in found:
        counts[finding.key] += 1
        keyed[rule.name, finding.key, counts[finding.key]] = finding
    return keyed


def _is_ending(events: Sequence[Event], kinds: Collection[type[Event]], state: LabState) -> bool:
    """Whether a run is being ended from outside: then whatever held before is not resolved by itself."""
    if state.is_cleaning_up or state.outcome is not None or EndRequested in kinds or RunEnded in kinds:
        return True
    if TaskCancelRequested not in kinds:
        return False
    timeouts = (state.timeouts.get(event.timeout) for event in events if isinstance(event, TimeoutExpired))
    expired = {timeout.task for timeout in timeouts if timeout is not None}
    asked = (event for event in events if isinstance(event, TaskCancelRequested) and event.by is None)
    return any(event.task in state.roots and event.task not in expired for event in asked)
