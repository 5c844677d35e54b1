"""Reads from Linux how long a thread ran, and how long it waited for a processor.

The watchdog uses it: a step that is slow only because other processes have the processor isn't to blame.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

import msgspec

from asynclab.trace.monitoring.held_threads import is_held

_NANOSECOND = 1e-9
_LONGEST = 200
"""Bytes: more than any file has that is read here."""

_FUTEX = {"x86_64": b"202", "aarch64": b"98"}.get(os.uname().machine, b"")
"""The number of the system call in which a thread waits for a lock, such as the GIL."""


class RunTimes(msgspec.Struct, frozen=True):
    """The times of a thread since its start, in real seconds; 0 on systems other than Linux."""

    waited: float
    """How long it has waited for a processor. The calling thread's waits are added: it may have held the GIL
    meanwhile."""
    ran: float
    """How long it has run on a processor."""
    would_run: bool
    """Whether it runs, or would run but waits for a lock such as the GIL. False if it waits for I/O, a time or a
    condition."""


NEVER_RAN = RunTimes(0.0, 0.0, would_run=False)


def run_times(thread: int, asks_whether_it_would_run: bool = True) -> RunTimes:
    """The times of a thread, by its identifier. Without `asks_whether_it_would_run`, it waits less for the GIL."""
    known = threading._active.get(thread)  # type: ignore[attr-defined]  # enumerate() would take a lock
    native = None if known is None else known.native_id
    ran, waited = _times_of(native)
    call = _read(native, "syscall").split(b" ", 1)[0].strip() if asks_whether_it_would_run else b""
    would_run = call in (b"running", _FUTEX) and not is_held(sys._current_frames().get(thread), also_timed=True)
    return RunTimes(waited + _times_of(threading.get_native_id())[1], ran, would_run)


def _times_of(native_id: int | None) -> tuple[float, float]:
    with suppress(ValueError):
        ran, waited, *_ = map(int, _read(native_id, "schedstat").split())
        return ran * _NANOSECOND, waited * _NANOSECOND
    return 0.0, 0.0


def _read(native_id: int | None, name: str) -> bytes:
    # Each system call releases the GIL, which a busy loop gives back 5 ms later. open() makes twice as many calls.
    with suppress(OSError):
        file = os.open(f"/proc/self/task/{native_id}/{name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.read(file, _LONGEST)
        finally:
            os.close(file)
    return b""
