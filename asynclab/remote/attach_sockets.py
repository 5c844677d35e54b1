"""Makes and finds the Unix sockets for `asynclab attach`. Only the user of the program, and root, can use them."""

from __future__ import annotations

import os
import socket
import stat
import struct
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

LONGEST_GREETING = 4096
"""The most bytes of a greeting."""

_ROOT = 0
_LONGEST_PATH = 103
"""The most bytes in a socket's path on all systems; Linux allows 107."""


class Greeting(msgspec.Struct, omit_defaults=True):
    """A program's first line to its viewer. It is JSON, because the format of the frames depends on the version."""

    asynclab: str
    """The version of asynclab in the program."""
    refused: str = ""
    """Why it refuses the viewer; empty if it accepts it."""


def own_folder() -> Path:
    """The folder for the sockets of this user's programs; made if it doesn't exist.

    Raises:
        OSError: It can't be made, or other users have access to it.
    """
    folder = next(iter(_folders(os.getuid())))
    folder.mkdir(mode=0o700, exist_ok=True)
    _check(folder, os.getuid())
    return folder


def listen(path: Path) -> socket.socket:
    """Make a listening socket to which only this user can connect.

    Raises:
        OSError: The socket can't be made at this path.
    """
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise OSError(f"the path {path} is too long for a socket: set XDG_RUNTIME_DIR to a shorter folder")
    path.unlink(missing_ok=True)  # left by an earlier process with our pid
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
        listener.listen()
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener


def path_for(folder: Path, pid: int) -> Path:
    """The path of a process's socket."""
    return folder / f"{pid}.sock"


def find(pid: int, owner: int) -> Path | None:
    """The socket of a process, if it has one.

    Raises:
        PermissionError: Another user than the owner of the process could have made it.
    """
    for folder in _folders(owner):
        path = path_for(folder, pid)
        with suppress(FileNotFoundError):
            if stat.S_ISSOCK(path.lstat().st_mode):
                _check(folder, owner)
                return path
    return None


def peer_of(connection: socket.socket) -> tuple[int | None, int | None]:
    """The user id and process id at the other end of a connection; None for a value that the system doesn't give."""
    if hasattr(socket, "SO_PEERCRED"):
        pid, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return uid, pid
    if sys.platform == "darwin" or "bsd" in sys.platform:  # struct xucred, by LOCAL_PEERCRED of SOL_LOCAL
        _, uid = struct.unpack_from("II", connection.getsockopt(0, 1, 76))
        return uid, None
    return None, None


def may_look(uid: int | None, owner: int) -> bool:
    """Whether the user `uid` may attach to a program of the user `owner`."""
    return uid in (owner, _ROOT)


def _folders(owner: int) -> Iterator[Path]:
    """The folders in which the sockets of a user's programs may be, the usual one first."""
    runtime = os.environ.get("XDG_RUNTIME_DIR") if owner == os.getuid() else None
    if runtime:
        yield Path(runtime) / "asynclab"
    elif os.path.isdir(f"/run/user/{owner}"):
        yield Path(f"/run/user/{owner}/asynclab")
    for folder in dict.fromkeys((tempfile.gettempdir(), "/tmp")):
        yield Path(folder) / f"asynclab-{owner}"


def _check(folder: Path, owner: int) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
        raise PermissionError(f"{folder} is not a private folder of user {owner}: remove it, or set XDG_RUNTIME_DIR")
