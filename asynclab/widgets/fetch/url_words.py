"""Words for the states of URLs, in a few cells: the present phase, or how the fetch ended."""

from __future__ import annotations

from asynclab.fetch.row_lines import GLYPHS
from asynclab.fetch.rows import FetchOutcome, Phase, Row, RowState
from asynclab.model.text import one_line
from asynclab.model.wording.quantities import plural, size_text

URL_LIMIT = 2_000
"""The most characters of a URL that are shown."""

LEAST_DOWNLOAD = 0.02
"""The rate of a download that is shorter than this many seconds is meaningless."""

PARTS: dict[RowState, str] = {
    "queued": "past",
    "running": "waiting",
    "retrying": "ready",
    "ok": "done",
    "failed": "failed",
    "cancelled": "cancelled",
}
"""The name of each state's colour."""

DOING: dict[Phase | None, str] = {
    "dns": "looking up",
    "tcp": "connecting",
    "tls": "encrypting",
    "wait": "waiting",
}
"""The activity of each phase, in one or two words."""

ENDINGS: dict[FetchOutcome, str] = {
    "http_error": "http error",
    "rate_limited": "rate limited",
    "timeout_connect": "no answer",
    "timeout_read": "went silent",
    "timeout_total": "timed out",
    "deadline": "deadline",
    "dns": "no such host",
    "refused": "refused",
    "tls": "not trusted",
    "too_many_redirects": "redirects",
    "blocked": "blocked",
    "invalid": "invalid",
    "truncated": "cut short",
    "incomplete": "incomplete",
    "missing_fragment": "no fragment",
    "cancelled": "cancelled",
}
"""How the fetch of a URL ended, in a few cells. The details of a URL have a sentence."""


def marked(row: Row, text: str) -> str:
    """A text after the glyph of the URL's state."""
    return f"{GLYPHS[row.state]} {text}"


def word_of(row: Row, now: float) -> str:
    """What a URL is doing, or how it ended, in a few cells: "waiting", "200", "429 in 3.2 s", "no such host"."""
    if row.is_stopping:
        return "cancelling"
    match row.state:
        case "queued":
            return "queued"
        case "running":
            return DOING.get(row.phase) or (str(row.status) if row.status else "starting")
        case "retrying":
            left = (row.retry_at or now) - now
            return f"{_reason_to_retry(row)} in {left:.1f} s" if left > 0 else "queued"
        case "ok":
            return str(row.status or "ok")
        case "failed" if is_error_page(row) and row.status:
            return str(row.status)
        case _:
            return "cancelled" if row.outcome is None else ENDINGS.get(row.outcome, row.outcome)


def is_error_page(row: Row) -> bool:
    """Whether the body is that of an error page."""
    return row.outcome in ("http_error", "rate_limited")


def shown_url(row: Row) -> str:
    """The URL, cleaned, on one line."""
    return one_line(row.url, URL_LIMIT)


def without_scheme(url: str) -> str:
    """The URL without "https://" or "http://"."""
    return url.removeprefix("https://").removeprefix("http://")


def received(row: Row) -> int:
    """The number of bytes received. Of a body that was too large, those that were kept."""
    return row.decoded if row.outcome == "truncated" else row.wire


def progress(row: Row) -> float | None:
    """The part of the wanted body that has arrived, from 0 to 1; None if unknown, or if it is an error page."""
    if is_error_page(row) or row.outcome == "missing_fragment":
        return None
    if row.outcome == "truncated":
        return min(1.0, row.decoded / row.expected) if row.expected else None
    return row.fraction


def rate_of(row: Row, now: float) -> float | None:
    """Bytes per second; None if the download is too short for a rate."""
    seconds = row.phases.spent("download", now)
    return row.rate(now) if row.wire and seconds and seconds >= LEAST_DOWNLOAD else None


def in_words(row: Row, now: float) -> str:
    """A row as text to copy: URL, state, size, attempts and time."""
    attempts = plural(row.attempts, "attempt") if row.attempts > 1 else ""
    time = "" if row.started_at is None else f"{row.elapsed(now):.3f} s"
    return "\t".join(filter(None, (shown_url(row), word_of(row, now), size_text(received(row)), time, attempts)))


def _reason_to_retry(row: Row) -> str:
    if not row.failures:
        return "again"
    failure = row.failures[-1]
    return str(failure.status) if failure.status else ENDINGS.get(failure.outcome, failure.outcome).split()[0]
