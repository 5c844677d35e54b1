"""Collects the URLs of a text, and the lines and links without a URL."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from asynclab.fetch.address import HOST_LETTERS, escaped, redacted, sent_text
from asynclab.fetch.texts.templates import is_defanged, is_template

IgnoreReason = Literal["line", "template", "defanged URL", "script URL", "run-on text"]
"""The reason why a line or link was ignored."""

IGNORED_KEPT = 1_000
"""The most ignored lines that are kept for display."""

_LONGEST_IGNORED = 200
_LONGEST_SENT = 4_000

_GROUP = "[0-9A-Fa-f]{1,4}"
_GROUPS = f"(?:{_GROUP}(?::{_GROUP})*+)?+"
IPV6 = rf"\[(?:(?:{_GROUP}:){{7}}{_GROUP}|(?=(?:[0-9A-Fa-f]*+:){{2,7}}[0-9A-Fa-f]*+\]){_GROUPS}::{_GROUPS})\]"
_CHARACTER = r"-\w/=&+"
_ESCAPES = "(?:%(?!E2%80%A2)[2-9A-Fa-f][0-9A-Fa-f])++"
SENT = (
    rf"(s?://(?:(?:(?:(?!xn--)[a-z0-9][a-z0-9-]{{0,31}}+(?<!-)|[a-z0-9{HOST_LETTERS}]{{1,12}}+)\.){{0,4}}+"
    rf"(?:[a-z]{{1,30}}+|[a-z{HOST_LETTERS}]{{1,12}}+)"
    rf"|(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.|(?![0-9.]))){{4}}|{IPV6})"
    r"(?::(?!80(?![0-9])|443(?![0-9]))(?:[1-9][0-9]{0,3}|[1-5][0-9]{4})(?![0-9]))?+"
    rf"(/[{_CHARACTER}]*+(?:(?:[.?~,]{{1,3}}+(?=[{_CHARACTER}%])|{_ESCAPES}|\([{_CHARACTER}]*+\))[{_CHARACTER}]*+)*+)?+)"
    r"(?:#([A-Za-z0-9_][A-Za-z0-9_-]*+))?+"
)
"""Matches the part after "http" of a URL that is sent as it is written, except for a slash and non-ASCII letters.

