"""Tests the comparison with golden files."""

from pathlib import Path

import pytest

from tests.golden_files import FOLDER, Golden


def test_what_was_written_is_what_is_compared_with(tmp_path: Path) -> None:
    Golden(tmp_path, is_updating=True).check("waits", [("sleep", "sleeps 1.00 s"), ("queue.get", "waits ⏎")])
    assert (tmp_path / "waits.txt").read_text(encoding="utf-8").splitlines() == [
        "sleep      sleeps 1.00 s",
        "queue.get  waits ⏎",
    ]
    Golden(tmp_path, is_updating=False).check("waits", [("sleep", "sleeps 1.00 s"), ("queue.get", "waits ⏎")])


def test_another_word_fails(tmp_path: Path) -> None:
    Golden(tmp_path, is_updating=True).check_text("waits", "sleeps\n")
    with pytest.raises(AssertionError, match="--update-golden"):
        Golden(tmp_path, is_updating=False).check_text("waits", "dozes\n")


def test_a_missing_file_fails(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"waits\.txt is missing"):
        Golden(tmp_path, is_updating=False).check_text("waits", "")


def test_every_golden_file_belongs_to_a_test() -> None:
    tests = "".join(file.read_text(encoding="utf-8") for file in FOLDER.parent.rglob("test_*.py"))
    assert [file.name for file in FOLDER.glob("*.txt") if f'"{file.stem}"' not in tests] == []
