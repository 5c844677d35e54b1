"""Makes this program attachable: a thread waits for `asynclab attach`, and nothing is observed before it comes."""

from __future__ import annotations

import atexit
import os
import socket
import warnings
from contextlib import suppress
from pathlib import Path

from asynclab.remote.attach_sockets import listen, may_look, own_folder, path_for, peer_of
from asynclab.remote.inside.attach_visit import receive
from asynclab.remote.inside.looking_thread import start_thread

_listener: socket.socket | None = None


def attachable() -> bool:
    """Allow `asynclab attach PID` to observe this program from now on.

    Only this user, and root, can attach. Until somebody does, nothing in the program changes, except that a thread
    waits.

    Returns:
        Whether the program is attachable. If it isn't, a RuntimeWarning says why, and the program continues.
    """
    global _listener
    if _listener is not None:
        return True
    try:
        path = path_for(own_folder(), os.getpid())
        _listener = listen(path)
    except (OSError, AttributeError) as error:  # Windows has neither such sockets nor os.getuid
        warnings.warn(f"asynclab can't attach to this program: {error}", RuntimeWarning, stacklevel=2)
        return False
    atexit.register(_remove, path, os.getpid())
    start_thread(_wait, _listener)
    return True


def _wait(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # it was closed
            return
        uid, _ = peer_of(connection)
        if may_look(uid, os.getuid()):
            start_thread(receive, connection)
        else:
            connection.close()


def _remove(path: Path, pid: int) -> None:
    if os.getpid() == pid:  # a forked child has inherited this callback
        with suppress(OSError):
            path.unlink()


def _forget_in_child() -> None:
    """Close the listener in a child process after a fork: the child has another pid, and not the waiting thread."""
    global _listener
    listener, _listener = _listener, None
    if listener is not None:
        listener.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
