"""Writes a program's frames to a recording, a file that can be sent with a bug report, and reads recordings.

A recording is gzipped JSON lines: a header, then one frame per line, then the text of the program's own source files.
Each write is flushed. So if the writer is killed, all that it has written can be read.
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
"""The most bytes of a line. A longer one can only be an attempt to fill the reader's memory."""

LARGEST_FILE_TEXT = 1024 * 1024
"""The most bytes of a source file that is stored."""

_PIECE = 1024
"""How many bytes are unpacked at once. At most these are lost before a damaged place."""

_GZIP = 16 + zlib.MAX_WBITS


class Header(msgspec.Struct, tag="asynclab recording", omit_defaults=True):
    """The first line of a recording."""

    version: int
    asynclab: str
    """The version of asynclab that wrote it."""
    command: tuple[str, ...] = ()
    """The command line, without the folder of the program."""
    folder: str = ""
    """The working directory; empty if unknown."""


class SourceText(msgspec.Struct, tag=True, omit_defaults=True):
    """A source file of the program, as it was after the program's end."""

    file: str
    text: str


WireLine: TypeAlias = AnyFrame | SourceText

_NOT_OURS = (msgspec.MsgspecError, ValueError, RecursionError)
"""The errors of decoding a line that asynclab didn't write; RecursionError for values nested too deep."""

_encoder = msgspec.json.Encoder()

_DIGITS = bytes.maketrans(b"123456789", b"000000000")

_MANY = b"0" * 16
"""More digits than the number of a task ever has, however long a program runs."""

_SIZES = frozenset({"maxsize", "value"})
"""The fields in which a program may have a number of any size."""


class RecordingError(ToldError):
    """A file that can't be read as a recording."""


class Packer:
    """Compresses lines to one gzip member; a gzip file has any number of members."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)

    def pack(self, *lines: WireLine | Header) -> bytes:
        """Compress lines so that they can be read even if nothing follows."""
        text = b"".join(_encoded(line) + b"\n" for line in lines)
        return self._packer.compress(text) + self._packer.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        """The last bytes of the member."""
        return self._packer.flush()


class RecordingWriter:
    """Writes a recording while the program runs."""

    def __init__(self, file: IO[bytes], header: Header) -> None:
        """Begin a recording in a file that is open for writing.

        Raises:
            OSError: The file can't be written. `write` and `close` raise this too.
        """
        self._file = file
        self._packer = Packer()
        self._put(header)

    def write(self, line: WireLine) -> None:
        """Add a frame, or a source file of the program."""
        self._put(line)

    def add_sources(self, files: Iterable[str]) -> None:
        """Add the text of those files that can be read."""
        for source in _source_texts(files):
            self._put(source)

    def close(self) -> None:
        """Finish the file."""
        self._add(self._packer.end())
        self._file.close()

    def _put(self, line: WireLine | Header) -> None:
        self._add(self._packer.pack(line))

    def _add(self, packed: bytes) -> None:
        """Write and flush. After an error, close the file, or Python would complain later about its buffer."""
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
    """Encode a frame of events. Each event is encoded separately, because only `encode` can write infinity in JSON."""
    return b'{"type":"LoopEvents","loop":%d,"events":[%s]}' % (frame.loop, b",".join(map(encode, frame.events)))


class RecordingReader:
    """Reads a recording, line by line."""

    def __init__(self, path: Path) -> None:
        """Open a file.

        Raises:
            RecordingError: The file can't be read, or isn't a recording that this version can read.
        """
        self.path = path
        self.is_cut = False
        """Whether the file is incomplete, because its writer didn't finish it; known at the end of `lines`."""
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
        """The share of the file that was read: 0 to 1."""
        if self._file.closed:
            return 1.0
        size = os.fstat(self._file.fileno()).st_size
        return min(1.0, self._file.tell() / size) if size else 1.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def lines(self) -> Iterator[WireLine]:
        """All lines after the header.

        Raises:
            RecordingError: A line doesn't belong to a recording, or the file can't be read.
        """
        decoder: msgspec.json.Decoder[WireLine] = msgspec.json.Decoder(
            WireLine
        )  # made here: it takes time, and a writer needs none
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
        """The complete lines of the file."""
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
    """Turn an OSError into a RecordingError."""
    try:
        yield
    except OSError as error:
        raise RecordingError(f"can't read {path}: {error.strerror}") from None


def _refuse_huge_numbers(line: bytes) -> None:
    """Refuse a line with a task or resource number that is impossibly large, which would not fit into our arrays.

    The first check is very fast, but also finds sizes and texts. So a second, exact one follows.

    Raises:
        msgspec.ValidationError: The line has such a number.
    """
    digits = line.translate(_DIGITS)
    if any(before + _MANY in digits for before in (b":", b":-", b"[", b"[-", b",", b",-")):
        json.loads(line, object_hook=_refuse_huge)


def _refuse_huge(values: dict[str, Any]) -> None:
    """Refuse an object that has such a number. Sizes may be as large as sys.maxsize, which programs do use."""
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
