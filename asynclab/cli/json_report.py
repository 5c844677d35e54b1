"""Writes a report as JSON: to a file that is opened before there is anything to report, or to standard output."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import click

from asynclab.fetch.whole_file import WholeFile


class JsonReport:
    """Where the report goes."""

    def __init__(self, files: ExitStack, place: str) -> None:
        """Open the file, or for "-" standard output; `files` closes it.

        Raises:
            OSError: It can't be written; from `write`, too.
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
