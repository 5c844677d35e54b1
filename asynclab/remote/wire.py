"""Defines the frames that an observed program sends to the watching process, and their encoding on a socket.

A frame says to which loop its events belong, so that no event has to. On the socket each is msgpack, after its length
in four bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeAlias, TypeVar

import msgspec

from asynclab.model.event_codec import encodable
from asynclab.model.events import AnyEvent, Event

LENGTH_BYTES = 4
"""How many bytes hold the length of a frame, the largest first."""

LONGEST = 64 * 1024 * 1024
"""The most bytes of one frame; a sender that announces more is not asynclab."""


class Frame(msgspec.Struct, gc=False, tag=True, omit_defaults=True):
    """The base of all frames."""


class ProgramStarted(Frame):
    """A program is observed from here on."""

    name: str
    """What was started, such as "app.py"."""
    python: str
    """The interpreter's version, such as "3.13.0"."""
    pid: int
    epoch: float
    """Seconds since 1970 at the program's time 0."""


class Attached(Frame):
    """Somebody attached to a program that ran already."""

    loops: int
    """How many loops it has: of each a `LoopFound` or a `LoopUnobserved` comes."""


class LoopFound(Frame):
    """Everything that a loop had at the attach has been sent; the number is the same as in its `LoopOpened`."""

    loop: int
    tasks: int
    """How many tasks it had."""


class LoopUnobserved(Frame):
    """A loop can't be observed, or not yet."""

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
    """When, in seconds of the program's time: the same for all of its loops."""


class LoopThread(Frame):
    """A loop runs on another thread than the main one, or than the one sent before."""

    loop: int
    thread: str
    """The name of the thread; empty for the main one."""


class LoopEvents(Frame):
    """Something happened on a loop."""

    loop: int
    events: tuple[AnyEvent, ...]


class LoopClosed(Frame):
    """An event loop was closed, or nobody has it any more."""

    loop: int
    at: float
    """When that was noticed, in seconds of the program's time."""


class Heartbeat(Frame):
    """The program's observer is alive. Sent several times a second, unless C code keeps the GIL."""

    at: float
    """Seconds of the program's time."""
    loop: int = 0
    """The loop on which a step or callback was under way; 0 if none was, and then the other fields mean nothing."""
    task: int | None = None
    """The task whose step it was; None for a callback."""
    file: str = ""
    """Where the program was in it; empty if no Python code was called."""
    line: int = 0
    function: str = ""


class ReportAsked(Frame):
    """Somebody sent SIGUSR1 to the program: they want to know what its tasks wait for."""

    at: float
    """Seconds of the program's time."""


class ProgramEnded(Frame):
    """The program is over. Its parent writes this frame: only a parent learns the exit code."""

    at: float
    """Seconds of the program's time."""
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
"""The tagged union that goes over the socket."""


class Pause(Frame):
    """Stop the time of all loops, and freeze each before its next step."""


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
    """Report soon what some tasks wait for: a view shows them."""

    loop: int
    tasks: tuple[int, ...]


class Interrupt(Frame):
    """Do as Ctrl-C does."""


AnyCommand: TypeAlias = Pause | Resume | Step | RunTo | SetSpeed | CancelTask | LookAt | Interrupt
"""What a program is asked for, over the same socket."""


class NotFramesError(Exception):
    """Bytes came over a socket that no asynclab of this version sends."""


class _Sent(msgspec.Struct, gc=False, tag="LoopEvents", omit_defaults=True):
    """A `LoopEvents` to be written: events that were made here need no check of their types."""

    loop: int
    events: list[Event]


_encoder = msgspec.msgpack.Encoder()


def events_frame(loop: int, events: list[Event]) -> bytes:
    """A `LoopEvents` as it goes over the socket."""
    return to_bytes(_Sent(loop, events))


def to_bytes(frame: Frame | _Sent) -> bytes:
    """A frame as it goes over the socket."""
    try:
        content = _encoder.encode(frame)
    except UnicodeEncodeError:  # a name or a print with half a surrogate pair in it
        content = _encoder.encode(encodable(frame))
    return len(content).to_bytes(LENGTH_BYTES, "big") + content


AnyRead = TypeVar("AnyRead")


class _Reader(Generic[AnyRead]):
    """Puts frames together from the pieces that a socket brings."""

    def __init__(self, decoder: msgspec.msgpack.Decoder[AnyRead]) -> None:
        self._decoder = decoder
        self._buffer = bytearray()

    def feed(self, piece: bytes) -> Iterator[AnyRead]:
        """Take the next piece.

        Returns:
            The frames that are whole now.

        Raises:
            NotFramesError: The bytes are no frames.
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


class FrameReader(_Reader[AnyFrame]):
    """Reads the frames that a program sends."""

    def __init__(self) -> None:
        super().__init__(msgspec.msgpack.Decoder(AnyFrame))


class CommandReader(_Reader[AnyCommand]):
    """Reads the commands that a program gets."""

    def __init__(self) -> None:
        super().__init__(msgspec.msgpack.Decoder(AnyCommand))
