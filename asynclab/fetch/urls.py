"""Finds the URLs in a text of any format."""

from __future__ import annotations

from dataclasses import dataclass

from asynclab.fetch.exported import exported_urls
from asynclab.fetch.texts.finding import Finding
from asynclab.fetch.texts.formats import read_any, read_as

MOST_URLS = 5_000
"""The most URLs that are taken from one text, unless more are asked for."""


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
    taken_for: str = ""
    """The formats that the text was taken for, such as "RSS" or "Markdown, HTML"; empty where none has URLs."""


def find_urls(text: str, most: int = MOST_URLS, taken_as: str = "") -> Found:
    """Find the http and https URLs in any text; nothing that is in it is an error.

    A host without a scheme counts where it is alone in its line or column: as https, or as http where it is localhost
    or an IP address.

    Args:
        text: Where they are.
        most: How many different ones are taken.
        taken_as: One of `asynclab.fetch.texts.FORMATS`; empty to tell the format by the text.
    """
    finding = Finding(most)
    text = text.removeprefix("\ufeff")
    exported = None if taken_as else exported_urls(text)
    if exported is not None:
        finding.take_all(exported, "results")
    elif taken_as:
        read_as(taken_as, text, finding)
    else:
        read_any(text, finding)
    found = zip(finding.texts, finding.counts.items(), strict=True)
    urls = tuple(FoundUrl(url, count, tuple(finding.fragments.get(key, ()))) for url, (key, count) in found)
    return Found(
        urls,
        duplicates=sum(finding.counts.values()) - len(urls),
        ignored=tuple(finding.ignored),
        ignored_count=finding.ignored_count,
        left_out=len(finding.left_out),
        taken_for=", ".join(name for name, links in finding.formats.items() if links),
    )
