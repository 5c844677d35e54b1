"""Writes results as an HTTP archive (HAR 1.2), a format that browsers and many tools can open.

An entry has its body only if the row kept all of it; otherwise a comment says that it is missing. URLs are as they were
sent, without user names and passwords; secrets in parameters and headers are hidden.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

from asynclab import __version__
from asynclab.fetch.address import HIDDEN
from asynclab.fetch.charsets import text_of
from asynclab.fetch.export import escaped_json
from asynclab.fetch.options import Options
from asynclab.fetch.redaction import is_secret, redacted_header, redacted_url
from asynclab.fetch.rows import FetchOutcome, Hop, Phase, Row
from asynclab.fetch.whole_file import WholeFile

_ABSENT = -1
"""HAR's value for times and sizes that don't exist or are unknown."""

_NOT_FOLLOWED: tuple[FetchOutcome | None, ...] = ("too_many_redirects", "blocked")
"""Outcomes of rows whose last redirect was not followed."""

_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Archive:
    """Writes an archive entry by entry, as rows end; each entry is one line."""

    def __init__(self, write: Callable[[str], object], options: Options) -> None:
        """Write the beginning; `write` is called with each part of the text."""
        self._write = write
        self._options = options
        self._before = "\n"
        creator = escaped_json({"name": "asynclab", "version": __version__})
        write(f'{{"log": {{"version": "1.2", "creator": {creator}, "entries": [')

    def add(self, row: Row) -> None:
        """Write all requests of a row that has ended, including redirected ones; none if it never began."""
        for entry in _entries(row, self._options) if row.attempts else []:
            self._write(self._before + escaped_json(entry))
            self._before = ",\n"

    def end(self) -> None:
        """Write the end of the archive."""
        self._write("\n]}}\n")


def to_har(rows: Iterable[Row], options: Options) -> str:
    """The archive of some rows, as text."""
    parts: list[str] = []
    archive = Archive(parts.append, options)
    for row in rows:
        archive.add(row)
    archive.end()
    return "".join(parts)


class ArchiveFile(WholeFile):
    """An archive file, which replaces an older one only when it is complete; a context manager."""

    def __init__(self, path: Path, options: Options) -> None:
        """Begin to write next to `path`; the arguments are passed to `WholeFile` and `Archive`."""
        super().__init__(path)
        self.path = path
        self._archive = Archive(self.write, options)
        self.add = self._archive.add

    def end(self) -> None:
        """Complete the file and move it to its path; raises the disk's OSError."""
        self._archive.end()
        self.keep()


def _entries(row: Row, options: Options) -> list[dict[str, Any]]:
    begun = row.epoch
    entries = []
    urls = [hop.url for hop in row.hops[1:]] + [row.effective_url]
    for hop, target in zip(row.hops, urls, strict=False):
        entries.append(_entry_of_hop(row, hop, begun, target, options))
        begun += hop.seconds
    if entries and row.outcome in _NOT_FOLLOWED:
        entries[-1] |= _ending(row)
        return entries
    return [*entries, _entry_of_row(row, begun, options)]


def _entry_of_hop(row: Row, hop: Hop, begun: float, target: str, options: Options) -> dict[str, Any]:
    milliseconds = _milliseconds(hop.seconds)
    return {
        "startedDateTime": _moment(begun),
        "time": milliseconds,
        "request": _request(row.method, hop.url, row, options),
        "response": _response(hop.status, "", [], _content(_ABSENT, ""), target, _ABSENT),
        "cache": {},
        "timings": _timings(wait=milliseconds),
        **_server(hop.address),
        "comment": "redirected; its headers were not kept",
    }


