"""A fetch that never changes, with rows in every state."""

from typing import Any

from asynclab.fetch.body_text import Page
from asynclab.fetch.engine import Fetch
from asynclab.fetch.ledger import new_row
from asynclab.fetch.options import Options
from asynclab.fetch.rows import STATES, Failure, Hop, Row, TlsFacts
from asynclab.fetch.totals import Totals
from asynclab.fetch.urls import find_urls
from asynclab.model import events as e
from asynclab.screens.fetch.fetch_session import FetchSession
from asynclab.screens.lab.run_record import Record
from tests.screens.frozen import frozen_lab
from tests.widgets.url_rows import phases as phases_of

NOW = 4.7
"""Lab seconds."""

TEXT = """\
see https://docs.example.org/guide and
* [the API](https://docs.example.org/api)
https://img.example.net/poster.png   # poster
https://user:secret@example.com/old
https://api.example.com/v1/items
https://slow.example.net/report
https://docs.example.org/gone
https://nxdomain.example/ , http://127.0.0.1:8080/health
https://big.example.net/dump.sql.gz
https://example.org/a https://example.org/b https://docs.example.org/api
nothing to fetch here
"""

OPTIONS = Options(concurrency=20, rate=50.0, headers=(("X-Mine", "yes"),))


class FrozenFetch:
    """The part of a fetch that the screen reads; nothing is fetched."""

    options = OPTIONS
    version = 1
    is_running = True

    def __init__(self, rows: tuple[Row, ...]) -> None:
        self.rows = rows
        self.counts = {state: sum(row.state == state for row in rows) for state in STATES}
        self.kept = frozenset({1})

    def keep(self, numbers: object) -> None:
        """Do nothing, since nothing is downloaded."""

    def totals(self, now: float) -> Totals:
        alone = sum(row.elapsed(now) for row in self.rows)
        return Totals(
            self.counts, len(self.rows), sum(row.wire for row in self.rows), 4_600_000.0, now, alone, together=now
        )


class FrozenSession(FetchSession):
    """A session in the middle of this fetch."""

    is_active = True

    def __init__(self, record: Record | None = None) -> None:
        super().__init__()
        fetch: Any = FrozenFetch(rows())
        self.fetch: Fetch | None = fetch
        self.targets = tuple(row.target for row in fetch.rows)
        self.record = record or Record(frozen_lab(history(), NOW))


def history() -> list[e.Event]:
    """The events of the run."""
    names = [e.TaskCreated(0.0, number + 1, f"fetch {number}", "_fetch", 1) for number in range(1, 11)]
    return [e.RunStarted(0.0, "fetch", 1_700_000_000.0, "3.13.0"), e.TaskCreated(0.0, 1, "run", "run"), *names]


def rows() -> tuple[Row, ...]:
    """The rows of the text's URLs, each in another state."""
    made = tuple(new_row(number, url) for number, url in enumerate(find_urls(TEXT).urls, 1))
    guide, api, poster, old, items, slow, gone, nowhere, refused, dump, *_ = made
    _answered(guide, 0.31, 48_200, queued=0.02, dns=0.04, tcp=0.03, tls=0.05, wait=0.11, download=0.06)
    guide.content_type = "text/html; charset=utf-8"
    guide.raw_headers = (
        (b"Content-Type", b"text/html; charset=utf-8"),
        (b"ETag", b'"5f3c-1b2"'),
        (b"Server", b"nginx"),
    )
    guide.tls = TlsFacts("TLSv1.3", "TLS_AES_128_GCM_SHA256", "Example Trust", None)
    guide.address, guide.http_version, guide.reason = "192.0.2.10", "1.1", "OK"
    beginning = b"<!doctype html>\n<title>The guide \xc2\xb7 Examples</title>\n<h1>[/] is only text</h1>\n"
    guide.page = Page.of(beginning, guide.content_type)
    guide.hops = (Hop("https://docs.example.org/", 301, "192.0.2.10", 0.08),)
    _answered(api, 0.44, 112_000, wait=0.31, download=0.13)
    _under_way(poster, 3.5, 4_100_000, 6_000_000, queued=0.3, dns=0.1, tcp=0.1, tls=0.1, wait=0.2, download=0.7)
    _answered(old, 0.52, 6_000, tcp=0.04, tls=0.06, wait=0.4, download=0.02)
    _retrying(items)
    _under_way(slow, 0.1, 0, None, queued=0.1, dns=0.02, tcp=0.05, tls=0.1, wait=4.43)
    _answered(gone, 0.22, 312, wait=0.22)
    _failed(gone, Failure("http_error", "The server answered 404 Not Found", status=404))
    _answered(nowhere, 0.05, 0, dns=0.05)
    _failed(nowhere, Failure("dns", "No address is known for the host"))
    _answered(refused, 0.0, 0, tcp=0.0)
    _failed(refused, Failure("refused", "Nobody listens there"))
    _answered(dump, 3.9, 18_000_000, queued=0.4, tcp=0.1, wait=0.5, download=2.9)
    dump.state, dump.outcome, dump.sentence, dump.expected, dump.status = (
        "cancelled",
        "cancelled",
        "Cancelled",
        81_000_000,
        200,
    )
    return made


def _answered(row: Row, seconds: float, size: int, **phases: float) -> None:
    _begin(row, 0.1, size, phases)
    row.ended_at = 0.1 + seconds
    row.state, row.outcome, row.sentence, row.status = "ok", "ok", "Fetched", 200


def _under_way(row: Row, at: float, size: int, expected: int | None, **phases: float) -> None:
    _begin(row, at, size, phases)
    row.state, row.expected, row.expires_at = "running", expected, at + 30.0
    row.status = 200 if expected else None
    row.phases.enter("download" if expected else "wait", NOW)


def _retrying(row: Row) -> None:
    _begin(row, 2.6, 0, {"tcp": 0.1, "tls": 0.1, "wait": 0.2})
    row.state, row.retry_at, row.sentence = "retrying", NOW + 3.2, "Too many requests"
    row.failures = (Failure("rate_limited", "Too many requests", passes=True, status=429, retry_after=5.0),)


def _failed(row: Row, failure: Failure) -> None:
    row.state, row.outcome, row.sentence, row.status = "failed", failure.outcome, failure.sentence, failure.status


def _begin(row: Row, at: float, size: int, phases: dict[str, float]) -> None:
    row.attempts, row.started_at, row.attempt_at, row.method = 1, at, at, "GET"
    row.wire = row.decoded = size
    row.phases = phases_of(phases)  # type: ignore[arg-type]
