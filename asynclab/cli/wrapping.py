"""Wraps printed text at words where it goes to a terminal; elsewhere, such as in a pipe, lines stay whole."""

from __future__ import annotations

import os
import sys
from typing import TextIO

import click


def stdout_width() -> int | None:
    """The width of the terminal that standard output is; None if it is none."""
    return _width_of(sys.stdout)


def report_line(line: str) -> None:
    """Print a line of a report on standard error."""
    text = line.lstrip()
    head = f"asynclab: {' ' * (len(line) - len(text))}"
    print(hanging(head, text, _width_of(sys.stderr)), file=sys.stderr, flush=True)


def _width_of(file: TextIO) -> int | None:
    return os.get_terminal_size(file.fileno()).columns if file.isatty() else None


def hanging(head: str, text: str, width: int | None) -> str:
    """A text after its head, with further lines below its beginning; in one line without a width."""
    return f"{head}{text}" if width is None else click.wrap_text(text, width, head, " " * len(head))
