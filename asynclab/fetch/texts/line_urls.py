"""Finds the URLs in a line of prose: with one expression if all are simple, otherwise one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from asynclab.fetch.texts.delimiters import PLAIN, end_of, run_end, without_escapes
from asynclab.fetch.texts.finding import SENT
from asynclab.fetch.texts.line_search import LineSearch
from asynclab.fetch.texts.run_on import LETTER, may_run_on, text_at

# linkify-it reads the part after git+ as a separate URL.
_SCHEME = re.compile(r"(?:blob:)?+(?:[a-z][a-z0-9]*+\+)*+[a-z][a-z0-9]*+\Z", re.IGNORECASE)
_LONGEST_SCHEME = 30
_OTHER_URL = re.compile(r"""://(?:[^\s"'`<>{}|,;]{0,200}[\w/])?""")
"""Matches the rest of a URL whose scheme can't be fetched."""


def _simple() -> re.Pattern[str]:
    """Matches URLs in markup, quotes or brackets, or between spaces, perhaps at the end of a sentence.

    The groups are the URL, the delimiter before it (Markdown link, Markdown definition, LaTeX, quote, bracket), and the
    groups of `SENT`, which are empty for a URL that isn't sent as written.
    """
    link, definition, latex, quote, bracket = r"\]\(", r"\]: ", r"\{", "[\"'`]", "<"
    before = "|".join(rf"(?<=({opener}).{{4}})" for opener in (link, definition, latex, quote, bracket))
    space = r"[^\S\n]"
    after = (rf"(?={space}*\)|{space}+[\"'(])", rf"(?={space}*$|{space}+[\"'(])", r"(?=\})", r"\5(?![\"'`\w])", "[>|]")
    closed = r"(?=\)|[.,;:!?)\]]*+(?:[\s。，、；：！？）」』》】]|\Z))"
    for group, closer in enumerate(after, 2):
        closed = f"(?({group}){closer}|{closed})"
    unmarked = r"(?<![\s(=]=.{4})(?<!\A=.{4})(?<!blob:.{4})"
    # Bots put a plus before the URL in their name.
    apart = rf"(?:(?<![^\s(\[=|>:（：，。、{LETTER[1:-1]}].{{4}})|(?<=(?:{space}|[(;])\+.{{4}}))"
    between = rf"{apart}{unmarked}(?<!{link}.{{4}})(?<!{definition}.{{4}})"
    usual = r"(?<![^\n].{4})|(?<=[^:] .{4})"  # at the start of a line, or in a sentence: no other check is needed
    return re.compile(
        rf"([Hh][Tt][Tt][Pp](?:{usual}|{before}|{between})(?<!{quote}{quote}.{{4}})"
        rf"(?:(?<=http){SENT}(?<![_&+-])|[Ss]?{PLAIN})(?<!&&)){closed}",
        re.MULTILINE,
    )


SIMPLE = _simple()
_IN_PATH = re.compile("/https?://")
"""Matches a URL in the path of another, as in web archives."""
_CUT_SHORT = re.compile(r"(?:…|\.\.\.)(?:\]\(<?|[>\]])")
"""Matches the end of a link's text that is a shortened copy of its URL."""
_ODD_LINE = LineSearch(r"[^\S\n]*(?:#|[\[>](?=[^\n]*\]:)(?![^\n]*\]: http))")
"""Finds a line that may be commented out, or an unusual Markdown definition."""
_COMMENTED_OUT = re.compile(r"^\s*#\s{0,5}\Z")


def urls_in(text: str) -> Iterator[str]:
    """The URLs of a text without escapes to undo."""
    for line in text.splitlines():
        yield from [url for url, *_ in all_simple(line)] or (url for url, _, _ in urls_one_by_one(line))


def all_simple(line: str) -> list[tuple[str, ...]]:
    """All URLs of one or more lines, if `SIMPLE` matches each and no other rule may apply; otherwise an empty list."""
    if (("#" in line or "]:" in line) and _ODD_LINE.search(line)) or may_run_on(line):
        return []
    if ",http" in line and line.startswith("http") and line.count(",http") == line.rstrip(",").count(","):
        line = line.replace(",http", " http")
    found = SIMPLE.findall(line)
    if len(found) != (count := line.count("://")) and (
        "/http" not in line or sum(1 + len(_IN_PATH.findall(url)) for url, *_ in found) != count
    ):
        return []
    if "\\" in line:
        found = [(without_escapes(url), *groups) for url, *groups in found]
    return found if len(line) < 4_000 or all(len(url) < 4_000 for url, *_ in found) else []


def urls_one_by_one(line: str) -> Iterator[tuple[str, str, str]]:
    """The URLs of a line, each with its markup and with the text of another script that follows without a space.

    A URL that is commented out begins with #. URLs with other schemes, such as git+https, are included.
    """
    position = run_ends = 0
    whole = ""
    while (other := _OTHER_URL.search(line, position)) is not None:
        separator = other.start()
        scheme = _SCHEME.search(line, max(position, separator - _LONGEST_SCHEME), separator)
        start = scheme.start() if scheme is not None else separator
        if line[start:separator].lower() not in ("http", "https"):
            if scheme is not None and other.end() > separator + 3:
                yield line[start : other.end()], "", ""
            position = separator + 3
            continue
        if start >= run_ends:
            run_ends = run_end(line, start)
        url, end, delimited = end_of(line, start, run_ends)
        cut = _CUT_SHORT.match(line, end)
        if cut and (line.startswith(url, cut.end()) or whole.startswith(url)):
            position = cut.end()
            continue
        whole = url
        if position == 0 and _COMMENTED_OUT.match(line, 0, start):
            url = f"# {url}"
        yield url, delimited, text_at(line, end, run_ends)
        position = max(separator + 3, end)
