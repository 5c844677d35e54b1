"""Tests counts, times, speeds and sizes as text."""

import pytest

from asynclab.model.wording import quantities


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.00 s"),
        (2.0, "2.00 s"),
        (1.99996, "2.00 s"),
        (0.125, "0.125 s"),
        (0.005, "0.005 s"),
        (0.0001, "0.0001 s"),
        (float("inf"), "inf s"),
    ],
)
def test_a_length_has_as_many_decimals_as_it_needs(seconds: float, text: str) -> None:
    assert quantities.length(seconds) == text


def test_a_moment_has_three_decimals() -> None:
    assert quantities.measured(1.0011) == "1.001 s"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0 s"), (0.00008, "80 µs"), (0.0003, "0.3 ms"), (0.24, "240 ms"), (0.9996, "1.000 s"), (61.5, "61.500 s")],
)
def test_a_duration_has_the_unit_that_suits_it(seconds: float, text: str) -> None:
    assert quantities.duration(seconds) == text


def test_a_period_has_enough_decimals_to_tell_its_ends_apart() -> None:
    assert quantities.period(1.0, None) == "since 1.000 s"
    assert quantities.period(1.0, 2.0011) == "1.000 s to 2.001 s"
    assert quantities.period(1.0001, 1.0004) == "1.000100 s to 1.000400 s"


def test_a_speed_below_one_is_a_fraction_if_it_can_be() -> None:
    assert [quantities.speed_text(speed) for speed in (2.0, 1.5, 1 / 64, 0.3)] == ["2×", "1.5×", "1/64×", "0.3×"]


def test_one_is_singular() -> None:
    assert [quantities.plural(count, "task") for count in (0, 1, 2000)] == ["0 tasks", "1 task", "2,000 tasks"]


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (48_249, "48.2 kB"),
        (999_949, "999.9 kB"),
        (999_999, "1.0 MB"),
        (4_100_000, "4.1 MB"),
        (2_500_000_000, "2.5 GB"),
        (7_000_000_000_000, "7.0 TB"),
    ],
)
def test_a_size_has_one_decimal_and_the_unit_that_suits_it(size: int, text: str) -> None:
    assert quantities.size_text(size) == text


def test_a_rate_is_bytes_per_second() -> None:
    assert quantities.rate_text(4_600_000) == "4.6 MB/s"
