"""Golden files: texts of the app, stored once in tests/golden/ and rewritten by `pytest --update-golden`."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

import pytest

FOLDER = Path(__file__).parent / "golden"

Said: TypeAlias = tuple[str, str]
"""A subject, and the words that describe it."""


class Golden:
    """Compares texts with the files of a folder."""

    def __init__(self, folder: Path, *, is_updating: bool) -> None:
        self._folder = folder
        self._is_updating = is_updating

    def check(self, name: str, entries: Iterable[Said]) -> None:
        """Fail unless the file with this name has these entries, one per line: the subject, spaces, the words."""
        entries = list(entries)
        width = max((len(described) for described, _ in entries), default=0)
        self.check_text(name, "".join(f"{described:<{width}}  {words}".rstrip() + "\n" for described, words in entries))

    def check_passages(self, name: str, passages: Iterable[tuple[str, Iterable[str]]]) -> None:
        """Fail unless the file with this name has these passages: each a title, and indented lines below it."""
        lines = [line for title, lines in passages for line in (title, *(f"    {line}" for line in lines))]
        self.check_text(name, "".join(f"{line}\n" for line in lines))

    def check_text(self, name: str, text: str) -> None:
        """Fail unless the file with this name has this text; pytest shows the lines that differ."""
        file = self._folder / f"{name}.txt"
        if self._is_updating:
            self._folder.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
            return
        if not file.exists():
            pytest.fail(f"{file.name} is missing: write it with pytest --update-golden, then read it")
        expected = file.read_text(encoding="utf-8").splitlines()
        assert text.splitlines() == expected, f"{name} says something else; if it should, pytest --update-golden"
