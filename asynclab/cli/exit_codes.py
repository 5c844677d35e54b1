"""Defines the exit codes of all commands. click uses 2 for wrong arguments."""

from __future__ import annotations

DONE = 0
FAILED = 1
"""Something failed, is missing, or could not be read or observed."""
FOUND = 3
"""A rule of `--fail-on` has found something."""
INTERRUPTED = 130
"""Ended by Ctrl-C."""
TERMINATED = 143
"""Ended by SIGTERM."""
