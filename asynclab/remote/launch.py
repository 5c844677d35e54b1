"""Starts a program in a new Python process, observed from its first line on."""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import dataclass, field

from asynclab.remote.interpreter import HOOK, Interpreter


@dataclass(frozen=True)
class Target:
    """A program to start, with its arguments."""

    words: tuple[str, ...]
    """Python's arguments: `("app.py",)`, `("-m", "package")`, `("-mpackage",)` or `("-c", "code")`."""
    arguments: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """Python's own options, such as `-X dev`."""
    interpreter: Interpreter = field(default_factory=Interpreter)

    @property
    def name(self) -> str:
        """The name of the script or module."""
        kind, *rest = self.words
        match kind[:2]:
            case "-c":
                return "-c"
            case "-m":
                return rest[0] if rest else kind[2:]
        return os.path.basename(kind)

    @property
    def script(self) -> str:
        """The path of the Python file; empty if the program isn't a Python file."""
        return self.words[0] if self.words[0].endswith((".py", ".pyw")) else ""

    @property
    def command(self) -> tuple[str, ...]:
        """The command line as a recording has it: options, the program without its folder, and arguments."""
        return (*self.options, *(self.words if self.words[0].startswith("-") else (self.name,)), *self.arguments)


@dataclass(frozen=True)
class Child:
    """A program that was started."""

    process: subprocess.Popen[bytes]
    connection: socket.socket
    """The socket on which its frames come, and to which commands are sent."""


def launch(target: Target, terminal: int | None = None) -> Child:
    """Start a program.

    Args:
        target: The program to start.
        terminal: The file descriptor of the program's own terminal; None if it inherits our standard streams.

    Raises:
        OSError: The program can't be started.
    """
    ours, its = socket.socketpair()
    its.set_inheritable(True)
    command = [target.interpreter.path, *target.options, *target.words, *target.arguments]
    environment = _environment(its.fileno(), target)
    if terminal is not None:
        environment |= {"ASYNCLAB_CHILD_TERMINAL": "1", "TERM": "xterm-256color"}
        for name in ("COLUMNS", "LINES"):  # the size of another terminal
            environment.pop(name, None)
    with its:
        try:
            process = subprocess.Popen(
                command,
                env=environment,
                close_fds=False,  # files passed to us, such as by <(…) in a shell, are for the program
                stdin=terminal,
                stdout=terminal,
                stderr=terminal,
                start_new_session=terminal is not None,
            )
        except OSError:
            ours.close()
            raise
    return Child(process, ours)


def _environment(descriptor: int, target: Target) -> dict[str, str]:
    """Our environment, with the settings that our hook reads in the program's Python: see `inside/hook`."""
    environment = dict(os.environ)
    path = environment.get("PYTHONPATH")
    if path is not None:
        environment["ASYNCLAB_CHILD_PYTHONPATH"] = path
    environment["PYTHONPATH"] = os.pathsep.join([str(HOOK), *([path] if path else [])])
    environment["ASYNCLAB_CHILD_HOME"] = target.interpreter.home
    environment["ASYNCLAB_CHILD_SOCKET"] = str(descriptor)
    environment["ASYNCLAB_CHILD_NAME"] = target.name
    return environment
