"""How long the dashboard takes to its first paint ÷ an empty Textual app, each in a process of its own on a pty.

    python benchmarks/startup.py [--rounds 9]

The time runs from the start of the process to the first frame on the terminal. Rounds take turns; the best counts.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import platform
import pty
import re
import select
import signal
import subprocess
import sys
import termios
from pathlib import Path
from struct import pack
from tempfile import TemporaryDirectory
from time import perf_counter

EMPTY = """
from textual.app import App
from textual.widgets import Static

class Empty(App):
    def compose(self):
        yield Static("READY")

Empty().run()
"""
PATIENCE = 30.0
"""Seconds after which a start counts as failed."""


def first_paint(command: list[str], sign: bytes, home: str) -> float:
    """Seconds from the start of `command` until `sign` is on its terminal."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, pack("HHHH", 40, 120, 0, 0))
    environment = os.environ | {"TERM": "xterm-256color", "XDG_CONFIG_HOME": home}
    begin = perf_counter()
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    )
    os.close(slave)
    try:
        return _wait_for(master, sign, begin)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(master)


def _wait_for(terminal: int, sign: bytes, begin: float) -> float:
    seen = b""
    while perf_counter() - begin < PATIENCE:
        if select.select([terminal], [], [], 0.1)[0]:
            seen += os.read(terminal, 65536)
            if sign in re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", seen):
                return perf_counter() - begin
    raise SystemExit(f"no {sign!r} on the terminal within {PATIENCE:.0f} s")


def main() -> None:
    """Print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=9, help="rounds of each, of which the best counts")
    rounds = parser.parse_args().rounds
    empty, dashboard = [], []
    with TemporaryDirectory() as home:
        script = Path(home) / "empty.py"
        script.write_text(EMPTY)
        for _ in range(rounds):
            empty.append(first_paint([sys.executable, str(script)], b"READY", home))
            dashboard.append(first_paint([sys.executable, "-m", "asynclab"], b"coroutines", home))
    print(f"Python {platform.python_version()}, best of {rounds}, to the first paint")
    print(f"an empty app   {min(empty) * 1e3:6.0f} ms")
    print(f"the dashboard  {min(dashboard) * 1e3:6.0f} ms   ratio {min(dashboard) / min(empty):.2f}")


if __name__ == "__main__":
    main()
