"""Defines click types that several commands use: files to read and write, seconds and whole numbers."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.types import FloatParamType

CliCommand = TypeVar("CliCommand", bound=Callable[..., Any])

PYTHON = (".py", ".pyw")
"""The extensions of Python files."""

_NAMED = "asynclab.cli.named_files"
"""The key in click's `meta` for the files that a command line names, each with whether it is written."""


def claim(
    path: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None, *, is_written: bool
) -> None:
    """Note that a command reads or writes a file, and check for conflicts.

    Raises:
        click.BadParameter: The file is named twice, and would be overwritten.
    """
    if ctx is None or (os.path.exists(path) and not os.path.isfile(path)):
        return  # a device such as /dev/null may be named twice
    try:
        name = os.path.realpath(path)
    except FileNotFoundError:
        return  # the working directory was removed, which opening the file will report
    named: dict[str, bool] = ctx.meta.setdefault(_NAMED, {})
    if name in named and (is_written or named[name]):
        raise click.BadParameter(f"'{path}' is named twice, and would be overwritten: name another file", ctx, param)
    named[name] = is_written


def is_packed(path: str) -> bool:
    """Whether a file is gzipped, like recordings. Python can't run such a file."""
    if not os.path.isfile(path):
        return False  # opening a pipe would block
    try:
        with open(path, "rb") as file:
            return file.read(2) == b"\x1f\x8b"
    except OSError:
        return False


class FileToRead(click.Path):
    """A file to read. This doesn't check whether it can be read."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value != "-":
            claim(value, param, ctx, is_written=False)
        return super().convert(value, param, ctx)


class FileToWrite(click.Path):
    """A file to write. It must not be a Python file, or a file that the command line also names for something else.

    If the user forgets the file's name, the next argument takes its place. Often that is the program, which would be
    overwritten.
    """

    def __init__(self, *, keeps_content: bool = False) -> None:
        """With `keeps_content`, the file is read first, and its content is kept."""
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
    """A number of seconds, at least 0."""

    name = "number of seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The seconds. "nan" is refused too."""
        seconds = super().convert(value, param, ctx)
        return seconds if seconds >= 0 else self.fail(f"'{value}' is not a number of seconds", param, ctx)


class WholeNumber(click.IntRange):
    """A whole number, at least 1."""

    name = "whole number"

    def __init__(self) -> None:
        super().__init__(min=1)
