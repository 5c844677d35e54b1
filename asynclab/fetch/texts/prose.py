"""Finds URLs in prose: plain text, lists, logs, Markdown, AsciiDoc, LaTeX."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from itertools import chain, groupby, islice
from urllib.parse import unquote

from asynclab.fetch.address import has_scheme
from asynclab.fetch.texts.delimiters import PLAIN, end_of, run_end, without_escapes
from asynclab.fetch.texts.exact_values import host_url
from asynclab.fetch.texts.finding import SENT, Finding
from asynclab.fetch.texts.line_search import LineSearch
from asynclab.fetch.texts.run_on import LETTER, may_run_on, text_at
from asynclab.fetch.texts.templates import defanged, without_defanged

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


_SIMPLE = _simple()
_IN_PATH = re.compile("/https?://")
"""A URL in the path of another, as archives have it."""
_WWW = {www: re.compile(rf"{www}\.(?<![\w@./\[=-]{www}\.)(?=[\w-]+\.[A-Za-z])") for www in ("www", "Www", "WWW")}
"""What everybody reads as a URL in a sentence, and GitHub makes one; a telephone writes the first letter large."""
_QUOTED_URL = re.compile(
    r"(?<![\w%&=?/.+-])(?:[\w.-]{1,40}=)?+(https?%3a(?:%2f%2f|//)[\w.~%*'()+-]*)", re.IGNORECASE | re.ASCII
)
"""A URL that was a part of another one's query, or of a form that was sent."""
_SCHEMELESS = re.compile(
    r"""//(?<=[\[( "'].{2})(?:(?<=\[//)|(?<=\]\(//)|(?<=\]: //)|(?<=url\(//)|(?<=url\(['"]//)|(?<=@import ['"]//))"""
    r"""(?=(?:[\w-]+\.)+[a-z]{2,63}[/?#:\s\])"'])"""
)
"""What stands for a scheme in links of wikis and Markdown, and in styles."""
_TROFF = re.compile(r"\\(?:\(la|\[la\])(https?://(?:(?!\\[(\[][lr]a)\S)*+)\\(?:\(ra|\[ra\])")
"""A URL between angle brackets, as troff writes them."""
_BREAK = re.compile(
    "[\u200b-\u200d\u2060\ufeff](?<=[!-~].)[\u200b-\u200d\u2060\ufeff]*(?=(?!https?:)[!-~])", re.IGNORECASE
)
"""Where a page lets a long word be broken."""
_CONTROL = re.compile(r"(?:(?:[\x1b\u241b]|\^\[|\\(?:033|e|x1b))\[|\x9b)[0-?]*[ -/]*[@-~]", re.IGNORECASE)
"""What colours a log, or moves the cursor of a terminal (ECMA-48); as it is, or as a paste or a program shows it."""
_ESC = ("\x1b", "\u241b", "\x9b", "^[[", "\\033[", "\\e[", "\\x1b[", "\\x1B[")
_HYPERLINK = re.compile(
    "[\x1b\u241b]\\]8;[^;\x07\x1b]*;([^\x07\x1b\u241b\u2407]*)(?:\x07|\u2407|[\x1b\u241b]\\\\)"
    "(?:https?://[^\\s\x1b\u241b]*(?:…|\\.\\.\\.)(?=[\x1b\u241b]))?"
)
"""What terminals make a link of, with its text if that is a URL cut short."""
_OVERSTRUCK = re.compile(r"[^\n]\x08")
"""How nroff makes a character bold or underlined."""
_FOLD = re.compile(r"\r?\n[ \t]")
"""Where calendars and address cards break a line (RFC 5545, RFC 6350)."""
_URL_FIELD = re.compile(r"^(?:[\w-]+\.)?URL(?:;[^:\n]*)?:", re.MULTILINE | re.IGNORECASE)
"""What stands before a URL there, which may have no scheme."""
_ESCAPE = re.compile(
    r"\\u(?!d[89a-f])[0-9a-f]{4}|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|\\x[2-9a-f][0-9a-f]", re.IGNORECASE
)
"""A character as JSON writes it, or as a paste shows one that acts on a terminal; half a pair stays as it is."""
_ESCAPED_AGAIN = re.compile(r"(?<!\\)\\{2,}+(?=[/u\"])")
"""What stands before such a character in a string of JSON in another one."""
_ESCAPED_BREAK = re.compile(r"\\(?:[nNrt]|f[BIRP])(?=https?://)")
"""The end of a line as source text writes it, or a font of troff; its letter would be one before the scheme."""
_ESCAPED_SCHEME = re.compile(r"(https?)\\:(?=//)", re.IGNORECASE)
"""As .properties and address cards write it."""
_CONTINUED = re.compile(r"^[ \t]*[\w.-]+[ \t]*[=:][ \t]*https?:(?:\S*\\\n[ \t]+(?=\S))+", re.MULTILINE)
"""A URL that goes on in the next line of .properties; its indent counts for nothing there."""
_ENTITY = re.compile(
    r"&(?:amp;)*(amp|quot|apos|lt|gt|nbsp|hellip|[nm]dash|[lr][sd]quo|[lr]aquo|[sb]dquo|bull|middot"
    r"|#\d{1,6}|#[xX][0-9a-fA-F]{1,6});"
)
"""A character as HTML writes it; a text that was escaped more than once is HTML in HTML."""
_DEFINITION = re.compile(
    r"(^[ \t>]*\[(?!\^)[^\]\n]+\]:)[ \t]*\r?\n[ \t>]*(?=<?https?://)", re.MULTILINE | re.IGNORECASE
)
"""A definition of Markdown whose URL is in the next line."""
_NUMBERED = re.compile(r":\d+\)?(?:\s|\Z)")
_SOURCE_PLACE = re.compile(
    r"(/(?<!//)[\w.~%@+-]+\.(?:[cm]?[jt]sx?|css|html?|php|vue|wasm)(?:\?[\w.=&-]*)?)(?::\d+){1,2}(?=\)?(?:\s|\Z))"
)
"""A line and column of a script or a page, as stack traces have it."""
_MAGNET = re.compile(r"magnet:\?\S*")
"""What names trackers in its query, which are no pages."""
_BROKEN = re.compile(r"<(?:URL:)?https?://[^<>\s]*(?:[^\S\n]*\n[> \t]*(?!https?://)[^<>\s]+){1,3}>", re.IGNORECASE)
"""A URL between angle brackets that a mail breaks into lines (RFC 3986, appendix C)."""
_FULL_LINE = re.compile(r"\n(?:(?<=[/=&?_%-]\n)|(?<=[/=&?_%-]\r\n))")
_WRAPPED = re.compile(
    r"^((?=[^\n]{60,100}$)((?:>[ \t]?)*+)[^\n]*https?://[^\s<>\"']*[/=&?_%-])\r?\n"
    r"\2(?!https?://)((?=\S*[/=&%?_-])[\w./=&%?#~+:;,@-]+)(?=[)\]>.,;]*\r?$)(?!\r?\n\2\S+\r?$)",
    re.MULTILINE | re.IGNORECASE | re.ASCII,
)
"""A URL that fills its line, and goes on in a line of its own, quoted as often; two such lines may be a list."""
_CMD_ESCAPE = re.compile(r"\^(.)")
"""What a browser writes before marks where it copies a request for the command line of Windows."""
_CUT_SHORT = re.compile(r"(?:…|\.\.\.)(?:\]\(<?|[>\]])")
"""The end of a link's text that shows the beginning of what the link points to."""
_DIRECTIVE = re.compile(r";(?=(?:[a-z]+-src|report-(?:uri|to)|frame-ancestors|base-uri|form-action)\b)")
"""What separates the parts of a Content-Security-Policy, even where no space follows."""
_LONG_LINE = 100_000
_MEDIUM_LINE = 1_000
_MOST_LINES = 64
"""Lines that are gone over at once."""
_COMMENT = re.compile(r"(?:^\s*#(?!#)|\s#(?=\s|$)).*")
_ODD_LINE = LineSearch(r"[^\S\n]*(?:#|[\[>](?=[^\n]*\]:)(?![^\n]*\]: http))")
"""A line that may be commented out, or a definition of Markdown that begins otherwise than most."""
_COMMENTED_OUT = re.compile(r"^\s*#\s{0,5}\Z")


