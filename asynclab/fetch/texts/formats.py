"""Detects the formats in a text, cuts the text where the format changes, and reads each part with its own reader."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable
from functools import cached_property
from typing import Literal, NamedTuple, Protocol

from asynclab.fetch.texts.escapes import unfolded
from asynclab.fetch.texts.exact_values import ReadText
from asynclab.fetch.texts.finding import FoundSoFar
from asynclab.fetch.texts.html_links import KNOWN, TAG, read_html
from asynclab.fetch.texts.json_values import json_at, json_text
from asynclab.fetch.texts.line_search import LineSearch
from asynclab.fetch.texts.mail_parts import ENVELOPE, MailPart, mail_at, without_quoting
from asynclab.fetch.texts.prose import read_prose
from asynclab.fetch.texts.tables import RULE, TABLE, table_around, table_at, table_text
from asynclab.fetch.texts.templates import rearmed
from asynclab.fetch.texts.xml_values import xml_at

DEEPEST = 4
"""How many formats are looked for inside each other, such as HTML in a JSON string in a mail."""

_PAGE_PART = r"(?:tr|t[dh]|li|d[td]|p)>[^<]*<(?:/|(?:t[dh]|a|b|i|em|strong|span|code|img|br)[\s/>])"
"""After a <, matches an element that contains an HTML element or nothing: it isn't XML."""
_MAY_BEGIN = LineSearch(rf"[ \t]*(?:[\[{{]|<(?!https?://|{_PAGE_PART})[?!A-Za-z]|From |[A-Z][A-Za-z0-9-]*:[ \t])")
_ONLY_PROSE = re.compile(r"[^\s\[{<](?:[^\n<=]|=(?!3D\"|\\\"))*")
"""Matches a line in which no format begins."""
_PAGE = re.compile(r"<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)
_PAGE_ENDS = re.compile(r"</html\s*>[^\n]*\n?", re.IGNORECASE)
_XML = re.compile(r"<(?:\?xml[\s?]|([A-Za-z][\w.-]*(?::[A-Za-z][\w.-]*)?)[\s/>])")
_CHILD = re.compile(r"<[^<>]*(?<!/)>[^<]*<([A-Za-z][\w.]*)[\s/>]")
"""Matches an element within another. Names with a hyphen don't count: they are components of HTML pages."""
_NO_HTML = re.compile(
    r"<(?:(?:area|base|data|embed|img|link|map|meta|object|param|source|track)>"  # meaningless without attributes
    r"|[A-Z]+[a-z]|[a-z]+[A-Z]|[^<>]*\sxmlns(?::\w+)?=[\"'](?!http://www\.w3\.org/(?:1999/x|2000/svg|1998/Math)))"
)
"""Matches an XML element that has the name of an HTML element."""
END_TAG = re.compile(r"</([A-Za-z][\w.:-]*)>")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_SCRIPT = re.compile(r"<(script|style)(?=[\s>])", re.IGNORECASE)


class SurePart(Protocol):
    """A part of a text whose format is certain."""

    @property
    def end(self) -> int:
        """The offset of its end."""

    @property
    def name(self) -> str:
        """The name of its format."""

    def read(self, finding: FoundSoFar, read: ReadText) -> None:
        """Add its URLs to `finding`; `read` is for texts inside of it."""


def read_any(text: str, finding: FoundSoFar, depth: int = 0) -> None:
    """Find the URLs in a text of any format."""
    cutting = _Cutting(text, finding, depth)
    position = rest = 0
    while (begins := _MAY_BEGIN.search(text, position)) is not None:
        start = begins.end() - len(begins[1].lstrip())
        script_ends = cutting.script_around(start)
        part = None if script_ends or depth >= DEEPEST else cutting.part_at(start)
        if part is None:
            position = max(begins.end(), script_ends)
            continue
        begin = begins.start(1)
        if isinstance(part, MailPart) and (table := table_around(text, rest, begin)) is not None:
            part, begin = table, rest
        cutting.read_rest(rest, begin)
        before = finding.total
        part.read(finding, cutting.read_inner)
        finding.was_read_as(part.name, before)
        position = rest = part.end
    cutting.read_rest(rest, len(text))


def read_as(name: str, text: str, finding: FoundSoFar) -> None:
    """Find the URLs in a text read as a format in `FORMATS`; if it isn't of that format, read it as any other text."""
    before = finding.total
    cutting = _Cutting(text, finding, 1)
    _READERS[name](text, finding, cutting.read_inner)
    finding.was_read_as(name, before)


class _Cutting:
    """Cuts a text into parts."""

    def __init__(self, text: str, finding: FoundSoFar, depth: int) -> None:
        self._text, self._finding, self._depth = text, finding, depth
        self._fails_up_to = self._no_mail_up_to = 0
        """The offsets before which no JSON or XML, and no mail, can begin: it would fail with the same error again."""
        self._scripts = _scripts(text)

    def part_at(self, start: int) -> SurePart | None:
        """The part that begins at an offset; None if none does."""
        text = self._text
        if text[start] in "[{":
            if start < self._fails_up_to:
                return None
            json, self._fails_up_to = json_at(text, start)
            return json
        if text[start] != "<":
            if start < self._no_mail_up_to:
                return None
            following = self._envelopes[bisect(self._envelopes, start)]
            mail, self._no_mail_up_to = mail_at(text, start, following)
            return mail
        if _PAGE.match(text, start):
            end = self._page_ends[bisect(self._page_ends, start)]
            return _MarkupPart(end, text[start:end], "HTML") if end <= len(text) else None
        xml = _XML.match(text, start)
        if xml is None or start < self._fails_up_to:
            return None
        is_html = (xml[1] or "").lower() in KNOWN
        child = _CHILD.match(text, start)
        if is_html and not _NO_HTML.match(text, start) and (child is None or child[1].lower() in KNOWN):
            return None
        part, self._fails_up_to = xml_at(text, start)
        if part is None and not is_html and (xml[1] is None or xml[1] in self._closed):
            self._fails_up_to = len(text)
            end = text.rfind(">") + 1 or len(text)
            return _MarkupPart(end, text[start:end], "XML")
        return part

    @cached_property
    def _envelopes(self) -> list[int]:
        """The offsets at which mails begin in a mailbox file, and the end of the text."""
        return [*(found.start() for found in ENVELOPE.finditer(self._text)), len(self._text)]

    @cached_property
    def _page_ends(self) -> list[int]:
        """The offsets at which HTML pages end, and one beyond the end of the text."""
        return [*(found.end() for found in _PAGE_ENDS.finditer(self._text)), len(self._text) + 1]

    @cached_property
    def _closed(self) -> frozenset[str]:
        """The names of all elements with an end tag."""
        return frozenset(END_TAG.findall(self._text))

    def script_around(self, position: int) -> int:
        """The offset of the end of the script around an offset; 0 outside of scripts."""
        while self._scripts and self._scripts[0][1] <= position:
            self._scripts.pop(0)
        return self._scripts[0][1] if self._scripts and self._scripts[0][0] <= position else 0

    def read_inner(self, text: str) -> None:
        """Read a text inside a part, without recording its format."""
        formats = dict(self._finding.formats)
        ignored, lines = len(self._finding.ignored), self._finding.ignored_counts["line"]
        before = self._finding.total
        if _ONLY_PROSE.fullmatch(text):
            read_prose(text, self._finding)
        else:
            read_any(text, self._finding, self._depth + 1)
        self._finding.formats = formats
        if self._finding.total > before:  # then lines without a URL aren't records
            self._finding.forget_lines(ignored, lines)

    def read_rest(self, start: int, end: int) -> None:
        """Read the text between parts whose format is certain: tables, or tags and prose."""
        text = self._text[start:end]
        if not text.strip():
            return
        plain = without_quoting(text)
        if plain is not None:
            before = self._finding.total
            self.read_inner(plain)
            self._finding.was_read_as("mail", before)
            return
        if "+--" in text:
            text = RULE.sub("", text)
        rest = position = 0
        while (begins := TABLE.search(text, position)) is not None:
            table, tried = table_at(text, begins.end())
            if table is None:
                blank = _BLANK_LINE.search(text, max(begins.end(), tried - 1))
                position = blank.start() if blank else len(text)
                continue
            read_markup(text[rest : begins.end()], self._finding)
            before = self._finding.total
            table.read(self._finding, self.read_inner)
            self._finding.was_read_as(table.name, before)
            position = rest = table.end
        read_markup(text[rest:], self._finding)


def read_markup(text: str, finding: FoundSoFar) -> None:
    """Read the lines from the first HTML tag to the last one as HTML, and those before and after as prose."""
    text = unfolded(text)
    if '=\\"' in text:  # HTML in a string in source code
        text = text.replace('\\"', '"').replace("\\/", "/")
    first, last = _tags(text)
    if first < 0:
        read_prose(text, finding)
        return
    start = text.rfind("\n", 0, first) + 1
    end = text.find("\n", text.find(">", last) + 1 or len(text)) + 1 or len(text)
    read_prose(text[:start], finding)
    before = finding.total
    read_html(text[start:end], finding)
    finding.was_read_as("HTML", before)
    read_prose(text[end:], finding)


class _MarkupPart(NamedTuple):
    """A part that is an HTML page, or XML with errors, such as a bare & in a URL."""

    end: int
    text: str
    name: Literal["HTML", "XML"]

    def read(self, finding: FoundSoFar, read: ReadText) -> None:
        read_html(self.text, finding, is_xml=self.name == "XML")


def _tags(text: str) -> tuple[int, int]:
    """The offsets of the first and the last HTML tag, except for examples in backticks; -1 if there is none."""
    first = next((tag.start() for tag in TAG.finditer(text) if _is_known(text, tag)), -1)
    last = len(text) if first >= 0 else -1
    while last > first:
        last = text.rfind("<", 0, last)
        tag = TAG.match(text, last)
        if tag is not None and _is_known(text, tag):
            break
    return first, last


def _is_known(text: str, tag: re.Match[str]) -> bool:
    name = (tag[2] or "").lower()
    return (name in KNOWN or tag[0][:14].lower() == "<!doctype html") and not _is_quoted(text, tag.start())


def _is_quoted(text: str, position: int) -> bool:
    before = text[max(0, position - 200) : position].rpartition("\n")[2]
    return before.count("`") % 2 == 1


def _scripts(text: str) -> list[tuple[int, int]]:
    """The offsets at which scripts and styles begin and end, in the order of the text."""
    scripts = []
    position = 0
    while (start := _SCRIPT.search(text, position)) is not None:
        end = re.compile(f"</{start[1]}", re.IGNORECASE).search(text, start.end())
        position = end.end() if end else len(text)
        if end and not _is_quoted(text, start.start()):
            scripts.append((start.start(), end.end()))
    return scripts


_READERS: dict[str, Callable[[str, FoundSoFar, ReadText], None]] = {
    "text": lambda text, finding, read: read_prose(unfolded(text), finding),
    "html": lambda text, finding, read: read_html(text, finding),
    "xml": lambda text, finding, read: xml_text(text).read(finding, read),
    "json": lambda text, finding, read: json_text(text).read(finding, read),
    "csv": lambda text, finding, read: table_text(text).read(finding, read),
    "mail": lambda text, finding, read: MailPart(len(text), text).read(finding, read),
    "defanged": lambda text, finding, read: read(rearmed(text)),
}
"""The reader of each format that a user can choose."""


def xml_text(text: str) -> SurePart:
    """A whole text read as XML, even if it is malformed."""
    return xml_at(text, len(text) - len(text.lstrip()))[0] or _MarkupPart(len(text), text, "XML")
