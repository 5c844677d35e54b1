"""The command `asynclab replay FILE`: shows a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from asynclab.cli.findings_options import FindingsOptions, takes_judging_options
from asynclab.cli.option_types import FileToRead
from asynclab.errors import ToldError
from asynclab.terminal.streams import has_terminal

if TYPE_CHECKING:
    from asynclab.screens.run.replay import Replay


@click.command(short_help="Show a recording on the screen: every moment of it.")
@click.argument("file", type=FileToRead(path_type=Path))
@click.option("--headless", is_flag=True, help="No screen: print the report of the run.")
@takes_judging_options
def replay(file: Path, headless: bool, asked: FindingsOptions) -> int:
    """Replay a program that was recorded by asynclab run --record FILE.

    Tasks, timeline, queues, code and activity can be seen event by event, forward and back. Without a terminal, or
    with --headless, the report of the run is printed.
    """
    from asynclab.screens.run.replay import Replay

    recording = Replay(file, asked.judge)
    if has_terminal() and not headless:
        _show(recording)
    else:
        _print_report(recording)
    if recording.complaint:
        raise ToldError(recording.complaint)
    return 0


def _show(recording: Replay) -> None:
    from asynclab.app import AsyncLabApp

    AsyncLabApp(program=recording).run()


def _print_report(recording: Replay) -> None:
    from asynclab.cli.run_report import Report

    report = Report(recording.told, recording.judge)
    for _ in recording.read_at_once():
        pass
    is_whole = recording.told.ended is not None
    for line in (*recording.facts, *(report.lines() if is_whole else report.lines_so_far())):
        click.echo(line)
