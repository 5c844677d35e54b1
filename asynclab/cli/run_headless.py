"""Runs and observes a program without a screen: the program keeps the terminal, and a report is printed at its end."""

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
"""The most stuck reports in the JSON report. They may be long, and all were printed anyway."""

ECHO = 2.0
"""Real seconds within which a request from the program is the echo of a SIGUSR1 that we passed on to it."""

StuckReport: TypeAlias = tuple[list[str], dict[str, Any]]
"""The stuck report of one loop, as lines and as JSON values."""


def run_headless(
    target: Target, kept: RunFiles, json_to: str | None, asked: FindingsOptions, stuck: float | None = None
) -> int:
    """Run a program, print a report, and end as the program did.

    Args:
        target: The program to run.
        kept: The files to which the run is written.
        json_to: The file for the report as JSON, which replaces the printed one; "-" for standard output.
        asked: Which findings are reported, where they are written, and which make the exit code 3.
        stuck: Seconds without an event after which to print what each task waits for; None for never.

    Raises:
        OSError: The program can't be started, or a file can't be written.
    """
    program = ObservedProgram()
    with ExitStack() as files:
        findings = files.enter_context(FindingsFiles(asked, working_folder()))
        report, standstills = Report(program, findings.judge), _Standstills(program, stuck)
        report_file = None if json_to is None else JsonReport(files, json_to)
        with ExitStack() as run_files:  # so that these files are complete even if writing findings fails
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
    """Prints what each task waits for: on SIGUSR1, if nothing happens for some time, and if Ctrl-C ends the program."""

    def __init__(self, program: ObservedProgram, stuck: float | None) -> None:
        self._program = program
        program.takers.append(self._follow)
        self._stuck = stuck
        self._version = 0
        self._moved_at = 0.0
        self._is_told = False
        self._asked = 0
        """How many of the requests from the program have been handled."""
        self._echo_until = 0.0
        """The real time until which a request from the program is an echo: see `ECHO`."""
        self._before_interrupt: dict[int, StuckReport] | None = None
        self.reports: deque[dict[str, Any]] = deque(maxlen=REPORTS_KEPT)
        """The latest printed reports, as JSON values."""

    def on_signal(self, number: int) -> None:
        """On SIGUSR1, print a report. On the first SIGINT, which cancels the tasks, keep a report for later."""
        if number == signal.SIGUSR1:
            self._echo_until = time.monotonic() + ECHO
            self._print("SIGUSR1", self._look())
        elif self._before_interrupt is None:
            self._before_interrupt = self._look()

    def _follow(self, _: AnyFrame) -> None:
        """Print a report if the program requests it, and once each time that nothing happens for long."""
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
        """Print the report that was kept."""
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
