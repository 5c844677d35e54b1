"""How bytes are told: in few characters, always with the same number of decimals."""

from __future__ import annotations

_UNITS = ("kB", "MB", "GB")


def size_text(size: float) -> str:
    """A number of bytes: "312 B", "48.2 kB", "4.1 MB"; a kB has 1,000 bytes."""
    if size < 1_000:
        return f"{size:.0f} B"
    for unit in _UNITS:
        size /= 1_000
        if size < 999.95:
            return f"{size:.1f} {unit}"
    return f"{size / 1_000:.1f} TB"


def rate_text(rate: float) -> str:
    """Bytes per second: "4.6 MB/s"."""
    return f"{size_text(rate)}/s"
