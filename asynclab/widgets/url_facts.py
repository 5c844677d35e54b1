"""Tells more about one URL than its state: its answer, its connection, the beginning of its body."""

from __future__ import annotations

import time
from collections.abc import Iterator

from asynclab.fetch.page import preview_of
from asynclab.fetch.redaction import redacted_header
from asynclab.fetch.rows import Row, TlsFacts
from asynclab.model.text import one_line
from asynclab.model.wording.quantities import plural, size_text
from asynclab.widgets.url_words import URL_LIMIT, progress, received

PREVIEW_LINES = 200
"""Lines of a body that are shown."""

PREVIEW_WIDTH = 2_000
"""Characters of each."""

PREVIEW_BYTES = 65_536
"""Bytes of a body that are decoded for them; a frame has no time for more."""

DAY = 86_400
"""Seconds."""


def sentence_of(row: Row) -> str:
    """How it ended, or why it is tried again; empty where there is nothing to say yet."""
    failures = row.failures if row.state == "retrying" else ()
    return one_line(row.sentence or (failures[-1].sentence if failures else ""), URL_LIMIT)


def facts_of(row: Row) -> Iterator[str]:
    """The status, the type of the body, the server, the encryption."""
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
    """The bytes received, and of how many."""
    size, share = received(row), progress(row)
    if row.outcome == "truncated":
        return f"kept the first {size_text(size)}" + (f" of {size_text(row.expected)}" if row.expected else "")
    if size and row.expected and share is not None and share < 1:
        return f"{size_text(size)} of {size_text(row.expected)}"
    return size_text(size)


def notes_of(row: Row) -> Iterator[str]:
    """Anything unusual, one sentence each, and where the body was saved."""
    for failure in row.failures:
        yield f"earlier attempt: {one_line(failure.sentence)}"
    yield from map(one_line, row.notes)
    if row.saved is not None:
        yield one_line(f"saved as {row.saved}", URL_LIMIT)


def headers_of(row: Row) -> Iterator[tuple[str, str]]:
    """The headers of the answer, without their secrets."""
    for name, value in row.headers:
        yield one_line(name), one_line(redacted_header(name, value))


def body_lines(row: Row) -> tuple[list[str], str]:
    """The first lines of the body, as text or hexadecimal digits, and what isn't among them; empty if nothing is."""
    if not row.page.head:
        return [], ""
    body = row.page.head if row.body is None else row.body
    is_large = len(body) > PREVIEW_BYTES
    lines = preview_of(body[:PREVIEW_BYTES], row.page.charset, PREVIEW_LINES + 1).split("\n")
    has_more = is_large or len(lines) > PREVIEW_LINES or any(len(line) > PREVIEW_WIDTH for line in lines)
    return [one_line(line, PREVIEW_WIDTH) for line in lines[:PREVIEW_LINES]], _missing(row, has_more=has_more)


def _missing(row: Row, *, has_more: bool) -> str:
    """Why not all of the body shows, and how to see more."""
    if not row.has_ended:
        return ""
    kept = len(row.page.head)
    if row.body is None and kept < row.decoded:
        return f"… first {kept:,} of {plural(row.decoded, 'byte')}; press R to fetch the whole body"
    if not (has_more and row.body):
        return ""
    return f"… of {plural(row.decoded, 'byte')} in total" + ("; e exports them to a HAR" if row.page.charset else "")
