"""Summarises a check of links: the broken links by cause, and the number of broken links per host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from http.client import responses
from typing import Literal, TypeAlias

from asynclab.fetch.rows import FetchOutcome, Row
from asynclab.model.text import one_line
from asynclab.model.wording.quantities import plural

MOST_URLS_NAMED = 100
"""The most URLs that are listed for each cause. The output already had a line for each URL, so none is lost."""

MOST_HOSTS_NAMED = 50
"""The most hosts that are listed, beginning with those with the most broken links."""

PageVerdict: TypeAlias = Literal["ok", "broken", "undecided", "unchecked"]

_VERDICTS: dict[FetchOutcome, PageVerdict] = {
    "ok": "ok",
    "rate_limited": "undecided",
    "timeout_connect": "undecided",
    "timeout_read": "undecided",
    "timeout_total": "undecided",
    "deadline": "unchecked",
    "cancelled": "unchecked",
}
"""The verdict for each outcome; any other outcome means "broken". A busy server's link is undecided."""

_CAUSES: dict[FetchOutcome, str] = {
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
    """The results of a check so far."""

    def __init__(self) -> None:
        self._urls: dict[str, list[str]] = {}
        """The first URLs of each cause."""
        self._by_cause: Counter[str] = Counter()
        self._by_host: dict[str, Counter[PageVerdict]] = {}

    def add(self, row: Row) -> None:
        """Count a row that has ended."""
        verdict = _VERDICTS.get(row.outcome or "cancelled", "broken")
        host = row.host.removesuffix(":443").removesuffix(":80")
        self._by_host.setdefault(host or "no host", Counter())[verdict] += 1
        if verdict != "ok":
            cause = cause_of(row)
            self._by_cause[cause] += 1
            urls = self._urls.setdefault(cause, [])
            if len(urls) < MOST_URLS_NAMED:
                urls.append(_url_of(row))

    def lines(self) -> Iterator[str]:
        """The report, line by line: the totals, the hosts, and the failures by cause."""
        verdicts = sum(self._by_host.values(), Counter[PageVerdict]())
        counts = [f"{verdicts['broken']:,} broken"]
        if verdicts["undecided"]:
            counts.append(f"{verdicts['undecided']:,} undecided (rate limited or timed out)")
        if verdicts["unchecked"]:
            counts.append(f"{verdicts['unchecked']:,} not checked")
        yield f"{plural(verdicts.total(), 'link')}: {', '.join(counts)}"
        for cause, count in self._by_cause.most_common():
            yield ""
            yield f"{cause} ({count:,})"
            yield from (f"  {url}" for url in self._urls[cause])
            if count > MOST_URLS_NAMED:
                yield f"  and {count - MOST_URLS_NAMED:,} more"
        yield ""
        yield from self._host_lines()

    def _host_lines(self) -> Iterator[str]:
        hosts = sorted(self._by_host.items(), key=lambda item: (-item[1]["broken"], -item[1]["undecided"], item[0]))
        width = max((len(one_line(host)) for host, _ in hosts[:MOST_HOSTS_NAMED]), default=4)
        yield f"{'host':<{width}}  {'ok':>6}  {'broken':>6}  {'undecided':>9}"
        for host, count in hosts[:MOST_HOSTS_NAMED]:
            yield f"{one_line(host):<{width}}  {count['ok']:>6,}  {count['broken']:>6,}  {count['undecided']:>9,}"
        if len(hosts) > MOST_HOSTS_NAMED:
            yield f"and {len(hosts) - MOST_HOSTS_NAMED:,} more"


def cause_of(row: Row) -> str:
    """Why a row isn't ok, in words that are equal for all rows with the same cause."""
    if row.outcome in ("http_error", "rate_limited") and row.status is not None:
        return f"{row.status} {responses.get(row.status, '')}".rstrip()
    return _CAUSES.get(row.outcome or "cancelled", row.outcome or "")


def _url_of(row: Row) -> str:
    fragments = ", ".join(f"#{fragment}" for fragment in row.missing)
    return one_line(row.url + fragments, 2_000)
