"""The command `asynclab doctor`: checks Python, libraries and the terminal."""

from __future__ import annotations

import click

from asynclab.cli.exit_codes import DONE, FAILED


@click.command(short_help="Check what works here, and what to do about what doesn't.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def doctor(as_json: bool) -> int:
    """Check what works here: Python, libraries, the terminal, attaching, optional packages.

    The exit code is 1 if something that asynclab needs is missing.
    """
    from asynclab.cli.checkup import as_lines, check_up
    from asynclab.cli.wrapping import stdout_width

    findings = check_up()
    if as_json:
        import json
        from dataclasses import asdict

        click.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        click.echo("\n".join(as_lines(findings, stdout_width())))
    return FAILED if any(finding.verdict == "missing" for finding in findings) else DONE
