"""Writes events in the Trace Event Format: a JSON object with a list of events, one a line.

The format is Chrome's; Perfetto's importer reads it. Its times are microseconds. They are whole numbers here: the
importer multiplies them by 1,000, and a rounded fraction could make a slice end after the one around it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from asynclab.model.text import one_line

LONGEST_TIME = 10**15
"""Microseconds, some 30 years: no program ran longer, and ten times this still fits Perfetto's nanoseconds."""

_encoder = msgspec.json.Encoder()


def microseconds(seconds: float) -> int:
    """A moment as the format has it; none lies outside of what its readers can hold."""
    return round(min(max(seconds, 0.0), LONGEST_TIME / 1e6) * 1e6)


class TraceFile:
    """Writes one event after another; holds none of them."""

    def __init__(self, write: Callable[[str], object]) -> None:
        """Begin a trace; `write` takes each piece of its text."""
        self._write = write
        self._write('{"displayTimeUnit":"ms","traceEvents":[')
        self._separator = "\n"

    def add(self, phase: str, pid: int, tid: int, at: int, name: str, **more: Any) -> None:
        """Write an event.

        Args:
            phase: The format's letter for its kind: B and E, X, i, C, s and f, M.
            pid: The process, which is a loop of the program.
            tid: The thread, which is a task.
            at: When, in microseconds.
            name: What it is called; text from outside is made safe.
            more: Further members, such as `args`.
        """
        if "args" in more:
            more["args"] = {key: _safe(value) for key, value in more["args"].items()}
        event = {"ph": phase, "pid": pid, "tid": tid, "ts": at, "name": one_line(name), **more}
        self._write(self._separator + _encoder.encode(event).decode())
        self._separator = ",\n"

    def finish(self, **about: str) -> None:
        """End the trace, and say what it is about."""
        self._write(
            f'\n],"otherData":{_encoder.encode({key: one_line(text) for key, text in about.items()}).decode()}}}\n'
        )


def _safe(value: object) -> object:
    return one_line(value) if isinstance(value, str) else value
