"""Finds the URLs in a text: a list, a mail, Markdown, HTML, a log, a column of a spreadsheet."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from asynclab.fetch.address import has_scheme, redacted, request_url, sent_text
from asynclab.fetch.exported import exported_urls

MOST_URLS = 5_000
"""The most URLs that are taken from one text, unless more are asked for."""

IGNORED_KEPT = 1_000
"""The most ignored lines that are kept to be shown."""

_LONGEST_LINE = 200_000
_LONGEST_IGNORED = 200

_URL = re.compile(r"(?<![A-Za-z0-9+.-])https?://", re.IGNORECASE)
_END = re.compile(
    "[\\s\"'`<>|\\\\^{}()\\[\\]\x00-\x1f\x7f-\x9f“”„‘’‚«»‹›「」『』（）【】，、。；！？…\u200b\u2028\u2029\u2400-\u2426\ufeff]|[,;|](?=https?://)"
)
_COLOUR = re.compile("[\x1b\u241b]\\[[0-9;]*[mK]")
"""What colours a log, or what grep has found in a line; as it is, or as a paste shows it."""
_ESCAPE = re.compile(r"\\u(?!d[89a-f])[0-9a-f]{4}|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}", re.IGNORECASE)
"""A character as JSON writes it, or as a paste shows one that acts on a terminal; half a pair stays as it is."""
_PAIRS = {")": "(", "]": "["}
_TRAILING = ".,;:!?*_~"
_ENTITY = re.compile(r"&(?:amp|quot|apos|lt|gt|nbsp|#\d{1,6}|#[xX][0-9a-fA-F]{1,6});")
_LEAD = re.compile(r"\s*(?:(?:[-*+•–>|]|\d{1,4}[.)]|\[[ xX]?\])\s+|>)+")
_COMMENT = re.compile(r"(?:^\s*#(?!#)|\s#(?=\s|$)).*")
_WRAPPING = "\"'`<>()[]{},;|“”‘’«»* \t"

_TAG = re.compile(r"<([/!]?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>")
_LINK = re.compile(r"""(?<![\w-])(?:href|src)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_HTML = re.compile(
    r"<(?:!doctype\s+html|html|head|body|a|img|link|script|div|p|li|ul|ol|table|tr|td|span|br|h[1-6]|iframe)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)

_HOST = re.compile(
    r"(?P<local>localhost)(?=[:/?]|$)"
    r"|(?P<ip>\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\])(?=[:/?]|$)"
    r"|(?P<name>(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:xn--[a-z0-9-]{2,59}|[^\W\d_]{2,63}))\.?(?=[:/?]|$)",
    re.IGNORECASE,
)
_PORT = re.compile(r":\d{1,5}(?=[/?]|$)")
_PATH_OR_PORT = re.compile(r"//[^/]*(?::\d|/)")
_FILE_ENDINGS = frozenset(
    """
    md py rs sh pl js ts jsx tsx go rb c h cc cpp cs java kt txt log csv tsv json jsonl xml yml yaml toml ini cfg conf
    lock html htm css png jpg jpeg gif svg ico webp pdf doc docx xls xlsx ppt pptx zip gz tar bz2 xz zst mp3 mp4 mkv
    webm mov exe dll so whl ipynb sql db bak tmp rst tex
    """.split()  # noqa: SIM905  a list of a hundred literals would take a hundred lines
)


@dataclass(frozen=True, slots=True)
class FoundUrl:
    """A URL that was in a text."""

    url: str
    """As it was written, with a scheme and without a fragment; passwords included."""
    count: int
    """How many times it was there."""
    fragments: tuple[str, ...] = ()
    """What followed # there, each once."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was in a text."""

    urls: tuple[FoundUrl, ...]
    """Each URL once, in the order of the text."""
    duplicates: int
    """How many more there were that are among `urls` already."""
    ignored: tuple[str, ...]
    """Lines, or links, that hold no URL to fetch: the first of them, cut short, with passwords hidden."""
    ignored_count: int
    """How many such lines there are."""
    left_out: int
    """How many different URLs were too many."""


def find_urls(text: str, most: int = MOST_URLS) -> Found:
    """Find the http and https URLs in any text; nothing that is in it is an error.

    A host without a scheme counts where it is alone in its line: as https, or as http where it is localhost or an IP
    address.

    Args:
        text: Where they are.
        most: How many different ones are taken.
    """
    finding = _Finding(most)
    exported = exported_urls(text)
    if exported is not None:
        for url in exported:
            if not finding.take(url):
                finding.ignore(url)
        return finding.found()
    is_html = _HTML.search(text)  # not a tag that is escaped, as in a string of JSON
    text = _ESCAPE.sub(_unicode, text)
    text = _COLOUR.sub("", text).removeprefix("\ufeff").replace("\\/", "/").replace('\\"', '"')
    if is_html:
        _read_html(text, finding)
    else:
        _read_lines(text, finding)
    return finding.found()


@dataclass(slots=True)
class _Finding:
    """What was found up to now."""

    most: int
    counts: dict[str, int] = field(default_factory=dict)
    fragments: dict[str, list[str]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)
    ignored: list[str] = field(default_factory=list)
    ignored_count: int = 0

    def take(self, text: str) -> bool:
        """Note a candidate; whether it is a URL."""
        try:
            key = str(request_url(sent_text(text)))
        except ValueError:
            return False
        url, _, fragment = text.partition("#")
        if key in self.counts:
            self.counts[key] += 1
        elif len(self.counts) < self.most:
            self.counts[key] = 1
            self.texts.append(url)
        elif len(self.left_out) < 10 * self.most:
            self.left_out.add(key)
        if fragment and key in self.counts and fragment not in self.fragments.setdefault(key, []):
            self.fragments[key].append(fragment)
        return True

    def ignore(self, line: str) -> None:
        """Note a line that gave nothing."""
        line = line.strip()
        if line:
            self.ignored_count += 1
            if len(self.ignored) < IGNORED_KEPT:
                self.ignored.append(redacted(line[:_LONGEST_IGNORED]))

    def found(self) -> Found:
        """All that was noted."""
        found = zip(self.texts, self.counts.items(), strict=True)
        urls = tuple(FoundUrl(text, count, tuple(self.fragments.get(key, ()))) for text, (key, count) in found)
        duplicates = sum(self.counts.values()) - len(urls)
        return Found(urls, duplicates, tuple(self.ignored), self.ignored_count, len(self.left_out))


def _read_lines(text: str, finding: _Finding) -> None:
    lines = text.splitlines()
    in_columns = _separator_of(lines)
    for line in lines:
        taken = False
        if line.strip():
            for candidate in _candidates(line[:_LONGEST_LINE], in_columns):
                taken = finding.take(candidate) or taken
        if not taken:
            finding.ignore(line)


def _separator_of(lines: list[str]) -> str:
    """What separates columns, where the text has a first line with names of columns; empty elsewhere."""
    lines = [line for line in lines[:10] if line.strip()]
    if len(lines) < 2 or _URL.search(lines[0]):
        return ""
    for separator in ",;":
        if lines[0].count(separator) and all(line.count(separator) >= lines[0].count(separator) for line in lines):
            return separator
    return ""


def _candidates(line: str, separator: str) -> Iterator[str]:
    line = _COMMENT.sub("", _ENTITY.sub(_unescaped, line))
    position = 0
    found = False
    while (start := _URL.search(line, position)) is not None:
        found = True
        # A URL that follows a separator of columns ends at the next.
        before = line[start.start() - 1 : start.start()] if start.start() else ""
        ends_column = separator or (before if before in (",", ";") else "")
        candidate = _until_its_end(line, start.start(), start.end(), ends_column)
        position = max(start.end(), start.start() + len(candidate))
        yield candidate
    if not found:
        yield from _schemeless(line, separator)


def _until_its_end(line: str, start: int, position: int, separator: str) -> str:
    """The URL from `start` on, up to what can't be part of it; brackets belong to it in pairs."""
    open_brackets: list[str] = []
    end = len(line)
    while (stop := _END.search(line, position)) is not None:
        character, position = stop[0], stop.end()
        if character in "([":
            open_brackets.append(character)
        elif character in _PAIRS and open_brackets and open_brackets[-1] == _PAIRS[character]:
            open_brackets.pop()
        else:
            end = stop.start()
            break
    url = line[start:end]
    if separator and separator in url:
        url = url.partition(separator)[0]
    return _without_trailing(url)


def _without_trailing(url: str) -> str:
    """The URL without the punctuation of the sentence around it, and without brackets that nobody closes."""
    while True:
        shorter = url.rstrip(_TRAILING)
        if shorter.endswith(("(", "[")):
            shorter = shorter[:-1]
        if shorter == url:
            return url
        url = shorter


def _schemeless(line: str, separator: str) -> Iterator[str]:
    """The host, port and path that a line, or a column of it, consists of."""
    for cell in line.split(separator) if separator else [line]:
        text = _LEAD.sub("", cell, count=1) if _LEAD.match(cell) else cell
        text = text.strip()
        if not (text.startswith("[") and _HOST.match(text)):
            text = text.strip(_WRAPPING)
        text = text.removeprefix("//").rstrip(_TRAILING)
        host = _HOST.match(text)
        if host is None or any(map(str.isspace, text)) or has_scheme(text):
            continue
        rest = text[host.end() :]
        if rest.startswith(":") and not _PORT.match(rest):
            continue
        if host["name"] and not rest and _looks_like_a_file(host["name"]):
            continue
        yield f"{'https' if host['name'] else 'http'}://{text}"


def _looks_like_a_file(name: str) -> bool:
    return name.count(".") == 1 and name.rpartition(".")[2].lower() in _FILE_ENDINGS


def _read_html(text: str, finding: _Finding) -> None:
    """Take what links and sources point to, and URLs in the text between the tags; lines around them are plain text."""
    first = _TAG.search(text)
    position = text.rfind("\n", 0, first.start()) + 1 if first else len(text)
    _read_lines(text[:position], finding)
    hidden = ""
    for tag in _TAG.finditer(text, position):
        if not hidden:
            _read_between(text[position : tag.start()], finding)
        position = tag.end()
        closing, name, attributes = tag.groups()
        if name.lower() in ("script", "style"):
            hidden = "" if closing else name
        for link in _LINK.finditer(attributes[:_LONGEST_LINE]):
            _take_link(link[1] or link[2] or link[3] or "", finding)
    rest, _, after = text[position:].partition("\n")
    _read_between(rest, finding)
    _read_lines(after, finding)


def _read_between(text: str, finding: _Finding) -> None:
    for line in text.splitlines():
        for candidate in _candidates_between(line):
            if not finding.take(candidate):
                finding.ignore(candidate)


def _candidates_between(line: str) -> Iterator[str]:
    """The URLs of a line; a host without a scheme only with a path or port, as prose has dots."""
    found = False
    for start in _URL.finditer(line):
        found = True
        rest = line[start.start() : start.start() + _LONGEST_IGNORED * 50]
        yield _until_its_end(_ENTITY.sub(_unescaped, rest), 0, start.end() - start.start(), "")
    if not found and ("/" in line or ":" in line):
        yield from filter(_PATH_OR_PORT.search, _schemeless(line[:_LONGEST_LINE], ""))


def _take_link(link: str, finding: _Finding) -> None:
    link = _ENTITY.sub(_unescaped, link).strip()
    if link.startswith("//"):
        link = f"https:{link}"
    if not (has_scheme(link) and finding.take(link)):
        finding.ignore(link)


def _unescaped(match: re.Match[str]) -> str:
    return html.unescape(match[0])


def _unicode(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].lower().replace("\\u", "")).decode("utf-16-be")
