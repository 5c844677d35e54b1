"""Shows the options of a fetch in a few lines, and in a form to change them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from asynclab.fetch.options import OPTIONS, Option, Options
from asynclab.model.text import one_line
from asynclab.screens.shared.form import Entry, Form
from asynclab.widgets.spans import Line, left

SUMMARY = ("concurrency", "per_host", "rate", "timeout", "deadline", "retries", "max_bytes", "method")
"""The options that the summary always contains."""

ALSO = ("headers", "proxy_from_environment", "block_private", "check", "allow")
"""The options that the summary names if they are set."""

UNITS = {"rate": " /s", "timeout": " s", "deadline": " s"}


def options_form(options: Options) -> Form:
    """A form for all options. Its result has the arguments of `Options`."""
    entries = [_entry(name, option, options) for name, option in OPTIONS.items()]
    return Form("Options", "use", entries, is_compact=True)


def summary_lines(options: Options, width: int) -> list[Line]:
    """The summary of the options, in two columns if there is room."""
    pairs = [(OPTIONS[name].label, _short(options, name)) for name in SUMMARY]
    columns = 2 if width >= 40 else 1
    rows = -(-len(pairs) // columns)
    lines: list[Line] = []
    for index in range(rows):
        row = pairs[index::rows]
        spans = tuple(span for label, value in row for span in ((f"{label:<13}", "past"), (f"{value:<10}", "")))
        lines.append((*spans[:-1], (spans[-1][0].rstrip(), "")))
    if options.save_to is not None:
        label, folder = OPTIONS["save_to"].label, one_line(str(options.save_to))
        lines.append(((f"{label:<13}", "past"), (left(folder, max(1, width - 13)).rstrip(), "accent")))
    also = [OPTIONS[name].label for name in ALSO if getattr(options, name)]
    if also:
        lines.append((("also " + ", ".join(also), "accent"),))
    return lines


def _entry(name: str, option: Option, options: Options) -> Entry:
    default = getattr(Options(), name)

    def parse(entered: Any) -> Any:
        value = _parsed(option, entered, default)
        return getattr(replace(Options(), **{name: value}), name)

    def show(value: Any) -> str:
        if option.is_repeated:
            return "\n".join(map(option.show, value))
        return "" if value is None else option.show(value)

    hint = "Name: value, one per line." if option.is_repeated else option.help
    if default is None:
        hint = f"{hint.rstrip('.')}, or empty."
    value = getattr(options, name)
    return Entry(name, option.label, hint, value, default, parse, show, option.choices, has_lines=option.is_repeated)


def _parsed(option: Option, entered: Any, default: Any) -> Any:
    if isinstance(entered, bool):
        return entered
    if option.is_repeated:
        return tuple(option.parse(line) for line in entered.splitlines() if line.strip())
    return None if default is None and not entered else option.parse(entered)


def _short(options: Options, name: str) -> str:
    value = getattr(options, name)
    if value is None:
        return "none"
    return OPTIONS[name].show(value) + UNITS.get(name, "")
