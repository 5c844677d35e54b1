"""Writes a report as JSON, to a file that is opened in advance, or to standard output."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import click

from asynclab.fetch.whole_file import WholeFile


class JsonReport:
    """The file for a report, or standard output."""

    def __init__(self, files: ExitStack, place: str) -> None:
        """Open the file, or standard output for "-". `files` closes it.

        Raises:
            OSError: The file can't be written. `write` may raise it too.
        """
        self._file = None if place == "-" else files.enter_context(WholeFile(Path(place)))

    def write(self, report: object) -> None:
        """Write the whole report."""
        text = f"{json.dumps(report, indent=1)}\n"
        if self._file is None:
            click.echo(text, nl=False)
        else:
            self._file.write(text)
            self._file.keep()
