"""Shows one URL: its outcome in words, where its time went, and what came back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from rich.cells import chop_cells

from asynclab.fetch.rows import Row
from asynclab.model.text import one_line
from asynclab.model.wording.quantities import measured, plural, rate_text
from asynclab.widgets.lines import Line, joined, wrap
from asynclab.widgets.static_lines import StaticLines
from asynclab.widgets.url_facts import body_lines, facts_of, headers_of, notes_of, sentence_of, size_of
from asynclab.widgets.url_words import PARTS, URL_LIMIT, marked, rate_of, shown_url, word_of
from asynclab.widgets.waterfall import staircase

Compose: TypeAlias = Callable[[Row, float, int], list[Line]]
"""Makes the lines about a row, at a lab time in seconds, for a width in cells."""

NAME_WIDTH = 18
"""The cells of a header's name."""

LEAST_WIDTH = 4
"""Cells below which nothing is legible."""

SEPARATOR: Line = (("", ""),)


class DetailView(StaticLines):
    """A part of what is known about one URL, in as many lines as needed."""

    def __init__(self, compose: Compose, *, id: str | None = None) -> None:
        """Make a view whose lines `compose` makes."""
        super().__init__(id=id)
        self._compose_row = compose
        self._number: int | None = None
        self._seen: object = None
        """What the lines were made of: the row, its version, the width, and the lab time until it ends."""

    def show_row(self, row: Row | None, now: float) -> None:
        """Show a URL at a lab time, or nothing, and repaint the lines that changed."""
        width = self.content_width()
        seen = None if row is None else (row, row.version, width, None if row.has_ended else now)
        if seen == self._seen:
            return  # decoding and wrapping a preview takes milliseconds
        number = None if row is None else row.number
        if number != self._number:
            self.scroll_to(y=0, animate=False, force=True)
        self._seen, self._number = seen, number
        self.show([] if row is None or width < LEAST_WIDTH else self._compose_row(row, now, width))

    def repaint(self) -> None:
        """Compose the lines in sight again, and say how many are below."""
        super().repaint()
        self._tell_of_more()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Say how many lines are below."""
        super().watch_scroll_y(old_value, new_value)
        self._tell_of_more()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Name the key that scrolls down, if there is one."""
        super().watch_has_focus(has_focus)
        self._tell_of_more()

    def _tell_of_more(self) -> None:
        below = self.line_count() - self.scroll_offset.y - self.page_height
        key = "↓  " if self.has_focus else ""
        self.set_subtitle(((f"{key}{plural(below, 'more line')}", "past"),) if below > 0 else ())


def story_lines(row: Row, now: float, width: int) -> list[Line]:
    """The URL, the outcome with its figures, the phases, the redirects."""
    lines: list[Line] = [((text, ""),) for text in wrap(shown_url(row), width)]
    outcome = marked(row, sentence_of(row) or word_of(row, now))
    lines += [((text, PARTS[row.state]),) for text in wrap(outcome, width)]
    lines.append(figures(row, now))
    if facts := " · ".join(facts_of(row)):
        lines += [((text, "past"),) for text in wrap(facts, width)]
    if phases := row.phases.items(now):
        lines += [SEPARATOR, *staircase(phases, width)]
    if row.hops:
        lines += [SEPARATOR, (("redirects", "heading"),)]
    for hop in row.hops:
        lines.append(((f"{hop.status} {measured(hop.seconds)} ", "past"), (one_line(hop.url, URL_LIMIT), "")))
    lines += [((text, "ready"),) for note in notes_of(row) for text in wrap(note, width)]
    return lines


def answer_lines(row: Row, now: float, width: int) -> list[Line]:
    """The title, the headers, the beginning of the body."""
    lines: list[Line] = []
    if row.page.title:
        lines += [((text, "strong"),) for text in wrap(one_line(row.page.title), width)]
    lines += [((f"{name:<{NAME_WIDTH}} ", "past"), (value, "")) for name, value in headers_of(row)]
    body, missing = body_lines(row)
    if body:
        lines += [SEPARATOR, *(((text, "past"),) for line in body for text in chop_cells(line, width) or [""])]
    if missing:
        lines += [SEPARATOR, *(((text, "ready"),) for text in wrap(missing, width))]
    return lines or [(("nothing came back" if row.has_ended else "nothing came back yet", "past"),)]


def whole_lines(row: Row, now: float, width: int) -> list[Line]:
    """The outcome, and the answer below it."""
    heading: Line = (("headers and preview", "heading"),)
    return [*story_lines(row, now, width), SEPARATOR, heading, *answer_lines(row, now, width)]


def figures(row: Row, now: float) -> Line:
    """Bytes, rate, attempts and time left in one line."""
    groups = [size_of(row)]
    if rate := rate_of(row, now):
        groups.append(rate_text(rate))
    if row.started_at is not None:
        groups.append(measured(row.elapsed(now)))
    if row.attempts > 1:
        groups.append(plural(row.attempts, "attempt"))
    if not row.has_ended and (left := row.time_left(now)) is not None:
        groups.append(f"timeout in {left:.1f} s")
    return joined(((text, ""),) for text in groups)
