"""Detects callbacks of add_reader() that stay registered after their stream has ended: each loop turn calls them."""

from __future__ import annotations

import fcntl
import select
import struct
import termios
from asyncio import BaseEventLoop
from collections.abc import Iterator
from contextlib import suppress
from time import process_time
from types import FunctionType

from asynclab.model.events import LoopSpun
from asynclab.trace import cpython
from asynclab.trace.recording.code_ownership import is_asyncio
from asynclab.trace.recording.recorder import Recorder
from asynclab.trace.recording.values import function_in

LEFT_AFTER = 1.0
"""Real seconds after the end of the stream until it is reported."""

_BUSY = 0.05
"""The share of time for which the process must have run since the last check. Otherwise nothing is checked."""

_AGAIN_AFTER = 0.3
_LOOKS = 3
"""The minimum number of checks that must find the end of the stream."""

_MOST_FILES = 1_000


class LeftReaders:
    """Checks the files that a loop watches for their end."""

    def __init__(self) -> None:
        self._since: dict[int, tuple[float, int]] = {}
        """For each file at its end: the real time at which that was first seen, and the number of checks since."""
        self._told: set[str] = set()
        self._latest = (0.0, 0.0)
        """Real time of the latest check, and the CPU time of the process then."""

    def look(self, recorder: Recorder) -> None:
        """Check the loop's files. Call this several times a second, on any thread but the loop's."""
        loop, now, ran = recorder.loop, recorder.clock.real_time(), process_time()
        before, ran_before = self._latest
        if now - before < _AGAIN_AFTER:
            return
        self._latest = now, ran
        if ran - ran_before < _BUSY * (now - before) or not isinstance(loop, BaseEventLoop):
            return
        ended, seen = dict(_ended(loop)), self._since
        self._since = {}
        for file, function in ended.items():
            since, looks = seen.get(file, (now, 0))
            self._since[file] = since, looks + 1
            seconds = now - since
            if seconds >= LEFT_AFTER and looks >= _LOOKS and function.__qualname__ not in self._told:
                self._told.add(function.__qualname__)
                code = function.__code__
                spun = LoopSpun(recorder.clock.now(), (), seconds, code.co_filename, code.co_firstlineno)
                spun.function, spun.only_waits, spun.is_reader = function.__qualname__, True, True
                recorder.write(spun)


def _ended(loop: BaseEventLoop) -> Iterator[tuple[int, FunctionType]]:
    """The files at their end that have a reader function which isn't asyncio's, each with that function."""
    selector = cpython.selector_of(loop)
    files = {} if selector is None else selector.get_map()
    for key in list(files.values()) if len(files) <= _MOST_FILES else ():
        reader = key.data[0] if type(key.data) is tuple else None
        function = None if reader is None else function_in(reader._callback)
        if type(function) is FunctionType and not is_asyncio(function.__code__.co_filename) and _has_ended(key.fd):
            yield key.fd, function


def _has_ended(file: int) -> bool:
    """Whether a pipe or stream is readable although it has no data: then it is at its end."""
    poll = select.poll()
    poll.register(file, select.POLLIN)
    with suppress(OSError):
        if poll.poll(0):
            (held,) = struct.unpack("i", fcntl.ioctl(file, termios.FIONREAD, bytes(4)))
            return not held
    return False
