"""Attaches to a program that runs already, for `asynclab attach`."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from select import select

import msgspec

from asynclab import __version__
from asynclab.errors import ToldError
from asynclab.remote.attach_injection import FIRST_VERSION, InjectionError, inject
from asynclab.remote.attach_sockets import LONGEST_GREETING, Greeting, find, peer_of
from asynclab.remote.wire import AnyFrame, FrameReader, NotFramesError

PATIENCE = 5.0
"""Real seconds to wait for a program's answer."""

_PIECE = 256 * 1024


class AttachError(ToldError):
    """A program that can't be attached to. The message says why, and what to do."""


@dataclass
class Attachment:
    """A connection to a program. The program is observed while the connection is open."""

    pid: int
    connection: socket.socket
    _reader: FrameReader = field(default_factory=FrameReader)
    has_ended: bool = False
    """Whether no more frames can come, because the program has ended, or has closed the connection."""

    def frames(self, timeout: float | None) -> Iterator[AnyFrame]:
        """Wait at most `timeout` real seconds for data, and return its frames. None waits without a limit."""
        readable, _, _ = select([self.connection], [], [], timeout)
        if not readable:
            return
        try:
            piece = self.connection.recv(_PIECE)
            self.has_ended = not piece
            yield from self._reader.feed(piece)
        except (OSError, NotFramesError):
            self.has_ended = True

    def leave(self) -> Iterator[AnyFrame]:
        """Detach from the program, and wait until asyncio is restored there. Returns the frames that come meanwhile."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
        while not self.has_ended and select([self.connection], [], [], PATIENCE)[0]:
            yield from self.frames(0)
        self.close()

    def close(self) -> None:
        """Close the connection without waiting for the program, which will notice it."""
        self.connection.close()


def attach(pid: int) -> Attachment:
    """Attach to a process.

    Raises:
        AttachError: The process can't be attached to.
    """
    owner = _owner_of(pid)
    if _is_stopped(pid):
        raise AttachError(f"process {pid} is stopped: continue it first, with kill -CONT {pid}")
    try:
        path = find(pid, owner)
    except PermissionError as error:
        raise AttachError(str(error)) from None
    connection = (None if path is None else _connected(path, pid)) or _injected(pid)
    try:
        return _greeted(pid, connection)
    except BaseException:
        connection.close()
        raise


def _owner_of(pid: int) -> int:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        raise AttachError(f"there is no process {pid}") from None
    except OverflowError:
        raise AttachError(f"{pid} is not a process id") from None
    except PermissionError:
        pass
    with suppress(OSError):
        return os.stat(f"/proc/{pid}").st_uid
    return os.getuid()


def _is_stopped(pid: int) -> bool:
    """Whether a signal, such as from Ctrl-Z, has stopped a process; known only on Linux."""
    with suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return stat.rpartition(")")[2].split()[0] == "T"
    return False


def _connected(path: Path, pid: int) -> socket.socket | None:
    """A connection to a program that listens; None if only the socket file of an ended program exists."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(PATIENCE)
        connection.connect(str(path))
    except ConnectionRefusedError:
        connection.close()
        return None
    except OSError as error:
        connection.close()
        raise AttachError(f"can't attach to process {pid}: {error.strerror or error}") from None
    _, listening = peer_of(connection)
    if listening not in (None, pid):
        connection.close()
        raise AttachError(f"{path} is not process {pid}'s, but process {listening}'s: remove it, and try again")
    return connection


def _injected(pid: int) -> socket.socket:
    """A connection to a program that doesn't listen: we make it connect to us, which needs Python 3.14."""
    if sys.version_info < FIRST_VERSION:
        how = "let it call asynclab.attachable(), or run it and asynclab on Python 3.14 or newer"
        raise AttachError(f"process {pid} can't be attached to: {how}")
    try:
        return inject(pid, PATIENCE)
    except InjectionError as error:
        raise AttachError(f"process {pid} {error}") from None


def _greeted(pid: int, connection: socket.socket) -> Attachment:
    """Read the program's greeting, and check that it can be observed."""
    try:
        connection.settimeout(PATIENCE)
        greeting = _read_greeting(connection)
        if greeting is None:
            raise AttachError(f"process {pid} closed the connection: only its own user, or root, can attach to it")
        if greeting.refused:
            raise AttachError(f"can't attach to process {pid}: {greeting.refused}")
        if greeting.asynclab != __version__:
            raise AttachError(
                f"process {pid} has asynclab {greeting.asynclab}, and this is {__version__}: use the same"
            )
    except TimeoutError:
        raise AttachError(
            f"process {pid} did not answer within {PATIENCE:.0f} s: it is stopped, or runs code in C"
        ) from None
    except (OSError, msgspec.MsgspecError):
        raise AttachError(f"process {pid} did not answer as asynclab does") from None
    connection.settimeout(None)
    return Attachment(pid, connection)


def _read_greeting(connection: socket.socket) -> Greeting | None:
    """Read the greeting, one byte at a time, because frames follow it directly."""
    line = b""
    while not line.endswith(b"\n") and len(line) < LONGEST_GREETING:
        byte = connection.recv(1)
        if not byte:
            return None
        line += byte
    return msgspec.json.decode(line, type=Greeting)
