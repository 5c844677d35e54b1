"""The command `asynclab replay FILE`: shows a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from asynclab.terminal.streams import has_terminal

if TYPE_CHECKING:
    from asynclab.screens.run.replay import Replay


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def replay(file: Path) -> int:
    """Replay a program that was recorded by asynclab run --record FILE.

    Tasks, timeline, queues, code and activity can be seen event by event, forward and back. Without a terminal, the
    report of the run is printed.
    """
    from asynclab.remote.program_recording import RecordingError
    from asynclab.screens.run.replay import Replay

    try:
        recording = Replay(file)
    except RecordingError as error:
        raise click.ClickException(str(error)) from None
    if has_terminal():
        _show(recording)
    else:
        _print_report(recording)
    if recording.complaint:
        raise click.ClickException(recording.complaint)
    return 0


def _show(recording: Replay) -> None:
    from asynclab.app import AsyncLabApp

    AsyncLabApp(program=recording).run()


def _print_report(recording: Replay) -> None:
    from asynclab.cli.run_report import Report
    from asynclab.findings.allowed import FindingFilter
    from asynclab.findings.source_code import Sources

    report = Report(recording.told, FindingFilter("", sources=Sources(recording.files.recorded)))
    for _ in recording.read_at_once():
        report.follow()
    for line in (*recording.facts, *(report.lines() if recording.told.ended is not None else ())):
        click.echo(line)
