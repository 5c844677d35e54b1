"""Finds out whether stdin, stdout and stderr are terminals."""

from __future__ import annotations

import os
import sys
from typing import TextIO


def has_terminal() -> bool:
    """Whether a user can see a screen on stdout, and press keys on stdin."""
    return os.environ.get("TERM") != "dumb" and is_terminal(sys.stdin) and is_terminal(sys.stdout)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal. It is None if the parent process had closed it."""
    return stream is not None and stream.isatty()
