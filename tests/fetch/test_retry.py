"""How long the waits before another attempt are."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import formatdate

import pytest

from asynclab.fetch.outcomes import LONGEST_BACKOFF, LONGEST_RETRY_AFTER, backoff, retry_after

NOW = 1_700_000_000.0


def test_the_wait_is_a_random_part_of_a_bound_that_doubles() -> None:
    assert [backoff(failures, 1.0) for failures in (1, 2, 3, 4)] == [0.5, 1.0, 2.0, 4.0]
    assert backoff(3, 0.25) == 0.5
    assert backoff(3, 0.0) == 0.0
    assert backoff(100, 1.0) == LONGEST_BACKOFF


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Tokyo"])
def _zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_zone")
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3", 3.0),
        (" 0 ", 0.0),
        ("99999999999999999999", LONGEST_RETRY_AFTER),
        (formatdate(NOW + 20, usegmt=True), 20.0),
        (formatdate(NOW - 20, usegmt=True), 0.0),
        (time.asctime(time.gmtime(NOW + 20)), 20.0),
        (time.strftime("%A, %d-%b-%y %H:%M:%S GMT", time.gmtime(NOW + 20)), 20.0),
        (formatdate(NOW + 86_400, usegmt=True), LONGEST_RETRY_AFTER),
        (None, None),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("²", None),
        ("Mon, 99 Foo 2020 99:99:99 GMT", None),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_is_capped(text: str | None, seconds: float | None) -> None:
    assert retry_after(text, NOW) == seconds
