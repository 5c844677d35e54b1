"""Finds the end of a URL in prose: at its delimiter if it has one, otherwise where a reader would see it."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from linkify_it import LinkifyIt  # type: ignore[import-untyped]
from markdown_it.common.utils import unescapeAll

from asynclab.fetch.address import LONGEST_URL
from asynclab.fetch.texts.run_on import LETTER, end_before_text
from asynclab.fetch.texts.templates import INTERPOLATED, PLACEHOLDER, is_template

# linkify-it accepts quotes, brackets and commas of other scripts, backticks, bars and invisible characters
# as parts of a URL, and doesn't stop at the quote in "https://a.example/","https://b.example/".
_OTHER_BRACKETS = (
    "«»‘“-‟‹›⁅⁆〈〉❨-❵⟦-⟯⦃-⦘⸂-⸍⸜⸝⸠-⸩〈-】〔-〛〝-〟﴾﴿︐-︙︵-﹄﹇﹈﹐-﹞！（），．／：；＜＞？［］｛｝｟-､、。〃…—←-⇿"
    "\u200b\u2028\u2029\u2400-\u2426\ufeff"
)
_MARK = "[][?=&_%#~*()+!$:-]"
"""Characters before which shells, LaTeX, Markdown, CSS, PDF, troff and .properties write a backslash."""
_IN_BRACES = r"[^{}\s\"'<>]{0,300}+"
_PART = (
    rf"""[^?\s"`<>|\\^{{}}\x00-\x1f\x7f-\x9f{_OTHER_BRACKETS}’,;–]++|’(?=[^\W\d_])|[,;–](?!https?://)|{PLACEHOLDER}|\\{_MARK}"""
    rf"|\{{(?:{_IN_BRACES}|{_IN_BRACES}\{{{_IN_BRACES}\}}{_IN_BRACES})\}}"
)
# A host may have the backslashes of a regular expression; a bar in a query isn't a separator of columns.
_RUN = re.compile(
    rf"https?://(?:[\w.-]|\\\.)*(?:{_PART})*(?:\?(?:{_PART}|\?|\|(?=[A-Za-z%][\w+%:,|]*(?:[&\s]|\Z)))*)?", re.IGNORECASE
)
_ESCAPE = re.compile(rf"\\(?={_MARK})")
_GLUED = re.compile(rf"([a-z0-9]|{LETTER})https?\Z", re.IGNORECASE)
_WORD = r"\w/#&=%~@+$-"
_WORDS = rf"[{_WORD}]++|[.,;:]{{1,3}}+(?=[({_WORD}])"
_IN_PATH = (  # including templates and the backslashes of shells
    rf"{_WORDS}|\((?:{_WORDS})*+\)"
    r"|\{\w+\}(?<!\{color\})(?<!\{code\})(?<!\{quote\})(?<!\{noformat\})(?<!\{panel\})|\{\{\w+\}\}"
    rf"|\\[&=%#~+$_:-](?=[{_WORD}])|\\\((?:{_WORDS})*+\\\)"
)
_IN_QUERY = rf"{_IN_PATH}|[.,;:?]{{1,3}}+(?=[\[({_WORD}])|\[\w*\]"
PLAIN = (
    r"://(?:[\w.:@+-]*(?:%(?!20)[\w.:@+-]*)*(?<=[^\W_])|\[[0-9A-Fa-f:.]+\](?::\d+)?)"
    rf"(?:\.?(?=\\?[/?#])(?:{_IN_PATH})*+(?:\\?\?(?=[\[({_WORD}.,;:?])(?:{_IN_QUERY})*+)?+(?<![_?.~:,;]))?"
)
"""Matches the part after "http" of a URL that linkify-it would not change; linkify-it takes 10 µs to decide that."""
_IS_PLAIN = re.compile(f"https?{PLAIN}", re.IGNORECASE)
_CLOSERS = {'"': '"', "'": "'(?![A-Za-z0-9])", "`": "`", "<": r"[>|]", "+": r"\+\+"}  # Slack's |, AsciiDoc's ++
_CLOSERS |= {
    "“": "[”“]",
    "„": "[“”]",
    "‘": "’(?![A-Za-z0-9])",
    **dict(zip("«»‹「『《〈【〔", "»«›」』》〉】〕", strict=True)),
}
_CLOSED = {
    opener: re.compile(rf"((?:(?!{closer}|{re.escape(opener)}https?://)[^\s<>\\])*+){closer}")
    for opener, closer in _CLOSERS.items()
}
_IN_BRACKETS = r"[^\s<>\\|\[\]]*+"
_CLOSED["["] = re.compile(rf"({_IN_BRACKETS}(?:\[{_IN_BRACKETS}\]{_IN_BRACKETS})++)\]")  # if it contains other brackets
_CLOSED["=="] = re.compile(r"([^\s<>\\]*?)(?<!=)=++(?=[\s.,;:!?)]|\Z)")  # Org, and highlights in some Markdown
_MARKED = re.compile(r"(?:\A|[\s(])(?:={1,2}|//)\Z")
_CLOSED["//"] = re.compile(r"(https?://(?:(?!//)[^\s<>\\])*)//(?!\w)", re.IGNORECASE)  # DokuWiki, Creole
_CLOSED["[["] = re.compile(rf"({_IN_BRACKETS})\][\[\]]")  # Org
# A quote within quotes is doubled in CSV, SQL and YAML, and has a backslash in source code. Two strings without
# a separator are two URLs.
_QUOTED = {
    '"': re.compile(r'''((?:[^"\s<>\\]|""(?!https?://))*)"''', re.IGNORECASE),
    "'": re.compile(r"""((?:[^'\s<>\\]|(?:''|\\')(?!https?://)|'(?=[A-Za-z0-9]))*)'""", re.IGNORECASE),
}
# Between quotes, spaces can belong to a path that ends in a file name.
_SPACED = {
    quote: re.compile(
        rf"(https?://[^\s{quote}<>/]+/(?:(?!://)[^{quote}\r\n<>])*\w\.[A-Za-z0-9]{{2,5}}){quote}", re.IGNORECASE
    )
    for quote in "\"'"
}
_MARKDOWN = re.compile(r"\]\(\s{0,3}<?\Z")
# markdown-it's own function takes about 1 µs per character.
_NO_BRACKET = r"[^\s()\\\x00-\x1f\x7f]++|\\\S"
_DESTINATION = re.compile(
    rf"<((?:[^\n<>\\]++|\\.)*+)>|((?:{_NO_BRACKET}|\((?:{_NO_BRACKET}|\((?:{_NO_BRACKET})*+\))*+\))++)"
)
_AFTER_DESTINATION = re.compile(r"""\s*(?:\)|\s(?:"|'|\(|=\d*%?x))""")  # HackMD and others write sizes this way
_DEFINITION = re.compile(r"\s*(?:>\s*)*\[(?!\^)[^\]]+\]:\s*<?\Z")  # the text of a footnote is prose
_AFTER_DEFINITION = re.compile(r"""\s*(?:\Z|["'(].*["')]\s*\Z)""")
_LATEX = re.compile(r"(?:\\[%_#&$~{}^]|[^\s{}|\\]++)*+(?=\})")
_LATEX_ESCAPE = re.compile(r"\\([%_#&$~{}^])")
_ASCIIDOC = re.compile(r"\[(?=[^\[\]]*(?:\]\W*\Z|\Z)|/)")
_NESTED = re.compile(r"\((?:[^()]++|\((?:[^()]++|\([^()]*+\))*+\))*+\)")
_PUNYCODE = re.compile("xn--", re.IGNORECASE)
_IPV6 = re.compile(r"https?://[^/?#]*\[[0-9A-Fa-f:.]+(?:%[\w.~-]+)?\]", re.IGNORECASE)
_LONGEST = LONGEST_URL + 100
"""Characters in which the end of a URL is looked for; longer URLs are ignored."""
_MOST_INNER = 8
"""The most URLs within one URL: without a limit, a line of many schemes would be searched again from each of them."""
_PICTURES = ("So", "Sk")
"""Unicode categories of emoji and their skin colours."""
_NEXT_VALUE = re.compile(r"[,;]\w+=https?://", re.IGNORECASE)
_MARKUP = re.compile(r"\{(?:color|code|quote|noformat|panel)\}|\{\\")  # Jira, subtitles
_TRAILING = ".,;:!?*_~'"


