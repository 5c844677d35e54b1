"""Decides which test a finding belongs to, whether it is reported, and whether it fails the test."""

from __future__ import annotations

import os.path
from bisect import bisect_right
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest

from asynclab.findings.alike import likeness
from asynclab.findings.allowed import Verdict
from asynclab.findings.rule import Finding
from asynclab.model.tasks import TaskState
from asynclab.model.text import one_line
from asynclab.pytest_plugin.plugin_options import MarkedTest, PluginOptions
from asynclab.trace.recording.code_ownership import UserCode

Told: TypeAlias = dict[str, Any]
"""The report about a test, as plain data that a worker of pytest-xdist can send."""


@dataclass
class ObservedTest:
    """An observed test, with its findings."""

    item: pytest.Item
    marked: MarkedTest
    begun: float = 0.0
    """When it began, in seconds since the observation began."""
    has_failed: bool = False
    failures: list[Finding] = field(default_factory=list)
    told: Told = field(default_factory=dict)
    """The findings to add to its next report."""


class Judge:
    """Judges findings: for each it finds the test, and decides whether to report it and to fail the test."""

    def __init__(self, options: PluginOptions, root: str) -> None:
        self._options = options
        self._root = root
        self._owns = UserCode().owns
        self.tests: list[ObservedTest] = []
        """The tests since the observation began, in their order. A test that isn't observed ends the observation."""
        self._left_out: set[tuple[str, Verdict, Hashable]] = set()
        """The findings that were left out, by test, with similar ones only once."""
        self.is_over = False
        """Whether all tests have ended, so that no test can fail any more."""

    def take(self, found: Iterable[tuple[Finding, TaskState | None, float]], test: ObservedTest) -> None:
        """Add findings to the report of the running test, even those of earlier tests, whose reports were sent already.

        Each finding comes with its task and the moment of its cause.
        """
        for finding, task, moment in found:
            of = self._test_at(moment)
            verdict = self._verdict(finding, of)
            if verdict in ("told", "known"):
                test.told.setdefault("bugs", []).append(list(self._options.filter.known_as(finding)))
            if verdict == "told":
                self._report(finding, task, of, test)
            elif (bug := (of.item.nodeid, verdict, likeness(finding))) not in self._left_out:
                self._left_out.add(bug)
                left_out = test.told.setdefault("left_out", {})
                left_out[verdict] = left_out.get(verdict, 0) + 1
        if complaints := self._options.filter.complaints:
            test.told["complaints"] = list(complaints)
            complaints.clear()

    def _verdict(self, finding: Finding, of: ObservedTest) -> Verdict:
        is_allowed = any(allowance.covers(finding, self._root) for allowance in of.marked.allow)
        return "allowed" if is_allowed else self._options.filter.verdict(finding)

    def _report(self, finding: Finding, task: TaskState | None, of: ObservedTest, test: ObservedTest) -> None:
        fails = self._options.fails(finding)
        is_late = of is not test or self.is_over
        if fails and not is_late:
            test.failures.append(finding)
        bug = {"test": of.item.nodeid, "likeness": likeness(finding), "fails": fails and is_late}
        told = test.told.setdefault("findings", [])
        for known in told:
            if known.items() >= bug.items():
                known["others"] += 1
                return
        told.append(bug | {"line": finding.line, "made": self._made(task), "others": 0})

    def _test_at(self, moment: float) -> ObservedTest:
        """The test that ran at a moment, or the last one before."""
        return self.tests[max(0, bisect_right(self.tests, moment, key=lambda test: test.begun) - 1)]

    def _made(self, task: TaskState | None) -> str:
        if task is None or not self._owns(task.file):  # the main task of a test is made by a plugin
            return ""
        is_inside = task.file.startswith(os.path.join(self._root, ""))
        file = os.path.relpath(task.file, self._root) if is_inside else task.file
        return f"task '{one_line(task.name)}' was created at {one_line(file)}:{task.line}"
