"""Divides the lines of the Fetch screen between its panes. The list of URLs has priority."""

from __future__ import annotations

from dataclasses import dataclass

from asynclab.screens.lab.layout import FRAME, ROOMY
from asynclab.screens.lab.pane_screen import LOW

FIXED = 3
"""Lines of the title bar, the totals and the key bar."""

LEAST_LIST = 13
"""The fewest lines of the list, with its frame and header, beside panes that the user has not asked for."""

LEAST_ASKED = 8
"""The fewest lines of the list beside details that the user has asked for."""

LEAST_DETAIL = 11
MOST_DETAIL = 22
MOST_ASKED = 15
"""The fewest and the most lines of the details, with their frame. `MOST_ASKED` is the most if they replace the text."""


@dataclass(frozen=True, slots=True)
class FetchShares:
    """The lines of the panes, with their frames. The list gets the rest."""

    text: int
    """The lines of the text, and of the options beside it; 0 if they are hidden."""
    detail: int
    """The lines of the details of the selected URL; 0 if they are hidden."""


def fetch_shares(height: int, options: int, *, wants_detail: bool | None) -> FetchShares:
    """Compute the lines of the text and of the details.

    Args:
        height: Lines of the screen.
        options: Lines of the options.
        wants_detail: True if the user asked for the details, False if the user hid them; None for neither.
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
