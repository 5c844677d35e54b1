"""The errors that the command line tells in one line, wherever they come up."""

from __future__ import annotations


class ToldError(Exception):
    """Says in one line what went wrong, and what to do; the command line prints it as it is."""


class UnsupportedPythonError(ToldError, RuntimeError):
    """Raised if the tracer needs something that this Python lacks."""
