"""Writes results as a JSON array, as lines of JSON, and as CSV.

Fields are named like curl's `--write-out` variables where curl has one. In JSON, text is as the server sent it, escaped
so that it can't control a terminal. In CSV it is neutralised, and no cell can be read as a formula.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from asynclab.fetch.address import redacted, sent_text
from asynclab.fetch.rows import Phase, Row
from asynclab.model.text import one_line

LONGEST_CELL = 32_000
"""The most characters of a CSV cell; spreadsheets accept no more."""

_HARMFUL = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
"""Characters that JSON doesn't escape, but that may control a terminal, or that UTF-8 can't encode."""

# A spreadsheet recognises a formula by its first character. If it separates columns at semicolons, tabs or
# bars, a cell can begin in the middle of one of our cells, even within quotes.
_BEFORE_FORMULA = r"""((?:^|[;|\t\r\n])[\s"\u200b\ufeff]*)"""
_FORMULA = r"(?=[=+\-@＝＋－＠﹢﹣﹦﹫])"

_UNPROTECTED = re.compile(f"{_BEFORE_FORMULA}(?='*{_FORMULA})")
_PROTECTED = re.compile(f"{_BEFORE_FORMULA}'(?='*{_FORMULA})")


def record(row: Row) -> dict[str, Any]:
    """The result of a row that has ended, as data for programs; missing values are None."""
    return {
        "url": row.url,
        "url_effective": row.effective_url or None,
        "outcome": row.outcome,
        "error": None if row.state == "ok" else row.sentence,
        "method": row.method or None,
        "response_code": row.hops[-1].status if row.status is None and row.hops else row.status,
        "http_version": row.http_version or None,
        "content_type": row.content_type or None,
        "charset": row.page.charset or None,
        "title": row.page.title or None,
        "size_download": row.wire,
        "size_decoded": row.decoded,
        "speed_download": _rounded(row.rate(0.0)),
        "truncated": row.outcome == "truncated",
        "num_redirects": len(row.hops),
        "num_retries": row.retries,
        "remote_ip": row.address or None,
        **_times(row),
        "redirects": [
            {"url": hop.url, "response_code": hop.status, "remote_ip": hop.address, "time": _rounded(hop.seconds)}
            for hop in row.hops
        ],
        "tls_version": row.tls.version if row.tls is not None else None,
        "cert_expires": _date(row.tls.expires) if row.tls is not None else None,
        "notes": row.notes,
        "filename_effective": str(row.saved) if row.saved is not None else None,
        "count": row.count,
        "fragments": row.looked_for,
        "missing_fragments": row.missing,
    }


def to_ndjson(row: Row) -> str:
    """A row as one line of JSON, without the newline."""
    return escaped_json(record(row))


def to_json(rows: Iterable[Row]) -> str:
    """Rows as a JSON array with one object per line."""
    lines = ",\n".join(to_ndjson(row) for row in rows)
    return f"[\n{lines}\n]\n" if lines else "[]\n"


def csv_header() -> str:
    """The first line of the CSV: the names of the columns."""
    return csv_line(name for name in record(Row(0, "", "")) if name not in _NOT_IN_CSV)


def to_csv(row: Row) -> str:
    """A row as one line of CSV, with the newline."""
    return csv_line(_cell(name, value) for name, value in record(row).items() if name not in _NOT_IN_CSV)


def escaped_json(value: object) -> str:
    """A value as JSON that can't control a terminal."""
    return _HARMFUL.sub(_escape, json.dumps(value, ensure_ascii=False))


def csv_line(cells: Iterable[object]) -> str:
    """Cells as a line of CSV, with the newline."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def protected(text: str) -> str:
    """The text with an apostrophe before each place where a formula could begin: then spreadsheets see plain text."""
    return _UNPROTECTED.sub(r"\1'", text)


def unprotected(text: str) -> str:
    """Undoes `protected`."""
    return _PROTECTED.sub(r"\1", text)


_NOT_IN_CSV = frozenset({"redirects"})

_URLS = frozenset({"url", "url_effective"})

_TIMES: tuple[tuple[str, tuple[Phase, ...]], ...] = (
    ("time_namelookup", ("dns",)),
    ("time_connect", ("dns", "tcp")),
    ("time_appconnect", ("dns", "tcp", "tls")),
    ("time_starttransfer", ("dns", "tcp", "tls", "wait")),
    ("time_total", ("dns", "tcp", "tls", "wait", "download")),
)
"""Seconds from the attempt's slot to the end of the last of these phases, as in curl."""


def _times(row: Row) -> dict[str, float | None]:
    times: dict[str, float | None] = {"time_queue": _rounded(row.phases.spent("queued"))}
    for name, phases in _TIMES:
        happened = name == "time_total" or row.phases.spent(phases[-1]) is not None
        times[name] = _rounded(sum(row.phases.spent(phase) or 0.0 for phase in phases)) if happened else None
    times["time_with_retries"] = _rounded(row.elapsed(0.0))
    return times


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 6)


def _date(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def _cell(name: str, value: object) -> object:
    """A value for a spreadsheet, which can't take it for a formula."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        value = "; ".join(value)
    if not isinstance(value, str):
        return "" if value is None else value
    text = one_line(value, LONGEST_CELL)
    if text != value and name in _URLS:
        text = _sent(value) or text  # unlike the neutralised text, this is fetched as the same URL
    return protected(text)


def _sent(url: str) -> str:
    try:
        return redacted(sent_text(url))
    except ValueError:
        return ""


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xD800 <= code <= 0xDFFF:
        return "\\ufffd"  # half a surrogate pair isn't text: many readers refuse even its escape
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
