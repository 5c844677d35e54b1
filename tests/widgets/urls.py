"""Rows of URLs for the tests of their views."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from asynclab.widgets.fetch_row import UrlRow

PHASES = (("queued", 0.1), ("dns", 0.1), ("tcp", 0.1), ("tls", 0.1), ("wait", 0.2), ("download", 0.4))

OK = UrlRow(
    number=1,
    url="https://docs.example.org/guide",
    state="ok",
    word="200",
    received=48_200,
    fraction=1.0,
    rate=2_400_000,
    seconds=0.9,
    tries=1,
    phases=PHASES,
)


def url(number: int, **changes: Any) -> UrlRow:
    """A row of that number, with some things other than in `OK`."""
    return replace(OK, number=number, **changes)
