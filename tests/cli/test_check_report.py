"""Tests the report on a check of links."""

from collections.abc import Sequence
from typing import get_args

import pytest

from asynclab.fetch import check_report
from asynclab.fetch.check_report import CheckReport, cause_of
from asynclab.fetch.rows import FetchOutcome, Row
from tests.golden_files import Golden


def link(url: str, outcome: FetchOutcome, status: int | None = None, missing: Sequence[str] = ()) -> Row:
    host = url.split("/")[2]
    return Row(1, url, url, host=f"{host}:443", outcome=outcome, status=status, missing=tuple(missing))


def test_a_report_groups_links_by_cause_and_by_host(golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_report, "MOST_URLS_NAMED", 3)
    report = CheckReport()
    for row in (
        *(link(f"https://a.example/{number}", "ok", 200) for number in range(1_200)),
        *(link(f"https://b.example/{number}", "http_error", 404) for number in range(102)),
        link("https://b.example/gone\x1b[31m", "http_error", 410),
        link("https://a.example/page", "missing_fragment", 200, ("one", "two")),
        link("https://c.example/", "rate_limited", 429),
        link("https://c.example/odd", "http_error", 599),
        link("https://nowhere.example/", "dns"),
        link("https://slow.example/", "timeout_read"),
        link("https://a.example/last", "cancelled"),
    ):
        report.add(row)
    golden.check_text("check_report", "".join(f"{line}\n" for line in report.lines()))


def test_every_outcome_has_a_cause_in_words(golden: Golden) -> None:
    outcomes = [outcome for outcome in get_args(FetchOutcome) if outcome not in ("ok", "http_error", "rate_limited")]
    assert cause_of(link("https://a.b/", "rate_limited", 429)) == "429 Too Many Requests"
    golden.check("causes", [(outcome, cause_of(link("https://a.b/", outcome))) for outcome in outcomes])


def test_nothing_broken_is_said() -> None:
    report = CheckReport()
    report.add(link("https://a.example/", "ok", 200))
    assert next(report.lines()) == "1 link: 0 broken"


def test_many_hosts_are_cut_short_after_those_with_broken_links() -> None:
    report = CheckReport()
    for number in range(60):
        report.add(link(f"https://{number:02}.example/", "dns" if number == 59 else "ok"))
    lines = list(report.lines())
    assert lines[-1] == "and 10 more"
    assert lines[-51].split() == ["59.example", "0", "1", "0"]
