"""The line of sums, and the race of two ways to fetch a list."""

from __future__ import annotations

from asynclab.widgets.fetch_totals import Racer, Totals, race_lines, totals_line
from asynclab.widgets.lines import plain, width_of

RUNNING = Totals(
    ok=4,
    failed=3,
    in_flight=2,
    retrying=1,
    queued=2,
    received=22_400_000,
    rate=4_600_000,
    took=4.7,
    one_by_one=14.2,
    is_running=True,
)


def test_while_it_runs_it_tells_states_bytes_rate_and_how_much_faster_it_is() -> None:
    assert plain(totals_line(RUNNING, 140)) == (
        "4 ok  3 failed  2 in flight  1 retrying  2 queued  22.4 MB · 4.6 MB/s"
        "   sequential 14.2 s, concurrent 4.7 s so far: 3.0× faster"
    )


def test_in_the_end_it_tells_what_the_time_would_have_been() -> None:
    totals = Totals(ok=12, received=100, took=1.3, one_by_one=14.2)
    assert plain(totals_line(totals, 140)) == (
        "12 ok  0 failed  100 B   sequential 14.2 s, concurrent 1.3 s: 10.9× faster"
    )


def test_nothing_is_faster_where_there_was_one_url() -> None:
    assert "faster" not in plain(totals_line(Totals(ok=1, took=0.5, one_by_one=0.5), 140))


def test_nothing_is_faster_where_nothing_was_fetched() -> None:
    assert plain(totals_line(Totals(failed=3, took=0.1, one_by_one=0.28), 140)) == "0 ok  3 failed   0.10 s"


def test_where_room_is_short_the_comparison_goes_first() -> None:
    assert plain(totals_line(RUNNING, 80)).endswith("4.6 MB/s   4.7 s")
    assert width_of(totals_line(RUNNING, 30)) <= 30


def test_cancelled_urls_are_counted() -> None:
    assert "2 cancelled" in plain(totals_line(Totals(ok=1, cancelled=2), 80))


def test_before_the_first_run_there_is_no_time() -> None:
    assert plain(totals_line(Totals(), 80)) == "0 ok  0 failed"


def test_a_race_has_a_bar_for_each_way_as_long_as_its_time() -> None:
    racers = (Racer("together", 1.0, 12, 12, False), Racer("one after another", 4.0, 5, 12, True))
    assert [plain(line) for line in race_lines(racers, 0.0, 64)] == [
        "together           ━━━━━───────────────     1.00 s  done",
        "one after another  ━━━━━━━━━━━━━━━━━━━━     4.00 s  5 of 12",
    ]


def test_the_bars_of_a_race_keep_their_scale_while_the_slower_one_goes_on() -> None:
    for seconds in (1.0, 5.0, 10.0):
        racers = (Racer("together", 3.0, 12, 12, False), Racer("one after another", seconds, 5, 12, True))
        together, alone = (plain(line).count("━") for line in race_lines(racers, 10.0, 64))
        assert (together, alone) == (6, 2 * seconds)


def test_a_race_that_was_cancelled_tells_how_far_it_came() -> None:
    assert plain(race_lines((Racer("together", 0.0, 3, 12, False),), 0.0, 64)[0]).endswith("0.00 s  3 of 12")


def test_lab_seconds_that_were_none_are_compared_with_nothing_however_wide_it_is() -> None:
    totals = Totals(ok=2, took=0.4, one_by_one=2.2, is_real_time=False)
    assert plain(totals_line(totals, 140)) == "2 ok  0 failed   0.40 s lab time: the clock was paused or changed"
    assert plain(totals_line(totals, 40)) == "2 ok  0 failed   0.40 s lab time"


def test_a_race_lane_in_lab_seconds_says_so_and_fits() -> None:
    real, other = Racer("together", 1.0, 3, 3, False), Racer("one after another", 2.0, 3, 3, False, is_real_time=False)
    first, second = (plain(line) for line in race_lines((real, other), 0.0, 80))
    assert first.endswith("1.00 s  done")
    assert second.endswith("2.00 s  done lab time")
    assert len(second) <= 80
