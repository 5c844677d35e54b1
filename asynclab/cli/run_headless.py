"""Runs and observes a program without a screen: the program keeps the terminal, and a report follows its end."""

from __future__ import annotations

import signal
import time
from collections import deque
from contextlib import ExitStack
from typing import Any, TypeAlias

from asynclab.cli.exit_codes import FAILED
from asynclab.cli.findings_files import FindingsFiles
from asynclab.cli.findings_options import FindingsOptions
from asynclab.cli.json_report import JsonReport
from asynclab.cli.recording_file import complain, working_folder
from asynclab.cli.run_files import RunFiles
from asynclab.cli.run_report import Report
from asynclab.cli.wrapping import report_line
from asynclab.findings.stuck_report import stuck_json, stuck_lines
from asynclab.remote.child_watch import die_as, run_watched
from asynclab.remote.launch import Target
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.wire import AnyFrame

REPORTS_KEPT = 20
"""How many stuck reports the JSON has; each lists every task, and all were printed."""

ECHO = 2.0
"""Real seconds in which a SIGUSR1 that was passed on to the program comes back as a request."""

StuckReport: TypeAlias = tuple[list[str], dict[str, Any]]
"""The report of one loop: as lines, and as data."""


def run_headless(
    target: Target, kept: RunFiles, json_to: str | None, asked: FindingsOptions, stuck: float | None = None
) -> int:
    """Run a program, print the report, and end as it did.

    Args:
        target: What to run.
        kept: The files in which the run is kept.
        json_to: Where to write the report as JSON instead of printing it; "-" for standard output.
        asked: Which findings are reported, where they are written, and which of them end it with 3.
        stuck: After how many seconds without an event to print what each task waits for; None for never.

    Raises:
        OSError: It can't be started, or a file can't be written.
    """
    program = ObservedProgram()
    with ExitStack() as files:
        findings = files.enter_context(FindingsFiles(asked, working_folder()))
        report, standstills = Report(program, findings.judge), _Standstills(program, stuck)
        report_file = None if json_to is None else JsonReport(files, json_to)
        with ExitStack() as run_files:  # closed, and so complete, before findings are written, which may fail
            refused = kept.open(run_files, target.command, program, complain)
            code = run_watched(target, program.take, standstills.on_signal)
        if code == -signal.SIGINT:
            standstills.print_before_interrupt()
        _tell(report, standstills, report_file)
        failed = findings.write(program, report.found(), report.rules_failed())
    return failed or (FAILED if refused else die_as(code))


def _tell(report: Report, standstills: _Standstills, file: JsonReport | None) -> None:
    if file is not None:
        file.write(report.as_json() | {"stuck": list(standstills.reports)})
        return
    for line in report.lines():
        report_line(line)


class _Standstills:
    """Reports what each task waits for: on SIGUSR1, where nothing moves, and where Ctrl-C ends the program."""

    def __init__(self, program: ObservedProgram, stuck: float | None) -> None:
        self._program = program
        program.takers.append(self._follow)
        self._stuck = stuck
        self._version = 0
        self._moved_at = 0.0
        self._is_told = False
        self._asked = 0
        """How many of the requests to the program itself were handled."""
        self._echo_until = 0.0
        """Real time until which the next request is an echo of a signal that was passed on to the program."""
        self._before_interrupt: dict[int, StuckReport] | None = None
        self.reports: deque[dict[str, Any]] = deque(maxlen=REPORTS_KEPT)
        """The latest reports printed, as data."""

    def on_signal(self, number: int) -> None:
        """Print the report on SIGUSR1, and keep it on SIGINT: the first one cancels the tasks."""
        if number == signal.SIGUSR1:
            self._echo_until = time.monotonic() + ECHO
            self._print("SIGUSR1", self._look())
        elif self._before_interrupt is None:
            self._before_interrupt = self._look()

    def _follow(self, _: AnyFrame) -> None:
        """Print the report if the program itself was asked for it, and once for each standstill."""
        if self._program.reports_asked > self._asked:
            self._asked = self._program.reports_asked
            is_echo, self._echo_until = time.monotonic() < self._echo_until, 0.0
            if not is_echo:
                self._print("SIGUSR1", self._look())
        version = sum(loop.state.version for loop in self._program.loops.values())
        if version != self._version:
            self._version, self._moved_at, self._is_told = version, self._program.now, False
        elif self._stuck is not None and not self._is_told and self._program.now - self._moved_at >= self._stuck:
            self._is_told = True
            self._print("still", self._look())

    def print_before_interrupt(self) -> None:
        """Print what was kept."""
        self._print("interrupt", self._before_interrupt or {})

    def _look(self) -> dict[int, StuckReport]:
        now = self._program.now
        states = {loop.number: loop.state for loop in self._program.loops.values() if loop.state.outcome is None}
        return {number: (list(stuck_lines(state, now)), stuck_json(state, now)) for number, state in states.items()}

    def _print(self, why: str, seen: dict[int, StuckReport]) -> None:
        for number, (lines, _) in seen.items():
            for line in (*([f"loop {number}:"] if len(seen) > 1 else ()), *lines):
                report_line(line)
        self.reports.append({"why": why, "loops": [{"loop": number, **said} for number, (_, said) in seen.items()]})
