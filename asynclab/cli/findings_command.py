"""Reads `asynclab findings …` and `asynclab rules`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("recording", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--fail-on", multiple=True, metavar="RULE", help="Exit with 3 if this rule found something; or any.")
def findings(recording: Path, fail_on: tuple[str, ...]) -> int:
    """Print what the rules find in a recording that `asynclab run --record FILE` has made."""
    from asynclab.cli.findings_printing import print_findings

    check_names(fail_on)
    return print_findings(recording, fail_on)


@click.command()
def rules() -> int:
    """Print the kinds of bugs that asynclab can name, and how to mend each."""
    from asynclab.findings.catalogue_of_rules import RULES

    for rule in RULES:
        click.echo(f"{rule.name}\n  {rule.summary} {rule.why}\n  {rule.mend}")
    return 0


def check_names(names: tuple[str, ...]) -> None:
    """Refuse a rule that there isn't.

    Raises:
        click.BadParameter: There is none of that name; says which there are.
    """
    from asynclab.findings.catalogue_of_rules import RULES

    known = ["any", *(rule.name for rule in RULES)]
    for name in names:
        if name not in known:
            raise click.BadParameter(f"'{name}' is no rule; there are {', '.join(known)}", param_hint="--fail-on")