def read_prose(text: str, finding: Finding) -> None:
    """Take the URLs of each line; a line without any is ignored, unless it is a host."""
    before = finding.total
    if not text:
        finding.was_read_as("text", before)
        return
    text = _with_www(_plain(text))
    disarmed = defanged(text)
    for url in disarmed:
        finding.ignore(url, "defanged URL")
    all_lines = _lines(without_defanged(text) if disarmed else text)
    if isinstance(all_lines, list) and len(all_lines) == 1:  # as most cells and values have
        line = all_lines[0]
        markup = _read_line(line, _all_simple(line) if "://" in line else [], finding)
    else:
        markup = _read_all(all_lines, finding)
    finding.was_read_as(markup or "text", before)


def _read_all(all_lines: Iterable[str], finding: Finding) -> str:
    """Take the URLs of lines, or ignore them. Returns the first markup, if there is any."""
    markup = ""
    for most, lines in groupby(all_lines, _most_at_once):
        if most:
            found = _read_lines(lines, most, finding)
            markup = markup or found
        else:
            _read_hosts(lines, finding)
    return markup


def _most_at_once(line: str) -> int:
    """How many lines such as this are gone over at once, for its URLs; 0 if it has none."""
    return 0 if "://" not in line else 1 if len(line) > _MEDIUM_LINE else _MOST_LINES