def run_end(line: str, start: int) -> int:
    """The end of the run of characters that a URL in prose may contain; it is the same for all URLs within the run."""
    run = _RUN.match(line, start)
    return run.end() if run else start


def end_of(line: str, start: int, run_ends: int) -> tuple[str, int, str]:
    """The URL at `start` of a line, its end, and its markup: "Markdown", "LaTeX" or empty.

    `run_ends` is the result of `run_end` for it.
    """
    far = start + _LONGEST
    before = line[start - 1] if start else "\n"
    if before in "(< " and "](" in line[max(0, start - 6) : start] and _MARKDOWN.search(line, max(0, start - 6), start):
        url, end = _destination(line, start - (before == "<"))
        if end and _AFTER_DESTINATION.match(line, end):
            return url, end, "Markdown"
    if before in " <\t" and start < 500 and line.find("]:", 0, start) > 0 and _DEFINITION.match(line, 0, start):
        url, end = _destination(line, start - (before == "<"))
        if end and _AFTER_DEFINITION.match(line, end):
            return url, end, "Markdown"
    if before == ":" and line[max(0, start - 5) : start].upper() == "<URL:":
        before = "<"
    if before == "{" and "}" in line[start:far] and (inner := _LATEX.match(line, start, far)):
        return _LATEX_ESCAPE.sub(r"\1", inner[0]), inner.end(), "LaTeX"
    if before in _QUOTED and line[max(0, start - 2) : start] != 2 * before:
        quoted = _QUOTED[before].match(line, start, far)
        if quoted:
            url = quoted[1].replace(2 * before, before).replace("\\'", "'")
            if url.count(")") > url.count("("):  # the closing bracket of a sentence that code splits into strings
                url = url.rstrip(_TRAILING).removesuffix(")")
            return url, quoted.end(), ""
    if before in _SPACED and (spaced := _SPACED[before].match(line, start, far)):
        return spaced[1], spaced.end(), ""
    if before in "=/" and (start < 3 or line[start - 2] in "( =/") and _MARKED.search(line[max(0, start - 3) : start]):
        before = "//" if before == "/" else "=="
    if before == "[" and line.startswith("[[", max(0, start - 2)):
        before = "[["
    if before in _CLOSED and (closed := _CLOSED[before].match(line, start, far)):
        url = (
            closed[1].rstrip(f"{_TRAILING}。，") if before == "“" else closed[1]
        )  # printers put full stops inside quotes
        return url, closed.end(), ""
    url = line[start : min(far, run_ends)]
    if "://" in url[8:]:
        url = "://".join(url.split("://", _MOST_INNER)[:_MOST_INNER])
    if line.startswith(">", run_ends):  # an arrow, or the end of an HTML comment
        url = url.rstrip("-").removesuffix("=")
    if "\\" not in url or INTERPOLATED.search(url):
        url = _in_prose(url, before)
        return url, start + len(url), ""
    escapes = [escape.start() - number for number, escape in enumerate(_ESCAPE.finditer(url))]
    url = _in_prose(without_escapes(url), before)
    return url, start + len(url) + sum(place < len(url) for place in escapes), ""


