"""Defines the errors that the command line prints in one line."""

from __future__ import annotations


class ToldError(Exception):
    """An error whose message says in one line what is wrong, and what to do."""


class UnsupportedPythonError(ToldError, RuntimeError):
    """The running Python lacks something that the tracer needs."""
