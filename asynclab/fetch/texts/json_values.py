"""Reads JSON: also several values one after another, and JSON that is cut off or malformed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from asynclab.fetch.texts.exact_values import ReadText, read_value
from asynclab.fetch.texts.finding import FoundSoFar

# All pairs are kept, since a name may occur twice. Integers become floats: Python limits the length of an int.
_DECODER = json.JSONDecoder(object_pairs_hook=lambda pairs: _Object(pairs), parse_int=float, strict=False)
_NEAR = 20_000
"""Characters in which most values end, or an error occurs."""
_BEGINS = re.compile(
    r'\{\s*["}]|\[(?!\d+\][ \t]*[^\s,;])\s*(?:["\[{\]\d-]|true|false|null|Infinity|NaN)'  # not a Markdown footnote
)
_REST_OF_LINE = re.compile(r"[ \t]*[,;]?[ \t]*(?:\r?\n|\Z)")
_STRING = re.compile(r'"((?:[^"\\]++|\\.)*+)(?:"|\\?\Z)', re.DOTALL)
_LOOKS_LIKE_JSON = re.compile(r'\s*[\[{][\s\[{]*"(?:[^"\\]|\\.)*"\s*[:,\]}]')


class _Object(list[tuple[str, Any]]):
    """The pairs of a JSON object."""


class JsonPart(NamedTuple):
    """A part of a text that is JSON."""

    end: int
    value: Any
    """The decoded value; None if the JSON is malformed."""
    text: str
    """The whole JSON."""

    @property
    def name(self) -> str:
        return "HAR" if _entries(self.value) is not None else "JSON"

    def read(self, finding: FoundSoFar, read: ReadText) -> None:
        """Find the URLs in its strings; a record without URLs is added to the ignored lines."""
        if self.value is None:
            _read_strings(self.text, finding, read)
            return
        entries = _entries(self.value)
        if entries is not None:
            for entry in entries:
                request = dict(entry).get("request") if isinstance(entry, _Object) else None
                _read_record(dict(request).get("url") if isinstance(request, _Object) else entry, finding, read)
            return
        records = self.value if isinstance(self.value, list) and not isinstance(self.value, _Object) else [self.value]
        for record in records:
            _read_record(record, finding, read)


def json_at(text: str, start: int) -> tuple[JsonPart | None, int]:
    """The JSON from an offset to the end of a line, or None; and the offset before which no other JSON can begin."""
    if not _BEGINS.match(text, start):
        return None, start
    try:
        value, end = _decoded(text, start)
    except json.JSONDecodeError as error:
        return _broken_at(text, start, error.pos), error.pos
    except RecursionError:
        return _broken_at(text, start, len(text)), start + _NEAR // 2
    rest = _REST_OF_LINE.match(text, end) if text.find('"', start, end) > 0 else None  # JSON with no string has no URL
    return (JsonPart(rest.end(), value, text[start:end]) if rest else None), start


def _decoded(text: str, start: int) -> tuple[Any, int]:
    """The value at an offset, and the offset of its end.

    The beginning of the rest is tried first: for an error, Python counts the lines from the beginning of its text.
    """
    near = text[start : start + _NEAR]
    try:
        value, length = _DECODER.raw_decode(near)
    except json.JSONDecodeError as error:
        if len(near) == _NEAR and (error.pos > _NEAR - 10 or error.msg.startswith("Unterminated")):
            return _DECODER.raw_decode(text, start)
        error.pos += start
        raise
    return value, start + length


def json_text(text: str) -> JsonPart:
    """A whole text read as JSON, even if it is malformed."""
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        value = None
    return JsonPart(len(text), value, text)


def _broken_at(text: str, start: int, end: int) -> JsonPart | None:
    """Malformed JSON up to the end of the line with the error; an attempt before that would meet the same error."""
    if not _LOOKS_LIKE_JSON.match(text, start, end + 1):
        return None
    line_end = text.find("\n", end) + 1 or len(text)
    return JsonPart(line_end, None, text[start:line_end])


def _read_record(record: Any, finding: FoundSoFar, read: ReadText) -> None:
    before = finding.noted
    for name, value in _strings(record):
        read_value(value, finding, read, name)
    if before == finding.noted and record not in (None, "", [], _Object()):
        finding.ignore(_shown(record))


def _shown(record: Any) -> str:
    if isinstance(record, _Object):
        return json.dumps({name: str(value) for name, value in record[:20]}, ensure_ascii=False)
    return str(record)


def _strings(record: Any) -> Iterator[tuple[str, str]]:
    """The strings of a value in order, each with its field's name; names with // are included, since they may be URLs.

    A string in a list gets the name "url", so that a host without a scheme counts, as in a line of its own.
    """
    waiting: list[tuple[str, Any]] = [("url" if isinstance(record, str) else "", record)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, _Object):
            pairs = _only_the_one_asked_for(value)
            for key, inner in reversed(pairs):
                waiting.append((key, inner))
                if "//" in key:
                    waiting.append(("", key))
        elif isinstance(value, list):
            waiting.extend(("url" if isinstance(inner, str) else name, inner) for inner in reversed(value))


def _only_the_one_asked_for(pairs: _Object) -> _Object:
    """For a fetch's result, as curl and asynclab write it, only the URL; for other objects, all pairs."""
    names = {name for name, _ in pairs}
    if {"url", "url_effective"} <= names:
        return _Object(pair for pair in pairs if pair[0] == "url")
    return pairs


def _entries(value: Any) -> list[Any] | None:
    """The entries of an HTTP archive; None for other values."""
    for name in ("log", "entries"):
        if not isinstance(value, _Object):
            return None
        value = next((inner for key, inner in value if key == name), None)
    return value if isinstance(value, list) and not isinstance(value, _Object) else None


def _read_strings(text: str, finding: FoundSoFar, read: ReadText) -> None:
    """Find the URLs in the strings of malformed JSON, and in the text between them."""
    position = 0
    for string in _STRING.finditer(text):
        rest = text[position : string.start()]
        position = string.end()
        if "//" in rest:
            read(rest)
        value = string[1]
        if "\\" in value:
            with suppress(ValueError):
                value = json.loads(f'"{value}"', strict=False)
        if "//" in value:
            read_value(value, finding, read)
    if "//" in text[position:]:
        read(text[position:])
