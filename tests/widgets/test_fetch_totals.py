"""Tests the line of totals, and the comparison of fetching at once with one after another."""

from typing import Any

import pytest

from asynclab.fetch.rows import STATES, RowState
from asynclab.fetch.totals import Totals
from asynclab.widgets.fetch.fetch_totals import Racer, race_lines, totals_line
from asynclab.widgets.spans import plain, width_of


def totals(**facts: Any) -> Totals:
    """Totals with so many rows in each state, and these facts."""
    counts: dict[RowState, int] = {state: facts.pop(state, 0) for state in STATES}
    given: dict[str, Any] = {"wire": 0, "rate": 0.0, "took": 0.0, "one_by_one": 0.0} | facts
    given = {"rows": sum(counts.values()), "together": given["took"] if counts["ok"] else 0.0} | given
    return Totals(counts, **given)


HALFWAY = totals(
    ok=4, failed=3, running=2, retrying=1, queued=2, wire=22_400_000, rate=4_600_000, took=4.7, one_by_one=14.2
)


def line(sums: Totals, width: int = 140, *, is_running: bool = False) -> str:
    return plain(totals_line(sums, width, is_running=is_running))


def racer(name: str, seconds: float, ok: int, of: int, *, is_running: bool = False, **facts: Any) -> Racer:
    return Racer(name, totals(ok=ok, rows=of, took=seconds, **facts), is_running)


def test_while_it_runs_it_tells_states_bytes_rate_and_how_much_faster_it_is() -> None:
    assert line(HALFWAY, is_running=True) == (
        "4 ok  3 failed  2 in flight  1 retrying  2 queued  22.4 MB · 4.6 MB/s"
        "   sequential 14.2 s, concurrent 4.7 s so far: 3.0× faster"
    )


@pytest.mark.parametrize(
    ("sums", "told"),
    [
        (
            totals(ok=12, wire=100, rate=5.0, took=1.3, one_by_one=14.2),
            "12 ok  0 failed  100 B   sequential 14.2 s, concurrent 1.3 s: 10.9× faster",
        ),
        (
            totals(ok=4, cancelled=5, took=9.0, together=2.0, one_by_one=4.0),
            "4 ok  0 failed  5 cancelled   sequential 4.0 s, concurrent 2.0 s: 2.0× faster",
        ),
        (totals(ok=1, took=0.5, one_by_one=0.5), "1 ok  0 failed   sequential 0.50 s, concurrent 0.50 s"),
        (totals(failed=3, took=0.1, one_by_one=0.28), "0 ok  3 failed   0.10 s"),
        (totals(), "0 ok  0 failed"),
    ],
    ids=["all", "some_cancelled", "one_url", "nothing_fetched", "before_the_first_run"],
)
def test_in_the_end_it_tells_the_time_that_those_not_cancelled_had_taken(sums: Totals, told: str) -> None:
    assert line(sums) == told


def test_where_room_is_short_the_comparison_goes_first() -> None:
    assert line(HALFWAY, 80, is_running=True).endswith("4.6 MB/s   4.7 s")
    assert width_of(totals_line(HALFWAY, 30, is_running=True)) <= 30


def test_a_race_has_a_bar_for_each_way_as_long_as_its_time() -> None:
    racers = (racer("together", 1.0, 12, 12), racer("one after another", 4.0, 5, 12, is_running=True))
    assert [plain(lane) for lane in race_lines(racers, 64)] == [
        "together           ━━━━━───────────────     1.00 s  done",
        "one after another  ━━━━━━━━━━━━━━━━━━━━     4.00 s  5 of 12",
    ]


def test_the_bars_of_a_race_keep_their_scale_while_the_slower_one_goes_on() -> None:
    for seconds in (1.0, 5.0, 10.0):
        first = racer("together", 3.0, 12, 12, one_by_one=10.0)
        racers = (first, racer("one after another", seconds, 5, 12, is_running=True))
        together, alone = (plain(lane).count("━") for lane in race_lines(racers, 64))
        assert (together, alone) == (6, 2 * seconds)


def test_a_race_that_was_cancelled_tells_how_far_it_came() -> None:
    assert plain(race_lines((racer("together", 0.0, 3, 12),), 64)[0]).endswith("0.00 s  3 of 12")


def test_lab_seconds_that_were_none_are_compared_with_nothing_however_wide_it_is() -> None:
    stepped = totals(ok=2, took=0.4, one_by_one=2.2, is_real_time=False)
    assert line(stepped) == "2 ok  0 failed   0.40 s lab time: the clock was paused or changed"
    assert line(stepped, 40) == "2 ok  0 failed   0.40 s lab time"


def test_a_race_lane_in_lab_seconds_says_so_and_fits() -> None:
    real, other = racer("together", 1.0, 3, 3), racer("one after another", 2.0, 3, 3, is_real_time=False)
    first, second = (plain(lane) for lane in race_lines((real, other), 80))
    assert first.endswith("1.00 s  done")
    assert second.endswith("2.00 s  done lab time")
    assert len(second) <= 80
