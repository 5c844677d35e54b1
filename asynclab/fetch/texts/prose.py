"""Reads prose: plain text, lists, logs, Markdown, AsciiDoc, LaTeX. Many simple lines are searched at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby, islice

from asynclab.fetch.address import has_scheme
from asynclab.fetch.texts.escapes import plain, with_www
from asynclab.fetch.texts.exact_values import host_url
from asynclab.fetch.texts.finding import FoundSoFar
from asynclab.fetch.texts.line_urls import all_simple, urls_in, urls_one_by_one
from asynclab.fetch.texts.templates import defanged, without_defanged

_LONG_LINE = 100_000
_MEDIUM_LINE = 1_000
_MOST_LINES = 64
"""How many lines are searched at once."""
_COMMENT = re.compile(r"(?:^\s*#(?!#)|\s#(?=\s|$)).*")


def read_prose(text: str, finding: FoundSoFar) -> None:
    """Find the URLs of each line. A line without URLs is ignored, unless it is a host."""
    before = finding.total
    if not text:
        finding.was_read_as("text", before)
        return
    text = with_www(plain(text))
    if disarmed := defanged(text):
        text = without_defanged(text)
    for url in disarmed:
        finding.ignore(url, "defanged URL")
    lines = _lines(text)
    if len(lines) == 1:  # as most cells and values are
        markup = _read_line(lines[0], all_simple(lines[0]) if "://" in text else [], finding)
    else:
        markup = _read_all(lines, finding)
    finding.was_read_as(markup or "text", before)


def read_between_tags(text: str, finding: FoundSoFar, shown: str = "") -> None:
    """Find the URLs in the text between tags. A host without a scheme must have a path or port.

    `shown` is the target of the link around the text: the text may repeat it.
    """
    text = plain(text)
    for line in (text if shown else with_www(text)).splitlines():
        urls = list(urls_in(line))
        if not urls and ("/" in line or ":" in line):
            urls = [url] if (url := host_url(line, needs_path=True)) else []
        for url in urls:
            is_shown = shown and (url == shown or (shown.startswith(url) and ("…" in line or "..." in line)))
            if not (is_shown or finding.take(url.lstrip("# "))):
                finding.ignore(url)


def _read_all(all_lines: list[str], finding: FoundSoFar) -> str:
    """Find the URLs of lines, or ignore the lines. Returns the first markup found, or an empty string."""
    markup = ""
    for most, lines in groupby(all_lines, _most_at_once):
        if most:
            found = _read_lines(lines, most, finding)
            markup = markup or found
        else:
            _read_hosts(lines, finding)
    return markup


def _most_at_once(line: str) -> int:
    """How many lines like this one are searched at once; 0 for a line without URLs."""
    return 0 if "://" not in line else 1 if len(line) > _MEDIUM_LINE else _MOST_LINES


def _read_hosts(lines: Iterator[str], finding: FoundSoFar) -> None:
    """Add the lines that are hosts to the URLs, and ignore the others."""
    while block := list(islice(lines, _MOST_LINES)):
        urls = [_host_in(line) for line in block]
        if not (all(urls) and finding.take_all(urls)):
            for line, url in zip(block, urls, strict=True):
                if not (url and finding.take(url)):
                    finding.ignore(line)


def _host_in(line: str) -> str:
    """The URL of a host, if the line consists of that and a comment; empty for any other line."""
    return host_url(_COMMENT.sub("", line) if "#" in line else line)


def _read_lines(lines: Iterator[str], most: int, finding: FoundSoFar) -> str:
    """Find the URLs of lines, many lines at once while all are simple. Returns the first markup found, or ""."""
    markup, size = "", most
    while block := list(islice(lines, size)):
        simple = all_simple("\n".join(block))
        found = _take_sent(simple, finding) if simple else None
        if found is not None:
            markup, size = markup or found, min(2 * size, most)
            continue
        for line in block:
            found = _read_line(line, simple if len(block) == 1 else all_simple(line), finding)
            markup, size = markup or found, 1
    return markup


def _take_sent(simple: list[tuple[str, ...]], finding: FoundSoFar) -> str | None:
    """Add all URLs of lines, if each is sent as written. Returns their first markup; None if nothing was added."""
    if len(simple) == 1 and not simple[0][6]:
        return None
    urls, links, definitions, braces, _, _, sent, paths, fragments = zip(*simple, strict=True)
    if any(definitions):
        return None
    if all(sent):
        finding.take_all_sent(urls, paths, fragments)
    elif not finding.take_all(urls):
        return None
    if not (any(links) or any(braces)):
        return ""
    return next("Markdown" if link else "LaTeX" for link, brace in zip(links, braces, strict=True) if link or brace)


def _read_line(line: str, simple: list[tuple[str, ...]], finding: FoundSoFar) -> str:
    """Find the URLs of a line, or ignore the line. Returns its markup, or an empty string."""
    if "://" not in line:
        _read_hosts(iter([line]), finding)
        return ""
    taken, others, markup = False, [], ""
    take = finding.take if "\\" in line else finding.take_unusual
    for url, link, definition, latex, _, _, sent, path, fragment in simple:
        if sent:
            finding.take_sent(f"http{sent}", path, fragment)
        elif not take(url):
            others.append(url)
            continue
        is_markdown = link or (definition and line.lstrip()[:1] in "[>")
        taken, markup = True, markup or (is_markdown and "Markdown") or (latex and "LaTeX")
    for url, delimited, run_on in () if simple else urls_one_by_one(line):
        if run_on:
            finding.ignore(f"{run_on} after {url}", "run-on text")
        if has_scheme(url) and finding.take(url):
            taken, markup = True, markup or delimited
        else:
            others.append(url)
    for ignored in others if taken else [line]:
        finding.ignore(ignored)
    return markup


def _lines(text: str) -> list[str]:
    """The lines of a text. A very long line is cut before URLs, so that few URLs are in memory at once."""
    lines = text.splitlines()
    is_any_long = len(text) > _LONG_LINE and max(map(len, lines)) > _LONG_LINE
    return [piece for line in lines for piece in _pieces(line)] if is_any_long else lines


def _pieces(line: str) -> Iterator[str]:
    start = 0
    while len(line) > start + _LONG_LINE and (cut := line.find(" http", start + _LONG_LINE)) > 0:
        yield line[start:cut]
        start = cut + 1
    yield line[start:] if start else line
