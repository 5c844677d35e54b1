"""Unpacks bodies according to their Content-Encoding: gzip, deflate, Brotli and Zstandard, also nested.

aiohttp could unpack as well, but it accepts a body that is cut short, and doesn't support nested codings.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from operator import attrgetter
from typing import Any, NamedTuple

from asynclab.model.text import one_line

PIECE = 2**18
"""The most bytes that are unpacked at a time, so that a zip bomb takes little memory."""

MOST_CODINGS = 5
"""The most nested codings of a body; curl refuses more as well."""


class UnpackingError(Exception):
    """A body can't be unpacked; the message is a sentence."""


class CutShortError(UnpackingError):
    """A body ends in the middle of a packed stream."""


class TooLargeError(UnpackingError):
    """A body is too large in a packed form, though its final size may be small."""


def _unpack_zlib(stream: Any, data: bytes) -> Iterator[bytes]:
    piece = b""
    # After a full piece, zlib may hold more output although no input is left.
    while (data or len(piece) == PIECE) and not stream.eof:
        piece = stream.decompress(data, PIECE)
        data = stream.unconsumed_tail
        yield piece


def _unpack_zstd(stream: Any, data: bytes) -> Iterator[bytes]:
    yield stream.decompress(data, PIECE)
    while not stream.eof and not stream.needs_input:
        yield stream.decompress(b"", PIECE)


def _unpack_brotli(stream: Any, data: bytes) -> Iterator[bytes]:
    piece = stream.process(data, output_buffer_limit=PIECE)
    yield piece
    # It may hold more output although it says that it accepts more input.
    while not stream.is_finished() and (piece or not stream.can_accept_more_data()):
        piece = stream.process(b"", output_buffer_limit=PIECE)
        yield piece


def _begin_deflate(start: bytes) -> Any:
    """An unpacker for deflate: in zlib's format, as standardised, or raw, as some servers send it."""
    has_header = start[0] & 15 == 8 and int.from_bytes(start[:2]) % 31 == 0
    return zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)


def _begin_zstd(_: bytes) -> Any:
    # RFC 9659 allows no larger window for HTTP; zstd itself would use 128 MiB of memory if the server asks for it.
    return ZSTD.ZstdDecompressor(options={ZSTD.DecompressionParameter.window_log_max: 23})


def _installed(*names: str) -> Any:
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            pass
    return None


BROTLI = _installed("brotli")
ZSTD = _installed("compression.zstd", "backports.zstd")


class _Coding(NamedTuple):
    begin: Callable[[bytes], Any]
    """Makes an unpacker for a stream that begins with these bytes."""
    unpack: Callable[[Any, bytes], Iterator[bytes]]
    """Passes the next bytes to an unpacker, and yields their unpacked content in pieces."""
    needed: int = 1
    """How many bytes `begin` needs."""
    mark: bytes = b""
    """The first bytes of each further stream. Any other data after a stream is ignored. Empty to allow only one."""
    has_ended: Callable[[Any], bool] = attrgetter("eof")


_CODINGS: Mapping[str, _Coding] = {
    "gzip": _Coding(lambda _: zlib.decompressobj(16 + zlib.MAX_WBITS), _unpack_zlib, mark=b"\x1f\x8b"),
    "deflate": _Coding(_begin_deflate, _unpack_zlib, needed=2),
    "br": _Coding(lambda _: BROTLI.Decompressor(), _unpack_brotli, has_ended=lambda stream: stream.is_finished()),
    "zstd": _Coding(_begin_zstd, _unpack_zstd, mark=b"\x28\xb5\x2f\xfd"),
}

MISSING = {name for name, module in (("br", BROTLI), ("zstd", ZSTD)) if module is None}
_ERRORS = (zlib.error, *[module.error for module in [BROTLI] if module], *[m.ZstdError for m in [ZSTD] if m])

ACCEPTED = ", ".join(name for name in _CODINGS if name not in MISSING)
"""The Accept-Encoding header: the codings that can be unpacked with the installed modules."""


class Unpacker:
    """Unpacks one body; raises an UnpackingError if it doesn't match its Content-Encoding."""

    def __init__(self, header: str, most: int) -> None:
        """Expect a body with this Content-Encoding; each of its codings accepts at most `most` packed bytes."""
        names = [name.strip().lower().removeprefix("x-") for name in header.split(",")] if header else []
        names = [name for name in names if name not in ("", "identity", "chunked")]  # aiohttp has undone chunked
        if len(names) > MOST_CODINGS:
            raise UnpackingError(f"Can't unpack the body: it has more than {MOST_CODINGS} nested codings")
        self._layers: list[_Layer] = []
        self._unknown = ""
        """An unknown coding; its data is left packed, as in browsers."""
        for name in reversed(names):
            if name not in _CODINGS:
                self._unknown = one_line(name, 40)
                break
            self._layers.append(_Layer(name, most))

    def unpack(self, data: bytes) -> Iterable[bytes]:
        """Unpack the next bytes, piece by piece."""
        pieces: Iterable[bytes] = (data,)
        for layer in self._layers:
            pieces = layer.unpack(pieces)
        return pieces

    def finish(self) -> None:
        """End the body; raise a CutShortError if its packed data is incomplete."""
        for layer in self._layers:
            layer.finish()

    def notes(self) -> tuple[str, ...]:
        """Notes for the user on how the body was packed."""
        notes = []
        if self._unknown:
            notes.append(f"the body was not unpacked, as its Content-Encoding is unknown: {self._unknown}")
        for layer in self._layers:
            if layer.ignored:
                notes.append(f"ignored {layer.ignored:,} bytes after the end of the {layer.name} data")
        return tuple(notes)


class _Layer:
    """Undoes one of the codings of a body."""

    def __init__(self, name: str, most: int) -> None:
        self.name = name
        self.ignored = 0
        """How many bytes after the end of the packed data were ignored; some servers pad with zeros."""
        self._room = most
        self._coding = _CODINGS[name]
        self._member: Any = None
        """The unpacker of the current stream; None between streams."""
        self._start = b""
        self._is_first = True

    def unpack(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the unpacked pieces of a body; raises a TooLargeError if its packed pieces exceed the limit."""
        for piece in pieces:
            self._room -= len(piece)
            if self._room < 0:
                raise TooLargeError
            try:
                yield from self._unpack(piece)
            except _ERRORS as error:
                raise UnpackingError("Can't unpack the body: it doesn't match its Content-Encoding") from error

    def finish(self) -> None:
        if self._member is not None or (self._start and self._is_first):
            raise CutShortError(f"The body is cut short: its {self.name} data has no end")
        self.ignored += len(self._start)

    def _unpack(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._member is None:
                data, self._start = self._start + data, b""
                mark = b"" if self._is_first else self._coding.mark
                if len(data) < max(len(mark), self._coding.needed):
                    self._start = data
                    return
                if not self._is_first and (self.ignored or not mark or not data.startswith(mark)):
                    self.ignored += len(data)
                    return
                if self.name in MISSING:
                    raise UnpackingError(f"Can't unpack {self.name}: install asynclab[fetch] for that")
                self._member = self._coding.begin(data)
            yield from self._coding.unpack(self._member, data)
            if not self._coding.has_ended(self._member):
                return
            data = getattr(self._member, "unused_data", b"")  # Brotli's unpacker doesn't have this
            self._member, self._is_first = None, False
