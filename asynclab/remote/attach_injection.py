"""Attaches to a program that doesn't call `attachable()`: since 3.14, Python can run a script in another process."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import sys
import tempfile
import textwrap
from contextlib import suppress
from pathlib import Path

from asynclab.remote.attach_sockets import listen
from asynclab.remote.inside import __file__ as harmless
from asynclab.remote.interpreter import this_asynclab

FIRST_VERSION = (3, 14)
"""The first version of Python that has sys.remote_exec."""

_PTRACE_SEIZE, _PTRACE_INTERRUPT, _PTRACE_DETACH = 0x4206, 0x4207, 17
_WAIT_FOR_ANY = 0x40000000
"""The flag __WALL of waitpid, for a traced process that isn't our child."""

_SCRIPT = """
    def visit(path):
        import json, socket
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(path)
        try:
            from asynclab.remote.inside.attach_visit import receive
        except BaseException as error:
            import sys
            name = getattr(error, "name", None)
            why = f"it can't import asynclab ({type(error).__name__}: {error})"
            if name in ("asynclab", "msgspec"):
                why = f"asynclab is not installed there: {sys.executable} -m pip install " + ASYNCLAB
            with connection:
                connection.sendall(json.dumps({"asynclab": "", "refused": why}).encode() + b"\\n")
        else:
            receive(connection)

    import _thread, signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        _thread.start_new_thread(visit, (PATH,))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
"""
"""The script. It runs between two instructions of the program's main thread, so it starts a thread for slow work."""


class InjectionError(Exception):
    """The script can't run in the process. The message says why, and what to do."""


def inject(pid: int, patience: float) -> socket.socket:
    """Make a process connect to this one.

    Args:
        pid: The process.
        patience: Real seconds to wait for its answer.

    Raises:
        InjectionError: The process can't run the script, or doesn't connect in time.
    """
    _check_version(pid)
    with tempfile.TemporaryDirectory(prefix="asynclab-", ignore_cleanup_errors=True) as folder:
        _make_readable(Path(folder), pid)
        path = Path(folder) / "viewer"
        script = Path(folder) / "script.py"
        code = textwrap.dedent(_SCRIPT).replace("PATH", repr(str(path))).replace("ASYNCLAB", repr(this_asynclab()))
        script.write_text(code, encoding="utf-8")
        with listen(path) as listener:
            _make_readable(path, pid)
            _make_readable(script, pid)
            _execute(pid, script)
            listener.settimeout(patience)
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                _execute(pid, Path(harmless))  # replaces ours, whose file will be deleted
                raise InjectionError(
                    f"did not answer within {patience:.0f} s: its main thread runs C code, such as time.sleep"
                ) from None
    return connection


def _execute(pid: int, script: Path) -> None:
    try:
        sys.remote_exec(pid, str(script))  # type: ignore[attr-defined, unused-ignore]
    except PermissionError:
        raise InjectionError(_not_permitted()) from None
    except ProcessLookupError:
        raise InjectionError("has ended") from None
    except (OSError, RuntimeError) as error:
        raise InjectionError(
            f"can't be made to run asynclab; is it Python {_named(sys.version_info[:2])}? {error}"
        ) from None
    _wake(pid)


def _wake(pid: int) -> None:
    """Interrupt a wait of the main thread: while its loop is idle, it runs no Python code, and so not our script.

    On Linux, stopping a thread by ptrace interrupts its wait for I/O like a signal. The program doesn't notice it:
    Python runs the script, and then continues to wait.
    """
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.restype = ctypes.c_long
        libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        if libc.ptrace(_PTRACE_SEIZE, pid, None, None) == 0:
            libc.ptrace(_PTRACE_INTERRUPT, pid, None, None)
            os.waitpid(pid, _WAIT_FOR_ANY)
            libc.ptrace(_PTRACE_DETACH, pid, None, None)


def _make_readable(path: Path, pid: int) -> None:
    """If we run as root, make the program's user the owner of a file that the program has to read."""
    if os.getuid() == 0:
        with suppress(OSError):
            owner = os.stat(f"/proc/{pid}")
            os.chown(path, owner.st_uid, owner.st_gid)


def _check_version(pid: int) -> None:
    """Check that the process runs the same version of Python as we do, by the file name of its executable.

    Raises:
        InjectionError: The versions differ.
    """
    try:
        executable = os.readlink(f"/proc/{pid}/exe")
    except PermissionError:
        raise InjectionError(_not_permitted()) from None
    except OSError:  # unknown on this system
        return
    found = re.fullmatch(r"python(\d+)\.(\d+)t?", os.path.basename(executable))
    if found is None:
        return
    version, ours = (int(found[1]), int(found[2])), sys.version_info[:2]
    name, our_name = _named(version), _named(ours)
    if version < FIRST_VERSION:
        raise InjectionError(f"runs Python {name}, which can't run our script: let it call asynclab.attachable()")
    if version != ours:
        raise InjectionError(f"runs Python {name}, and this is {our_name}: run asynclab with {executable} -m asynclab")


def _named(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def _not_permitted() -> str:
    how = "only its own user, or root, may"
    with suppress(OSError):
        if Path("/proc/sys/kernel/yama/ptrace_scope").read_text().strip() != "0":
            how = "run asynclab as root, or set kernel.yama.ptrace_scope=0 (sysctl)"
    return f"may not be inspected: {how}; or let it call asynclab.attachable()"
