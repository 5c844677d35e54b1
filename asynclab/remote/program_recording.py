"""Records a program's frames in a file that can be sent with a bug report, and reads it again.

The file is gzipped JSON lines: a header, then a frame a line, and the text of the program's own files. Each write is
flushed: if the writer is killed, what it wrote until then can be read.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Self, TypeAlias

import msgspec

from asynclab.errors import ToldError
from asynclab.model.event_codec import encodable, encode
from asynclab.model.events import Event
from asynclab.remote.wire import AnyFrame, LoopEvents

VERSION = 1
"""The version of the format; a reader refuses a higher one."""

LONGEST_LINE = 64 * 1024 * 1024
"""The most bytes of a line; only who wants to fill the reader's memory writes a longer one."""

LARGEST_FILE_TEXT = 1024 * 1024
"""The most bytes of a source file that is kept."""

_PIECE = 1024
"""Bytes that are unpacked at once; at most these are lost before a damaged place."""

_GZIP = 16 + zlib.MAX_WBITS


class Header(msgspec.Struct, tag="asynclab recording", omit_defaults=True):
    """The first line."""

    version: int
    asynclab: str
    """The version of asynclab that wrote it."""
    command: tuple[str, ...] = ()
    """What was run, without its path."""
    folder: str = ""
    """Where it was run; empty if that isn't known."""


class SourceText(msgspec.Struct, tag=True, omit_defaults=True):
    """A file of the program's own, as it was when the program had ended."""

    file: str
    text: str


WireLine: TypeAlias = AnyFrame | SourceText

_NOT_OURS = (msgspec.MsgspecError, ValueError, RecursionError)
"""The errors of decoding a line that asynclab didn't write; the last one is for values nested too deep."""

_encoder = msgspec.json.Encoder()

_DIGITS = bytes.maketrans(b"123456789", b"000000000")

_MANY = b"0" * 16
"""More digits than a task's number has, however long a program runs."""

_SIZES = frozenset({"maxsize", "value"})
"""Where a program may use any number."""


class RecordingError(ToldError):
    """A file can't be read as a recording."""


class Packer:
    """Packs lines as one member of a gzip file; any number of members make a file."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)

    def pack(self, *lines: WireLine | Header) -> bytes:
        """The packed lines; they can be read even if nothing follows."""
        text = b"".join(_encoded(line) + b"\n" for line in lines)
        return self._packer.compress(text) + self._packer.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        """The end of the member."""
        return self._packer.flush()


class RecordingWriter:
    """Writes a recording while the program runs."""

    def __init__(self, file: IO[bytes], header: Header) -> None:
        """Begin a recording in a file that is open for writing.

        Raises:
            OSError: The disk refuses; from `write` and `close`, too.
        """
        self._file = file
        self._packer = Packer()
        self._put(header)

    def write(self, line: WireLine) -> None:
        """Add a frame, or a file of the program's own."""
        self._put(line)

    def add_sources(self, files: Iterable[str]) -> None:
        """Add the text of files, if they can be read."""
        for source in _source_texts(files):
            self._put(source)

    def close(self) -> None:
        """Finish the file."""
        self._add(self._packer.end())
        self._file.close()

    def _put(self, line: WireLine | Header) -> None:
        self._add(self._packer.pack(line))

    def _add(self, packed: bytes) -> None:
        """Write at once. If the disk refuses, close the file: Python would complain about what its buffer holds."""
        try:
            self._file.write(packed)
            self._file.flush()
        except OSError:
            with suppress(OSError):
                self._file.close()
            raise


def _source_texts(files: Iterable[str]) -> Iterator[SourceText]:
    """The text of the files that can be read and are not too large."""
    for name in sorted(files):
        try:
            content = Path(name).read_bytes()
        except (OSError, ValueError):
            continue
        if len(content) <= LARGEST_FILE_TEXT:
            yield SourceText(name, content.decode(errors="replace"))


def _encoded(line: WireLine | Header) -> bytes:
    return _events_line(line) if isinstance(line, LoopEvents) else _encoder.encode(encodable(line))


