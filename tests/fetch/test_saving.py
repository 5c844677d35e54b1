"""Tests saved bodies: file names are safe, no file is overwritten, and none is incomplete."""

import asyncio
import errno
import os
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclab.fetch.engine import Fetch
from asynclab.fetch.options import Options
from asynclab.fetch.outcomes import SavingError
from asynclab.fetch.saving import LONGEST_NAME, BodyFile, file_name
from asynclab.practice.server import PracticeServer
from tests.fetch.practice_fetches import fetched, fetched_row, run, urls_of
from tests.raising import raising


@pytest.mark.parametrize(
    ("url", "content_type", "name"),
    [
        ("https://a.com/docs/guide.html", "text/html", "a.com_docs_guide.html"),
        ("https://a.com/", "text/html; charset=utf-8", "a.com_index.html"),
        ("https://a.com/data?x=1&y=2", "application/json", "a.com_data_x=1_y=2.json"),
        ("https://u:•••@a.com:8080/x", "", "a.com_8080_x.bin"),
        ("https://a.com/../../../etc/passwd", "text/plain", "a.com_.._.._.._etc_passwd.txt"),
        ("https://a.com/%2e%2e%2f%00%1b[31m.sh", "", "a.com_.._31m.sh"),
        ("https://a.com/ü/.bashrc", "text/plain", "a.com__.bashrc.txt"),
    ],
)
def test_names_are_made_of_host_and_path(url: str, content_type: str, name: str) -> None:
    assert file_name(url, content_type) == name


@given(st.text(max_size=300), st.text(max_size=20))
def test_any_name_is_a_plain_file_in_the_folder(path: str, content_type: str) -> None:
    name = file_name(f"https://a.com/{path}", content_type)
    assert name == os.path.basename(name)
    assert name.isascii()
    assert name.isprintable()
    assert not name.startswith((".", "-"))
    assert len(name) <= LONGEST_NAME + 14


async def test_bodies_are_saved_whole_and_never_over_another_file(server: PracticeServer, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    fetch = await fetched(server, "/bytes/100000", "/bytes/100000", "/gzip", "/status/404", save_to=folder)
    sizes = {path.name.rpartition("_")[2]: path.stat().st_size for path in folder.iterdir()}
    assert sizes == {"100000.bin": 100_000, "100000-2.bin": 100_000, "gzip.txt": 200_000}
    assert {row.saved for row in fetch.rows} == {None, *folder.iterdir()}
    assert all(path.stat().st_mode & 0o444 == 0o444 & ~os.umask(os.umask(0)) for path in folder.iterdir())


@pytest.mark.parametrize("path", ["/short", "/reset-in-body", "/bomb", "/lying-encoding", "/hang-in-body"])
async def test_a_download_that_breaks_off_leaves_nothing(server: PracticeServer, tmp_path: Path, path: str) -> None:
    row = await fetched_row(server, path, save_to=tmp_path / "out", retries=0, max_bytes=1_000, timeout=0.2)
    assert row.state == "failed"
    assert row.saved is None
    assert list((tmp_path / "out").iterdir()) == []


async def test_a_download_that_is_cancelled_leaves_nothing(server: PracticeServer, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    fetch = Fetch(urls_of(server, "/endless"), Options(save_to=folder, max_bytes=10**9))

    async def cancel(_: object) -> None:
        while not fetch.rows[0].decoded:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert len(list(folder.iterdir())) == 1
        fetch.cancel_all()

    await run(fetch, beside=cancel)
    assert list(folder.iterdir()) == []


async def test_a_disk_that_refuses_is_told(
    server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    row = await fetched_row(server, "/bytes/10", save_to=tmp_path / "file" / "folder")
    assert (row.outcome, row.sentence) == ("incomplete", "Could not save the body: Not a directory")

    monkeypatch.setattr("asynclab.fetch.saving.os.replace", raising(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
    row = await fetched_row(server, "/bytes/10", save_to=tmp_path / "out")
    assert row.sentence == "Could not save the body: No space left on device"


def test_a_full_disk_is_told_whatever_it_refuses_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def on_full_disk(part: Path, *_: object, **__: object) -> IO[bytes]:
        """A file that takes nothing, but buffers as any file does."""
        part.symlink_to("/dev/full")
        return open(part, "wb", buffering=4_096)  # what a file buffers by itself is much more since Python 3.14

    monkeypatch.setattr(Path, "open", on_full_disk)
    with BodyFile(tmp_path) as file:
        file.write(b"x" * 3_000)
        with pytest.raises(SavingError, match="No space left"):
            file.write(b"x" * 3_000)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_kept_is_not_discarded(tmp_path: Path) -> None:
    with BodyFile(tmp_path) as file:
        file.write(b"all")
        path = file.keep("name.txt")
    assert path.read_bytes() == b"all"
    assert list(tmp_path.iterdir()) == [path]
