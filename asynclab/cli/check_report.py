"""Sums up a check of links: what is broken by its cause, and how many links of each host are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus

from asynclab.fetch.rows import Outcome, Row
from asynclab.model.text import one_line
from asynclab.model.wording.quantities import plural

MOST_URLS_NAMED = 100
"""URLs that are named for each cause; all of them had a line already."""

MOST_HOSTS_NAMED = 50
"""Hosts that are named, those with the most broken links first."""

_CAUSES: dict[Outcome, str] = {
    "missing_fragment": "The page lacks the #fragment",
    "dns": "No address for the host",
    "refused": "No connection",
    "tls": "No trusted TLS connection",
    "timeout_connect": "No connection in time",
    "timeout_read": "No answer in time",
    "timeout_total": "Not complete in time",
    "deadline": "Not done before the deadline",
    "too_many_redirects": "Too many redirects",
    "blocked": "Blocked",
    "invalid": "Invalid address or answer",
    "truncated": "Too large to look for the #fragment",
    "incomplete": "The connection broke off",
    "cancelled": "Cancelled",
}


class CheckReport:
    """What a check has found up to now."""

    def __init__(self) -> None:
        self._broken: dict[str, list[str]] = {}
        """The first URLs of each cause."""
        self._by_cause: Counter[str] = Counter()
        self._by_host: dict[str, Counter[bool]] = {}
        """How many of each host are ok, and not."""

    def add(self, row: Row) -> None:
        """Count a row that has ended."""
        is_ok = row.outcome == "ok"
        host = row.host.removesuffix(":443").removesuffix(":80")
        self._by_host.setdefault(host or "no host", Counter())[is_ok] += 1
        if not is_ok:
            cause = cause_of(row)
            self._by_cause[cause] += 1
            urls = self._broken.setdefault(cause, [])
            if len(urls) < MOST_URLS_NAMED:
                urls.append(_broken_url(row))

    def lines(self) -> Iterator[str]:
        """The report."""
        links = sum(count.total() for count in self._by_host.values())
        broken = self._by_cause.total()
        yield f"{plural(links, 'link')}: {broken:,} broken" if broken else f"{plural(links, 'link')}: none is broken"
        for cause, count in self._by_cause.most_common():
            yield ""
            yield f"{cause} ({count:,})"
            yield from (f"  {url}" for url in self._broken[cause])
            if count > MOST_URLS_NAMED:
                yield f"  and {count - MOST_URLS_NAMED:,} more"
        yield ""
        yield from self._host_lines()

    def _host_lines(self) -> Iterator[str]:
        hosts = sorted(self._by_host.items(), key=lambda item: (-item[1][False], item[0]))
        width = max((len(one_line(host)) for host, _ in hosts[:MOST_HOSTS_NAMED]), default=4)
        yield f"{'host':<{width}}  {'ok':>6}  {'broken':>6}"
        for host, count in hosts[:MOST_HOSTS_NAMED]:
            yield f"{one_line(host):<{width}}  {count[True]:>6,}  {count[False]:>6,}"
        if len(hosts) > MOST_HOSTS_NAMED:
            yield f"and {len(hosts) - MOST_HOSTS_NAMED:,} more"


def cause_of(row: Row) -> str:
    """Why a row is not ok, in the words that all rows with the same cause share."""
    if row.outcome in ("http_error", "rate_limited") and row.status is not None:
        return f"{row.status} {_phrase(row.status)}".rstrip()
    return _CAUSES.get(row.outcome or "cancelled", row.outcome or "")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _broken_url(row: Row) -> str:
    fragments = ", ".join(f"#{fragment}" for fragment in row.missing)
    return one_line(row.url + fragments, 2_000)