def _read_hosts(lines: Iterator[str], finding: Finding) -> None:
    """Take the lines that are hosts, and ignore the others."""
    while block := list(islice(lines, _MOST_LINES)):
        urls = [_host_in(line) for line in block]
        if not (all(urls) and finding.take_all(urls)):
            for line, url in zip(block, urls, strict=True):
                if not (url and finding.take(url)):
                    finding.ignore(line)


def _host_in(line: str) -> str:
    """The URL of a host that a line consists of, comments aside; empty for any other line."""
    return host_url(_COMMENT.sub("", line) if "#" in line else line)


def _read_lines(lines: Iterator[str], most: int, finding: Finding) -> str:
    """Take the URLs of lines, of many at once while all are simple. Returns the first markup, if there is any."""
    markup, size = "", min(most, 16)
    while block := list(islice(lines, size)):
        simple = _all_simple("\n".join(block))
        if simple and _take_sent(simple, finding):
            marks = ("Markdown" if link else "LaTeX" for _, link, _, brace, *_ in simple if link or brace)
            markup, size = markup or next(marks, ""), min(2 * size, most)
            continue
        for line in block:
            found = _read_line(line, simple if len(block) == 1 else _all_simple(line), finding)
            markup, size = markup or found, 1
    return markup


def _take_sent(simple: list[tuple[str, ...]], finding: Finding) -> bool:
    """Take all URLs of lines, if each is sent as it is written; returns whether that is so."""
    if len(simple) == 1 and not simple[0][6]:
        return False
    urls, _, definitions, _, _, _, sent, paths, fragments = zip(*simple, strict=True)
    if any(definitions):
        return False
    if not all(sent):
        return finding.take_all(urls)
    finding.take_all_sent(urls, paths, fragments)
    return True


def _read_line(line: str, simple: list[tuple[str, ...]], finding: Finding) -> str:
    """Take the URLs of a line, or ignore it. Returns its markup, if there is any."""
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
    for url, delimited, run_on in () if simple else _urls(line):
        if run_on:
            finding.ignore(f"{run_on} after {url}", "run-on text")
        if has_scheme(url) and finding.take(url):
            taken, markup = True, markup or delimited
        else:
            others.append(url)
    for ignored in others if taken else [line]:
        finding.ignore(ignored)
    return markup


def read_between_tags(text: str, finding: Finding, shown: str = "") -> None:
    """Take the URLs of the text between tags; a host only with a path or port, as prose has dots.

    The text of a link may name once more what that points to, which is `shown`.
    """
    text = _plain(text)
    for line in (text if shown else _with_www(text)).splitlines():
        urls = list(urls_in(line))
        if not urls and ("/" in line or ":" in line):
            urls = [url] if (url := host_url(line, needs_path=True)) else []
        for url in urls:
            is_shown = shown and (url == shown or (shown.startswith(url) and ("…" in line or "..." in line)))
            if not (is_shown or finding.take(url.lstrip("# "))):
                finding.ignore(url)


def urls_in(text: str) -> Iterator[str]:
    """The URLs of a text that needs nothing undone."""
    for line in text.splitlines():
        yield from [url for url, *_ in _all_simple(line)] or (url for url, _, _ in _urls(line))


def unfolded(text: str) -> str:
    """The text with the lines of a calendar or address card whole, and without what is written before its marks."""
    if "BEGIN:V" not in text:
        return text
    return _URL_FIELD.sub("", _FOLD.sub("", text)).replace("\\:", ":").replace("\\,", ",").replace("\\;", ";")


