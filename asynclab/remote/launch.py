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
    """As Python is given it: `("app.py",)`, `("-m", "package")` or `("-c", "code")`."""
    arguments: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """Python's own options, such as `-X dev`."""
    interpreter: Interpreter = field(default_factory=Interpreter)

    @property
    def name(self) -> str:
        """What it is called: a script's or a module's name."""
        kind, *rest = self.words
        return {"-c": "-c"}.get(kind) or (rest[0] if rest else os.path.basename(kind))


@dataclass(frozen=True)
class Child:
    """A program that was started."""

    process: subprocess.Popen[bytes]
    connection: socket.socket
    """Brings its frames."""


def launch(target: Target) -> Child:
    """Start a program; its standard streams are ours.

    Raises:
        OSError: It can't be started.
    """
    ours, its = socket.socketpair()
    with its:
        command = [target.interpreter.path, *target.options, *target.words, *target.arguments]
        process = subprocess.Popen(command, env=_environment(its.fileno(), target), pass_fds=(its.fileno(),))
    return Child(process, ours)


def _environment(descriptor: int, target: Target) -> dict[str, str]:
    """Ours, and what the program's Python needs to know before it runs the program; see `inside/hook`."""
    environment = dict(os.environ)
    path = environment.get("PYTHONPATH")
    if path is not None:
        environment["ASYNCLAB_CHILD_PYTHONPATH"] = path
    environment["PYTHONPATH"] = os.pathsep.join([str(HOOK), *([path] if path else [])])
    environment["ASYNCLAB_CHILD_HOME"] = target.interpreter.home
    environment["ASYNCLAB_CHILD_SOCKET"] = str(descriptor)
    environment["ASYNCLAB_CHILD_NAME"] = target.name
    return environment
