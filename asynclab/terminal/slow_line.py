"""Writes to the terminal in a thread, and knows when the terminal is behind: then the app leaves out frames.

On a slow line, such as ssh over a mobile network, bytes wait in buffers that can't be inspected, and are shown seconds
later. So each frame is followed by a request for the terminal's status; the answer comes once the frame was shown. If
the terminal doesn't answer, its speed is measured while the buffers are full, because then writes have to wait.
"""

from __future__ import annotations

import math
import os
import select
import threading
from collections import deque
from collections.abc import Callable
from time import monotonic

QUESTION = "\x1b[5n"
"""Asks the terminal for its status (DSR in ECMA-48)."""

ANSWER = "\x1b[0n"
"""The terminal's answer."""

CHUNK = 512
"""The most bytes of one write: `select` promises room for this many."""

FULL_AFTER = 0.05
"""Seconds that a write waits before the terminal's buffers count as full."""

MEASURED_FOR = 0.2
"""Seconds with full buffers after which a rate is measured."""

BEHIND = 0.15
"""Seconds within which the terminal should show what was written."""

PATIENCE = 1.0
"""Seconds after which a terminal that has never answered counts as one that can't. Other terminals are asked again."""

LAST_ANSWER = 0.4
"""Seconds for which `drop` waits for an answer."""

REST = 0.25
"""Seconds between frames for a terminal that doesn't answer: then even a slow line catches up."""

LEAST_RATE = 2_000.0
"""Bytes per second. If the terminal took fewer, it was stopped rather than slow."""

TRUSTED_FOR = 10.0
"""Seconds for which a measured rate is trusted; later the line may have become faster."""

DOUBT = 0.02
"""The share by which the rate is raised in each second after that."""


class Pace:
    """Estimates how many of the written bytes the terminal has not shown yet."""

    def __init__(self) -> None:
        self.rate = math.inf
        """Bytes per second that the terminal takes; infinite until the first measurement."""
        self._measured = math.inf
        """When the rate was measured, in seconds; infinite before."""
        self._backlog = 0.0
        self._at = 0.0
        self._written: deque[tuple[float, int]] = deque(maxlen=1_000)
        """The time of each write in seconds, and its bytes."""

    def wrote(self, count: int, now: float) -> None:
        """Note that `count` bytes were written at time `now`, in seconds."""
        self._written.append((now, count))
        self._add(count, now)

    def was_full(self, count: int, seconds: float, now: float) -> None:
        """Learn the rate: until now, the buffers were full for some seconds; meanwhile `count` bytes were taken."""
        self.rate = max(LEAST_RATE, count / seconds)
        self._measured = now
        self._backlog = 0.0
        for then, written in self._written:
            self._add(written, then)

    def late(self, now: float) -> float:
        """Seconds until the terminal catches up; below 0 if it isn't behind."""
        self._add(0, now)
        return self._backlog / self.rate - BEHIND

    def _add(self, count: int, now: float) -> None:
        seconds, self._at = max(0.0, now - self._at), now
        self._backlog = count + (max(0.0, self._backlog - self.rate * seconds) if seconds else self._backlog)
        if now - self._measured > TRUSTED_FOR:
            self.rate *= 1 + DOUBT * min(seconds, 1.0)


