"""Shows the details of one URL: its outcome in words, its phases, and the answer of the server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeAlias

from rich.cells import chop_cells

from asynclab.fetch.body_text import preview_of
from asynclab.fetch.redaction import redacted_header
from asynclab.fetch.rows import Row, TlsFacts
from asynclab.model.text import one_line
from asynclab.model.wording.quantities import measured, plural, rate_text, size_text
from asynclab.widgets.fetch.url_words import PARTS, URL_LIMIT, marked, progress, rate_of, received, shown_url, word_of
from asynclab.widgets.fetch.waterfall import staircase
from asynclab.widgets.spans import Line, joined, wrap
from asynclab.widgets.static_lines import StaticLines

Compose: TypeAlias = Callable[[Row, float, int], list[Line]]
"""A function that composes lines about a row, at a lab time in seconds, for a width in cells."""

NAME_WIDTH = 18
"""The width of a header's name in cells."""

LEAST_WIDTH = 4
"""In fewer cells than this, nothing is shown."""

SEPARATOR: Line = (("", ""),)


class DetailView(StaticLines):
    """A section of the details of a URL."""

    def __init__(self, compose: Compose, *, id: str | None = None) -> None:
        """Make a view, whose lines `compose` returns."""
        super().__init__(id=id)
        self._compose_row = compose
        self._number: int | None = None
        self._seen: object = None
        """What the lines depend on: the row, its version, the width, and before its end the lab time."""

    def show_row(self, row: Row | None, now: float) -> None:
        """Show a URL at lab time `now`, in seconds; None for no URL."""
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
        """Compose the lines in sight again, and show how many are below."""
        super().repaint()
        self._tell_of_more()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Show how many lines are below."""
        super().watch_scroll_y(old_value, new_value)
        self._tell_of_more()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show or hide the key that scrolls down."""
        super().watch_has_focus(has_focus)
        self._tell_of_more()

    def _tell_of_more(self) -> None:
        below = self.line_count() - self.scroll_offset.y - self.page_height
        key = "↓  " if self.has_focus else ""
        self.set_subtitle(((f"{key}{plural(below, 'more line')}", "past"),) if below > 0 else ())


def story_lines(row: Row, now: float, width: int) -> list[Line]:
    """Lines with the URL, the outcome, the figures, the phases and the redirects."""
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
    """Lines with the title, the headers and the start of the body."""
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
    """The lines of `story_lines` and `answer_lines`."""
    heading: Line = (("headers and preview", "heading"),)
    return [*story_lines(row, now, width), SEPARATOR, heading, *answer_lines(row, now, width)]


def figures(row: Row, now: float) -> Line:
    """A line with bytes, rate, time, attempts and time left."""
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


PREVIEW_LINES = 200
"""The most lines of a body that are shown."""

PREVIEW_WIDTH = 2_000
"""The most characters of each line."""

PREVIEW_BYTES = 65_536
"""The most bytes of a body that are decoded, because decoding more would take longer than a frame."""

DAY = 86_400
"""Seconds."""


def sentence_of(row: Row) -> str:
    """How the fetch ended, or why it is retried, as a sentence; empty if unknown so far."""
    failures = row.failures if row.state == "retrying" else ()
    return one_line(row.sentence or (failures[-1].sentence if failures else ""), URL_LIMIT)


def facts_of(row: Row) -> Iterator[str]:
    """The status, the type of the body, the HTTP version, the server and the encryption."""
    facts = (f"{row.status} {row.reason}".strip() if row.status else "", row.content_type)
    yield from map(one_line, filter(None, facts))
    if row.http_version:
        yield f"HTTP/{row.http_version}"
    if row.address:
        yield one_line(row.address)
    if row.decoded != row.wire and row.decoded and row.outcome != "truncated":
        yield f"unpacked {plural(row.decoded, 'byte')}"
    if row.tls is not None:
        yield one_line(certificate(row.tls, time.time()))


def certificate(tls: TlsFacts, now: float) -> str:
    """How a connection was encrypted, and until when its certificate is valid; `now` is in seconds since 1970."""
    until = ""
    if tls.expires is not None:
        day = time.strftime("%Y-%m-%d", time.gmtime(tls.expires))
        days = int((tls.expires - now) // DAY)
        until = f", expired {day}" if days < 0 else f", valid until {day} ({plural(days, 'day')})"
    issuer = f", certificate by {tls.issuer}" if tls.issuer else ""
    return f"{tls.version} {tls.cipher}{issuer}{until}"


def size_of(row: Row) -> str:
    """The bytes received, and the expected total."""
    size, share = received(row), progress(row)
    if row.outcome == "truncated":
        return f"kept the first {size_text(size)}" + (f" of {size_text(row.expected)}" if row.expected else "")
    if size and row.expected and share is not None and share < 1:
        return f"{size_text(size)} of {size_text(row.expected)}"
    return size_text(size)


def notes_of(row: Row) -> Iterator[str]:
    """Sentences on earlier attempts and other notes, and the file of a saved body."""
    for failure in row.failures:
        yield f"earlier attempt: {one_line(failure.sentence)}"
    yield from map(one_line, row.notes)
    if row.saved is not None:
        yield one_line(f"saved as {row.saved}", URL_LIMIT)


def headers_of(row: Row) -> Iterator[tuple[str, str]]:
    """The headers of the answer, without secrets."""
    for name, value in row.headers:
        yield one_line(name), one_line(redacted_header(name, value))


def body_lines(row: Row) -> tuple[list[str], str]:
    """The first lines of the body, as text or hexadecimal digits, and a note if they aren't the whole body."""
    if not row.page.head:
        return [], ""
    body = row.page.head if row.body is None else row.body
    is_large = len(body) > PREVIEW_BYTES
    lines = preview_of(body[:PREVIEW_BYTES], row.page.charset, PREVIEW_LINES + 1).split("\n")
    has_more = is_large or len(lines) > PREVIEW_LINES or any(len(line) > PREVIEW_WIDTH for line in lines)
    return [one_line(line, PREVIEW_WIDTH) for line in lines[:PREVIEW_LINES]], _missing(row, has_more=has_more)


def _missing(row: Row, *, has_more: bool) -> str:
    """Why the body isn't shown completely, and how to see more; empty if it is."""
    if not row.has_ended:
        return ""
    kept = len(row.page.head)
    if row.body is None and kept < row.decoded:
        return f"… first {kept:,} of {plural(row.decoded, 'byte')}; press R to fetch the whole body"
    if not (has_more and row.body):
        return ""
    return f"… of {plural(row.decoded, 'byte')} in total" + ("; e exports them to a HAR" if row.page.charset else "")
