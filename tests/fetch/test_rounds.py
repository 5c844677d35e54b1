"""Tests how a whole list is fetched: in rounds, stopped, fetched again, with and without keeping the rows."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate

import pytest

from asynclab.fetch.engine import READ_AHEAD, Fetch
from asynclab.fetch.outcomes import LONGEST_BACKOFF, LONGEST_RETRY_AFTER, backoff, retry_after
from asynclab.fetch.row_lines import comparison, summary_line
from asynclab.fetch.rows import Row
from tests.alive import alive
from tests.fetch.played import BROKEN, BUSY, NOT_FOUND, Played
from tests.raising import raising

NAMES = [f"a{number}" for number in range(1, 5)]


def test_totals_compare_the_time_of_all_with_the_time_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    totals = Played(monkeypatch, NAMES, seconds=20.0).run()
    assert (totals.rows, totals.ended, totals.in_flight) == (4, 4, 0)
    assert repr(totals) == "<4 of 4 ended, 4 ok>"
    assert (totals.one_by_one, totals.together, totals.took) == (80.0, 20.0, 20.0)
    assert comparison(totals) == ("sequential 80.0 s, concurrent 20.0 s", ": 4.0× faster")


def test_what_was_cancelled_is_compared_with_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, NAMES, seconds=20.0)
    totals = played.run_beside((10.0, played.fetch.cancel_all))
    assert (totals.counts["cancelled"], totals.one_by_one, totals.together) == (4, 0.0, 0.0)
    assert comparison(totals) == ("", "")
    assert summary_line(totals) == "4 URLs: 0 ok, 0 failed, 4 cancelled, 0 B. Took 10.0 s."


def test_what_was_finished_before_the_others_were_cancelled_is_compared_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, [*NAMES, "b1"], seconds=20.0, concurrency=2, per_host=2)
    totals = played.run_beside((50.0, played.fetch.cancel_all))
    assert (totals.counts["ok"], totals.counts["cancelled"]) == (4, 1)
    assert (totals.one_by_one, totals.together, totals.took) == (80.0, 40.0, 50.0)


def test_what_only_failed_is_not_called_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    totals = Played(monkeypatch, NAMES, failures={name: [NOT_FOUND] for name in NAMES}).run()
    assert (totals.counts["failed"], comparison(totals)) == (4, ("", ""))


def test_a_second_round_adds_its_bytes_to_the_rows_and_is_timed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, NAMES, seconds=20.0, bytes_each=100, failures={"a2": [NOT_FOUND], "a4": [NOT_FOUND]})
    assert played.run().wire == 400
    assert played.fetch.retry() == 2
    assert played.fetch.totals().wire == 200
    played.seconds = 5.0
    totals = played.run()
    assert totals.wire == sum(row.wire for row in played.fetch.rows) == 400
    assert (totals.one_by_one, totals.together, totals.took) == (10.0, 5.0, 5.0)
    assert played.outcomes == ["ok"] * 4


def test_the_deadline_ends_everything_with_an_outcome_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, NAMES, seconds=30.0, concurrency=2, deadline=40.0)
    totals = played.run()
    assert played.outcomes == ["ok", "ok", "deadline", "deadline"]
    assert "deadline" in played.fetch.rows[3].sentence
    assert (totals.took, totals.one_by_one) == (40.0, 60.0)


def test_between_attempts_the_slot_is_free_and_the_wait_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    failure = replace(BROKEN, retry_after=20.0)
    played = Played(monkeypatch, ["a1", "a2"], failures={"a1": [failure]}, concurrency=1)
    row = played.fetch.rows[0]

    def look() -> None:
        assert (row.state, row.retry_at, row.sentence) == ("retrying", 21.0, failure.sentence)
        assert row.failures == (failure,)

    played.run_beside((5.0, look))
    assert played.started == [(0, "a1"), (1, "a2"), (21, "a1")]
    assert (played.outcomes, row.retries, row.elapsed(0.0)) == (["ok", "ok"], 1, 22.0)


def test_each_row_is_handed_over_as_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, ["a1", "b1"], failures={"a1": [BROKEN]})
    played.run()
    assert played.ended == ["b1", "a1"]


def test_a_row_that_is_asked_again_meanwhile_is_fetched_in_the_same_run(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, ["a1", "a2"], failures={"a1": [NOT_FOUND], "a2": [replace(BROKEN, retry_after=9.0)]})
    played.run_beside((2.0, lambda: played.fetch.retry([played.fetch.rows[0]])))
    assert played.started == [(0, "a1"), (0, "a2"), (2, "a1"), (10, "a2")]
    assert played.outcomes == ["ok", "ok"]


def test_a_row_that_is_asked_again_just_when_the_last_one_ends_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    again: list[int] = []

    def ask_again(row: Row) -> None:
        if not again:
            again.append(played.fetch.retry([row]))

    played = Played(monkeypatch, ["a1"])
    monkeypatch.setattr(played, "note_end", ask_again)
    played.run()
    assert (again, played.names, played.outcomes) == ([1], ["a1", "a1"], ["ok"])


def test_queued_retrying_and_running_rows_are_cancelled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = replace(BUSY, retry_after=50.0)
    played = Played(monkeypatch, ["a1", "a2", "b1", "b2"], failures={"a1": [busy]}, per_host=1, seconds=5.0)
    totals = played.run_beside((7.0, played.fetch.cancel_all))
    assert (played.outcomes, totals.took) == (["cancelled", "cancelled", "ok", "cancelled"], 7.0)


def test_a_row_that_is_cancelled_in_line_is_never_asked_and_can_be_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, NAMES, concurrency=1)
    rows = played.fetch.rows
    played.run_beside(
        (0.5, lambda: played.fetch.cancel(rows[1])),
        (1.5, lambda: played.fetch.cancel(rows[3])),
        (1.6, lambda: played.fetch.retry([rows[3], rows[1]])),
    )
    assert played.names == ["a1", "a3", "a4", "a2"]


def test_what_waits_for_a_host_ends_with_the_host_s_task(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, ["a1", "a2", "a3", "b1", "b2"], per_host=1)

    def cancel_host() -> None:
        (task,) = [task for task in asyncio.all_tasks() if task.get_name() == "host a:80"]
        task.cancel()

    played.run_beside((0.5, cancel_host))
    assert played.outcomes == ["ok", "cancelled", "cancelled", "ok", "ok"]


@pytest.mark.parametrize("keep_rows", [False, True])
def test_what_is_cancelled_before_the_run_is_never_asked(monkeypatch: pytest.MonkeyPatch, keep_rows: bool) -> None:
    played = Played(monkeypatch, NAMES, keep_rows=keep_rows)
    played.fetch.cancel_all()
    totals = played.run()
    assert (totals.counts["cancelled"], played.started) == (4, [])


def test_a_bug_in_whoever_is_told_of_ended_rows_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, [f"a{number}" for number in range(30)], concurrency=2)

    monkeypatch.setattr(played, "note_end", raising(LookupError("a bug")))
    with pytest.raises(ExceptionGroup) as raised:
        played.run()
    assert raised.group_contains(LookupError)
    assert not played.fetch.is_running
    assert len(played.started) <= 4


def test_rows_that_are_not_kept_are_made_in_turn_and_dropped_as_they_end(monkeypatch: pytest.MonkeyPatch) -> None:
    most, read, before = 0, 0, alive(Row)

    def names() -> Iterator[str]:
        nonlocal read
        for number in range(4 * READ_AHEAD):
            read += 1
            yield f"{'abcdef'[number % 6]}{number}"

    def note(row: Row) -> None:
        nonlocal most
        if row.number % 4_999 == 0:
            most = max(most, alive(Row) - before)

    played = Played(monkeypatch, names(), seconds=0.0, keep_rows=False, concurrency=20)
    monkeypatch.setattr(played, "note_end", note)
    assert (read, played.fetch.rows) == (0, ())
    totals = played.run()
    assert (read, totals.rows, totals.counts["ok"], totals.ended) == (20_000, 20_000, 20_000, 20_000)
    assert played.most_open <= READ_AHEAD
    assert READ_AHEAD / 2 < most < READ_AHEAD + 100


@pytest.mark.parametrize("how", ["cancelled", "deadline"])
def test_what_is_never_read_ends_as_the_rest_does_and_is_told(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    names = [f"a{number}" for number in range(READ_AHEAD + 1_000)]
    told: list[str | None] = []
    played = Played(monkeypatch, names, keep_rows=False, seconds=10.0, deadline=15.0 if how == "deadline" else None)
    monkeypatch.setattr(played, "note_end", lambda row: told.append(row.outcome))
    totals = played.run_beside(*[(15.0, played.fetch.cancel_all)][: how == "cancelled"])
    assert totals.ended == totals.rows == len(names)
    assert (told.count("ok"), told.count(how)) == (6, len(names) - 6)


def test_the_number_of_urls_is_known_beforehand_where_the_list_knows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    fetch = Fetch(["http://a/1", "http://a/2"], keep_rows=False)
    assert (fetch.totals().rows, fetch.counts["queued"]) == (2, 2)
    assert Fetch(iter(["http://a/1"]), keep_rows=False).totals().rows == 0


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
