"""Tests which options are valid, and how sizes and headers are written."""

from typing import Any

import pytest

from asynclab.fetch.options import Options, parse_header, parse_size, parse_statuses, show_statuses


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"concurrency": 0}, "concurrency must be from 1 to 1,000, not 0"),
        ({"per_host": -1}, "per-host"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"deadline": -5.0}, "deadline"),
        ({"rate": 0.0}, "rate"),
        ({"retries": 99}, "retries"),
        ({"max_bytes": -1}, "max-bytes"),
        ({"method": "POST"}, "GET or HEAD"),
        ({"headers": (("a b", "c"),)}, "can't be the name"),
        ({"headers": (("a", "b\r\nc: d"),)}, "one line"),
    ],
)
def test_what_can_t_be_is_refused_with_its_name(values: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Options(**values)


@pytest.mark.parametrize(
    ("text", "shown", "count"),
    [
        ("429, 403", "403,429", 2),
        ("400-403,401", "400-403", 4),
        ("4xx,500..=502", "400-502", 103),
        ("2XX,404", "200-299,404", 101),
        (",", "", 0),
    ],
)
def test_statuses_can_be_ranges(text: str, shown: str, count: int) -> None:
    statuses = parse_statuses(text)
    assert (show_statuses(statuses), len(statuses)) == (shown, count)
    assert parse_statuses(shown) == statuses


@pytest.mark.parametrize("text", ["42", "6xx", "499-400", "100-9999999999", "400-", "-400", "4x", "40x"])
def test_statuses_that_can_t_be_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be a whole number|from 100 to 599"):
        parse_statuses(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("500", 500), ("20kB", 20_000), ("1.5 MB", 1_500_000), ("10MiB", 10 * 1024**2), ("2g", 2 * 10**9), ("1KI", 1024)],
)
def test_sizes_have_units(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "big", "-5", "5 tons", "1e9"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a size is a number of bytes"):
        parse_size(text)


def test_a_header_is_a_name_and_a_value() -> None:
    assert parse_header("Accept:  text/html ") == ("Accept", "text/html")
    assert parse_header("X-Time: 12:30") == ("X-Time", "12:30")
    for wrong in ("nothing", ": x", "a b: c", "a: b\nc"):
        with pytest.raises(ValueError, match=r"header|one line"):
            parse_header(wrong)
