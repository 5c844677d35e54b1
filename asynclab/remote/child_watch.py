"""Runs an observed program, passes on each of its frames until it ends, and forwards our signals to it.

The program uses our terminal directly. `asynclab run` works like this when it shows no screen.
"""

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
"""Signals to us that are meant for the program. If one went to the whole process group, the program has it already."""


def run_watched(
    target: Target, take: Callable[[AnyFrame], object], on_signal: Callable[[int], object] = lambda _: None
) -> int:
    """Run a program, and pass on each of its frames until it has ended.

    Args:
        target: The program to run.
        take: Called with each frame.
        on_signal: Called with the number of each SIGINT and SIGUSR1 to us, but never during a call of `take`.

    Returns:
        The exit code of the program; if a signal killed it, the negative number of the signal.

    Raises:
        OSError: The program can't be started.
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
    # No frames come for its last moments if it is killed, nor for a program that it has become by os.exec.
    take(ProgramEnded(last + time.monotonic() - heard, code))
    return code


def die_as(code: int) -> int:
    """End like a program: return its exit code, or die by the same signal."""
    if code >= 0:
        return code
    number = -code
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the program has dumped its own core
    with suppress(OSError, ValueError):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    return 128 + number  # as in a shell, if the signal doesn't kill us


def _frames(connection: socket.socket) -> Iterator[AnyFrame]:
    """The frames from a socket, up to its end or to invalid data. In that case the program continues unobserved."""
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
    """Forwards signals to the program, and calls `on_signal`."""

    ignored: Sequence[int]
    """The signals that were ignored when we were started."""
    process: subprocess.Popen[bytes] | None = None
    on_signal: Callable[[int], object] = lambda _: None
    is_busy: bool = False
    """Whether a frame is being processed: meanwhile `on_signal` isn't called, because the state is incomplete."""
    untold: list[int] = field(default_factory=list)
    witness: GroupWitness | None = None
    _came: deque[tuple[int, float]] = field(default_factory=deque)
    """The signals to forward, each with the real time at which it came."""
    _is_passing: bool = False

    @contextmanager
    def witnessed(self) -> Iterator[None]:
        """During the block, find out which signals went to our whole process group."""
        for number in self.ignored:  # the program has inherited this, but may have set handlers
            signal.signal(number, self.pass_on)
        with suppress(OSError):  # no more processes are allowed
            self.witness = GroupWitness(_PASSED_ON)
        try:
            yield
        finally:
            witness, self.witness = self.witness, None  # first: a signal may still come
            if witness is not None:
                witness.close()

    def pass_on(self, number: int, _: FrameType | None) -> None:
        """Handle a signal to us, after all earlier ones."""
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
        # Before `on_signal`: who reads its output may send another signal, which a loop about to sleep would miss.
        has_it = number == signal.SIGINT if self.witness is None else self.witness.saw(number, came_at)
        if not has_it and (number != signal.SIGUSR1 or _catches(self.process.pid, number)):
            self.process.send_signal(number)
        if number in (signal.SIGINT, signal.SIGUSR1):
            self.untold.append(number)
        if not self.is_busy:
            self.tell()

    def tell(self) -> None:
        """Call `on_signal` for the signals that came while a frame was processed."""
        while self.untold:
            self.on_signal(self.untold.pop(0))


def _catches(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal; True if that is unknown, because there is no /proc."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return True
    caught = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")]
    return not caught or bool(int(caught[0], 16) >> (number - 1) & 1)


@contextmanager
def _signals_passed_on() -> Iterator[_Passing]:
    """While a program runs, forward signals to it, so that none of them ends us first.

    A new program inherits which signals are ignored, for example by nohup, but no handlers. So our handlers are set
    before it starts, but for ignored signals only afterwards.
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
