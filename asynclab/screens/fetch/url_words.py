"""Turns a row of the fetch engine into the words that the views show."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from asynclab.fetch.page import preview_of
from asynclab.fetch.redaction import redacted_header
from asynclab.fetch.rows import Outcome, Phase, Row, TlsFacts
from asynclab.model.text import one_line
from asynclab.model.wording.quantities import measured, plural
from asynclab.widgets.fetch_row import UrlDetail, UrlRow

URL_LIMIT = 2_000
"""Characters of a URL that are shown."""

PREVIEW_LINES = 200
"""Lines of a body that are shown."""

PREVIEW_WIDTH = 2_000
"""Characters of each."""

PREVIEW_BYTES = 65_536
"""Bytes of a body that are decoded for them; a frame has no time for more."""

LEAST_DOWNLOAD = 0.02
"""The shortest download, in seconds, whose rate means anything."""

DAY = 86_400
"""Seconds."""

DOING: dict[Phase | None, str] = {
    "dns": "looking up",
    "tcp": "connecting",
    "tls": "encrypting",
    "wait": "waiting",
}
"""What is done in each phase, in one word or two."""

ENDINGS: dict[Outcome, str] = {
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
    "cancelled": "cancelled",
}
"""How a URL ended, in a few cells; the details have a sentence."""


def url_row(row: Row, now: float) -> UrlRow:
    """A URL at a lab time, in seconds."""
    return UrlRow(
        number=row.number,
        url=one_line(row.url, URL_LIMIT),
        state=row.state,
        word=word_of(row, now),
        received=row.wire,
        fraction=row.fraction,
        rate=_rate(row, now),
        seconds=None if row.started_at is None else row.elapsed(now),
        left=None if row.has_ended else row.time_left(now),
        tries=row.attempts,
        phases=tuple(row.phases.items(now)),
    )


def word_of(row: Row, now: float) -> str:
    """What a URL is doing, or how it ended, in a few cells."""
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
        case "failed" if row.outcome in ("http_error", "rate_limited") and row.status:
            return str(row.status)
        case _:
            return "cancelled" if row.outcome is None else ENDINGS.get(row.outcome, row.outcome)


def url_detail(row: Row, now: float) -> UrlDetail:
    """The details of a URL at a lab time, in seconds."""
    preview, has_more = _preview(row)
    return UrlDetail(
        row=url_row(row, now),
        sentence=one_line(row.sentence or _so_far(row), URL_LIMIT),
        facts=tuple(one_line(fact) for fact in _facts(row)),
        hops=tuple((f"{hop.status} {measured(hop.seconds)}", one_line(hop.url, URL_LIMIT)) for hop in row.hops),
        notes=tuple(_notes(row)),
        title=one_line(row.title),
        headers=tuple((one_line(name), one_line(redacted_header(name, value))) for name, value in row.headers),
        preview=preview,
        cut=_cut(row, has_more=has_more),
    )


def certificate(tls: TlsFacts, now: float) -> str:
    """How a connection was encrypted, and until when its certificate is valid.

    Args:
        tls: The facts.
        now: Seconds since 1970.
    """
    until = ""
    if tls.expires is not None:
        day = time.strftime("%Y-%m-%d", time.gmtime(tls.expires))
        days = int((tls.expires - now) // DAY)
        until = f", expired {day}" if days < 0 else f", valid until {day} ({plural(days, 'day')})"
    issuer = f", certificate by {tls.issuer}" if tls.issuer else ""
    return f"{tls.version} {tls.cipher}{issuer}{until}"


def _rate(row: Row, now: float) -> float | None:
    """Bytes per second; None for a download too short to tell."""
    seconds = row.phases.spent("download", now)
    return row.rate(now) if row.wire and seconds and seconds >= LEAST_DOWNLOAD else None


def _reason_to_retry(row: Row) -> str:
    if not row.failures:
        return "again"
    failure = row.failures[-1]
    return str(failure.status) if failure.status else ENDINGS.get(failure.outcome, failure.outcome).split()[0]


def _so_far(row: Row) -> str:
    if row.state == "retrying" and row.failures:
        return row.failures[-1].sentence
    return ""


def _facts(row: Row) -> Iterator[str]:
    if row.status:
        yield f"{row.status} {row.reason}".strip()
    if row.content_type:
        yield row.content_type
    if row.http_version:
        yield f"HTTP/{row.http_version}"
    if row.address:
        yield row.address
    if row.decoded != row.wire and row.decoded:
        yield f"unpacked {plural(row.decoded, 'byte')}"
    if row.tls is not None:
        yield certificate(row.tls, time.time())


def _notes(row: Row) -> Iterator[str]:
    for failure in row.failures:
        yield f"earlier attempt: {one_line(failure.sentence)}"
    yield from map(one_line, row.notes)
    if row.saved is not None:
        yield one_line(f"saved as {row.saved}", URL_LIMIT)


def _preview(row: Row) -> tuple[tuple[str, ...], bool]:
    """The first lines of the body, and whether more of it is kept."""
    if not row.head:
        return (), False
    is_large = row.body is not None and len(row.body) > PREVIEW_BYTES
    if row.body is not None and is_large:
        row = replace(row, body=row.body[:PREVIEW_BYTES])
    lines = preview_of(row, PREVIEW_LINES + 1).split("\n")
    shown = tuple(one_line(line, PREVIEW_WIDTH) for line in lines[:PREVIEW_LINES])
    return shown, is_large or len(lines) > PREVIEW_LINES or any(len(line) > PREVIEW_WIDTH for line in lines)


def _cut(row: Row, *, has_more: bool) -> str:
    """Why not all of the body shows, and how to see more."""
    if not row.has_ended:
        return ""
    kept = len(row.head)
    if row.body is None and 0 < kept < row.decoded:
        return f"… first {kept:,} of {plural(row.decoded, 'byte')}; press R to fetch the whole body"
    if not (has_more and row.body):
        return ""
    return f"… of {plural(row.decoded, 'byte')} in total" + ("; e exports them to a HAR" if row.charset else "")
