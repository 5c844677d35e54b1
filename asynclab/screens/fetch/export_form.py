"""Exports the results of a fetch to a file."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from asynclab.fetch.export import csv_header, to_csv, to_json, to_ndjson
from asynclab.fetch.har import to_har
from asynclab.fetch.options import Options
from asynclab.fetch.rows import Row
from asynclab.fetch.saving import reserved
from asynclab.fetch.whole_file import WholeFile
from asynclab.screens.shared.choice_form import Choice, ChoiceForm


@dataclass(frozen=True, slots=True)
class Format:
    """A file format for results."""

    key: str
    name: str
    hint: str
    write: Callable[[Sequence[Row], Options], str]


FORMATS: tuple[Format, ...] = (
    Format("j", "json", "an array of objects", lambda rows, _: to_json(rows)),
    Format("n", "ndjson", "one object per line, for jq", lambda rows, _: "\n".join([*map(to_ndjson, rows), ""])),
    Format("c", "csv", "for a spreadsheet", lambda rows, _: csv_header() + "".join(map(to_csv, rows))),
    Format("h", "har", "for a browser's developer tools", to_har),
)


def write_results(rows: Sequence[Row], options: Options, form: Format, folder: Path) -> Path:
    """Write rows to a new file in a folder, and return its path. An existing file is never overwritten.

    Raises:
        OSError: The file can't be written.
    """
    text = form.write(rows, options)
    path = reserved(folder, f"asynclab-fetch-{time.strftime('%Y%m%d-%H%M%S')}.{form.name}")
    try:
        with WholeFile(path) as file:
            file.write(text)
            file.keep()
    except OSError:
        path.unlink(missing_ok=True)  # if the disk is full, an empty file may have been created
        raise
    return path


def export_form(folder: Path) -> ChoiceForm:
    """A form to choose the format in which results are written to a folder."""
    choices = [Choice(form.key, form.name, form.hint) for form in FORMATS]
    return ChoiceForm("Export", choices, subtitle=f"to {folder}")