class SlowLine:
    """Writes to the terminal, and tells the app whether the terminal keeps up."""

    def __init__(self, file: int, tell: Callable[[bool], None], now: Callable[[], float] = monotonic) -> None:
        """Begin to write to a file; `tell` is called in the writing thread when it falls behind or catches up."""
        self._file = file
        self._tell = tell
        self._now = now
        self._pace = Pace()
        self._waiting = bytearray()
        self._changed = threading.Condition()
        self._is_ending = False
        """Whether to send no more requests, since nothing would read the answers."""
        self._is_closing = False
        self._is_behind = False
        self._asked: float | None = None
        """When the terminal was asked for its status; None if no answer is due."""
        self._asked_again = 0.0
        """When the terminal was asked last, while an answer is due."""
        self._answers: bool | None = None
        """Whether the terminal answers requests; None while unknown."""
        self._framed = 0.0
        """When the last frame was complete."""
        self._is_slow = False
        """Whether the last answer was late. If so, the terminal counts as behind from each request to its answer."""
        self._is_asked_about = True
        """Whether nothing was written since the last request."""
        self._full: tuple[float, int] | None = None
        """When the buffers became full, and how many bytes were written since; None if they aren't full."""
        self._thread = threading.Thread(target=self._run, name="asynclab output", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Queue text for writing; never waits."""
        with self._changed:
            self._waiting += text.encode("utf-8", "replace")
            self._is_asked_about = False
            self._changed.notify()

    def ask(self) -> None:
        """Ask the terminal for its status after a frame."""
        with self._changed:
            self._framed = self._now()
            if self._asked is None and self._answers is not False and not self._is_ending and not self._is_asked_about:
                self._waiting += QUESTION.encode()
                self._asked = self._asked_again = self._framed
                self._is_asked_about = True
            self._changed.notify()  # also after a frame without a request: the next frame has to wait

    def answer(self) -> None:
        """Note an answer from the terminal."""
        with self._changed:
            if self._asked is not None:
                self._is_slow = self._now() - self._asked > BEHIND
            self._asked, self._answers = None, True
            self._changed.notify_all()
        self.ask()

    def drop(self) -> None:
        """Drop text that has not been written, cancel a partly sent sequence, and send no more requests.

        Waits a moment for an answer that is due: if it came later, the shell would take it for typed input.
        """
        with self._changed:
            self._is_ending = True
            if QUESTION.encode() in self._waiting:
                self._asked = None
            if self._waiting:
                self._waiting[:] = b"\x18\x1b[m"  # CAN ends a sequence that was cut
            self._changed.wait_for(lambda: self._asked is None, LAST_ANSWER)
            self._asked = None

    def close(self) -> None:
        """Write all queued text, then end the thread."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while chunk := self._next():
            try:
                self._write(chunk)
            except OSError:  # the terminal is gone; the reading thread will notice
                return

    def _next(self) -> bytes:
        """The next bytes to write; empty at the end."""
        with self._changed:
            while not self._waiting:
                self._full = None
                if self._is_closing:
                    return b""
                self._changed.wait(self._look())
            chunk = bytes(self._waiting[:CHUNK])
            del self._waiting[:CHUNK]
            return chunk

    def _write(self, chunk: bytes) -> None:
        if not self._has_room(FULL_AFTER):
            self._measure()
            self._say(True)
            while not self._has_room(FULL_AFTER):
                pass
        while chunk:
            count = os.write(self._file, chunk)
            chunk = chunk[count:]
            self._pace.wrote(count, self._now())
            if self._full is not None:
                self._full = self._full[0], self._full[1] + count

    def _has_room(self, seconds: float) -> bool:
        return bool(select.select([], [self._file], [], seconds)[1])

    def _measure(self) -> None:
        """Measure the rate: the buffers were full before and are full now, so as much was taken as was written."""
        now = self._now()
        since, count = self._full or (now, 0)
        if now - since >= MEASURED_FOR:
            self._pace.was_full(count, now - since, now)
            since, count = now, 0
        self._full = since, count

    def _look(self) -> float | None:
        """Check whether the terminal keeps up; return the seconds until the next check, or None if none is needed."""
        now = self._now()
        if self._asked is not None and self._answers is None and now - self._asked >= PATIENCE:
            self._asked, self._answers = None, False
        if self._asked is not None:
            late = math.inf if self._is_slow else now - self._asked - BEHIND
            again: float | None = -late if late < 0 else PATIENCE
            # An answer may get lost: it is flushed while the process stops, or taken by another program.
            if self._answers and not self._is_ending and now - self._asked_again >= PATIENCE:
                self._waiting += QUESTION.encode()
                self._asked_again, again = now, 0.0
        else:
            late = -math.inf if self._answers else max(self._framed + REST - now, self._pace.late(now))
            again = late if late > 0 else None
        self._say(late > 0)
        return again

    def _say(self, is_behind: bool) -> None:
        if is_behind != self._is_behind:
            self._is_behind = is_behind
            self._tell(is_behind)
