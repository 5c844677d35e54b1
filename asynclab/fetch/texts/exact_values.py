"""Reads values that a parser has told apart: cells, strings of JSON, texts of XML elements."""

from __future__ import annotations

import re
from collections.abc import Callable

from asynclab.fetch.address import has_scheme
from asynclab.fetch.texts.finding import Finding
from asynclab.fetch.texts.hosts import host_url

ReadText = Callable[[str], None]
"""Reads a text of any format within another."""

NAMES_OF_URLS = frozenset(
    "url uri href link links src loc host hosts domain domains website site homepage web address page urls".split()  # noqa: SIM905
)
"""What fields are called in which a host without a scheme is meant as a URL."""

_TAG = re.compile(r"<[/!]?[A-Za-z]")
_SPACE = re.compile(r"\s")
_SENTENCE = re.compile(
    r"[\r\n\t<>]|[,.;:!?)\]}\"'] |(?:\S+\s+){5}| - | \([^()]*\)\Z|https?://\S*\s.*https?://", re.IGNORECASE
)
"""What a URL with spaces in it doesn't have, but a sentence that begins with one."""
_NAMES_OF_PROSE = frozenset(
    "text body message msg content description comment title summary note notes html abstract caption log".split()  # noqa: SIM905
)


def is_exact(value: str, name: str = "") -> bool:
    """Whether a stripped value is one URL, spaces included, and not a text that begins with one.

    `name` is the name of its field.
    """
    if not has_scheme(value):
        return False
    space = _SPACE.search(value, 0, 10_000)
    if space is None:
        return "<" not in value or not _TAG.search(value)
    host_ends = re.search(r"[/?#]", value[8:])
    has_path = host_ends is not None and host_ends.start() + 8 < space.start()
    return has_path and name.lower() not in _NAMES_OF_PROSE and not _SENTENCE.search(value)


def read_value(value: str, finding: Finding, read: ReadText, name: str = "") -> None:
    """Take a value that is a URL as it is, or a host, if its field's name says so; read any other as a text."""
    value = value.strip()
    if "//" not in value and "\\/\\/" not in value and ": base64" not in value:
        if name.lower() in NAMES_OF_URLS and (url := host_url(value)):
            finding.take(url)
    elif not is_exact(value, name):
        read(value)
    elif not finding.take(value):
        finding.ignore(value)
