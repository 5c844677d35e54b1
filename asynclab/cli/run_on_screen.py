"""Runs a program observed on the screen, and ends as it did."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from asynclab.app import AsyncLabApp
from asynclab.cli.run_headless import FrameRecorder
from asynclab.remote.child_watch import die_as
from asynclab.remote.launch import Target
from asynclab.screens.run.live_program import LiveProgram


def run_on_screen(target: Target, record: Path | None, *, keep_sources: bool) -> int:
    """Run a program, show it for as long as somebody looks, and end as it did.

    Args:
        target: What to run.
        record: Where to keep a recording; None for none.
        keep_sources: Whether a recording has the text of the program's own files in it.

    Raises:
        click.ClickException: It can't be started.
        OSError: The recording can't be written.
    """
    with ExitStack() as files:
        recorders = (
            [] if record is None else [files.enter_context(FrameRecorder(record, target, keep_sources=keep_sources))]
        )
        live = LiveProgram(target, [recorder.write for recorder in recorders])
        app = AsyncLabApp(program=live)
        app.run()
    if live.problem:
        raise click.ClickException(live.problem)
    if live.code is None:
        return app.return_code or 1
    return die_as(live.code)
