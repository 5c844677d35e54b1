"""How much the dashboard sends to its terminal while the queue demo runs: what a slow line would have to carry.

    python benchmarks/terminal_bytes.py [--seconds 4]

The app runs in a pseudo-terminal that takes everything at once. What it sends first, the whole screen, isn't counted.
"""

from __future__ import annotations

import argparse
import os
import pty
import select
import subprocess
import sys
import termios
import time

from asynclab.terminal.slow_line import ANSWER, QUESTION

AIMS = {(80, 24): 10_000, (120, 40): 10_000, (200, 60): 15_000}
"""Bytes a second not to be exceeded, by columns and lines."""

SETTLING = 1.0
"""Seconds for the first frames."""


def bytes_a_second(columns: int, lines: int, seconds: float) -> float:
    """What the app sends while the demo runs.

    Args:
        columns: Of the terminal.
        lines: Of the terminal.
        seconds: How long to count.
    """
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (lines, columns))
    environment = {**os.environ, "TERM": "xterm-256color", "LINES": "", "COLUMNS": ""}
    arguments = [sys.executable, "-m", "asynclab", "demo", "queue"]
    process = subprocess.Popen(arguments, stdin=theirs, stdout=theirs, env=environment, start_new_session=True)
    os.close(theirs)
    try:
        _read_until(ours, "►".encode())
        _count(ours, SETTLING)
        return _count(ours, seconds) / seconds
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _read_until(terminal: int, text: bytes) -> None:
    read = b""
    while text not in read:
        read += _read(terminal)


def _count(terminal: int, seconds: float) -> int:
    count, ends = 0, time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            count += len(_read(terminal))
    return count


def _read(terminal: int) -> bytes:
    """Read what there is, and answer what is asked, as terminals do: else the app sends fewer frames."""
    read = os.read(terminal, 65_536)
    os.write(terminal, ANSWER.encode() * read.count(QUESTION.encode()))
    return read


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long to count at each size")
    seconds = parser.parse_args().seconds
    for (columns, lines), aim in AIMS.items():
        rate = bytes_a_second(columns, lines, seconds)
        verdict = "ok" if rate <= aim else f"more than {aim:,}"
        print(f"{columns}x{lines:<6}{rate:10,.0f} bytes a second   {verdict}")


if __name__ == "__main__":
    main()
