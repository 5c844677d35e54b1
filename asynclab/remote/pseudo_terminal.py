"""A pseudo-terminal for a program: we read the program's output, and write its input."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from contextlib import suppress

PIECE = 64 * 1024
"""How many bytes are read at once."""


class PseudoTerminal:
    """Both ends of a pseudo-terminal; ours never blocks."""

    def __init__(self, columns: int, lines: int) -> None:
        """Open a pseudo-terminal of a size.

        Raises:
            OSError: The system has no more pseudo-terminals.
        """
        self.ours, self.its = os.openpty()
        os.set_blocking(self.ours, False)
        self._unwritten = b""
        self.resize(columns, lines)

    def resize(self, columns: int, lines: int) -> None:
        """Set the size, and send the program SIGWINCH. Does nothing once the terminal is closed."""
        with suppress(OSError, ValueError):  # a closed terminal's descriptor is -1
            fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def close_programs_end(self) -> None:
        """Close our copy of the program's end, once the program has its own."""
        os.close(self.its)
        self.its = -1

    def read(self) -> bytes | None:
        """Read the program's output: empty if there is none yet, None once all processes have closed the other end."""
        try:
            return os.read(self.ours, PIECE) or None
        except BlockingIOError:
            return b""
        except OSError:  # Linux raises this if the other end is closed
            return None

    def write(self, data: bytes = b"") -> None:
        """Write input for the program. The part that doesn't fit now is kept for the next call."""
        self._unwritten += data
        with suppress(OSError):
            while self._unwritten:
                self._unwritten = self._unwritten[os.write(self.ours, self._unwritten) :]

    def close(self) -> None:
        """Close the terminal, which sends the program SIGHUP."""
        for descriptor in (self.ours, self.its):
            if descriptor >= 0:
                os.close(descriptor)
        self.ours = self.its = -1
