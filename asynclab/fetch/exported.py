"""Reads exported results back: JSON, NDJSON, CSV and HAR. Other text raises a ValueError."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from asynclab.fetch.export import csv_header, csv_line, escaped_json, unprotected


@dataclass(frozen=True, slots=True)
class ExportedResult:
    """The result of one URL in an export."""

    url: str
    is_ok: bool
    fragments: tuple[str, ...]
    """The fragments that were looked for in the page."""
    text: str
    """The whole result as it is written in a file."""


def exported_urls(text: str) -> list[str] | None:
    """The URLs of a text that consists of our results, one for each fragment that was looked for; None for other text.

    Only fetched URLs count, not targets of redirects, nor URLs in titles.
    """
    text = text.lstrip("\ufeff \t\r\n")
    read = _reader_of(text[:20_000])
    if read is None:
        return None
    try:
        results = [result for result in read(io.StringIO(text)) if result is not None]
    except (ValueError, LookupError, TypeError, csv.Error):  # somebody has edited the text
        return None
    return [
        f"{result.url}#{fragment}" if fragment else result.url
        for result in results
        for fragment in result.fragments or ("",)
    ]


def read_lines(file: IO[str]) -> Iterator[ExportedResult | None]:
    """Read NDJSON; None stands for a last result that is cut off."""
    for number, line in enumerate(file, start=1):
        if text := line.strip():
            yield _result_in(line, number, text, f"{text}\n")


def read_array(file: IO[str]) -> Iterator[ExportedResult | None]:
    """Read a JSON array: ours has one object a line, and is read line by line; any other is read at once."""
    is_ours = file.readline().strip() == "["
    place = file.tell()
    is_ours = is_ours and file.readline().startswith(("{", "]"))
    if not is_ours:
        file.seek(0)
        yield from (_result(entry, escaped_json(entry)) for entry in json.load(file))
        return
    file.seek(place)
    for number, line in enumerate(iter(file.readline, ""), start=2):
        text = line.strip().removesuffix(",")
        if text not in ("", "]"):
            yield _result_in(line, number, text, text)


def read_table(file: IO[str]) -> Iterator[ExportedResult | None]:
    """Read CSV."""
    rows = csv.reader(file)
    names = next(csv.reader([csv_header()]))
    if next(rows, None) != names:
        raise ValueError("the first line doesn't name its columns")
    for cells in rows:
        if len(cells) == len(names):
            named = dict(zip(names, cells, strict=True))
            fragments = tuple(filter(None, unprotected(named["fragments"]).split("; ")))
            yield ExportedResult(unprotected(named["url"]), named["outcome"] == "ok", fragments, csv_line(cells))
        elif next(rows, None) is None:
            yield None
        else:
            raise ValueError(f"line {rows.line_num - 1} has not {len(names)} cells")


def _result_in(line: str, number: int, text: str, written: str) -> ExportedResult | None:
    """The result in a line, with `written` as its text; None for a last line that is cut off."""
    try:
        return _result(json.loads(text), written)
    except ValueError as error:
        if line.endswith("\n"):
            raise ValueError(f"line {number}: {error}") from None
        return None


def _result(entry: Any, text: str) -> ExportedResult:
    if not isinstance(entry, dict) or not isinstance(entry.get("url"), str) or "outcome" not in entry:
        raise ValueError("an object without url and outcome")
    fragments = tuple(map(str, entry.get("fragments") or ()))
    return ExportedResult(entry["url"], entry["outcome"] == "ok", fragments, text)


def read_archive(file: IO[str]) -> Iterator[ExportedResult | None]:
    """Read a HAR: for each fetched URL, its first request."""
    was_last = True
    for entry in json.load(file)["log"]["entries"]:
        if was_last:
            yield ExportedResult(entry["request"]["url"], entry.get("_outcome") == "ok", (), "")
        was_last = "_outcome" in entry  # only the last request for a URL has it


def _reader_of(beginning: str) -> Callable[[IO[str]], Iterator[ExportedResult | None]] | None:
    if beginning.startswith('{"log": {"version": "1.2", "creator": {"name": "asynclab"'):
        return read_archive
    if beginning.startswith(("{", "[")) and '"url_effective"' in beginning and '"outcome"' in beginning:
        return read_array if beginning.startswith("[") else read_lines
    return read_table if beginning.startswith(csv_header().rstrip()) else None
