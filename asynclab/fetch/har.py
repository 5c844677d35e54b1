"""Results as an HTTP archive (HAR 1.2), which browsers and many tools open.

An entry has its body only where the row kept all that came of it; elsewhere a comment says that it is missing.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from asynclab import __version__
from asynclab.fetch.address import redacted_header
from asynclab.fetch.charsets import text_of
from asynclab.fetch.export import escaped_json
from asynclab.fetch.options import Options
from asynclab.fetch.rows import Hop, Phase, Row

_ABSENT = -1
"""Stands for what did not happen or is not known."""


def to_har(rows: Iterable[Row], options: Options) -> str:
    """All requests of these rows, those that redirected included, as a HAR file.

    Args:
        rows: Those that were begun count.
        options: What they were fetched with.
    """
    entries = [entry for row in rows if row.attempts for entry in _entries(row, options)]
    creator = {"name": "asynclab", "version": __version__}
    return escaped_json({"log": {"version": "1.2", "creator": creator, "entries": entries}}, indent=1) + "\n"


def _entries(row: Row, options: Options) -> list[dict[str, Any]]:
    begun = row.epoch
    entries = []
    urls = [hop.url for hop in row.hops[1:]] + [row.effective_url]
    for hop, target in zip(row.hops, urls, strict=False):
        entries.append(_entry_of_hop(row, hop, begun, target, options))
        begun += hop.seconds
    return [*entries, _entry_of_row(row, begun, options)]


def _entry_of_hop(row: Row, hop: Hop, begun: float, target: str, options: Options) -> dict[str, Any]:
    milliseconds = _milliseconds(hop.seconds)
    return {
        "startedDateTime": _moment(begun),
        "time": milliseconds,
        "request": _request(row.method, hop.url, row, options),
        "response": _response(hop.status, "", [], _content(0, ""), target, _ABSENT),
        "cache": {},
        "timings": _timings(wait=milliseconds),
        "serverIPAddress": hop.address,
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
    return {
        "startedDateTime": _moment(begun),
        "time": sum(part for part in parts if part > 0),
        "request": _request(row.method, row.effective_url or row.url, row, options),
        "response": _response(row.status or 0, row.reason, headers, _body(row), "", row.wire, row.http_version),
        "cache": {},
        "timings": timings,
        "serverIPAddress": row.address,
        "comment": "; ".join((row.sentence, *row.notes)),
        "_outcome": row.outcome,
        "_retries": row.retries,
    }


def _request(method: str, url: str, row: Row, options: Options) -> dict[str, Any]:
    query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    return {
        "method": method,
        "url": url,
        "httpVersion": f"HTTP/{row.http_version or '1.1'}",
        "cookies": [],
        "headers": [{"name": name, "value": redacted_header(name, value)} for name, value in options.headers],
        "queryString": [{"name": name, "value": value} for name, value in query],
        "headersSize": _ABSENT,
        "bodySize": 0,
    }


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
        "redirectURL": target,
        "headersSize": _ABSENT,
        "bodySize": size,
    }


def _cookie(header: str) -> dict[str, str]:
    name, _, value = header.partition(";")[0].partition("=")
    return {"name": name.strip(), "value": value.strip()}


def _body(row: Row) -> dict[str, Any]:
    content = _content(row.decoded, row.content_type)
    body = row.head if row.body is None and len(row.head) == row.decoded else row.body
    if row.outcome == "truncated":
        content["comment"] = "truncated: larger than the limit"
    elif body is None:
        content["comment"] = "the body was not kept"
    if body and row.charset:
        content["text"] = text_of(body, row.charset)
    elif body:
        content |= {"text": b64encode(body).decode(), "encoding": "base64"}
    return content


def _content(size: int, content_type: str) -> dict[str, Any]:
    return {"size": size, "mimeType": content_type or "x-unknown"}


def _timings(**phases: float) -> dict[str, float]:
    absent: dict[str, float] = {"blocked": _ABSENT, "dns": _ABSENT, "connect": _ABSENT, "ssl": _ABSENT}
    return {**absent, "send": 0.0, "wait": 0.0, "receive": 0.0, **phases}


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1_000, 3)


def _moment(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds")
