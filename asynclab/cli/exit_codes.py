"""The exit codes of all commands; click adds 2 for wrong arguments."""

from __future__ import annotations

DONE = 0
FAILED = 1
"""Something failed, is missing, or could not be read or observed."""
FOUND = 3
"""A rule that must find nothing has found something."""
INTERRUPTED = 130
"""Ended by ctrl+c."""
TERMINATED = 143
"""Ended by SIGTERM."""
