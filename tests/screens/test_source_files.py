"""Tests how the code pane gets the text of files."""

import os
from pathlib import Path

import pytest

from asynclab.screens.lab.source_files import CHECK_PERIOD, SourceFiles

LONG_AGO, LATER = 1_000.0, 2_000.0
"""Seconds since 1970."""


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def files(clock: Clock) -> SourceFiles:
    return SourceFiles(clock)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tea.py"
    edit(path, "# tea\n", LONG_AGO)
    return path


def edit(path: Path, text: str, at: float) -> None:
    path.write_text(text, encoding="utf-8")
    os.utime(path, (at, at))


def test_a_file_is_read_as_it_was_when_it_was_first_asked_for(files: SourceFiles, file: Path) -> None:
    assert files.read(str(file)) == "# tea\n"
    edit(file, "# coffee\n", LATER)
    assert files.read(str(file)) == "# tea\n"


def test_its_encoding_is_the_one_that_it_declares(files: SourceFiles, tmp_path: Path) -> None:
    file = tmp_path / "café.py"
    file.write_bytes("# coding: latin-1\n# café\n".encode("latin-1"))
    assert files.read(str(file)) == "# coding: latin-1\n# café\n"


@pytest.mark.parametrize("path", ["/no/such/file.py", "<no such text>", "", "nul\0l.py", "/"])
def test_what_cannot_be_read_is_none_and_never_changes(files: SourceFiles, path: str) -> None:
    assert files.read(path) is None
    assert not files.has_changed(path, LATER)


def test_a_binary_file_cannot_be_read(files: SourceFiles, tmp_path: Path) -> None:
    file = tmp_path / "code.so"
    file.write_bytes(b"\xff\xfe\x00\x80")
    assert files.read(str(file)) is None


def test_a_file_that_is_edited_has_changed(files: SourceFiles, file: Path, clock: Clock) -> None:
    assert not files.has_changed(str(file), since=LATER)
    edit(file, "# coffee\n", LONG_AGO)
    clock.now += CHECK_PERIOD
    assert files.has_changed(str(file), since=LATER)


def test_a_file_edited_during_the_run_has_changed_though_it_was_read_later(files: SourceFiles, file: Path) -> None:
    edit(file, "# tea\n", LATER)
    assert files.has_changed(str(file), since=LONG_AGO)


def test_the_disk_is_asked_once_a_second(files: SourceFiles, file: Path, clock: Clock) -> None:
    files.has_changed(str(file), since=LATER)
    file.unlink()
    clock.now += 0.9 * CHECK_PERIOD
    assert not files.has_changed(str(file), since=LATER)
    clock.now += 0.1 * CHECK_PERIOD
    assert files.has_changed(str(file), since=LATER)