def without_escapes(url: str) -> str:
    """The URL without the backslashes of a shell or of markup."""
    return _ESCAPE.sub("", url)


def _destination(line: str, start: int) -> tuple[str, int]:
    found = _DESTINATION.match(line, start, start + _LONGEST)
    return (unescapeAll(found[1] or found[2] or ""), found.end()) if found else ("", 0)


def _in_prose(url: str, before: str) -> str:
    if before in ",;!" and before in url:  # after a separator of columns, or Textile's mark, a URL ends at the next one
        url = url.partition(before)[0]
    url = url.partition("....")[0]  # dot leaders in a table of contents
    url = url.removesuffix("&&")  # before the next command of a shell
    if before == "{":  # in DokuWiki, the title of an image follows a bar
        url = url.partition("|")[0]
    quote = url.find("'")
    if quote > 0 and url[quote + 1 : quote + 2] in tuple("),;]}"):  # this quote closes one before the URL
        url = url[:quote]
    if before == "[" and "[" not in (inner := url.partition("]")[0]):
        url = inner
    if before == "=" and (following := _NEXT_VALUE.search(url)):
        url = url[: following.start()]
    if url.endswith("*/") and not url.endswith("/*/"):  # the end of a comment, not a pattern
        url = url[:-2]
    if "{" in url and (markup := _MARKUP.search(url)):
        url = url[: markup.start()]
    if (second := url.find("://", 8)) > 0 and (glued := _GLUED.search(url, second - 6, second)):
        url, before = url[: glued.start() + 1], glued[1]
    if not url.isascii():
        url = url[: end_before_text(url.rstrip(_TRAILING), before)]
    short = url.rstrip(_TRAILING + ")]")
    while url.startswith(")", len(short)) and short.count("(") > short.count(")"):
        short = f"{short})"
    if before != "*" and url.startswith("/*", len(short) - 1):
        short = f"{short}*"  # a pattern, not emphasis
    plain = _IS_PLAIN.match(short)
    if plain is not None and (plain.end() == len(short) or short[plain.end()] == ")"):
        return plain[0]
    return short if is_template(short) else _without_trailing(url)


