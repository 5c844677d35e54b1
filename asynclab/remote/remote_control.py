"""Sends commands to the loops of another process, without ever blocking."""

from __future__ import annotations

import socket
from collections.abc import Iterable

from asynclab.remote.wire import CancelTask, Frame, Interrupt, LookAt, Pause, Resume, RunTo, SetSpeed, Step, to_bytes


class CommandSender:
    """Sends commands over the socket on which a program's frames come.

    A program that is stopped, or runs C code, reads nothing. Then the unsent bytes are kept until the next command.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._waiting = b""

    def send(self, command: Frame) -> None:
        """Send a command. Does nothing if the program has ended."""
        self._waiting += to_bytes(command)
        try:
            sent = self._connection.send(self._waiting, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            self._waiting = b""
            return
        self._waiting = self._waiting[sent:]


class RemoteControl:
    """The `Control` of one loop of a program. Pause and speed apply to all loops of the program."""

    def __init__(self, commands: CommandSender, loop: int) -> None:
        """Control the loop with this number. All loops of a program share one CommandSender."""
        self._send = commands.send
        self._loop = loop
        self._sampled: tuple[int, ...] = ()

    def pause(self) -> None:
        """Freeze the program before its next steps."""
        self._send(Pause())

    def resume(self) -> None:
        """Resume the program."""
        self._send(Resume())

    def step(self, task: int | None = None, /) -> None:
        """Run the next step of the loop. `task` is ignored, because another order of steps could break the program."""
        self._send(Step(self._loop))

    def run_to_event(self, task: int, /) -> None:
        """Run the program up to the next step of a task, and freeze it there."""
        self._send(RunTo(self._loop, task))

    def set_speed(self, speed: float, /) -> None:
        """Slow the program's time down; it can't run faster than real time."""
        self._send(SetSpeed(speed))

    def run_instantly(self) -> None:
        """Do nothing: time can't be skipped for peers outside the program."""

    def was_stopped(self, seconds: float, /) -> None:
        """Do nothing: the program has its own clock."""

    def cancel(self) -> None:
        """Interrupt the program, as Ctrl-C does."""
        self._send(Interrupt())

    def cancel_task(self, task: int, /) -> None:
        """Cancel a task."""
        self._send(CancelTask(self._loop, task))

    def sample(self, first: Iterable[int] = (), selected: int | None = None, /) -> None:
        """Ask the program what tasks wait for, if they aren't the same tasks as last time."""
        wanted = tuple(first) if selected is None else (selected, *first)
        if wanted != self._sampled:
            self._sampled = wanted
            self._send(LookAt(self._loop, wanted))