Most URLs match. The groups are the part without the fragment, the path, and the fragment. The match is ten times faster
than `sent_text`.
"""
IS_SENT = re.compile(f"http{SENT}")


@dataclass(slots=True)
class FoundSoFar:
    """The URLs found so far."""

    most: int
    """How many different URLs are taken."""
    counts: dict[str, int] = field(default_factory=dict)
    """How many times each URL was found. The keys are the URLs as sent."""
    texts: list[str] = field(default_factory=list)
    """The same URLs as they were written, without fragments."""
    fragments: dict[str, dict[str, None]] = field(default_factory=dict)
    """For each URL as sent, the texts after #, as a dictionary's keys."""
    left_out: set[str] = field(default_factory=set)
    """The URLs beyond the limit."""
    ignored: list[tuple[IgnoreReason, str]] = field(default_factory=list)
    """The first ignored lines and links, cut short, with passwords hidden, each with the reason."""
    ignored_counts: Counter[IgnoreReason] = field(default_factory=Counter)
    """How many lines and links were ignored for each reason."""
    formats: dict[str, int] = field(default_factory=dict)
    """How many URLs each format gave, in the order of the text."""
    total: int = 0
    """How many times a URL was found."""
    noted: int = 0
    """How many times a URL was found, or a line or link was ignored."""
    _are_ascii: bool = False
    """Whether the hosts of all keys are in ASCII."""

    def take(self, text: str) -> bool:
        """Add a candidate. Returns whether it is a URL or the template of a URL."""
        sent = IS_SENT.fullmatch(text)
        if sent is None or len(text) > _LONGEST_SENT:
            return self.take_unusual(text)
        _, path, fragment = sent.groups("")
        self.take_sent(text[: sent.end(1)] if fragment else text, path, fragment)
        return True

    def take_unusual(self, text: str) -> bool:
        """Add a candidate that `SENT` doesn't match."""
        if is_template(text):
            self.ignore(text, "template")
            return True
        try:
            key = _without_default_port(sent_text(text))
        except ValueError:
            return False
        if "xn--" in key and not self._are_ascii:
            self._spell_keys()
        url, _, fragment = text.partition("#")
        self._count(key, url, fragment)
        return True

    def take_sent(self, url: str, path: str, fragment: str) -> None:
        """Add a URL that `SENT` matches."""
        if url.isascii():
            self._count(url if path else f"{url}/", url, fragment)
        elif self._are_ascii:
            self.take_unusual(f"{url}#{fragment}")
        else:
            self._count(url[: len(url) - len(path)] + (escaped(path) or "/"), url, fragment)

    def take_all(self, urls: Sequence[str]) -> bool:
        """Add URLs if `SENT` matches all of them; otherwise add none. Returns whether it matches."""
        found = [sent for url in urls if len(url) <= _LONGEST_SENT and (sent := IS_SENT.fullmatch(url))]
        if len(found) < len(urls):
            return False
        self.take_all_sent(urls, [sent[2] or "" for sent in found], [sent[3] or "" for sent in found])
        return True

    def take_all_sent(self, urls: Sequence[str], paths: Sequence[str], fragments: Sequence[str]) -> None:
        """Add URLs that `SENT` matches, with their paths and fragments."""
        if any(fragments) or not all(map(str.isascii, urls)):
            for url, path, fragment in zip(urls, paths, fragments, strict=True):
                self.take_sent(url.partition("#")[0], path, fragment)
            return
        keys = urls if all(paths) else [url if path else f"{url}/" for url, path in zip(urls, paths, strict=True)]
        counts = self.counts
        for key, url in zip(keys, urls, strict=True):
            if key in counts:
                counts[key] += 1
            elif len(counts) < self.most:
                counts[key] = 1
                self.texts.append(url)
            else:
                self.left_out.add(key)
        self.total += len(urls)
        self.noted += len(urls)

    def _count(self, key: str, url: str, fragment: str) -> None:
        self.total += 1
        self.noted += 1
        if key in self.counts:
            self.counts[key] += 1
        elif len(self.counts) < self.most:
            self.counts[key] = 1
            self.texts.append(url)
        else:
            self.left_out.add(key)
            return
        if fragment:
            self.fragments.setdefault(key, {})[fragment] = None

    def _spell_keys(self) -> None:
        """Write the hosts of all keys in ASCII from now on, since one key is already; slow if all hosts differ."""
        self._are_ascii = True
        self.counts = {sent_text(key): count for key, count in self.counts.items()}
        self.left_out = set(map(sent_text, self.left_out))
        self.fragments = {sent_text(key): fragments for key, fragments in self.fragments.items()}

    def ignore(self, text: str, reason: IgnoreReason = "line") -> None:
        """Add a line or link without a URL to the ignored ones."""
        text = text[: 10 * _LONGEST_IGNORED].strip()
        if text:
            reason = "defanged URL" if reason == "line" and is_defanged(text) else reason
            self.ignored_counts[reason] += 1
            self.noted += 1
            if len(self.ignored) < IGNORED_KEPT:
                self.ignored.append((reason, redacted(text[:_LONGEST_IGNORED])))

    def forget_lines(self, since: int, count: int) -> None:
        """Drop the ignored lines of a text inside a part in which URLs were found.

        Before this text, `ignored` had `since` entries, and `count` lines were ignored.
        """
        self.ignored[since:] = [entry for entry in self.ignored[since:] if entry[0] != "line"]
        self.ignored_counts["line"] = count

    def was_read_as(self, name: str, before: int) -> None:
        """Record the format of a part of the text; `before` is the value of `total` before this part."""
        self.formats[name] = self.formats.get(name, 0) + self.total - before


def _without_default_port(sent: str) -> str:
    if ":80/" not in sent and ":443/" not in sent:
        return sent
    scheme, _, place, rest = sent.split("/", 3)
    return f"{scheme}//{place.removesuffix(':443' if scheme == 'https:' else ':80')}/{rest}"
