"""A terminal for a program: its output can be read here, and text written here is its input."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from contextlib import suppress

PIECE = 64 * 1024
"""Bytes that are read at once."""


class PseudoTerminal:
    """Both ends of a pseudo-terminal; ours never blocks."""

    def __init__(self, columns: int, lines: int) -> None:
        """Open it.

        Raises:
            OSError: The system has no more of them.
        """
        self.ours, self.its = os.openpty()
        os.set_blocking(self.ours, False)
        self._unwritten = b""
        self.resize(columns, lines)

    def resize(self, columns: int, lines: int) -> None:
        """Set the size, and send the program SIGWINCH; does nothing once the terminal is closed."""
        with suppress(OSError, ValueError):  # of a closed one's descriptor, -1
            fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def give_away(self) -> None:
        """Close the program's end here, once the program has it."""
        os.close(self.its)
        self.its = -1

    def read(self) -> bytes | None:
        """What it has printed: empty if nothing has come, None once nobody has the other end any more."""
        try:
            return os.read(self.ours, PIECE) or None
        except BlockingIOError:
            return b""
        except OSError:  # Linux says so that the other end is closed
            return None

    def write(self, data: bytes = b"") -> None:
        """Type something; what the program doesn't take at once is kept for the next call."""
        self._unwritten += data
        with suppress(OSError):
            while self._unwritten:
                self._unwritten = self._unwritten[os.write(self.ours, self._unwritten) :]

    def close(self) -> None:
        """Hang up."""
        for descriptor in (self.ours, self.its):
            if descriptor >= 0:
                os.close(descriptor)
        self.ours = self.its = -1
