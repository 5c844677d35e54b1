"""The types of values that several commands take: files to write, seconds and whole numbers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click


class Place(click.Path):
    """A file to write; neither an empty name, such as that of a variable that is not set, nor a dash."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path."""
        if not value:
            self.fail("it is empty", param, ctx)
        if value == "-":
            self.fail("standard output can't take it: name a file", param, ctx)
        return super().convert(value, param, ctx)


class Seconds(click.FloatRange):
    """A number of seconds."""

    name = "number of seconds"

    def __init__(self) -> None:
        super().__init__(min=0)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The seconds; what is not a number is neither less nor more than any."""
        seconds = super().convert(value, param, ctx)
        return self.fail(f"'{value}' is not a number of seconds", param, ctx) if math.isnan(seconds) else seconds


class WholeNumber(click.IntRange):
    """A whole number from 1 on."""

    name = "whole number"

    def __init__(self) -> None:
        super().__init__(min=1)
