"""Divides the lines of the Fetch screen: the list comes first, what else there is to see takes what it can spare."""

from __future__ import annotations

from dataclasses import dataclass

from asynclab.screens.lab.layout import FRAME, ROOMY
from asynclab.screens.lab.pane_screen import LOW

FIXED = 3
"""Lines of title bar, totals and key bar."""

LEAST_LIST = 13
"""Lines that the list keeps, with its frame and header, while other panes show without having been asked for."""

LEAST_ASKED = 8
"""Lines that it keeps beside details that were asked for."""

LEAST_DETAIL = 11
MOST_DETAIL = 22
MOST_ASKED = 15
"""Lines of the details, with their frame; the last number counts if they were asked for and replace the text."""


@dataclass(frozen=True, slots=True)
class FetchShares:
    """The lines of each pane, with its frame; the list gets the rest."""

    text: int
    """The lines of the text, and the options beside it; 0 if they are hidden."""
    detail: int
    """The lines of the details of the selected URL; 0 if they are hidden."""


def fetch_shares(height: int, options: int, *, wants_detail: bool | None) -> FetchShares:
    """The lines that text and details get.

    Args:
        height: Of the screen.
        options: Lines that the options take.
        wants_detail: Whether the user asked for the details, or hid them; None for neither.
    """
    room = height - FIXED
    text = 5 if height < LOW else max(10 if height >= ROOMY else 7, options + FRAME)
    detail = max(LEAST_DETAIL, min(MOST_DETAIL, room * 3 // 8))
    fits = room - text - detail >= LEAST_LIST
    if wants_detail is False or (wants_detail is None and not fits):
        return FetchShares(text, 0)
    if fits:
        return FetchShares(text, detail)
    return FetchShares(0, max(FRAME + 1, min(MOST_ASKED, room - LEAST_ASKED)))
