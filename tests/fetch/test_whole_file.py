"""Tests that a file is replaced only when the new one is complete."""

import os
import stat
from pathlib import Path

import pytest

from asynclab.fetch.whole_file import WholeFile
from tests.raising import raising


def test_a_file_is_replaced_when_the_new_one_is_whole_and_keeps_its_permissions(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("old")
    place.chmod(0o640)
    with WholeFile(place) as file:
        file.write("new")
        assert place.read_text() == "old"
        file.keep()
    assert place.read_text() == "new"
    assert stat.S_IMODE(place.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [place]


def test_a_new_file_may_be_read_by_whom_the_umask_lets(tmp_path: Path) -> None:
    with WholeFile(tmp_path / "file") as file:
        file.keep()
    (tmp_path / "other").touch()
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_what_was_there_stays_where_the_new_file_is_given_up(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("old")
    with WholeFile(place) as file:
        file.write("half of the n")
    assert place.read_text() == "old"
    assert list(tmp_path.iterdir()) == [place]


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "file"
    place.write_text("old")
    monkeypatch.setattr(os, "fsync", raising(OSError(28, "No space left on device")))
    with WholeFile(place) as file:
        file.write("new")
        with pytest.raises(OSError, match="No space left") as refused:
            file.keep()
    assert refused.value.filename == str(place)
    assert place.read_text() == "old"
    assert list(tmp_path.iterdir()) == [place]


def test_a_link_stays_a_link_to_the_file_that_is_replaced(tmp_path: Path) -> None:
    place, link = tmp_path / "file", tmp_path / "link"
    place.write_text("old")
    link.symlink_to(place)
    with WholeFile(link) as file:
        file.write("new")
        file.keep()
    assert link.is_symlink()
    assert place.read_text() == "new"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to what is protected")
def test_a_protected_file_is_not_replaced(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.touch(0o400)
    with pytest.raises(PermissionError):
        WholeFile(place)
    assert list(tmp_path.iterdir()) == [place]


def test_a_link_to_a_pipe_without_a_name_gets_the_text(tmp_path: Path) -> None:
    out, into = os.pipe()
    link = tmp_path / "link"
    link.symlink_to(f"/dev/fd/{into}")
    with WholeFile(link) as file:
        file.write("text")
        file.keep()
    os.close(into)
    assert os.read(out, 99) == b"text"
    os.close(out)
    assert list(tmp_path.iterdir()) == [link]


def test_a_folder_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        WholeFile(tmp_path)
    assert not list(tmp_path.iterdir())
