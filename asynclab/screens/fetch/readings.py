"""Says what each way to read a text finds in it."""

from __future__ import annotations

from asynclab.fetch.texts import FORMATS
from asynclab.fetch.urls import find_urls
from asynclab.fetch.words import counts_of
from asynclab.screens.shared.choice_form import Choice

AUTO = "auto"
"""What it is called to tell the format by the text."""


def readings(text: str) -> list[Choice]:
    """The ways to read a text, with what each finds; a long text takes each of them a second or two."""
    choices = [Choice(AUTO[0], AUTO, " · ".join(counts_of(find_urls(text))))]
    for name in FORMATS:
        told = " · ".join(counts_of(find_urls(text, taken_as=name)))
        choices.append(Choice(name[0], name, told.removeprefix(f"{name}: ")))
    return choices
