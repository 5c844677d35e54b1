"""Lists all rules, and collects their findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from asynclab.findings import (
    blocked_loops,
    broken_locks,
    busy_loops,
    busy_threads,
    clients,
    deadlocks,
    growth,
    lost_cancels,
    lost_wakes,
    lost_work,
    standstills,
    stuck_queues,
    unfinished_work,
)
from asynclab.findings.alike import likeness
from asynclab.findings.rule import Finding, Rule
from asynclab.model.events import Event, Outside, RunEnded, RunStalled
from asynclab.model.incidents import ALIKE_KEPT
from asynclab.model.state import LabState

RULES: tuple[Rule, ...] = (
    *deadlocks.RULES,
    *standstills.RULES,
    *broken_locks.RULES,
    *lost_wakes.RULES,
    *stuck_queues.RULES,
    *lost_cancels.RULES,
    *lost_work.RULES,
    *unfinished_work.RULES,
    *growth.RULES,
    *clients.RULES,
    *blocked_loops.RULES,
    *busy_loops.RULES,
    *busy_threads.RULES,
)
"""In the order of the reports."""

_TELLING = frozenset({Outside, RunStalled, RunEnded})
"""The events after which all rules are checked at once."""

PERIOD = 0.25
"""Seconds of lab time between two checks of a running program."""


class Findings:
    """The findings of all rules in one run so far."""

    def __init__(self, state: LabState) -> None:
        self._state = state
        self._found: dict[object, Finding] = {}
        self._alike = Counter[Hashable]()
        self._looked_at: float | None = None
        self._version = 0
        """The version of the state at the latest check."""
        self.failed: dict[str, str] = {}
        """The rules that raised an error in this run, by name, each with the type of the error."""

    @property
    def found(self) -> list[Finding]:
        """Each bug once, in its latest version, in the order of discovery."""
        if self._version != self._state.version:  # the last events may come just after a check
            self.look()
        return self.seen

    @property
    def seen(self) -> list[Finding]:
        """The findings of all checks so far."""
        return list(self._found.values())

    def take(self, events: Sequence[Event]) -> None:
        """Check the rules if enough has happened; the state has the events already."""
        state = self._state
        tells = not _TELLING.isdisjoint(map(type, events))
        if self._looked_at is None:
            self._looked_at = events[0].at if events else state.now
        if tells or state.is_blocking or state.now - self._looked_at >= PERIOD:
            self._looked_at = state.now
            self.look()

    def look(self) -> None:
        """Check the state with all rules."""
        self._version = self._state.version
        for rule in RULES:
            try:
                found = list(rule.check(self._state))
            except Exception as error:  # a recording can contain anything; other rules still work
                self.failed[rule.name] = type(error).__name__
                continue
            if not found:  # true of nearly all checks
                continue
            proved = set[object]()
            for finding in found:
                known = self._found.get(finding.key)
                if known is None:
                    self._add(finding)
                elif finding.key not in proved and (known.certainty == "likely" or finding.certainty == "proved"):
                    self._found[finding.key] = finding
                if finding.certainty == "proved":  # the first proved finding of a check is reported
                    proved.add(finding.key)

    def _add(self, finding: Finding) -> None:
        """Keep a finding, unless there are enough similar ones: a program that runs for days could have very many."""
        self._alike[likeness(finding)] += 1
        if self._alike[likeness(finding)] <= ALIKE_KEPT:
            self._found[finding.key] = finding
