"""Reads XML: RSS, Atom, OPML, sitemaps and others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from asynclab.fetch.texts.exact_values import ReadText, read_value, resolved
from asynclab.fetch.texts.finding import FoundSoFar

_NAMES = {"rss": "RSS", "feed": "Atom", "opml": "OPML", "urlset": "sitemap", "sitemapindex": "sitemap", "rdf": "RSS"}
_NO_LINKS = frozenset(
    "schemalocation nonamespaceschemalocation targetnamespace systemid type datatype rel algorithm".split()  # noqa: SIM905
)
_LINKS = frozenset({"href", "src"})
_END_TAG = re.compile(rb"</[^<>]*>")


@dataclass(slots=True)
class XmlPart:
    """A part of a text that is XML."""

    end: int = 0
    name: str = "XML"
    """The kind of XML, such as "RSS"."""
    values: list[tuple[str, str, str]] = field(default_factory=list)
    """Attributes and texts in order, each with its name and with the base URL of a relative link."""
    namespaces: set[str] = field(default_factory=set)
    """URIs of namespaces, which are only names."""

    def read(self, finding: FoundSoFar, read: ReadText) -> None:
        """Find the URLs in attributes and texts."""
        for name, value, base in self.values:
            if value not in self.namespaces:
                read_value(resolved(base, value) if base else value, finding, read, name)


def is_link_attribute(name: str) -> bool:
    """Whether an XML attribute may be a link; URIs of namespaces and schemas aren't."""
    name = name.lower()
    return not name.startswith("xmlns") and name.rpartition(":")[2] not in _NO_LINKS


def xml_at(text: str, start: int) -> tuple[XmlPart | None, int]:
    """The XML at an offset, if it is well-formed, and its end; otherwise None, and the offset of an error.

    Elements of the same name that follow are part of it: a parser for each would take three times as long. The declared
    encoding is ignored, since the text is decoded already. XML that declares entities is refused, since they can expand
    without limit. Entities that an external DTD may declare are skipped.
    """
    around = b"" if text.startswith(("<?", "<!"), start) else b"<_>"
    data = bytearray(around)
    reading = _Reading(outside=bool(around))
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.UseForeignDTD(True)
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = lambda name: reading.end(parser.CurrentByteIndex)
    parser.CharacterDataHandler = reading.texts.append
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(around)
        for piece in _pieces(text, start):
            data += piece
            parser.Parse(piece)
        parser.Parse(b"", True)
    except expat.ExpatError:
        if not reading.root_ends:  # otherwise the error is in the text after the root
            return None, start + _characters(data, parser.ErrorByteIndex) - len(around)
    except _EndError:
        pass
    except ValueError:
        return None, start + 1
    end = reading.root_ends  # where its end tag begins; for an empty element, where it ends
    if tag := _END_TAG.match(data, end):  # after an empty element, the end tag of another element may follow
        end = tag.end()
    reading.part.end = start + _characters(data, end) - len(around)
    del reading.part.values[reading.kept :]
    return reading.part, reading.part.end


def _pieces(text: str, start: int) -> Iterator[bytes]:
    """The rest of a text in pieces of growing length, so that a short element in a long text is read fast."""
    length = 1_000
    while start < len(text):
        yield text[start : start + length].encode("utf-8", "replace")
        start, length = start + length, 2 * length


def _characters(data: bytes | bytearray, index: int) -> int:
    return len(data[:index].decode("utf-8", "ignore"))


def _refuse(*_: object) -> None:
    raise ValueError("XML that declares entities is not expanded")


class _EndError(Exception):
    """The text from here on isn't part of the XML."""


@dataclass(slots=True)
class _Reading:
    """The state of a parser."""

    outside: int
    """How many open elements are around the root: 1 for the artificial one, or else 0."""
    part: XmlPart = field(default_factory=XmlPart)
    texts: list[str] = field(default_factory=list)
    root_ends: int = 0
    """The offset of the end tag of the last root; for an empty element, of its end."""
    kept: int = 0
    """The number of values up to `root_ends`."""
    _root: str = ""
    _open: list[str] = field(default_factory=list)
    _bases: list[str] = field(default_factory=lambda: [""])
    """The base URL in each open element."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._flush()
        local = name.rpartition(":")[2]
        if len(self._open) == self.outside:
            if self._root not in ("", name):
                raise _EndError
            self._root = name
            self.part.name = _NAMES.get(local.lower(), "XML")
        self._open.append(local)
        base = attributes.pop("xml:base", "")
        self._bases.append(resolved(self._bases[-1], base) if base else self._bases[-1])
        for key, value in attributes.items():
            if key.startswith("xmlns"):
                self.part.namespaces.add(value)
            elif is_link_attribute(key):
                is_link = key.rpartition(":")[2] in _LINKS
                self.part.values.append((key, value, self._bases[-1] if is_link else ""))

    def end(self, at: int) -> None:
        self._flush()
        self._open.pop()
        self._bases.pop()
        if len(self._open) == self.outside:
            self.root_ends = at
            self.kept = len(self.part.values)

    def _flush(self) -> None:
        value = "".join(self.texts).strip()
        self.texts.clear()
        if value and self._root and len(self._open) <= self.outside:
            raise _EndError
        if value and self._open:
            self.part.values.append((self._open[-1], value, ""))
