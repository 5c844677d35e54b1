"""Keeps what a program told in a file that can be sent with a bug report, and reads it again.

The file is gzip of JSON lines: first who wrote it, then a frame a line, and the text of the program's own files. Each
write is flushed, so that a file whose writer was killed is whole up to there.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Self, TypeAlias

import msgspec

from asynclab.model.events import Event, encodable, encode
from asynclab.remote.wire import AnyFrame, LoopEvents

VERSION = 1
"""Of the format; a reader refuses a higher one."""

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes: nobody writes a longer line but to fill the reader's memory."""

LARGEST_FILE_TEXT = 1024 * 1024
"""Bytes of a source file that is kept."""

_PIECE = 1024
"""Bytes that are unpacked at once: no more is lost before a damaged place."""

_GZIP = 16 + zlib.MAX_WBITS


class Header(msgspec.Struct, tag="asynclab recording", omit_defaults=True):
    """The first line."""

    version: int
    asynclab: str
    """The version of asynclab that wrote it."""
    command: tuple[str, ...] = ()
    """What was run, without its path."""


class SourceText(msgspec.Struct, tag=True, omit_defaults=True):
    """A file of the program's own, as it was when the program had ended."""

    file: str
    text: str


Line: TypeAlias = AnyFrame | SourceText

_encoder = msgspec.json.Encoder()
_lines: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
_headers: msgspec.json.Decoder[Header] = msgspec.json.Decoder(Header)


class RecordingError(Exception):
    """A file can't be read as a recording; says why, and what to do, in one line."""


class RecordingWriter:
    """Writes a recording as the program goes on."""

    def __init__(self, file: IO[bytes], header: Header) -> None:
        """Begin a recording in a file that is open for writing.

        Raises:
            OSError: The disk refuses; from `write` and `close`, too.
        """
        self._file = file
        self._packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
        self._put([_encoder.encode(encodable(header))])

    def write(self, frame: AnyFrame) -> None:
        """Add a frame."""
        self._put([_events_line(frame) if isinstance(frame, LoopEvents) else _encoder.encode(encodable(frame))])

    def add_sources(self, files: Iterable[str]) -> None:
        """Add the text of files, where they can be read."""
        for name in sorted(files):
            try:
                content = Path(name).read_bytes()
            except (OSError, ValueError):
                continue
            if len(content) <= LARGEST_FILE_TEXT:
                self._put([_encoder.encode(encodable(SourceText(name, content.decode(errors="replace"))))])

    def close(self) -> None:
        """Finish the file."""
        self._file.write(self._packer.flush())
        self._file.close()

    def _put(self, lines: Iterable[bytes]) -> None:
        packed = self._packer.compress(b"".join(line + b"\n" for line in lines))
        self._file.write(packed + self._packer.flush(zlib.Z_SYNC_FLUSH))
        self._file.flush()


def _events_line(frame: LoopEvents) -> bytes:
    """A frame of events: each is encoded by itself, as only `encode` knows how JSON tells infinity."""
    return b'{"type":"LoopEvents","loop":%d,"events":[%s]}' % (frame.loop, b",".join(map(encode, frame.events)))


class RecordingReader:
    """Reads a recording, a line at a time."""

    def __init__(self, path: Path) -> None:
        """Open a file.

        Raises:
            RecordingError: It can't be read, or is none that this asynclab reads.
        """
        self._path = path
        self.is_cut = False
        """Whether the file ended before its writer had finished it; known at the end of `lines`."""
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise RecordingError(f"can't read {path}: {error.strerror}") from None
        self._unpacked = self._unpack()
        self.header = self._read_header()

    @property
    def share_read(self) -> float:
        """How much of the file has been read: 0 to 1."""
        if self._file.closed:
            return 1.0
        size = os.fstat(self._file.fileno()).st_size
        return min(1.0, self._file.tell() / size) if size else 1.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def lines(self) -> Iterator[Line]:
        """Everything after the header.

        Raises:
            RecordingError: A line is none of a recording.
        """
        with self._file:
            for number, line in enumerate(self._unpacked, start=2):
                try:
                    yield _lines.decode(line)
                except msgspec.MsgspecError as error:
                    raise RecordingError(f"line {number} of {self._path} is not one of a recording: {error}") from None

    def _read_header(self) -> Header:
        try:
            header = _headers.decode(next(self._unpacked, b""))
        except (RecordingError, msgspec.MsgspecError):
            self._file.close()
            raise RecordingError(f"{self._path} is not a recording; asynclab run --record FILE makes one") from None
        if header.version > VERSION:
            self._file.close()
            raise RecordingError(f"{self._path} was made by asynclab {header.asynclab}: it takes that, or a newer one")
        return header

    def _unpack(self) -> Iterator[bytes]:
        """The lines of the file: those that are whole."""
        unpacker = zlib.decompressobj(_GZIP)
        left = b""
        while not unpacker.eof:
            piece = unpacker.unconsumed_tail or self._file.read(_PIECE)
            if not piece:
                self.is_cut = True
                return
            try:
                left += unpacker.decompress(piece, _PIECE * 1024)
            except zlib.error:
                raise RecordingError(f"{self._path} is damaged") from None
            *lines, left = left.split(b"\n")
            yield from lines
            if len(left) > LONGEST_LINE:
                raise RecordingError(f"{self._path} has a line that is too long for a recording")


def files_of(frame: AnyFrame) -> Iterator[str]:
    """The files that the events of a frame speak of."""
    if isinstance(frame, LoopEvents):
        for event in frame.events:
            yield from _files_in(event)


def _files_in(event: Event) -> Iterator[str]:
    for holder in (event, getattr(event, "wait", None), *getattr(event, "frames", ())):
        file = getattr(holder, "file", "")
        if file:
            yield file
