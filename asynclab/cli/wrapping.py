"""Wraps printed text at words where it goes to a terminal; elsewhere, such as in a pipe, lines stay whole."""

from __future__ import annotations

import os
import sys

import click


def stdout_width() -> int | None:
    """The width of the terminal that standard output is; None where it is none."""
    return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else None


def hanging(head: str, text: str, width: int | None) -> str:
    """A text after its head, with further lines below its beginning; in one line without a width."""
    return f"{head}{text}" if width is None else click.wrap_text(text, width, head, " " * len(head))