def _events_line(frame: LoopEvents) -> bytes:
    """A frame of events: each is encoded by itself, as only `encode` knows how JSON expresses infinity."""
    return b'{"type":"LoopEvents","loop":%d,"events":[%s]}' % (frame.loop, b",".join(map(encode, frame.events)))


class RecordingReader:
    """Reads a recording, a line at a time."""

    def __init__(self, path: Path) -> None:
        """Open a file.

        Raises:
            RecordingError: It can't be read, or is not a recording that this asynclab can read.
        """
        self.path = path
        self.is_cut = False
        """Whether the file ended before its writer had finished it; known at the end of `lines`."""
        with _reading(path):
            self._file = path.open("rb")
            self._unpacked = self._unpack()
            try:
                self.header = self._read_header()
            except BaseException:
                self._file.close()
                raise

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

    def lines(self) -> Iterator[WireLine]:
        """Everything after the header.

        Raises:
            RecordingError: A line doesn't belong to a recording, or the disk refuses.
        """
        decoder: msgspec.json.Decoder[WireLine] = msgspec.json.Decoder(
            WireLine
        )  # takes time, and who only writes needs none
        with self._file, _reading(self.path):
            for number, line in enumerate(self._unpacked, start=2):
                try:
                    _refuse_huge_numbers(line)
                    yield decoder.decode(line)
                except _NOT_OURS as error:
                    raise RecordingError(f"line {number} of {self.path} is no line of a recording: {error}") from None

    def _read_header(self) -> Header:
        try:
            header = msgspec.json.decode(next(self._unpacked, b""), type=Header)
        except (RecordingError, *_NOT_OURS):
            raise RecordingError(f"{self.path} is not a recording; asynclab run --record FILE makes one") from None
        if header.version > VERSION:
            raise RecordingError(
                f"{self.path} was made by asynclab {header.asynclab}; open it with that version, or a newer one"
            )
        return header

    def _unpack(self) -> Iterator[bytes]:
        """The lines of the file: those that are whole."""
        unpacker = zlib.decompressobj(_GZIP)
        left = b""
        while True:
            piece = unpacker.unconsumed_tail or unpacker.unused_data or self._file.read(_PIECE)
            if not piece:
                self.is_cut = not unpacker.eof
                return
            if unpacker.eof:
                unpacker = zlib.decompressobj(_GZIP)
            try:
                left += unpacker.decompress(piece, _PIECE * 1024)
            except zlib.error:
                raise RecordingError(f"{self.path} is damaged") from None
            *lines, left = left.split(b"\n")
            yield from lines
            if len(left) > LONGEST_LINE:
                raise RecordingError(f"{self.path} has a line that is too long for a recording")


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn an error of the disk into a RecordingError."""
    try:
        yield
    except OSError as error:
        raise RecordingError(f"can't read {path}: {error.strerror}") from None


def _refuse_huge_numbers(line: bytes) -> None:
    """Raise an error if a task or resource has a number that no count reaches: it would fit into no array.

    The first look is coarse, as it finds sizes and texts, too, but takes next to no time.

    Raises:
        msgspec.ValidationError: There is one.
    """
    digits = line.translate(_DIGITS)
    if any(before + _MANY in digits for before in (b":", b":-", b"[", b"[-", b",", b",-")):
        json.loads(line, object_hook=_refuse_huge)


def _refuse_huge(values: dict[str, Any]) -> None:
    """Refuse an object that has such a number. Sizes may be as large as sys.maxsize, and programs use that."""
    for name, value in values.items():
        numbers = value if isinstance(value, list) else [value]
        if name not in _SIZES and any(
            isinstance(number, int) and abs(number) >= 10 ** len(_MANY) for number in numbers
        ):
            raise msgspec.ValidationError(f"{name} is too large")


def files_of(frame: AnyFrame) -> Iterator[str]:
    """The files that the events of a frame mention."""
    if isinstance(frame, LoopEvents):
        for event in frame.events:
            yield from _files_in(event)


def _files_in(event: Event) -> Iterator[str]:
    for holder in (event, getattr(event, "wait", None), *getattr(event, "frames", ())):
        file = getattr(holder, "file", "")
        if file:
            yield file
