"""The types of values that several commands take: files to write, seconds and whole numbers."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.types import FloatParamType

CliCommand = TypeVar("CliCommand", bound=Callable[..., Any])

PYTHON = (".py", ".pyw")
"""How the names of Python files end."""

_NAMED = "asynclab.cli.named_files"
"""Where click keeps the files that a command names, each with whether it is written."""


def claim(
    path: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None, *, is_written: bool
) -> None:
    """Note that a command reads or writes a file.

    Raises:
        click.BadParameter: The file is named twice, and its content would be lost.
    """
    if ctx is None or (os.path.exists(path) and not os.path.isfile(path)):
        return  # /dev/null can take two things
    try:
        name = os.path.realpath(path)
    except FileNotFoundError:
        return  # the working directory is gone; whoever opens the file says so
    named: dict[str, bool] = ctx.meta.setdefault(_NAMED, {})
    if name in named and (is_written or named[name]):
        raise click.BadParameter(f"'{path}' is named twice, and would be overwritten: name another file", ctx, param)
    named[name] = is_written


def is_packed(path: str) -> bool:
    """Whether a file is gzip, as recordings are: Python can't run such a file."""
    if not os.path.isfile(path):
        return False  # to open a pipe would wait
    try:
        with open(path, "rb") as file:
            return file.read(2) == b"\x1f\x8b"
    except OSError:
        return False


class FileToRead(click.Path):
    """A file to read. The reader checks whether it can be read."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value != "-":
            claim(value, param, ctx, is_written=False)
        return super().convert(value, param, ctx)


class FileToWrite(click.Path):
    """A file to write; neither a Python file, nor one that the command reads, or writes something else to.

    If a user forgot the file's name, the next argument would be taken for it, often the program: it would be
    overwritten.
    """

    def __init__(self, *, keeps_content: bool = False) -> None:
        """With `keeps_content`, the file is read first, and its content stays."""
        super().__init__(dir_okay=False, path_type=Path)
        self._is_written = not keeps_content

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not value:
            self.fail("it is empty", param, ctx)
        if value == "-":
            self.fail("standard output can't take it: name a file", param, ctx)
        if Path(value).suffix in PYTHON and Path(value).exists():
            self.fail(f"'{value}' is a Python file, which would be overwritten: name another file", param, ctx)
        claim(value, param, ctx, is_written=self._is_written)
        return super().convert(value, param, ctx)


class FileOrOutput(FileToWrite):
    """The name of a file to write, or a dash for standard output."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if value == "-" else str(super().convert(value, param, ctx))


class Seconds(FloatParamType):
    """A number of seconds, from 0 on."""

    name = "number of seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The seconds; "nan" is refused, as it is not 0 or more."""
        seconds = super().convert(value, param, ctx)
        return seconds if seconds >= 0 else self.fail(f"'{value}' is not a number of seconds", param, ctx)


class WholeNumber(click.IntRange):
    """A whole number from 1 on."""

    name = "whole number"

    def __init__(self) -> None:
        super().__init__(min=1)
