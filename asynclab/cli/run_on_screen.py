"""Runs and observes a program with a screen."""

from __future__ import annotations

from contextlib import ExitStack

from asynclab.app import AsyncLabApp
from asynclab.cli.exit_codes import FAILED
from asynclab.cli.findings_files import FindingsFiles
from asynclab.cli.findings_options import FindingsOptions
from asynclab.cli.recording_file import complain, working_folder
from asynclab.cli.run_files import RunFiles
from asynclab.cli.run_report import Report
from asynclab.errors import ToldError
from asynclab.remote.child_watch import die_as
from asynclab.remote.launch import Target
from asynclab.screens.run.live_program import LiveProgram


def run_on_screen(target: Target, kept: RunFiles, asked: FindingsOptions) -> int:
    """Run a program, show it until the user leaves, and end as the program did.

    Raises:
        ToldError: The program can't be started.
        OSError: A file can't be written.
    """
    with ExitStack() as files:
        findings = files.enter_context(FindingsFiles(asked, working_folder()))
        live = LiveProgram(target, judge=findings.judge)
        report = Report(live.told, findings.judge) if asked != FindingsOptions() else None
        with ExitStack() as run_files:  # so that these files are complete even if writing findings fails
            refused = kept.open(run_files, target.command, live.told, live.warn)
            app = AsyncLabApp(program=live)
            app.run()
        found, rules_failed = ((), ()) if report is None else (report.found(), report.rules_failed())
        failed = 0 if live.problem else findings.write(live.told, found, rules_failed)
    for warning in live.warnings:
        complain(warning)
    if live.problem:
        raise ToldError(live.problem)
    if live.code is None:
        return failed or app.return_code or 1
    return failed or (FAILED if refused else die_as(live.code))
