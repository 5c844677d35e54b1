"""The errors that the command line tells in one line, wherever they come up."""

from __future__ import annotations


class UnsupportedPythonError(RuntimeError):
    """Raised where the tracer leans on something that this Python lacks."""
