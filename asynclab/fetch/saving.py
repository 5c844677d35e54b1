"""Saves a body to a file: under a safe name, never over another file, complete or not at all."""

from __future__ import annotations

import mimetypes
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, count
from pathlib import Path
from urllib.parse import unquote, urlsplit

from asynclab.fetch.outcomes import SavingError
from asynclab.fetch.whole_file import PartFile

LONGEST_NAME = 120
"""The most bytes of a name without its ending."""

_LONGEST_ENDING = 12
_UNSAFE = re.compile(r"[^\w.+=-]+|_{2,}", re.ASCII)


def file_name(url: str, content_type: str = "") -> str:
    """A safe file name for a URL without credentials: host and path in plain ASCII, and an ending.

    The ending is the path's, or else one that fits the Content-Type.
    """
    parts = urlsplit(url)
    path = unquote(parts.path).strip("/")
    query = f"_{parts.query}" if parts.query else ""
    host = parts.netloc.rpartition("@")[2]
    stem, dot, ending = path.rpartition("/")[2].rpartition(".")
    has_ending = bool(stem and dot and 0 < len(ending) <= _LONGEST_ENDING and ending.isalnum() and ending.isascii())
    whole = f"{host}_{path or 'index'}"
    if has_ending:
        whole = whole[: -len(ending) - 1]
    else:
        ending = (mimetypes.guess_extension(content_type.partition(";")[0].strip().lower()) or ".bin").lstrip(".")
    name = _UNSAFE.sub("_", f"{whole}{query}")[:LONGEST_NAME].strip("._-") or "page"
    return f"{name}.{ending}"


class BodyFile(PartFile):
    """A file for a body. It gets its name in `keep`, when complete; without `keep`, leaving the context removes it."""

    def __init__(self, folder: Path) -> None:
        """Open a file in the folder, which is created if it doesn't exist."""
        self._folder = folder
        with _refusals():
            folder.mkdir(parents=True, exist_ok=True)
            super().__init__(folder, "xb")

    def write(self, data: bytes) -> None:
        """Write the next part."""
        with _refusals():
            self._file.write(data)

    def keep(self, name: str) -> Path:
        """Give the file its name, with a number if the name is taken."""
        with _refusals():
            self._file.close()
            path = reserved(self._folder, name)
            os.replace(self._beside, path)
        return path


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SavingError(error.strerror or str(error)) from error


def reserved(folder: Path, name: str) -> Path:
    """Create an empty file with that name, or with a number if the name is taken."""
    stem, dot, ending = name.rpartition(".")
    numbered = (f"{stem}-{number}{dot}{ending}" for number in count(2))
    for path in map(folder.joinpath, chain([name], numbered)):
        with suppress(FileExistsError):
            path.open("xb").close()
            return path
    raise AssertionError("there are numbers without end")
