"""Formats counts, times, speeds and sizes."""

from __future__ import annotations

_SIZES = ("kB", "MB", "GB")

CLOSE = 0.01
"""Times of a period shorter than this many seconds are given in microseconds."""


def plural(count: int, noun: str) -> str:
    """A count and its noun: "1 task", "2 tasks"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def length(seconds: float) -> str:
    """A length of time that was chosen, with two decimals, or more if needed: "2.00 s", "0.125 s"."""
    if 0 < abs(seconds) < 0.01:
        return f"{seconds:.6f}".rstrip("0").rstrip(".") + " s"
    decimals = 2 if abs(round(seconds, 2) - seconds) < 0.0005 else 3
    return f"{seconds:.{decimals}f} s"


def measured(seconds: float) -> str:
    """A measured length of time, or a moment, always with three decimals: "1.001 s"."""
    return f"{seconds:.3f} s"


def duration(seconds: float) -> str:
    """A measured length of time in a suitable unit: "80 µs", "0.3 ms", "240 ms", "1.001 s"."""
    if seconds >= 0.9995:
        return measured(seconds)
    if seconds >= 0.0000995:
        return f"{seconds * 1000:.3g} ms"
    return f"{seconds * 1e6:.3g} µs" if seconds > 0 else "0 s"


def period(begin: float, end: float | None) -> str:
    """The start and end of a period, with enough decimals to distinguish them: "1.000 s to 2.001 s"."""
    decimals = 6 if end is not None and end - begin < CLOSE else 3
    first = f"{begin:.{decimals}f} s"
    return f"since {first}" if end is None else f"{first} to {end:.{decimals}f} s"


def speed_text(speed: float) -> str:
    """The speed of a clock: "2×", "1/64×"."""
    whole = round(1 / speed) if 0.001 <= speed < 1 else 0
    return f"1/{whole}×" if whole > 1 and abs(whole * speed - 1) < 1e-9 else f"{speed:g}×"


def size_text(size: float) -> str:
    """A number of bytes: "312 B", "48.2 kB", "4.1 MB". A kB has 1,000 bytes."""
    if size < 1_000:
        return f"{size:.0f} B"
    for unit in _SIZES:
        size /= 1_000
        if size < 999.95:
            return f"{size:.1f} {unit}"
    return f"{size / 1_000:.1f} TB"


def rate_text(rate: float) -> str:
    """Bytes per second: "4.6 MB/s"."""
    return f"{size_text(rate)}/s"
