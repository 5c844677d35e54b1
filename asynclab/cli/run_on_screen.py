"""Runs a program observed on the screen, and ends as it did."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from asynclab.app import AsyncLabApp
from asynclab.cli.run_headless import frame_takers
from asynclab.remote.child_watch import die_as
from asynclab.remote.launch import Target
from asynclab.screens.run.live_program import LiveProgram


def run_on_screen(
    target: Target, record: Path | None, perfetto: Path | None, *, keep: int | None, keep_sources: bool
) -> int:
    """Run a program, show it for as long as somebody looks, and end as it did.

    Args:
        target: What to run.
        record: Where to keep a recording; None for none.
        perfetto: Where to write a trace for Perfetto; None for none.
        keep: How many bytes of the newest a recording keeps; None for all.
        keep_sources: Whether a recording has the text of the program's own files in it.

    Raises:
        click.ClickException: It can't be started.
        OSError: A file can't be written.
    """
    live = LiveProgram(target)
    with ExitStack() as files:
        live.takers += frame_takers(files, target, live.told, record, perfetto, keep=keep, keep_sources=keep_sources)
        app = AsyncLabApp(program=live)
        app.run()
    if live.problem:
        raise click.ClickException(live.problem)
    if live.code is None:
        return app.return_code or 1
    return die_as(live.code)
