"""Reads a program's frames until it is over, and passes them on; the program's own terminal stays its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from asynclab.remote.group_witness import GroupWitness
from asynclab.remote.launch import Target, launch
from asynclab.remote.wire import AnyFrame, FrameReader, NotFramesError, ProgramEnded

PIECE = 256 * 1024
"""The most bytes that are read at once."""

_PASSED_ON = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGALRM,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
"""Signals to us that are meant for the program. If they went to the whole process group, it has them already."""


def run_watched(
    target: Target, take: Callable[[AnyFrame], object], on_signal: Callable[[int], object] = lambda _: None
) -> int:
    """Run a program, and hand on every frame of it until it has ended.

    Args:
        target: What to run.
        take: Gets each frame.
        on_signal: Gets each SIGINT and SIGUSR1 to us, never while a frame is taken in.

    Returns:
        Its exit code; below 0 the number of the signal that killed it.

    Raises:
        OSError: It can't be started.
    """
    last = 0.0
    with _signals_passed_on() as passing:
        child = launch(target)
        heard = time.monotonic()
        passing.process, passing.on_signal = child.process, on_signal
        with child.connection, passing.witnessed():
            for frame in _frames(child.connection):
                if (at := getattr(frame, "at", None)) is not None:
                    last, heard = at, time.monotonic()
                passing.is_busy = True
                take(frame)
                passing.is_busy = False
                passing.tell()
            code = child.process.wait()
    # Nothing is heard of its last moments where it is killed, nor of what it replaces itself by with os.exec.
    take(ProgramEnded(last + time.monotonic() - heard, code))
    return code


def die_as(code: int) -> int:
    """End as a program did: with its exit code, which is returned, or with the signal that killed it."""
    if code >= 0:
        return code
    number = -code
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the program has dumped its own
    with suppress(OSError, ValueError):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    return 128 + number  # as a shell tells it, where the signal does not kill


def _frames(connection: socket.socket) -> Iterator[AnyFrame]:
    """The frames from a socket, up to its end. Invalid data ends it, too; the program then continues unobserved."""
    reader = FrameReader()
    while True:
        try:
            piece = connection.recv(PIECE)
            if not piece:
                return
            yield from reader.feed(piece)
        except (OSError, NotFramesError):
            return


@dataclass
class _Passing:
    """To which process signals go."""

    ignored: Sequence[int]
    """The signals that were ignored when we were started."""
    process: subprocess.Popen[bytes] | None = None
    on_signal: Callable[[int], object] = lambda _: None
    is_busy: bool = False
    """Whether a frame is being taken in: what it changes can't be read meanwhile."""
    untold: list[int] = field(default_factory=list)
    witness: GroupWitness | None = None
    _came: deque[tuple[int, float]] = field(default_factory=deque)
    """The signals to handle, and when each came, in real time."""
    _is_passing: bool = False

    @contextmanager
    def witnessed(self) -> Iterator[None]:
        """Learn, during the block, which signals went to our whole process group."""
        for number in self.ignored:  # the program has inherited that, and may have handlers all the same
            signal.signal(number, self.pass_on)
        with suppress(OSError):  # the system has no process to give
            self.witness = GroupWitness(_PASSED_ON)
        try:
            yield
        finally:
            witness, self.witness = self.witness, None  # first: a signal may still come
            if witness is not None:
                witness.close()

    def pass_on(self, number: int, _: FrameType | None) -> None:
        """Handle a signal to us, once those that came before have been handled."""
        self._came.append((number, time.monotonic()))
        while self._came and not self._is_passing:
            self._is_passing = True
            try:
                while self._came:
                    self._pass_on(*self._came.popleft())
            finally:
                self._is_passing = False

    def _pass_on(self, number: int, came_at: float) -> None:
        """Pass a signal on to the program, and call `on_signal`."""
        if self.process is None:
            return
        # First, as whoever reads what we say may send another: the loop misses that one as it goes to sleep again.
        has_it = number == signal.SIGINT if self.witness is None else self.witness.saw(number, came_at)
        if not has_it and (number != signal.SIGUSR1 or _catches(self.process.pid, number)):
            self.process.send_signal(number)
        if number in (signal.SIGINT, signal.SIGUSR1):
            self.untold.append(number)
        if not self.is_busy:
            self.tell()

    def tell(self) -> None:
        while self.untold:
            self.on_signal(self.untold.pop(0))


def _catches(pid: int, number: int) -> bool:
    """Whether a process handles a signal; where that is unknown (no /proc), the process gets the signal as usual."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return True
    caught = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")]
    return not caught or bool(int(caught[0], 16) >> (number - 1) & 1)


@contextmanager
def _signals_passed_on() -> Iterator[_Passing]:
    """While a program runs, pass signals on to it, and let none of them end us before it.

    A program inherits ignored signals, as under nohup, but no handlers. So our handlers are set before it starts, but
    for ignored signals only afterwards.
    """
    before = {number: signal.getsignal(number) for number in _PASSED_ON}
    passing = _Passing([number for number, handler in before.items() if handler is signal.SIG_IGN])
    for number in set(before).difference(passing.ignored):
        signal.signal(number, passing.pass_on)
    try:
        yield passing
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
