"""Finds the URLs in a text of any format."""

from __future__ import annotations

import re
from dataclasses import dataclass

from asynclab.fetch.exported import exported_urls
from asynclab.fetch.texts.finding import FoundSoFar, IgnoreReason
from asynclab.fetch.texts.formats import read_any, read_as

MOST_URLS = 5_000
"""The most URLs that are taken from a text by default."""

LONGEST_REREAD = 1_000_000
"""The most characters of a text that is read a second time, as another format."""


@dataclass(frozen=True, slots=True)
class FoundUrl:
    """A URL that was found in a text."""

    url: str
    """The URL as written, with a scheme and without a fragment; passwords included."""
    count: int
    """How many times the URL was in the text."""
    fragments: tuple[str, ...] = ()
    """The texts after # with this URL, each once."""


@dataclass(frozen=True, slots=True)
class FoundUrls:
    """The result of a search for URLs in a text."""

    urls: tuple[FoundUrl, ...]
    """Each URL once, in the order of the text."""
    duplicates: int
    """How many more times the URLs were in the text."""
    ignored: tuple[str, ...]
    """The first lines and links without a URL to fetch, cut short, with passwords hidden."""
    ignored_counts: tuple[tuple[IgnoreReason, int], ...]
    """How many lines and links were ignored for each reason."""
    left_out: int
    """How many different URLs were left out because of the limit."""
    taken_for: str = ""
    """The formats in which URLs were found, such as "RSS" or "Markdown, HTML"; empty if none was found."""


_GUESSED = frozenset({"", "text", "Markdown", "LaTeX", "HTML", "CSV", "TSV"})
_COLUMNS = re.compile(r"https?://(?:(?!https?://)[^\s,;|])*[,;|\t]")


def other_reading(text: str, found: FoundUrls) -> tuple[str, int] | None:
    """Another format for a text whose format was guessed, and how many other URLs it finds; None if none."""
    taken_for = set(found.taken_for.split(", "))
    if dict(found.ignored_counts).get("defanged URL"):
        name = "defanged"
    elif not taken_for <= _GUESSED or len(text) > LONGEST_REREAD:
        return None
    elif taken_for & {"HTML", "CSV", "TSV"}:
        name = "text"
    elif _COLUMNS.search(text):
        name = "csv"
    else:
        return None
    others = {url.url for url in find_urls(text, taken_as=name).urls} - {url.url for url in found.urls}
    return (name, len(others)) if others else None


def find_urls(text: str, most: int = MOST_URLS, taken_as: str = "") -> FoundUrls:
    """Find the http and https URLs in any text; malformed text is no error.

    A host without a scheme counts if it is alone in its line or column. Its scheme is then https, or http for localhost
    and IP addresses.

    Args:
        most: How many different URLs are taken.
        taken_as: One of `asynclab.fetch.texts.FORMATS`; empty to detect the format.
    """
    finding = FoundSoFar(most)
    text = text.removeprefix("\ufeff")
    exported = None if taken_as else exported_urls(text)
    if exported is not None:
        for url in exported:
            if not finding.take(url):
                finding.ignore(url)
        finding.was_read_as("results", 0)
    elif taken_as:
        read_as(taken_as, text, finding)
    else:
        read_any(text, finding)
    found = zip(finding.texts, finding.counts.items(), strict=True)
    urls = tuple(FoundUrl(url, count, tuple(finding.fragments.get(key, ()))) for url, (key, count) in found)
    return FoundUrls(
        urls,
        duplicates=sum(finding.counts.values()) - len(urls),
        ignored=tuple(text if reason == "line" else f"{reason}: {text}" for reason, text in finding.ignored),
        ignored_counts=tuple((reason, count) for reason, count in finding.ignored_counts.items() if count),
        left_out=len(finding.left_out),
        taken_for=", ".join(name for name, links in finding.formats.items() if links),
    )
