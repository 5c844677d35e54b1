"""Writes a text file that takes its place only once it is whole: until then, what was there stays."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Self


class WholeFile:
    """A text that is written beside its place, and moved there by `keep`.

    Left as a context manager without `keep`, it leaves nothing behind. What is not a file, such as a pipe, gets the
    whole text in one go.
    """

    def __init__(self, path: Path) -> None:
        """Begin to write beside a place.

        Raises:
            OSError: Nothing can be written there.
        """
        # The file that a symbolic link points to is replaced, not the link.
        self._place = Path(os.path.realpath(path))
        self._is_file = self._place.is_file() or not self._place.exists()
        if self._place.is_file():
            self._place.open("ab").close()  # it may be protected, which its folder says nothing about
        folder = self._place.parent if self._is_file else Path(tempfile.gettempdir())
        self._beside = folder / f".asynclab-{secrets.token_hex(6)}.part"
        self._file = self._beside.open("x", encoding="utf-8", newline="")

    def write(self, text: str) -> None:
        """Write the next part.

        Raises:
            OSError: The disk refuses.
        """
        self._file.write(text)

    def keep(self) -> None:
        """Put the text into its place.

        Raises:
            OSError: The disk refuses; what was there is still there.
        """
        self._file.flush()
        os.fsync(self._file.fileno())  # a file must not have its name before it has its content
        self._file.close()
        if self._is_file:
            with suppress(FileNotFoundError):
                shutil.copymode(self._place, self._beside)
            os.replace(self._beside, self._place)
        else:
            with self._beside.open("rb") as whole, self._place.open("wb") as place:
                shutil.copyfileobj(whole, place)
            self._beside.unlink()

    def discard(self) -> None:
        """Leave nothing behind; nothing happens to a file that was kept."""
        with suppress(OSError):  # a full disk refuses what is left to be written, too
            self._file.close()
        with suppress(OSError):
            self._beside.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        self.discard()
