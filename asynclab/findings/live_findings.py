"""Keeps the findings of a running program up to date: new ones appear, and some no longer hold later."""

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
"""The fewest frames from one round of all rules to the next: at most four rounds a second."""

FRAME = 0.05
"""Seconds of real time from one frame to the next."""

SHARE = 0.05
"""The largest share of real time for rounds, and of each frame for rules; a rule is never interrupted."""

ALLOWANCE = 0.5
"""Seconds of real time that rounds in `take` may need beyond their share: a short recording is loaded at once."""

OVER_KEPT = 100
"""The most findings that are kept after they no longer hold; the oldest are dropped first."""

LEFT_OUT: dict[Verdict, str] = {"allowed": "allowed", "known": "in the baseline"}
"""For each verdict that leaves a finding out here, the words for it; likely findings are listed."""

Key: TypeAlias = tuple[str, Hashable, int]
"""Equal for each new finding of a bug: the rule, the finding's key, and a number among findings with equal keys."""

_TELLING = frozenset({Outside, RunStalled, RunEnded})
"""Events after which a finding may hold that the next event ends."""


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, and whether it still holds."""

    finding: Finding
    """The latest version of the finding, with the time and the evidence of its first version."""
    is_over: bool = False
    """Whether the finding no longer holds: a timeout may have ended a deadlock, for example."""
    others: int = 0
    """In a list that has each bug once: the number of similar findings that are left out."""


class LiveFindings:
    """The findings of all rules in one run. `look` is called in each frame, and does little work at a time."""

    def __init__(
        self,
        state: LabState,
        rules: Sequence[Rule] = RULES,
        seconds: Callable[[], float] = perf_counter,
        judge: FindingFilter | None = None,
    ) -> None:
        """Begin with a state without events.

        Args:
            state: The current state, which the caller keeps up to date.
            rules: The rules to check.
            seconds: Returns seconds of real time.
            judge: Decides which findings are left out; None if only comments in files on the disk can allow some.
        """
        self.found: tuple[Found, ...] = ()
        """All findings, also likely ones: first those that hold, by time, then the others."""
        self.bugs: tuple[Found, ...] = ()
        """The first of each group of similar findings."""
        self._judge = judge or FindingFilter("")
        self._left_out: Counter[Verdict] = Counter()
        self._verdicts: dict[tuple[str, Place | None, str], Verdict] = {}
        self.failed: dict[str, str] = {}
        """The rules that raised an error in this run, by name, each with the type of the error."""
        self._state, self._rules, self._seconds = state, tuple(rules), seconds
        self._known: dict[Key, Found] = {}
        self._left: deque[Rule] = deque()
        """The rules of this round that still have to be checked."""
        self._version = 0
        """The state's version when the latest round began."""
        self._rest = 0
        """How many frames to skip before the next round."""
        self._cost = self._spent = 0.0
        """Seconds of real time that this round, and that all rounds, took."""
        self._costs: dict[str, float] = {}
        """Seconds of real time that each rule took last time, by the rule's name."""
        self._begun = seconds()
        self._is_ending = False

    @property
    def count(self) -> int:
        """How many bugs there are at the moment."""
        return sum(not found.is_over for found in self.bugs)

    def of_task(self, task: int) -> list[Found]:
        """The findings about one task."""
        return [found for found in self.found if found.finding.task == task]

    def take(self, events: Sequence[Event]) -> None:
        """Note events that the state has already. Check all rules at once if the next events may hide a finding."""
        kinds = set(map(type, events))  # a batch has thousands of events but few kinds
        self._is_ending = self._is_ending or _is_ending(events, kinds, self._state)
        if not kinds.isdisjoint(_TELLING):
            self._rest = 0
            if self._spent <= ALLOWANCE + SHARE * (self._seconds() - self._begun):
                self._begin_round()
                self._check(float("inf"))

    @property
    def left_out(self) -> str:
        """How many findings are left out, and why, such as "3 left out: 2 allowed, 1 in the baseline"; else empty."""
        counts = self._left_out
        said = [f"{counts[verdict]:,} {why}" for verdict, why in LEFT_OUT.items() if counts[verdict]]
        return f"{counts.total():,} left out: {', '.join(said)}" if said else ""

    def judge_again(self) -> None:
        """Judge all findings again: more source code is available."""
        self._verdicts.clear()
        self._tell()

    def look(self) -> None:
        """Check some rules, if there are new events since the last round and the next round is due."""
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
        except Exception as error:  # a recording can contain anything; other rules still work
            self.failed[rule.name] = type(error).__name__
            return
        gone = [key for key in self._known if key[0] == rule.name and key not in found]
        for key, finding in found.items():
            before = self._known.get(key) or self._moved(finding, gone)
            first = finding if before is None else before.finding
            self._known[key] = Found(replace(finding, at=first.at, evidence=first.evidence))
        for key in () if self._is_ending else gone:
            if self._stands_still(self._known[key].finding):  # it has another cause than was known then
                del self._known[key]
            else:
                self._known[key] = replace(self._known[key], is_over=True)

    def _stands_still(self, finding: Finding) -> bool:
        """Whether nothing has happened to a finding's task since the finding."""
        task = None if finding.task is None else self._state.tasks.get(finding.task)
        return task is not None and not task.has_ended and task.since <= finding.at

    def _moved(self, finding: Finding, gone: list[Key]) -> Found | None:
        """The same finding with another place: the place of a task may become known later than the bug."""
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
        """The judge's verdict, cached since the judge reads source code."""
        key = (finding.rule, finding.place, "" if finding.place else finding.text)
        if key not in self._verdicts:
            self._verdicts[key] = self._judge.verdict(finding)
        return self._verdicts[key]


def _likeness(found: Found) -> Hashable:
    return found.is_over, likeness(found.finding)


def _by_key(rule: Rule, found: Iterable[Finding]) -> dict[Key, Finding]:
    """The findings of a rule by a key that is equal for each new finding of the same bug."""
    counts = Counter[Hashable]()
    keyed: dict[Key, Finding] = {}
    for finding in found:
        counts[finding.key] += 1
        keyed[rule.name, finding.key, counts[finding.key]] = finding
    return keyed


def _is_ending(events: Sequence[Event], kinds: Collection[type[Event]], state: LabState) -> bool:
    """Whether a run is being ended from outside: then a finding that no longer holds has not resolved itself."""
    if state.is_cleaning_up or state.outcome is not None or EndRequested in kinds or RunEnded in kinds:
        return True
    if TaskCancelRequested not in kinds:
        return False
    timeouts = (state.timeouts.get(event.timeout) for event in events if isinstance(event, TimeoutExpired))
    expired = {timeout.task for timeout in timeouts if timeout is not None}
    asked = (event for event in events if isinstance(event, TaskCancelRequested) and event.by is None)
    return any(event.task in state.roots and event.task not in expired for event in asked)
