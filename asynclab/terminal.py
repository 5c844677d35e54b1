"""Where the dashboard is drawn."""

from __future__ import annotations

import sys
from typing import Any

from textual.drivers.linux_driver import LinuxDriver


class StdoutDriver(LinuxDriver):
    """Draws on stdout.

    Textual's own choice is stderr. Here stdout is known to be the terminal, and stderr may be a file: it is for
    complaints.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        assert sys.__stdout__ is not None
        self._file = sys.__stdout__
