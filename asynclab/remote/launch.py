"""Starts a program in a Python of its own, observed from its first line on."""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import dataclass, field

from asynclab.remote.interpreter import HOOK, Interpreter


@dataclass(frozen=True)
class Target:
    """What to start, and with which arguments."""

    words: tuple[str, ...]
    """Python's arguments: `("app.py",)`, `("-m", "package")`, `("-mpackage",)` or `("-c", "code")`."""
    arguments: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """Python's own options, such as `-X dev`."""
    interpreter: Interpreter = field(default_factory=Interpreter)

    @property
    def name(self) -> str:
        """What it is called: a script's or a module's name."""
        kind, *rest = self.words
        match kind[:2]:
            case "-c":
                return "-c"
            case "-m":
                return rest[0] if rest else kind[2:]
        return os.path.basename(kind)

    @property
    def script(self) -> str:
        """The path of its Python file; empty if it isn't one."""
        return self.words[0] if self.words[0].endswith((".py", ".pyw")) else ""

    @property
    def command(self) -> tuple[str, ...]:
        """What a recording says was run: options, the program without its folder, and arguments."""
        return (*self.options, *(self.words if self.words[0].startswith("-") else (self.name,)), *self.arguments)


@dataclass(frozen=True)
class Child:
    """A program that was started."""

    process: subprocess.Popen[bytes]
    connection: socket.socket
    """Brings its frames."""


def launch(target: Target, terminal: int | None = None) -> Child:
    """Start a program.

    Args:
        target: What to start.
        terminal: The file descriptor of the program's own terminal; None to let it inherit our standard streams.

    Raises:
        OSError: It can't be started.
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
                close_fds=False,  # what we were given, as by <(…) in a shell, is the program's
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
    """Our environment, and what the program's Python needs to know before it runs the program; see `inside/hook`."""
    environment = dict(os.environ)
    path = environment.get("PYTHONPATH")
    if path is not None:
        environment["ASYNCLAB_CHILD_PYTHONPATH"] = path
    environment["PYTHONPATH"] = os.pathsep.join([str(HOOK), *([path] if path else [])])
    environment["ASYNCLAB_CHILD_HOME"] = target.interpreter.home
    environment["ASYNCLAB_CHILD_SOCKET"] = str(descriptor)
    environment["ASYNCLAB_CHILD_NAME"] = target.name
    return environment
