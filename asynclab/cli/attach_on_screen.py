"""Attaches to a program, and shows it on the screen."""

from __future__ import annotations

from contextlib import ExitStack, closing

import click

from asynclab.app import AsyncLabApp
from asynclab.cli.findings_options import FindingsOptions
from asynclab.cli.recording_file import complain, working_folder
from asynclab.cli.run_files import RunFiles
from asynclab.remote.attach import attach
from asynclab.screens.run.attached_program import AttachedProgram


def attach_on_screen(pid: int, kept: RunFiles, asked: FindingsOptions) -> int:
    """Show a program until the user leaves, and detach. For arguments and errors see `attach_headless`."""
    with ExitStack() as files:
        attachment = files.enter_context(closing(attach(pid)))
        program = AttachedProgram(attachment, judge=asked.judge(working_folder()))
        kept.open(files, ("attach", str(pid)), program.told, program.warn)
        app = AsyncLabApp(program=program)
        app.run()
    for warning in program.warnings:
        complain(warning)
    click.echo(f"{program.name} {'has ended' if program.has_ended else 'continues as before'}")
    return app.return_code or 0
