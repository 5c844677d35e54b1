"""Replaces a text file only once the new one is complete."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Self


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the file's own path into an OSError, which may have no path, or the temporary file's."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from None


class PartFile:
    """A new file in a folder. Leaving the context removes it, unless it was renamed."""

    def __init__(self, folder: Path, mode: str, encoding: str | None = None, newline: str | None = None) -> None:
        self._beside = folder / f".asynclab-{secrets.token_hex(6)}.part"
        self._file: IO[Any] = self._beside.open(mode, encoding=encoding, newline=newline)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        with suppress(OSError):  # a full disk refuses buffered data, too
            self._file.close()
        with suppress(OSError):
            self._beside.unlink()


class WholeFile(PartFile):
    """A text file that is written next to its destination, and moved there by `keep`.

    Without `keep`, or after an OSError of the disk, leaving the context removes it, and the destination is unchanged. A
    destination that is not a file, such as a pipe, gets the whole text in `keep`.
    """

    def __init__(self, path: Path) -> None:
        """Open a new file next to the destination."""
        self._path = path
        with naming(path):
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            self._is_file = path.is_file() or not path.exists()
            # The target of a symbolic link is replaced, not the link; /dev/stderr may point to a nameless pipe.
            self._place = Path(os.path.realpath(path)) if self._is_file else path
            if self._place.is_file():
                self._place.open("ab").close()  # raises if the file is read-only, even if its folder isn't
            folder = self._place.parent if self._is_file else Path(tempfile.gettempdir())
            super().__init__(folder, "x", "utf-8", "")

    def write(self, text: str) -> None:
        """Write the next part."""
        with naming(self._path):
            self._file.write(text)

    def keep(self) -> None:
        """Move the text to its destination."""
        with naming(self._path):
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
