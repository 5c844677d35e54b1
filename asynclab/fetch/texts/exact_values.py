"""Reads single values such as cells, JSON strings and texts of XML elements, and hosts without a scheme."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

from asynclab.fetch.address import LONGEST_URL, has_scheme, joined
from asynclab.fetch.texts.finding import FoundSoFar

# linkify-it knows few top-level domains, finds hosts within sentences, and takes README.md for one.
_HOST = re.compile(
    r"(?P<local>localhost)(?=[:/?]|$)"
    r"|(?P<ip>\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\])(?=[:/?]|$)"
    r"|(?P<name>(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:xn--[a-z0-9-]{2,59}|[^\W\d_]{2,63}))\.?(?=[:/?]|$)",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}(?<!-)\.)+[A-Za-z]{2,63}(/[\w./-]*[\w/-])?", re.ASCII)
"""Matches most hosts, which need no further checks."""
_PORT = re.compile(r":\d{1,5}(?=[/?]|$)")
_PATH_OR_PORT = re.compile(r"//[^/]*(?::\d|/)")
_SECTION = re.compile(r"\s*\[\[?[A-Za-z_][\w.\"'-]*\]\]?\s*")
"""Matches the first line of a section in a settings file."""
_EMPTY_FIELD = re.compile(r": \W*\Z")
"""Matches the end of a Kubernetes label or annotation, whose name begins like a host."""
_LEAD = re.compile(r"\s*(?:(?:[-*+•–>|]|\d{1,4}[.)]|\[[ xX]?\])\s+|>)+")
_WRAPPING = "\"'`<>()[]{},;|“”‘’«»* \t"
_OPENERS = {")": "(", "]": "[", "}": "{"}
_TRAILING = ".,;:!?*_~"
_FILE_ENDINGS = frozenset(
    """
    md py rs sh pl js ts jsx tsx go rb c h cc cpp cs java kt txt log csv tsv json jsonl xml yml yaml toml ini cfg conf
    lock html htm css png jpg jpeg gif svg ico webp pdf doc docx xls xlsx ppt pptx zip gz tar bz2 xz zst mp3 mp4 mkv
    webm mov exe dll so whl ipynb sql db bak tmp rst tex
    """.split()  # noqa: SIM905  a list of a hundred literals would take a hundred lines
)


def host_url(text: str, *, needs_path: bool = False) -> str:
    """The URL for a text that is only a host, perhaps with port and path: http for localhost and IPs, else https."""
    if ("." not in text and "localhost" not in text and "[" not in text) or len(text) > LONGEST_URL:
        return ""
    plain = _PLAIN.fullmatch(text.removeprefix("//"))
    if plain is None:
        if "[" in text and _SECTION.fullmatch(text):
            return ""
        lead = _LEAD.match(text)
        text = (text[lead.end() :] if lead else text).strip()
        plain = _PLAIN.fullmatch(text)
    if plain is not None:
        has_path = plain[1] is not None
        return f"https://{plain[0]}" if has_path or not (needs_path or _looks_like_a_file(plain[0])) else ""
    if ": " in text and _EMPTY_FIELD.search(text):
        return ""
    whole = text
    if not (text.startswith("[") and _HOST.match(text)):
        text = text.strip(_WRAPPING)
    text = text.removeprefix("//").rstrip(_TRAILING + "`\"'")
    host = _HOST.match(text)
    if host is None or has_scheme(text) or any(map(str.isspace, text)):
        return ""
    closer = whole.partition(text)[2][:1]
    if closer in _OPENERS and text.count(_OPENERS[closer]) > text.count(closer):
        text += closer
    rest = text[host.end() :]
    # Otherwise it is a name or a call in source code.
    if (rest.startswith(":") and not _PORT.match(rest)) or rest.startswith("?=") or rest.count(")") > rest.count("("):
        return ""
    if host["name"] and not rest and _looks_like_a_file(host["name"]):
        return ""
    url = f"{'https' if host['name'] else 'http'}://{text}"
    return url if not needs_path or _PATH_OR_PORT.search(url) else ""


def _looks_like_a_file(name: str) -> bool:
    return name.count(".") == 1 and name.rpartition(".")[2].lower() in _FILE_ENDINGS


ReadText = Callable[[str], None]
"""Reads a text of any format inside another text."""

NAMES_OF_URLS = frozenset(
    "url uri href link links src loc host hosts domain domains website site homepage web address page urls".split()  # noqa: SIM905
)
"""The names of fields in which a host without a scheme counts as a URL."""

_LONGEST_BASE = 500
"""The most characters of a base URL; with a longer one, a page with many links would give megabytes of URLs."""

_SHORTEST_URL = len("http://a")
_TAG = re.compile(r"<[/!]?[A-Za-z]")
_SPACE = re.compile(r"\s")
_SENTENCE = re.compile(
    r"[\r\n\t<>]|[,.;:!?)\]}\"'] |(?<!\S)(?:\S++\s++){5}| - | \([^()]*\)\Z|(?<!\s)\s.*https?://", re.IGNORECASE
)
"""Distinguishes a sentence that begins with a URL from a URL that contains spaces."""
_NAMES_OF_PROSE = frozenset(
    "text body message msg content description comment title summary note notes html abstract caption log".split()  # noqa: SIM905
)


def is_exact(value: str, name: str = "") -> bool:
    """Whether a stripped value is one URL, perhaps with spaces, and not a sentence that begins with a URL.

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


def resolved(base: str, link: str) -> str:
    """The absolute URL of a relative link; other links are unchanged, and so are all links if the base is too long."""
    if has_scheme(link) or ":" in link.partition("/")[0] or link.startswith("#") or len(base) > _LONGEST_BASE:
        return link
    with suppress(ValueError):
        return joined(base, link)
    return link


def may_hold_url(value: str) -> bool:
    """Whether a value may be a URL with a scheme or may contain one."""
    return "//" in value or "\\/" in value or ": base64" in value


def read_value(value: str, finding: FoundSoFar, read: ReadText, name: str = "") -> None:
    """Add a value that is a URL, or a host in a field with a name for URLs; read any other value as a text."""
    value = value.strip()
    if not may_hold_url(value):
        if name.lower() in NAMES_OF_URLS and (url := host_url(value)):
            finding.take(url)
    elif len(value) < _SHORTEST_URL:  # as many cells of a large table are; it can't contain a URL with other text
        if not ((url := host_url(value)) and finding.take(url)):
            finding.ignore(value)
    elif not is_exact(value, name):
        read(value)
    elif not finding.take(value):
        finding.ignore(value)
