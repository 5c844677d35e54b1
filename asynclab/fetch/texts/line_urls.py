"""Finds the URLs of a line of prose: at once if all are simple, else one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from asynclab.fetch.texts.delimiters import PLAIN, end_of, run_end, without_escapes
from asynclab.fetch.texts.finding import SENT
from asynclab.fetch.texts.line_search import LineSearch
from asynclab.fetch.texts.run_on import LETTER, may_run_on, text_at

# linkify-it takes what follows git+ for a URL of its own.
_SCHEME = re.compile(r"(?:blob:)?+(?:[a-z][a-z0-9]*+\+)*+[a-z][a-z0-9]*+\Z", re.IGNORECASE)
_LONGEST_SCHEME = 30
_OTHER_URL = re.compile(r"""://(?:[^\s"'`<>{}|,;]{0,200}[\w/])?""")
"""What follows the scheme of a URL that nobody can fetch."""


def _simple() -> re.Pattern[str]:
    """Matches URLs in markup, quotes or brackets, or between spaces and before the end of a sentence.

    Its groups are the URL, what stands before it (two of Markdown, LaTeX, a quote, a bracket), and those of `SENT`,
    which are empty for a URL that is not sent as it is.
    """
    link, definition, latex, quote, bracket = r"\]\(", r"\]: ", r"\{", "[\"'`]", "<"
    before = "|".join(rf"(?<=({opener}).{{4}})" for opener in (link, definition, latex, quote, bracket))
    space = r"[^\S\n]"
    after = (rf"(?={space}*\)|{space}+[\"'(])", rf"(?={space}*$|{space}+[\"'(])", r"(?=\})", r"\5(?![\"'`\w])", "[>|]")
    closed = r"(?=\)|[.,;:!?)\]]*+(?:[\s。，、；：！？）」』》】]|\Z))"
    for group, closer in enumerate(after, 2):
        closed = f"(?({group}){closer}|{closed})"
    unmarked = r"(?<![\s(=]=.{4})(?<!\A=.{4})(?<!blob:.{4})"
    # Robots put a plus before the URL in their name.
    apart = rf"(?:(?<![^\s(\[=|>:（：，。、{LETTER[1:-1]}].{{4}})|(?<=(?:{space}|[(;])\+.{{4}}))"
    between = rf"{apart}{unmarked}(?<!{link}.{{4}})(?<!{definition}.{{4}})"
    usual = (
        r"(?<![^\n].{4})|(?<=[^:] .{4})"  # at the start of a line, or in a sentence: nothing else is to be looked at
    )
    return re.compile(
        rf"([Hh][Tt][Tt][Pp](?:{usual}|{before}|{between})(?<!{quote}{quote}.{{4}})"
        rf"(?:(?<=http){SENT}(?<![_&+-])|[Ss]?{PLAIN})(?<!&&)){closed}",
        re.MULTILINE,
    )


SIMPLE = _simple()
_IN_PATH = re.compile("/https?://")
"""A URL in the path of another, as in web archives."""
_CUT_SHORT = re.compile(r"(?:…|\.\.\.)(?:\]\(<?|[>\]])")
"""The end of a link's text that shows the beginning of what the link points to."""
_ODD_LINE = LineSearch(r"[^\S\n]*(?:#|[\[>](?=[^\n]*\]:)(?![^\n]*\]: http))")
"""A line that may be commented out, or a definition of Markdown that begins otherwise than most."""
_COMMENTED_OUT = re.compile(r"^\s*#\s{0,5}\Z")


def urls_in(text: str) -> Iterator[str]:
    """The URLs of a text that needs nothing undone."""
    for line in text.splitlines():
        yield from [url for url, *_ in all_simple(line)] or (url for url, _, _ in urls_one_by_one(line))


def all_simple(line: str) -> list[tuple[str, ...]]:
    """All URLs of one or more lines, if `SIMPLE` matches each and nothing else tells where one ends; else none."""
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
    """The URLs of a line, how each is delimited, and the text of another script that follows without a space.

    One that is commented out begins with #. URLs of other schemes, such as git+https, are among them.
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
