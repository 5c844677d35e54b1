"""The types of values that several commands take: files to write, seconds and whole numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.types import FloatParamType

PYTHON = (".py", ".pyw")
"""How the names of Python files end."""


class Place(click.Path):
    """A file to write: no Python file, as whoever forgets the name of the file would lose the program after it."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not value:
            self.fail("it is empty", param, ctx)
        if value == "-":
            self.fail("standard output can't take it: name a file", param, ctx)
        if Path(value).suffix in PYTHON and Path(value).exists():
            self.fail(f"'{value}' is a Python file, which would be lost: name another file", param, ctx)
        return super().convert(value, param, ctx)


class PlaceOrOutput(Place):
    """The name of a file to write, or a dash for standard output."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if value == "-" else str(super().convert(value, param, ctx))


class Seconds(FloatParamType):
    """A number of seconds, from 0 on."""

    name = "number of seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The seconds; what is not a number is not 0 or more either."""
        seconds = super().convert(value, param, ctx)
        return seconds if seconds >= 0 else self.fail(f"'{value}' is not a number of seconds", param, ctx)


class WholeNumber(click.IntRange):
    """A whole number from 1 on."""

    name = "whole number"

    def __init__(self) -> None:
        super().__init__(min=1)
