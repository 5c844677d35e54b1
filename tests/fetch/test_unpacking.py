"""Tests compressed bodies: compressed once or several times, padded, cut short, or not as the header says."""

import gzip
import os
import zlib
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclab.fetch import unpacking
from asynclab.fetch.unpacking import PIECE, CutShortError, Unpacker, UnpackingError
from tests.fetch.practice_fetches import fetched_row
from tests.fetch.raw_server import RawServer, answer

PLAIN = b"<title>not packed</title>" * 20
TEXT = b"the same line again\n" * 500


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": unpacking.BROTLI.compress,
    "zstd": unpacking.ZSTD.compress,
}


def unpacked(header: str, data: bytes, size: int = 2**16) -> bytes:
    """What is in a body that comes in parts of a size."""
    unpacker = Unpacker(header, 10**9)
    pieces = [b"".join(unpacker.unpack(data[start : start + size])) for start in range(0, len(data), size)]
    unpacker.finish()
    return b"".join(pieces)


@pytest.mark.parametrize(
    ("header", "packed"),
    [
        *[(name, pack(TEXT)) for name, pack in PACK.items()],
        ("GZIP", gzip.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("gzip, gzip", gzip.compress(gzip.compress(TEXT))),
        ("deflate, br, x-gzip", gzip.compress(unpacking.BROTLI.compress(zlib.compress(TEXT)))),
        ("gzip", gzip.compress(TEXT[:50]) + gzip.compress(TEXT[50:])),
        ("zstd", unpacking.ZSTD.compress(TEXT[:50]) + unpacking.ZSTD.compress(TEXT[50:])),
        ("identity", TEXT),
        ("", TEXT),
        ("utf-8", TEXT),
        ("gzip, aws-chunked", TEXT),
    ],
    ids=lambda value: value if isinstance(value, str) else "packed",  # gzip's bytes differ from second to second
)
@pytest.mark.parametrize("size", [1, 7, 2**16])
def test_a_body_is_unpacked_however_it_comes(header: str, packed: bytes, size: int) -> None:
    assert unpacked(header, packed, size) == TEXT


@pytest.mark.parametrize("header", PACK)
@pytest.mark.parametrize("missing", [1, 4, 20])
def test_a_body_that_is_cut_short_is_an_error_whatever_it_is_packed_with(header: str, missing: int) -> None:
    with pytest.raises(CutShortError, match="cut short"):
        unpacked(header, PACK[header](TEXT)[:-missing])


@pytest.mark.parametrize("header", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_no_body_at_all_is_whole(header: str) -> None:
    assert unpacked(header, b"") == b""


@pytest.mark.parametrize("header", ["gzip", "deflate", "zstd"])
@pytest.mark.parametrize("size", [1, 2**16])
@pytest.mark.parametrize("after", [b"\0" * 8, b"\x1f", b"<!-- served by x -->"])
def test_what_comes_after_the_packed_body_is_ignored_and_told(header: str, size: int, after: bytes) -> None:
    unpacker = Unpacker(header, 10**9)
    data = PACK[header](TEXT) + after
    pieces = [piece for start in range(0, len(data), size) for piece in unpacker.unpack(data[start : start + size])]
    unpacker.finish()
    assert b"".join(pieces) == TEXT
    assert str(len(after)) in unpacker.notes()[0]


@pytest.mark.parametrize("header", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_what_is_not_packed_as_promised_is_an_error(header: str) -> None:
    with pytest.raises(UnpackingError, match="match"):
        unpacked(header, gzip.compress(PLAIN) if "," in header else PLAIN)


def test_more_codings_than_anybody_means_are_refused() -> None:
    with pytest.raises(UnpackingError, match="5"):
        Unpacker("gzip," * 10_000, 10**9)


@pytest.mark.parametrize(
    ("header", "pack"),
    [("gzip", gzip.compress), ("zstd", unpacking.ZSTD.compress), ("br", unpacking.BROTLI.compress)],
)
def test_a_bomb_comes_in_pieces(header: str, pack: Callable[[bytes], bytes]) -> None:
    pieces = Unpacker(header, 10**9).unpack(pack(bytes(20_000_000)))
    sizes = [len(piece) for piece in pieces]
    assert sum(sizes) == 20_000_000
    assert max(sizes) <= 4 * PIECE


@pytest.mark.parametrize("log", [23, 24])
def test_zstandard_may_ask_for_as_much_memory_as_http_allows(log: int) -> None:
    zstd = unpacking.ZSTD
    packer = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: log})
    packed = packer.compress(bytes(2**log), packer.FLUSH_BLOCK) + packer.flush()
    with nullcontext() if log == 23 else pytest.raises(UnpackingError, match="match"):
        assert len(unpacked("zstd", packed)) == 2**log


@given(st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, deflate"]), st.binary(max_size=200))
def test_any_bytes_are_unpacked_or_an_error_of_ours(header: str, data: bytes) -> None:
    with suppress(UnpackingError):
        unpacked(header, data, 9)


@pytest.mark.parametrize("header", ["gzip", "deflate", "br", "zstd"])
async def test_a_body_that_is_cut_short_is_incomplete_and_not_saved(tmp_path: Path, header: str) -> None:
    packed = PACK[header](TEXT)[:-6]
    async with RawServer({"/": answer(packed, f"Content-Encoding: {header}")}) as server:
        row = await fetched_row(server, "/", retries=0, save_to=tmp_path)
    assert (row.outcome, row.saved, os.listdir(tmp_path)) == ("incomplete", None, [])
    assert header in row.sentence
    assert server.header("accept-encoding") == "gzip, deflate, br, zstd"


async def test_codings_in_two_headers_are_over_one_another(tmp_path: Path) -> None:
    packed = gzip.compress(unpacking.BROTLI.compress(TEXT)) + b"\0"
    async with RawServer({"/": answer(packed, "Content-Encoding: br", "Content-Encoding: x-gzip")}) as server:
        row = await fetched_row(server, "/", save_to=tmp_path)
    assert (row.outcome, row.decoded, row.wire, row.expected) == ("ok", len(TEXT), len(packed), len(packed))
    assert row.saved is not None
    assert row.saved.read_bytes() == TEXT
    assert row.notes == ("ignored 1 bytes after the end of the gzip data",)


async def test_what_is_small_in_the_end_may_not_be_large_in_between() -> None:
    bomb = gzip.compress(b"".join(gzip.compress(b"") for _ in range(200_000)))
    async with RawServer({"/": answer(bomb, "Content-Encoding: gzip, gzip")}) as server:
        row = await fetched_row(server, "/", max_bytes=1_000)
    assert (row.outcome, row.decoded) == ("truncated", 0)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_coding_that_is_not_installed_is_not_asked_for(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    monkeypatch.setattr(unpacking, "MISSING", {"br"})
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 5\r\n\r\n"
    async with RawServer({"GET /": head + b"abcde", "HEAD /": head}) as server:
        row = await fetched_row(server, "/", method=method)
    expected = (
        ("invalid", "Can't unpack br: install asynclab[fetch] for that") if method == "GET" else ("ok", "Fetched")
    )
    assert (row.outcome, row.sentence) == expected
