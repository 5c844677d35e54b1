"""Finds out whether a signal went to our whole process group, as Ctrl-C does: then our child has it already."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from select import select

NEAR = 0.05
"""Real seconds between signals that count as one: `timeout` sends a signal to a process, and then to its group."""

_PATIENCE = 1.0
"""Real seconds to wait for an answer of the witness."""

_WITNESS = """
import os, signal, sys
told = int(sys.argv[1])
os.set_blocking(told, False)
signal.set_wakeup_fd(told)
for number in sys.argv[2:]:
    signal.signal(int(number), lambda *_: None)
while os.read(0, 1):
    os.write(told, bytes(1))
"""
"""The witness writes the number of each signal that it gets, and 0 for each byte that it reads."""


class GroupWitness:
    """A child process in our group that only reports the signals it gets. It ends with us, because its stdin closes.

    It is needed because Python doesn't tell a signal handler which other processes got the signal.
    """

    def __init__(self, numbers: Iterable[int]) -> None:
        """Start the witness, for signals of these numbers.

        Raises:
            OSError: The process can't be started.
        """
        self._told, its = os.pipe()
        command = [sys.executable, "-I", "-S", "-c", _WITNESS, str(its), *map(str, numbers)]
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(its,)
            )
        except OSError:
            os.close(self._told)
            raise
        finally:
            os.close(its)
        self._seen_at: dict[int, float] = {}
        """The real time at which the witness last reported each signal."""
        self._unanswered = 0
        self._is_gone = False

    def saw(self, number: int, came_at: float) -> bool:
        """Whether a signal that came at the real time `came_at` went to the whole group. May block for a moment.

        If the witness has ended, a SIGINT counts as sent by the terminal, and any other signal as sent only to us.
        """
        if not self._has_seen(number, came_at):
            time.sleep(NEAR / 2)
            self._ask()
        return number == signal.SIGINT if self._is_gone else self._has_seen(number, came_at)

    def _has_seen(self, number: int, came_at: float) -> bool:
        return self._seen_at.get(number, -math.inf) >= came_at - NEAR

    def _ask(self) -> None:
        """Ask the witness, and read the signals that it has got so far."""
        self._unanswered += 1
        until = time.monotonic() + _PATIENCE
        assert self.process.stdin is not None
        try:
            os.write(self.process.stdin.fileno(), b"?")
            while self._unanswered and select([self._told], [], [], max(0.0, until - time.monotonic()))[0]:
                told = os.read(self._told, 64)
                if not told:
                    raise BrokenPipeError("it has ended")
                self._unanswered -= told.count(0)
                self._seen_at |= dict.fromkeys(told, time.monotonic())
        except OSError:
            self._is_gone = True

    def close(self) -> None:
        """End the witness."""
        self.process.kill()
        with suppress(OSError):
            self.process.communicate()
        os.close(self._told)
