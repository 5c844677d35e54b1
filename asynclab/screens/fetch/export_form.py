"""Exports the results of a fetch to a file."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from asynclab.fetch.export import csv_header, to_csv, to_json, to_ndjson
from asynclab.fetch.har import to_har
from asynclab.fetch.options import Options
from asynclab.fetch.rows import Row
from asynclab.fetch.whole_file import WholeFile
from asynclab.model.text import one_line

NAMES_TRIED = 100
"""File names to try before giving up."""


@dataclass(frozen=True, slots=True)
class Format:
    """A file format for results."""

    key: str
    name: str
    hint: str
    write: Callable[[Sequence[Row], Options], str]


def _lines(rows: Sequence[Row], _: Options) -> str:
    return "".join(f"{to_ndjson(row)}\n" for row in rows)


def _table(rows: Sequence[Row], _: Options) -> str:
    return csv_header() + "".join(map(to_csv, rows))


FORMATS: tuple[Format, ...] = (
    Format("j", "json", "an array of objects", lambda rows, _: to_json(rows)),
    Format("n", "ndjson", "one object per line, for jq", _lines),
    Format("c", "csv", "for a spreadsheet", _table),
    Format("h", "har", "for a browser's developer tools", to_har),
)


def write_results(rows: Sequence[Row], options: Options, form: Format, folder: Path) -> Path:
    """Write rows to a new file; an existing file is never overwritten.

    Args:
        rows: The rows.
        options: The options they were fetched with.
        form: The format.
        folder: The folder of the file.

    Returns:
        The path of the file.

    Raises:
        OSError: It can't be written.
    """
    text = form.write(rows, options)
    stem = f"asynclab-fetch-{time.strftime('%Y%m%d-%H%M%S')}"
    for number in range(1, NAMES_TRIED + 1):
        suffix = f"-{number}" if number > 1 else ""
        path = folder / f"{stem}{suffix}.{form.name}"
        try:
            path.open("x").close()
        except FileExistsError:
            continue
        try:
            with WholeFile(path) as file:
                file.write(text)
                file.keep()
        except OSError:
            path.unlink(missing_ok=True)  # a full disk takes the name and not the text
            raise
        return path
    raise FileExistsError(f"{folder} already has {NAMES_TRIED} files from this second")


class ExportForm(ModalScreen[Format | None]):
    """A list of formats; its result is the chosen one, or None."""

    DEFAULT_CSS = """
    ExportForm {
        align: center middle;
        OptionList, OptionList:focus {
            width: 60;
            max-width: 100%;
            height: auto;
            border: round $state-accent;
            border-title-color: $state-accent;
            border-subtitle-color: $state-past;
            background: $background;
            padding: 0 1;
        }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "choose('')", "close", show=False),
        *(Binding(form.key, f"choose('{form.name}')", form.name, show=False) for form in FORMATS),
    ]

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def compose(self) -> ComposeResult:
        """A list of the formats."""
        options = [Option(_described(form), id=form.name) for form in FORMATS]
        box = OptionList(*options, markup=False)
        box.border_title = "Export"
        box.border_subtitle = Content(f"to {one_line(str(self._folder), 50)}")
        yield box

    @on(OptionList.OptionSelected)
    def take(self, event: OptionList.OptionSelected) -> None:
        """Use the selected format."""
        self.action_choose(event.option.id or "")

    def action_choose(self, name: str) -> None:
        """Close with a format, by its name; empty for none."""
        self.dismiss(next((form for form in FORMATS if form.name == name), None))


def _described(form: Format) -> Content:
    return Content.assemble(
        (f"{form.key}  ", "bold $state-accent"), (f"{form.name:<8}", "bold"), (form.hint, "$state-past")
    )
