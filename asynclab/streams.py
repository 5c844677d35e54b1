"""What stdin and stdout are."""

from __future__ import annotations

import sys


def has_terminal() -> bool:
    """Whether somebody can see a screen on stdout, and press keys on stdin."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
