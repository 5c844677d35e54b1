"""The command `asynclab export …`: converts a recording to files for other tools."""

from __future__ import annotations

from pathlib import Path

import click

from asynclab.cli.option_types import FileToRead, FileToWrite


@click.command(short_help="Turn a recording into a trace for Perfetto, or lines of JSON.")
@click.argument("recording", type=FileToRead(path_type=Path))
@click.option("--perfetto", type=FileToWrite(), metavar="OUT", help="Write a trace for ui.perfetto.dev to a file.")
@click.option("--ndjson", is_flag=True, help="Print a line of JSON for each event.")
def export(recording: Path, perfetto: Path | None, ndjson: bool) -> int:
    """Turn a recording into a trace for Perfetto, or into lines of JSON.

    RECORDING is a file that 'asynclab run --record' made. Of a damaged one, the readable part is exported.
    """
    from asynclab.cli.exporting import export_recording

    if perfetto is None and not ndjson:
        raise click.UsageError("name an output: --perfetto OUT or --ndjson")
    return export_recording(recording, perfetto, ndjson=ndjson)
