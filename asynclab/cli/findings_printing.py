"""Prints what the rules find in a recording."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from asynclab.cli.run_report import Report
from asynclab.findings.rule import Finding
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.program_recording import RecordingError, RecordingReader, SourceText

FOUND = 3
"""The exit code where a rule that must find nothing has found something."""


def print_findings(path: Path, fail_on: tuple[str, ...]) -> int:
    """Read a recording, and print a line for each finding.

    Returns:
        The exit code: 3 where a rule in `fail_on` has proved something.

    Raises:
        click.ClickException: The file can't be read.
    """
    program = ObservedProgram()
    report = Report(program)
    try:
        for line in RecordingReader(path).lines():
            if not isinstance(line, SourceText):
                program.take(line)
                report.follow()
    except RecordingError as error:
        raise click.ClickException(str(error)) from None
    found = report.findings()
    for finding in found:
        click.echo(finding.line)
    return exit_code(found, fail_on)


def exit_code(found: Iterable[Finding], fail_on: tuple[str, ...]) -> int:
    """3 where one of the rules has proved something, or any rule where "any" is named; 0 else."""
    proved = {finding.rule for finding in found if finding.certainty == "proved"}
    return FOUND if proved and ("any" in fail_on or proved & set(fail_on)) else 0
