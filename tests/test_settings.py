"""Tests the stored settings, and what happens if their file is damaged."""

import os
from pathlib import Path

import pytest

from asynclab import settings
from asynclab.settings import Settings


def test_a_first_start_has_the_defaults_and_no_complaint(tmp_path: Path) -> None:
    assert settings.load(tmp_path / "none.json") == (Settings(), "")


def test_what_was_saved_is_loaded_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "settings.json"
    assert settings.save(Settings(theme="nord"), path) == ""
    assert settings.load(path) == (Settings(theme="nord"), "")


def test_saving_leaves_no_other_file_behind(tmp_path: Path) -> None:
    settings.save(Settings(theme="nord"), tmp_path / "settings.json")
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]


@pytest.mark.parametrize("text", [b"", b"{", b"[1]", b'{"theme": 3}', b"\xff\xfe", b'{"theme": "\xff"}'])
def test_a_broken_file_gives_the_defaults_and_one_line_about_it(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(text)
    loaded, complaint = settings.load(path)
    assert loaded == Settings()
    assert str(path) in complaint
    assert "\n" not in complaint


def test_fields_of_a_newer_version_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"theme": "nord", "volume": 11}')
    assert settings.load(path) == (Settings(theme="nord"), "")


def test_a_place_that_cannot_be_written_is_complained_about(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    complaint = settings.save(Settings(), tmp_path / "file" / "settings.json")
    assert complaint.startswith("Can't save the settings")
    assert "\n" not in complaint


def test_a_folder_in_the_place_of_the_file_is_complained_about(tmp_path: Path) -> None:
    (tmp_path / "settings.json").mkdir()
    assert settings.load(tmp_path / "settings.json")[0] == Settings()
    assert settings.save(Settings(), tmp_path / "settings.json")


def test_a_pipe_in_the_place_of_the_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "settings.json")
    loaded, complaint = settings.load(tmp_path / "settings.json")
    assert loaded == Settings()
    assert "not a file" in complaint


def test_settings_are_kept_below_the_config_home(config_home: Path) -> None:
    assert settings.settings_path() == config_home / "asynclab" / "settings.json"


def test_a_relative_config_home_does_not_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert settings.settings_path() == tmp_path / ".config" / "asynclab" / "settings.json"
