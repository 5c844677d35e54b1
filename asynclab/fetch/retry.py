"""Decides when a failed request is tried again."""

from __future__ import annotations

import time
from datetime import UTC
from email.utils import parsedate_to_datetime

BASE = 0.5
"""Seconds: the longest wait before the first retry; it doubles with each."""

LONGEST_BACKOFF = 30.0
"""Seconds."""

LONGEST_RETRY_AFTER = 60.0
"""The most seconds that a server may ask us to wait."""

PASSING_STATUSES = frozenset({408, 425, 429, 502, 503, 504})
"""Statuses that may be different a moment later."""


def backoff(failures: int, chance: float) -> float:
    """Seconds to wait after so many failures: full jitter, as in Amazon's "Exponential Backoff And Jitter".

    `chance` is a random number from 0 to 1.
    """
    return chance * min(LONGEST_BACKOFF, BASE * 2.0 ** (failures - 1))


def retry_after(text: str | None, now: float | None = None) -> float | None:
    """Seconds, capped, that a Retry-After header asks to wait, as a number or a date; None for what can't be read.

    `now` is in seconds since 1970; by default the present.
    """
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:10]), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
        # The form of old names no zone, and is GMT: as a naive time it would be read as local.
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(0.0, seconds - (time.time() if now is None else now)), LONGEST_RETRY_AFTER)
