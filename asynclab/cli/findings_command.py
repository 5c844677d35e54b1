"""The commands `asynclab findings …` and `asynclab rules`, which print findings and rules."""

from __future__ import annotations

from pathlib import Path

import click

from asynclab.cli.findings_options import FindingsOptions, takes_findings_options
from asynclab.cli.option_types import FileToRead
from asynclab.cli.wrapping import hanging, stdout_width


@click.command(short_help="Print the bugs that a recording shows.")
@click.argument("recording", metavar="RECORDING", type=FileToRead(path_type=Path))
@takes_findings_options
def findings(recording: Path, asked: FindingsOptions) -> int:
    """Print what the rules find in a recording that `asynclab run --record FILE` has made.

    Each finding is a line: file, line, rule, and what is wrong. With --findings they are written in that format
    instead.
    """
    from asynclab.cli.findings_printing import print_findings

    return print_findings(recording, asked)


@click.command(short_help="Print the kinds of bugs that asynclab can name.")
def rules() -> int:
    """Print the kinds of bugs that asynclab can name, and how to mend each."""
    from asynclab.findings.catalogue_of_rules import RULES

    width = stdout_width()
    for rule in RULES:
        click.secho(rule.name, bold=True)
        for text in (f"{rule.summary} {rule.why}", rule.mend):
            click.echo(hanging("  ", text, width))
    return 0
