"""Keeps results in a file over several runs, so that URLs that were ok need not be fetched again.

Each result is written at once, so that a killed run loses none. If a URL has several results, the last one counts; the
earlier ones are dropped when the run ends.
"""

from __future__ import annotations

import csv
import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from asynclab.fetch.address import HIDDEN, sent_text
from asynclab.fetch.export import csv_header, to_csv, to_ndjson
from asynclab.fetch.exported import ExportedResult, read_array, read_lines, read_table
from asynclab.fetch.rows import Row
from asynclab.fetch.whole_file import WholeFile


class ResultsError(ValueError):
    """A file contains something other than results; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The format of a results file."""

    read: Callable[[IO[str]], Iterator[ExportedResult | None]]
    """Reads one result after another; yields None for a last result that is cut off."""
    write: Callable[[Row], str]
    beginning: str = ""
    between: str = ""
    ending: str = ""


class Results:
    """The results in a file, from earlier runs and from this one; a context manager."""

    def __init__(self, path: Path) -> None:
        """Read the results in a file; create the file if it doesn't exist.

        Raises:
            ResultsError: The file contains something else, or another run writes to it.
            OSError: It can't be read or written.
        """
        self.path = path
        self.was_cut_off = False
        """Whether the last result in the file was incomplete and therefore dropped."""
        self._layout = _layout_of(path)
        self._ok: dict[str, bool] = {}
        """Whether each URL in the file was ok."""
        self._fragments: dict[str, tuple[str, ...]] = {}
        self._old = 0
        """How many results are from earlier runs."""
        self._fresh: set[str] = set()
        with path.open("ab") as before:
            self._lock(before)
            self._old = self._tidy()
            self._file = path.open("r+b", buffering=0)
            self._lock(self._file)
        self._end = self._file.seek(0, os.SEEK_END) - len(self._layout.ending)
        self._is_empty = self._old == 0

    def is_done(self, url: str, fragments: Iterable[str] = ()) -> bool:
        """Whether the file says that a URL is ok, including these fragments; False for a URL with a password."""
        key = key_of(url)
        return self._ok.get(key, False) and set(fragments) <= {*self._fragments.get(key, ())}

    def has_failed(self, url: str) -> bool:
        """Whether the file says that a URL is not ok."""
        return not self._ok.get(key_of(url), True)

    def add(self, row: Row) -> None:
        """Write the result of a row. A cancelled row is left out, since it says nothing about its URL.

        Raises:
            OSError: The disk refuses; the earlier results stay complete.
        """
        if row.outcome == "cancelled":
            return
        text = (("" if self._is_empty else self._layout.between) + self._layout.write(row)).encode()
        try:
            self._write(text + self._layout.ending.encode())
        except OSError:
            self._file.truncate(self._end)
            self._write(self._layout.ending.encode())
            raise
        self._end += len(text)
        self._is_empty = False
        self._fresh.add(key_of(row.url))

    def end(self) -> None:
        """Drop results that are replaced by later ones; if the disk refuses, raise an OSError and keep them."""
        self._file.close()
        self._tidy()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        self._file.close()

    def _lock(self, file: IO[bytes]) -> None:
        """Keep other runs from writing to the file until this one ends: they would overwrite each other's results."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise ResultsError(f"another run writes to '{self.path}': wait for it, or name another file") from None
        except OSError:
            pass  # a file system without locks

    def _write(self, data: bytes) -> None:
        self._file.seek(self._end)
        while data:
            data = data[self._file.write(data) :]

    def _tidy(self) -> int:
        """Rewrite the file without replaced and cut-off results; return how many remain."""
        last = {key_of(result.url): number for number, result in enumerate(self._read())}
        kept = 0
        with WholeFile(self.path) as file:
            file.write(self._layout.beginning)
            for number, result in enumerate(self._read()):
                key = key_of(result.url)
                if self._counts(key, number, last):
                    file.write((self._layout.between if kept else "") + result.text)
                    self._ok[key] = result.is_ok
                    if result.fragments:
                        self._fragments[key] = result.fragments
                    kept += 1
            file.write(self._layout.ending)
            file.keep()
        return kept

    def _counts(self, key: str, number: int, last: dict[str, int]) -> bool:
        if HIDDEN in key:  # URLs that differ in hidden parts look the same here
            return number >= self._old or key not in self._fresh
        return last[key] == number

    def _read(self) -> Iterator[ExportedResult]:
        if self.path.stat().st_size == 0:
            return
        # A result that is cut off may end within a character.
        with self.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            try:
                for result in self._layout.read(file):
                    if result is None:
                        self.was_cut_off = True
                    else:
                        yield result
            except (ValueError, csv.Error) as error:
                raise ResultsError(
                    f"'{self.path}' is not a results file of asynclab ({error}); name another file"
                ) from None


def key_of(url: str) -> str:
    """The same key for all spellings of a URL."""
    try:
        return sent_text(url) if HIDDEN not in url else url
    except ValueError:
        return url


def _layout_of(path: Path) -> Layout:
    """The format, chosen by the beginning of the file; for an empty or new one, by its name."""
    if path.exists() and not path.is_file():
        raise ResultsError(f"'{path}' is not a file")
    beginning = ""
    if path.exists():
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            beginning = file.read(1_000).lstrip()
    if not beginning:
        return _BY_NAME.get(path.suffix.lower(), _LINES)
    return {"[": _ARRAY, "{": _LINES}.get(beginning[0], _TABLE)


_LINES = Layout(read_lines, lambda row: f"{to_ndjson(row)}\n")
_ARRAY = Layout(read_array, to_ndjson, "[\n", ",\n", "\n]\n")
_TABLE = Layout(read_table, to_csv, csv_header())

_BY_NAME = {".json": _ARRAY, ".csv": _TABLE}
