"""Takes commands to a loop of another process, and sends them there without ever waiting."""

from __future__ import annotations

import socket
from collections.abc import Iterable

from asynclab.remote.wire import CancelTask, Frame, Interrupt, LookAt, Pause, Resume, RunTo, SetSpeed, Step, to_bytes


class CommandSender:
    """Sends commands over the socket that brings a program's frames.

    A program that is stopped, or runs C code, reads nothing: what it does not take stays here until the next command.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._waiting = b""

    def send(self, command: Frame) -> None:
        """Send a command; nothing happens if the program is over."""
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
    """A `Control` of one loop of a program. Pause and speed hold for all of its loops."""

    def __init__(self, commands: CommandSender, loop: int) -> None:
        """Control the loop of this number; all loops of a program share what sends the commands."""
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
        """Run one step of the loop, of the task that is next: only the loop's own order is safe."""
        self._send(Step(self._loop))

    def run_to_event(self, task: int, /) -> None:
        """Run the program up to the next step of a task, and freeze it there."""
        self._send(RunTo(self._loop, task))

    def set_speed(self, speed: float, /) -> None:
        """Slow the program's time down; it can't run faster than real time."""
        self._send(SetSpeed(speed))

    def run_instantly(self) -> None:
        """Do nothing: the time of what is outside the program can't be skipped."""

    def was_stopped(self, seconds: float, /) -> None:
        """Do nothing: the program has a time of its own."""

    def cancel(self) -> None:
        """Interrupt the program, as Ctrl-C does."""
        self._send(Interrupt())

    def cancel_task(self, task: int, /) -> None:
        self._send(CancelTask(self._loop, task))

    def sample(self, first: Iterable[int] = (), selected: int | None = None, /) -> None:
        """Ask what tasks wait for, if other tasks have come into view."""
        wanted = tuple(first) if selected is None else (selected, *first)
        if wanted != self._sampled:
            self._sampled = wanted
            self._send(LookAt(self._loop, wanted))
