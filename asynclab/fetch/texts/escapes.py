"""Undoes escapes, entities and line breaks within URLs, and adds missing schemes to hosts."""

from __future__ import annotations

import html
import re
from urllib.parse import unquote

from asynclab.fetch.texts.exact_values import host_url

_WWW = {f"{www}.": re.compile(rf"{www}\.(?<![\w@./\[=-]{www}\.)(?=[\w-]+\.[A-Za-z])") for www in ("www", "Www", "WWW")}
"""By prefix, matches a host that everybody reads as a URL, as GitHub does; phones capitalise the first letter."""
_QUOTED_URL = re.compile(
    r"(?<![\w%&=?/.+-])(?:[\w.-]{1,40}=)?+(https?%3a(?:%2f%2f|//)[\w.~%*'()+-]*)", re.IGNORECASE | re.ASCII
)
"""Matches a percent-encoded URL from another URL's query or from a submitted form."""
_SCHEMELESS = re.compile(
    r"""//(?<=[\[( "'].{2})(?:(?<=\[//)|(?<=\]\(//)|(?<=\]: //)|(?<=url\(//)|(?<=url\(['"]//)|(?<=@import ['"]//))"""
    r"""(?=(?:[\w-]+\.)+[a-z]{2,63}[/?#:\s\])"'])"""
)
"""Matches the // of a URL without a scheme in links of wikis, Markdown and CSS."""
_TROFF = re.compile(r"\\(?:\(la|\[la\])(https?://(?:(?!\\[(\[][lr]a)\S)*+)\\(?:\(ra|\[ra\])")
"""Matches a URL in troff's angle brackets."""
_BREAK = re.compile(
    "[\u200b-\u200d\u2060\ufeff](?<=[!-~].)[\u200b-\u200d\u2060\ufeff]*(?=(?!https?:)[!-~])", re.IGNORECASE
)
"""Matches an invisible character that allows a line break in a long word."""
_CONTROL = re.compile(r"(?:(?:[\x1b\u241b]|\^\[|\\(?:033|e|x1b))\[|\x9b)[0-?]*[ -/]*[@-~]", re.IGNORECASE)
"""Matches an escape sequence for terminals, such as a colour (ECMA-48), raw or as text shows it."""
_ESC = ("\x1b", "\u241b", "\x9b", "^[[", "\\033[", "\\e[", "\\x1b[", "\\x1B[")
_HYPERLINK = re.compile(
    "[\x1b\u241b]\\]8;[^;\x07\x1b]*;([^\x07\x1b\u241b\u2407]*)(?:\x07|\u2407|[\x1b\u241b]\\\\)"
    "(?:https?://[^\\s\x1b\u241b]*(?:…|\\.\\.\\.)(?=[\x1b\u241b]))?"
)
"""Matches a terminal's hyperlink, with its text if that is a shortened URL."""
_OVERSTRUCK = re.compile(r"[^\n]\x08")
"""Matches the overprinting with which nroff makes a character bold or underlined."""
_FOLD = re.compile(r"\r?\n[ \t]")
"""Matches a folded line break in calendars and address cards (RFC 5545, RFC 6350)."""
_URL_FIELD = re.compile(r"^(?:[\w-]+\.)?URL(?:;[^:\n]*)?:", re.MULTILINE | re.IGNORECASE)
"""Matches the name before a URL in these formats; the URL may have no scheme."""
_ESCAPE = re.compile(
    r"\\u(?!d[89a-f])[0-9a-f]{4}|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|\\x[2-9a-f][0-9a-f]", re.IGNORECASE
)
"""Matches an escaped character in JSON or source code, but not half of a surrogate pair."""
_ESCAPED_AGAIN = re.compile(r"(?<!\\)\\{2,}+(?=[/u\"])")
"""Matches the extra backslashes of JSON in a JSON string."""
_ESCAPED_BREAK = re.compile(r"\\(?:[nNrt]|f[BIRP])(?=https?://)")
"""Matches an escaped newline in source code, or a font change in troff: its letter would join the scheme."""
_ESCAPED_SCHEME = re.compile(r"(https?)\\:(?=//)", re.IGNORECASE)
"""Matches the escaped colon of .properties files and address cards."""
_CONTINUED = re.compile(r"^[ \t]*[\w.-]+[ \t]*[=:][ \t]*https?:(?:\S*\\\n[ \t]+(?=\S))+", re.MULTILINE)
"""Matches a URL that continues in the next line of a .properties file, whose indent is ignored."""
_ENTITY = re.compile(
    r"&(?:amp;)*(amp|quot|apos|lt|gt|nbsp|hellip|[nm]dash|[lr][sd]quo|[lr]aquo|[sb]dquo|bull|middot"
    r"|#\d{1,6}|#[xX][0-9a-fA-F]{1,6});"
)
"""Matches a character reference of HTML, also one that was escaped several times."""
_DEFINITION = re.compile(
    r"(^[ \t>]*\[(?!\^)[^\]\n]+\]:)[ \t]*\r?\n[ \t>]*(?=<?https?://)", re.MULTILINE | re.IGNORECASE
)
"""Matches a link definition in Markdown with the URL in the next line."""
_NUMBERED = re.compile(r":\d+\)?(?:\s|\Z)")
_SOURCE_PLACE = re.compile(
    r"(/(?<!//)[\w.~%@+-]+\.(?:[cm]?[jt]sx?|css|html?|php|vue|wasm)(?:\?[\w.=&-]*)?)(?::\d+){1,2}(?=\)?(?:\s|\Z))"
)
"""Matches the line and column of a script or page in a stack trace."""
_MAGNET = re.compile(r"magnet:\?\S*")
"""Matches a magnet link; the trackers in its query aren't pages."""
_BROKEN = re.compile(r"<(?:URL:)?https?://[^<>\s]*(?:[^\S\n]*\n[> \t]*(?!https?://)[^<>\s]+){1,3}>", re.IGNORECASE)
"""Matches a URL in angle brackets that a mail breaks into lines (RFC 3986, appendix C)."""
_FULL_LINE = re.compile(r"\n(?:(?<=[/=&?_%-]\n)|(?<=[/=&?_%-]\r\n))")
_WRAPPED = re.compile(
    r"^((?=[^\n]{60,100}$)((?:>[ \t]?)*+)[^\n]*https?://[^\s<>\"']*[/=&?_%-])\r?\n"
    r"\2(?!https?://)((?=\S*[/=&%?_-])[\w./=&%?#~+:;,@-]+)(?=[)\]>.,;]*\r?$)(?!\r?\n\2\S+\r?$)",
    re.MULTILINE | re.IGNORECASE | re.ASCII,
)
"""Matches a URL that fills its line and continues on a line of its own; two or more of these lines may be a list."""
_CMD_ESCAPE = re.compile(r"\^(.)")
"""Matches an escape in commands that a browser copies for the Windows command line."""
_DIRECTIVE = re.compile(r";(?=(?:[a-z]+-src|report-(?:uri|to)|frame-ancestors|base-uri|form-action)\b)")
"""Matches the separator of a Content-Security-Policy's directives without a space after it."""


def plain(text: str) -> str:
    """The text with escapes, entities and broken lines undone."""
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


def unfolded(text: str) -> str:
    """The text of a calendar or address card with its lines unfolded and its backslashes removed."""
    if "BEGIN:V" not in text:
        return text
    return _URL_FIELD.sub("", _FOLD.sub("", text)).replace("\\:", ":").replace("\\,", ",").replace("\\;", ";")


def with_www(text: str) -> str:
    """The text with a scheme before each host that begins with www."""
    for www, host in _WWW.items():
        if www in text:
            text = host.sub(f"https://{www}", text)
    return text


def with_schemes(text: str) -> str:
    """The text with a scheme in each link that begins with //."""
    return _SCHEMELESS.sub("https://", text)
