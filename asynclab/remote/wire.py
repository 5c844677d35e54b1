"""Defines the protocol between an observed program and the viewer's process: frames, commands and their encoding.

A frame is a message from the program. It has the number of the loop to which its events belong, so the events don't
need it. On the socket, each frame or command is msgpack, after its length in four bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeAlias, TypeVar

import msgspec

from asynclab.model.event_codec import encodable
from asynclab.model.events import AnyEvent, Event

LENGTH_BYTES = 4
"""How many bytes the length of a frame has, in big-endian order."""

LONGEST = 64 * 1024 * 1024
"""The most bytes of one frame; a sender of larger ones isn't asynclab."""


class Frame(msgspec.Struct, gc=False, tag=True, omit_defaults=True):
    """The base class of all frames and commands."""


class ProgramStarted(Frame):
    """The observation of a program has begun."""

    name: str
    """The name of the program, such as "app.py"."""
    python: str
    """The interpreter's version, such as "3.13.0"."""
    pid: int
    epoch: float
    """Seconds since 1970 at time 0 of the program's clock."""


class Attached(Frame):
    """A viewer has attached to a program that ran already."""

    loops: int
    """The number of its loops. For each, a `LoopFound` or a `LoopUnobserved` follows."""


class LoopFound(Frame):
    """All tasks that a loop had at the attach were sent."""

    loop: int
    """The number of the loop, as in its `LoopOpened`."""
    tasks: int
    """The number of tasks it had."""


class LoopUnobserved(Frame):
    """A loop can't be observed, or didn't answer yet."""

    kind: str
    """The name of its class."""
    why: str


class LoopOpened(Frame):
    """An event loop was made."""

    loop: int
    """Its number: loops are counted from 1, in the order in which they were made."""
    kind: str
    """The name of its class."""
    at: float
    """When, in seconds on the program's clock, which is the same for all of its loops."""


class LoopThread(Frame):
    """A loop runs on another thread than the last one sent, which is the main thread at first."""

    loop: int
    thread: str
    """The name of the thread; empty for the main thread."""


class LoopEvents(Frame):
    """Events of a loop."""

    loop: int
    events: tuple[AnyEvent, ...]


class LoopClosed(Frame):
    """An event loop was closed or destroyed."""

    loop: int
    at: float
    """When that was noticed, in seconds on the program's clock."""


class Heartbeat(Frame):
    """The program is alive. Sent several times a second, unless C code holds the GIL."""

    at: float
    """When, in seconds on the program's clock."""
    loop: int = 0
    """The loop on which a step or callback ran; 0 if none did, and then the other fields mean nothing."""
    task: int | None = None
    """The task whose step it was; None for a callback."""
    file: str = ""
    """The file at whose line the step or callback was; empty if no Python code was called."""
    line: int = 0
    function: str = ""


class ReportAsked(Frame):
    """SIGUSR1 was sent to the program: the user wants a report of what its tasks wait for."""

    at: float
    """When, in seconds on the program's clock."""


class ProgramEnded(Frame):
    """The program has ended. The viewer's process makes this frame, because only a parent gets the exit code."""

    at: float
    """When, in seconds on the program's clock."""
    code: int
    """Its exit code; below 0 the number of the signal that killed it."""


AnyFrame: TypeAlias = (
    ProgramStarted
    | Attached
    | LoopFound
    | LoopUnobserved
    | LoopOpened
    | LoopThread
    | LoopEvents
    | LoopClosed
    | Heartbeat
    | ReportAsked
    | ProgramEnded
)
"""Any frame from a program."""


class Pause(Frame):
    """Stop the time of all loops, and stop each loop before its next step."""


class Resume(Frame):
    """Resume all loops."""


class Step(Frame):
    """Run one step of a frozen loop."""

    loop: int


class RunTo(Frame):
    """Run the program up to the next step of a task."""

    loop: int
    task: int


class SetSpeed(Frame):
    """Slow the time of all loops down."""

    speed: float
    """Seconds of a loop's time per real second, up to 1."""


class CancelTask(Frame):
    """Cancel a task."""

    loop: int
    task: int


class LookAt(Frame):
    """Report soon what some tasks wait for, because a view shows them."""

    loop: int
    tasks: tuple[int, ...]


class Interrupt(Frame):
    """Interrupt the program, as Ctrl-C does."""


AnyCommand: TypeAlias = Pause | Resume | Step | RunTo | SetSpeed | CancelTask | LookAt | Interrupt
"""Any command to a program, sent over the same socket."""


class NotFramesError(Exception):
    """Invalid bytes came over a socket, which no asynclab of this version sends."""


class _Sent(msgspec.Struct, gc=False, tag="LoopEvents", omit_defaults=True):
    """A `LoopEvents` for encoding only. It needs no check of the events' types, because they were made here."""

    loop: int
    events: list[Event]


_encoder = msgspec.msgpack.Encoder()


def events_frame(loop: int, events: list[Event]) -> bytes:
    """Encode a `LoopEvents` for the socket."""
    return to_bytes(_Sent(loop, events))


def to_bytes(frame: Frame | _Sent) -> bytes:
    """Encode a frame or command for the socket."""
    try:
        content = _encoder.encode(frame)
    except UnicodeEncodeError:  # a text has half of a surrogate pair
        content = _encoder.encode(encodable(frame))
    return len(content).to_bytes(LENGTH_BYTES, "big") + content


AnyRead = TypeVar("AnyRead")


class _FrameAssembler(Generic[AnyRead]):
    """Assembles frames from the pieces that are read from a socket."""

    def __init__(self, decoder: msgspec.msgpack.Decoder[AnyRead]) -> None:
        self._decoder = decoder
        self._buffer = bytearray()

    def feed(self, piece: bytes) -> Iterator[AnyRead]:
        """Process the next piece.

        Returns:
            The frames that are complete now.

        Raises:
            NotFramesError: The bytes aren't frames.
        """
        self._buffer += piece
        while len(self._buffer) >= LENGTH_BYTES:
            length = int.from_bytes(self._buffer[:LENGTH_BYTES], "big")
            if length > LONGEST:
                raise NotFramesError(f"a frame of {length:,} bytes")
            end = LENGTH_BYTES + length
            if len(self._buffer) < end:
                return
            content = bytes(self._buffer[LENGTH_BYTES:end])
            del self._buffer[:end]
            try:
                frame = self._decoder.decode(content)
            except msgspec.MsgspecError as error:
                raise NotFramesError(str(error)) from None
            yield frame


class FrameReader(_FrameAssembler[AnyFrame]):
    """Reads the frames that a program sends."""

    def __init__(self) -> None:
        super().__init__(msgspec.msgpack.Decoder(AnyFrame))


class CommandReader(_FrameAssembler[AnyCommand]):
    """Reads the commands that are sent to a program."""

    def __init__(self) -> None:
        super().__init__(msgspec.msgpack.Decoder(AnyCommand))