def _without_trailing(url: str) -> str:
    """The URL without the punctuation of the sentence around it, and without closing brackets that it didn't open."""
    scheme = url.index(":") + 1
    if not _IPV6.match(url):  # linkify-it doesn't support it
        path, bracket, _ = url.partition("[")
        if bracket and "?" not in path and _ASCIIDOC.match(url, len(path)):
            url = path
        # linkify-it doesn't support nested brackets or braces, and each xn-- doubles the time that it needs for a host.
        masked = _PUNYCODE.sub("xnxx", url).replace("{", "-").replace("}", "-")
        masked = _NESTED.sub(lambda outer: f"({re.sub('[()]', '-', outer[0][1:-1])})", masked)
        length = _linkify().test_schema_at(masked, url[:scheme].lower(), scheme)
        # It doesn't support underscores in hosts, and stops at a bracket that isn't closed.
        # If an invalid port follows the host, or no host follows the user, it returns only the part before.
        others = ("(", ".", "[" if "?" in path else "(", "@" if "@" in url[scheme + length :] else "(", ":")
        if length and not url.startswith(others, scheme + length):
            url = url[: scheme + length]
    else:
        host, bracket, rest = url.partition("]")
        url = host + bracket + re.split(r"[\])]", rest, maxsplit=1)[0]
    url = _without_pictures(url)
    while url and (url[-1] in _TRAILING or _is_foreign(url[-1])):
        url = url[:-1]
    return url.rstrip("([")


def _is_foreign(character: str) -> bool:
    """Whether a character is punctuation of another script, a dash, or invisible."""
    return character > "\x7f" and unicodedata.category(character) in ("Po", "Ps", "Pe", "Pi", "Pf", "Pd", "Cf")


def _without_pictures(url: str) -> str:
    """The URL without emoji after a word; emoji that are the whole last part of the path belong to the URL."""
    short = url
    while short and (short[-1] == "\ufe0f" or (short[-1] > "\x7f" and unicodedata.category(short[-1]) in _PICTURES)):
        short = short[:-1]
    return short if short[-1:].isalnum() else url


@cache
def _linkify() -> LinkifyIt:
    return LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False})