def _entry_of_row(row: Row, begun: float, options: Options) -> dict[str, Any]:
    def spent(phase: Phase) -> float:
        seconds = row.phases.spent(phase)
        return _ABSENT if seconds is None else _milliseconds(seconds)

    tcp, tls = spent("tcp"), spent("tls")
    timings = _timings(
        blocked=spent("queued"),
        dns=spent("dns"),
        connect=tcp if tls == _ABSENT else max(0.0, tcp) + tls,
        ssl=tls,
        wait=max(0.0, spent("wait")),
        receive=max(0.0, spent("download")),
    )
    parts = (timings[name] for name in ("blocked", "dns", "connect", "send", "wait", "receive"))
    headers = [{"name": name, "value": redacted_header(name, value)} for name, value in row.headers]
    size = _ABSENT if row.status is None else row.wire
    return {
        "startedDateTime": _moment(begun),
        "time": sum(part for part in parts if part > 0),
        "request": _request(row.method, row.effective_url or row.sent or row.url, row, options),
        "response": _response(row.status or 0, row.reason, headers, _body(row, options), "", size, row.http_version),
        "cache": {},
        "timings": timings,
        **_server(row.address),
        **_ending(row),
    }


def _ending(row: Row) -> dict[str, Any]:
    return {"comment": "; ".join((row.sentence, *row.notes)), "_outcome": row.outcome, "_retries": row.retries}


def _server(address: str) -> dict[str, str]:
    """The IP address that answered, if any, without a zone, which HAR doesn't allow."""
    return {"serverIPAddress": address.partition("%")[0]} if address else {}


def _request(method: str, url: str, row: Row, options: Options) -> dict[str, Any]:
    query = parse_qsl(url.partition("#")[0].partition("?")[2], keep_blank_values=True)
    return {
        "method": method,
        "url": _valid_url(url),
        "httpVersion": f"HTTP/{row.http_version or '1.1'}",
        "cookies": [],
        "headers": [{"name": name, "value": redacted_header(name, value)} for name, value in options.headers],
        "queryString": [{"name": name, "value": HIDDEN if is_secret(name) else value} for name, value in query],
        "headersSize": _ABSENT,
        "bodySize": 0,
    }


def _valid_url(url: str) -> str:
    """A URL as HAR's standard wants it: without user and fragment, and escaped."""
    scheme, _, rest = redacted_url(url).partition("#")[0].partition("://")
    place, slash, path = rest.partition("/")
    place = quote(place.removeprefix(f"{HIDDEN}@"), safe="[]:")
    path = quote(_STRAY_PERCENT.sub("%25", path), safe="!$%&'()*+,/:;=?@~")
    return f"{scheme}://{place}{slash}{path}" if rest else ""


def _response(
    status: int,
    reason: str,
    headers: Sequence[dict[str, str]],
    content: dict[str, Any],
    target: str,
    size: int,
    version: str = "1.1",
) -> dict[str, Any]:
    cookies = [header["value"] for header in headers if header["name"].lower() == "set-cookie"]
    return {
        "status": status,
        "statusText": reason,
        "httpVersion": f"HTTP/{version}" if version else "",
        "cookies": [_cookie(cookie) for cookie in cookies],
        "headers": headers,
        "content": content,
        "redirectURL": _valid_url(target),
        "headersSize": _ABSENT,
        "bodySize": size,
    }


def _cookie(header: str) -> dict[str, str]:
    name, _, value = header.partition(";")[0].partition("=")
    return {"name": name.strip(), "value": value.strip()}


def _body(row: Row, options: Options) -> dict[str, Any]:
    content = _content(row.decoded, row.content_type)
    body = row.page.head if row.body is None and len(row.page.head) == row.decoded else row.body
    if row.outcome == "truncated":
        content["comment"] = "truncated: larger than the limit"
    elif body is None:
        content["comment"] = "the body was not kept"
    if body and row.page.charset:
        content["text"] = _without_secrets(text_of(body, row.page.charset), options)
    elif body:
        content |= {"text": b64encode(body).decode(), "encoding": "base64"}
    return content


def _without_secrets(text: str, options: Options) -> str:
    """A body with all secret request headers hidden: some servers echo their requests."""
    for name, value in options.headers:
        if value and redacted_header(name, value) == HIDDEN:
            text = text.replace(value, HIDDEN)
    return text


def _content(size: int, content_type: str) -> dict[str, Any]:
    return {"size": size, "mimeType": content_type or "x-unknown"}


def _timings(**phases: float) -> dict[str, float]:
    absent: dict[str, float] = {"blocked": _ABSENT, "dns": _ABSENT, "connect": _ABSENT, "ssl": _ABSENT}
    return {**absent, "send": 0.0, "wait": 0.0, "receive": 0.0, **phases}


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1_000, 3)


def _moment(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds")
