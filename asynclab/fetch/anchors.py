"""Searches a page for the anchors that the fragments of URLs point to."""

from __future__ import annotations

import codecs
from collections import defaultdict
from collections.abc import Iterable
from html.parser import HTMLParser
from urllib.parse import unquote

from asynclab.fetch.body_text import charset_of, media_type
from asynclab.fetch.charsets import decoder_of

LONGEST_TAG = 256 * 1024
"""Characters after which an unfinished tag, comment or script is given up."""

_LONGEST_END = 20
"""The most characters of the end tag of a script."""

_MADE_BY_GITHUB = "user-content-"
"""GitHub puts this before the ids of headings, and its script scrolls to them."""


def anchors_of(fragments: Iterable[str]) -> tuple[str, ...]:
    """The fragments that need an anchor: not those for the top of a page, and not text fragments."""
    named = (fragment.partition(":~:")[0] for fragment in fragments)
    return tuple(dict.fromkeys(name for name in named if name and name.lower() != "top"))


def may_have_anchors(content_type: str) -> bool:
    """Whether a body is a page that can have anchors."""
    return media_type(content_type).kind in ("text/html", "application/xhtml+xml")


class Anchors(HTMLParser):
    """Finds anchors in a page while it is received."""

    def __init__(self, wanted: Iterable[str], content_type: str) -> None:
        """Search for fragments, written as in URLs, in a page with this Content-Type."""
        super().__init__()
        self.missing = dict.fromkeys(wanted)
        """The anchors not found yet."""
        self._names: defaultdict[str, list[str]] = defaultdict(list)
        for fragment in self.missing:
            for name in (unquote(fragment), fragment):
                self._names[name].append(fragment)
                self._names[_MADE_BY_GITHUB + name].append(fragment)
        self._content_type = content_type
        self._decoder: codecs.IncrementalDecoder | None = None
        self._latest = ""
        """The last characters, which may be the beginning of an end tag."""

    def take(self, chunk: bytes) -> None:
        """Search the next bytes."""
        if not self.missing:
            return
        if self._decoder is None:
            charset = charset_of(chunk, self._content_type) or "utf-8"
            self._decoder = decoder_of(charset)
        text = self._decoder.decode(chunk)
        self._latest = (self._latest + text)[-_LONGEST_END:]
        self.feed(text)
        if len(self.rawdata) > LONGEST_TAG:
            self._give_up()

    def close(self) -> None:
        """End the search, including text that the parser held back, as it does since Python 3.14."""
        if self.missing:
            super().close()

    def _give_up(self) -> None:
        """Drop an unfinished tag, comment or script: otherwise each chunk would search all of it again."""
        within = self.cdata_elem
        self.reset()
        self.rawdata = self._latest
        if within is not None:
            self.set_cdata_mode(within)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remove an element's id, and the name of a link, from the missing anchors."""
        for name, value in attrs:
            if value and (name == "id" or (name == "name" and tag == "a")):
                for fragment in self._names.get(value, ()):
                    self.missing.pop(fragment, None)
