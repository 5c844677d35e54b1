"""The command `asynclab attach …`: shows a program that is already running."""

from __future__ import annotations

from pathlib import Path

import click

from asynclab.cli.findings_options import FindingsOptions, takes_judging_options
from asynclab.cli.option_types import FileOrOutput, FileToWrite, Seconds, WholeNumber
from asynclab.terminal.streams import has_terminal


@click.command(short_help="Look into a running program: its tasks, and what they wait for.")
@click.argument("pid", type=WholeNumber())
@click.option("--headless", is_flag=True, help="No screen: print the tasks now, and at the end what happened.")
@click.option("--seconds", type=Seconds(), metavar="S", help="Leave after S seconds; no screen.")
@click.option("--record", type=FileToWrite(), help="Record the whole visit in a file.")
@click.option("--no-source", is_flag=True, help="Leave the program's source code out of the recording.")
@click.option(
    "--json",
    "json_to",
    type=FileOrOutput(),
    metavar="FILE",
    help="Write what is there as JSON to a file; - for standard output.",
)
@takes_judging_options
def attach(
    pid: int,
    headless: bool,
    seconds: float | None,
    record: Path | None,
    no_source: bool,
    json_to: str | None,
    asked: FindingsOptions,
) -> int:
    """Look into a running program: every task, what it waits for, and who holds that.

    PID is the number of its process. The program calls asynclab.attachable() first, or runs on Python 3.14 or newer.
    The program keeps running. To leave it as it was, press q, or without a screen ctrl+c. Without a terminal, or with
    --headless, --seconds or --json, there is no screen.
    """
    from asynclab.cli.attach_headless import attach_headless
    from asynclab.cli.run_files import RunFiles

    kept = RunFiles(record, keep_sources=not no_source)
    if has_terminal() and not headless and seconds is None and json_to is None:
        from asynclab.cli.attach_on_screen import attach_on_screen

        return attach_on_screen(pid, kept, asked)
    return attach_headless(pid, seconds, kept, json_to, asked)