def _with_www(text: str) -> str:
    """The text with a scheme before hosts that begin with www."""
    for www, host in _WWW.items():
        if f"{www}." in text:
            text = host.sub(f"https://{www}.", text)
    return text


def with_schemes(text: str) -> str:
    """The text with a scheme before hosts that certainly mean one."""
    return _SCHEMELESS.sub("https://", text)


def _lines(text: str) -> Iterable[str]:
    """The lines of a text; long ones in parts that begin with a URL, so that few URLs are held at once."""
    lines = text.splitlines()
    return chain.from_iterable(map(_pieces, lines)) if len(max(lines, key=len, default="")) > _LONG_LINE else lines


def _pieces(line: str) -> Iterator[str]:
    start = 0
    while len(line) > start + _LONG_LINE and (cut := line.find(" http", start + _LONG_LINE)) > 0:
        yield line[start:cut]
        start = cut + 1
    yield line[start:] if start else line


def _all_simple(line: str) -> list[tuple[str, ...]]:
    """All URLs of one or more lines, if `_SIMPLE` matches each and nothing else tells where one ends; else none."""
    if (("#" in line or "]:" in line) and _ODD_LINE.search(line)) or may_run_on(line):
        return []
    if ",http" in line and line.startswith("http") and line.count(",http") == line.rstrip(",").count(","):
        line = line.replace(",http", " http")
    found = _SIMPLE.findall(line)
    if len(found) != (count := line.count("://")) and (
        "/http" not in line or sum(1 + len(_IN_PATH.findall(url)) for url, *_ in found) != count
    ):
        return []
    if "\\" in line:
        found = [(without_escapes(url), *groups) for url, *groups in found]
    return found if len(line) < 4_000 or all(len(url) < 4_000 for url, *_ in found) else []


def _urls(line: str) -> Iterator[tuple[str, str, str]]:
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


def _plain(text: str) -> str:
    """The text without what only stands for something else."""
    if "\b" in text:
        text = _OVERSTRUCK.sub("", text)
    if "\\\\" in text:
        text = _ESCAPED_AGAIN.sub(r"\\", text)
    if "\\" in text:
        text = _TROFF.sub(r"<\1>", _ESCAPED_BREAK.sub(" ", text))
        text = _ESCAPE.sub(_unescaped, text).replace("\\/", "/").replace('\\"', '"')
        text = _ESCAPED_SCHEME.sub(r"\1:", text)
    if "\\\n" in text:
        text = _CONTINUED.sub(lambda found: re.sub(r"\\\n\s+", "", found[0]), text)
    if any(map(text.__contains__, "[\x1b\u241b\x9b")) and any(map(text.__contains__, _ESC)):
        text = _HYPERLINK.sub(lambda link: f" <{link[1]}> " if link[1] else " ", _CONTROL.sub("", text))
    if '^"http' in text:
        text = _CMD_ESCAPE.sub(r"\1", text)
    if "^&" in text:
        text = text.replace("^&", "&")
    if "-src" in text:
        text = _DIRECTIVE.sub("; ", text)
    if "&" in text:
        text = _ENTITY.sub(lambda found: html.unescape(f"&{found[1]};"), text)
    if "<" in text and "\n" in text:
        text = _BROKEN.sub(lambda found: re.sub(r"\s*\n[>\s]*", "", found[0]), text)
    if "\n" in text and _FULL_LINE.search(text):
        text = _WRAPPED.sub(lambda found: found[0] if host_url(found[3]) else found[1] + found[3], text)
    text = with_schemes(text)
    if "magnet:?" in text:
        text = _MAGNET.sub("magnet:", text)
    if "]:\n" in text or "]:\r\n" in text:
        text = _DEFINITION.sub(r"\1 ", text)
    if ":" in text and _NUMBERED.search(text):
        text = _SOURCE_PLACE.sub(r"\1", text)
    if "%3" in text:
        text = _QUOTED_URL.sub(lambda found: f"{unquote(found[1])} ", text)
    return text if text.isascii() else _BREAK.sub("", text.replace("\xad", ""))


def _unescaped(match: re.Match[str]) -> str:
    digits = match[0].lower().replace("\\u", "").replace("\\x", "00")
    return bytes.fromhex(digits).decode("utf-16-be")
