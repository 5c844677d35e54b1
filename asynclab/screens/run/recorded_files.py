"""Gives the code pane a program's files as a recording has them."""

from __future__ import annotations

from asynclab.screens.lab.source_files import SourceFiles


class RecordedFiles(SourceFiles):
    """The files in a recording, which are what ran; others are read from the disk, where they may have changed."""

    def __init__(self) -> None:
        super().__init__()
        self._recorded: dict[str, str] = {}

    def add(self, path: str, text: str) -> None:
        """Have a file from now on."""
        self._recorded[path] = text

    def read(self, path: str) -> str | None:
        """The text of a file; None where it is neither in the recording nor on the disk."""
        return self._recorded.get(path) or super().read(path)

    def recorded(self, path: str) -> str | None:
        """The text of a file in the recording; None where it isn't in there."""
        return self._recorded.get(path)

    def has_changed(self, path: str, since: float) -> bool:
        """Whether a file may differ from what ran; one that is in the recording doesn't."""
        return path not in self._recorded and super().has_changed(path, since)
