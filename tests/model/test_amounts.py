from __future__ import annotations

import pytest

from asynclab.model.amounts import rate_text, size_text


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
def test_bytes_are_told_in_few_characters(size: int, text: str) -> None:
    assert size_text(size) == text


def test_a_rate_is_bytes_per_second() -> None:
    assert rate_text(4_600_000) == "4.6 MB/s"
