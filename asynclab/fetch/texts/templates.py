"""Recognises URLs that can't be fetched as written: templates with placeholders, and defanged URLs."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote

from asynclab.fetch.address import HIDDEN

PLACEHOLDER = (
    r"\$?\{\{[^{}\n]{0,80}\}\}|[$#]\{[^{}\n]{0,80}\}|\{\$[^{}\n]{0,80}\}"  # Jinja, JavaScript, Ruby, PHP
    r"|\{%[^%\n]{0,80}%\}|<%[^<>\n]{0,80}%>|(?<=[/=.:@?&_-])<[A-Za-z][\w -]{0,40}>"  # Django, ERB, README files
    r"|\\\([\w.]{1,80}\)"  # Swift
)
"""Matches a placeholder with characters that would otherwise end a URL."""

INTERPOLATED = re.compile(r"\\\([\w.]+\)")
"""Matches a value in a Swift string; elsewhere, an escaped bracket is closed by an escaped bracket."""

_OPERATIONS = (
    "all|apply|batch|count|crossjoin|each|entity|it|links|metadata|query|ref|root|value"  # OData
    "|closure|conforms|convert|docref|document|everything|expand|export|graphql|import|lastn|lookup|match|meta|stats"
    "|submit|subsumes|transform|translate|validate|versions"  # FHIR
)
"""Parts of paths that really begin with a dollar sign."""

_LEFT_OUT = f"{HIDDEN}|{quote(HIDDEN)}"
"""Matches a hidden secret in our own exports."""

_FILLED_IN = re.compile(
    rf"(?=[{{%$#<=\\{HIDDEN[0]}])(?:{PLACEHOLDER}"
    # RFC 6570, routes, Python's format, brace expansion of shells; but not JSON in a query, nor a GUID.
    r"|\{(?![0-9A-Fa-f]{8}-)[+#./;?&]?[\w.,|*!()[\]-]*+(?::[\w()]*+)?\}|\{\w+\[?\Z"
    r"|%\(\w+\)|%(?:0\d|\d\$)?[sdviq@](?![A-Za-z0-9])|%(?![0-9A-F]{2})[A-Z][A-Z0-9_]+%"  # printf, Windows
    r"|=\$[A-Za-z_]\w*(?=&|\Z)"  # PHP
    rf"|{_LEFT_OUT})",
    re.ASCII,
)
_PATTERN = re.compile(
    r"[^?#]*\[(?:\d+-\d+|[a-z]-[a-z])(?::\d+)?\]"  # curl
    r"|[^?#]*/\[[A-Z][A-Z0-9]*_[A-Z0-9_]+(?:\](?=[/?#])|\]?\Z)"  # manuals of Google
    r"|[^/]*//(?:[^/?#@]*@)?+[^?#]*\$(?:[A-Z][A-Z0-9_]+|[1-9](?!\d)|\()"  # shells, rules for redirects
    r"|[^/]*//[^?#]*\$\w+(?:%0\d+d)?\$"  # DASH
    rf"|[^/]*//[^?#]*[/.-]\$(?!(?:{_OPERATIONS})\b)[a-z_]\w*(?=[/?#.-]|\Z)"  # PHP, shells
    r"|[^/]*//[^?#]*/:[A-Za-z_]\w*(?=[/?#.(*+=]|\Z)"  # routes of Express and Rails, tokens of npm
    r"|[^/]*//[^/?#]*(?:\*|\\\.)|[^?#]*(?:/\*\*?(?:\.\w+)?\Z|\.[*+])"  # wildcards, regular expressions
    r"|[^?#]*\[[^][]*\w-\w[^][]*\][*+]",
    re.ASCII,
)

_LONGEST = 1_000
"""How many characters of a URL are searched for placeholders: a long URL would be searched many times."""
_HINT = re.compile(_LEFT_OUT + r"|\{|<|\$|\*|\\|\[\w+-|/\[|/:|%(?![0-9A-Fa-f]{2})|%0\d[sdviq]")
"""Matches something in all templates, and in few other URLs; a fast first test."""

_DOT = r"(?:\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\))"
_REST = r"""[^\s"'<>,;|]*"""
_DEFANGED = re.compile(
    rf"(?<![A-Za-z0-9])(?:h(?:xx|\*\*|__|xt|tx)ps?:|h(?:xx|\*\*|__|xt|tx|tt)ps?(?:\[:\]|\[://\])){_REST}"
    rf"|https?://[^\s/?#\"'<>]*?{_DOT}{_REST}"
    rf"|(?<![\w.)\]-])(?:[\w-]+\.)*[\w-]+{_DOT}(?:[\w-]+(?:\.|{_DOT}))*[A-Za-z]{{2,63}}(?![\w-]){_REST}",
    re.IGNORECASE,
)
_SCHEMES = ("hxxp", "h**p", "h__p", "hxtp", "htxp")
_MARKS = ("[.", "(.", "{.", "[dot", "(dot", "[:")
"""Parts of all defanged URLs, and of hardly any other text; the search for them is ten times faster."""
_SCHEME = re.compile(r"h..p(s?)(\[?:\]?//\]?|:\[//\])", re.IGNORECASE)


@lru_cache(16)
def is_template(url: str) -> bool:
    """Whether a URL contains placeholders or wildcards."""
    if not _HINT.search(url):
        return False
    return bool(_FILLED_IN.search(url, 0, _LONGEST) or _PATTERN.match(url, 0, _LONGEST))


def defanged(text: str) -> list[str]:
    """The URLs and hosts that were made unclickable on purpose, such as hxxp://a[.]example."""
    has = text.lower().__contains__
    is_likely = any(map(has, _SCHEMES)) or (any(map(has, "[({")) and any(map(has, _MARKS)))
    return _DEFANGED.findall(text) if is_likely else []


def is_defanged(text: str) -> bool:
    """Whether a text is only a defanged URL or host."""
    return _DEFANGED.fullmatch(text) is not None


def without_defanged(text: str) -> str:
    """The text without its defanged URLs and hosts."""
    return _DEFANGED.sub(" ", text)


def rearmed(text: str) -> str:
    """The text with its defanged URLs and hosts restored."""
    return _DEFANGED.sub(lambda found: _SCHEME.sub(r"http\1://", re.sub(_DOT, ".", found[0], flags=re.I), 1), text)
