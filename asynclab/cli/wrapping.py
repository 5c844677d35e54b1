"""Wraps printed text for a terminal. In a pipe or file, lines are not wrapped."""

from __future__ import annotations

import os
import sys
from typing import TextIO

import click


def stdout_width() -> int | None:
    """The width of the terminal on standard output; None if there is none."""
    return _width_of(sys.stdout)


def report_line(line: str) -> None:
    """Print a line of a report on standard error."""
    text = line.lstrip()
    head = f"asynclab: {' ' * (len(line) - len(text))}"
    print(hanging(head, text, _width_of(sys.stderr)), file=sys.stderr, flush=True)


def _width_of(file: TextIO) -> int | None:
    return os.get_terminal_size(file.fileno()).columns if file.isatty() else None


def hanging(head: str, text: str, width: int | None) -> str:
    """A head and a text, wrapped with a hanging indent. Without a width, in one line."""
    return f"{head}{text}" if width is None else click.wrap_text(text, width, head, " " * len(head))
