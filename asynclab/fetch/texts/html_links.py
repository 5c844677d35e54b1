"""Reads HTML: finds the links in its attributes, and the URLs in the text between its tags."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from html.entities import html5

from asynclab.fetch.address import has_scheme
from asynclab.fetch.html_head import refresh_target
from asynclab.fetch.texts.escapes import with_schemes
from asynclab.fetch.texts.exact_values import is_exact, resolved
from asynclab.fetch.texts.finding import FoundSoFar
from asynclab.fetch.texts.line_urls import urls_in
from asynclab.fetch.texts.prose import read_between_tags
from asynclab.fetch.texts.xml_values import is_link_attribute

# Before Python 3.13.6, html.parser takes a minute for 50 KB of "<a ". It takes half a second for each MB of any
# page, and reads <https://a.example/> as a tag.
TAG = re.compile(
    r"<(/?)([a-zA-Z][a-zA-Z0-9_-]*(?::[a-zA-Z][\w-]*)?)(?=[\s/>])|<(?:!(?=[a-zA-Z])|\?[xX][mM][lL])[^<>]*>?"
)
_PLAIN_TAGS = re.compile(
    r"(?:(?:[^<:/w]++|w(?!ww\.))*+</?(?!(?:a|script|style)[\s>])[a-z][a-z0-9]*+"
    r"(?:\s++(?:class|id|align|valign|width|height|colspan|rowspan|rel|target)=\"[^\":<>]*+\")*+>)++",
    re.IGNORECASE | re.ASCII,
)
"""Matches tags without links, with text before each that contains no URL."""
_MAY_LINK = re.compile(r"[^\w\s/:,;!?()'\"*+#=-]|//|localhost", re.IGNORECASE)
"""Matches a part of each URL and host, or an escape of it."""
_ATTRIBUTE = re.compile(r"""[\s/]*([^\s"'<>/=][^\s<>/=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?|[\s/"'=]+""")

# As html.parser since 3.13.6: html.unescape changes ?a=1&copy=2 to ?a=1©=2, but browsers don't in attributes.
_REFERENCE = re.compile(r"&(?:#(?:\d+|[xX][0-9a-fA-F]+);?|([A-Za-z][A-Za-z0-9]*+(?:;|(?!=))))")

_MARKUP = re.compile(r"\s|<[/?%]")
"""In a link with a <, matches a sign that the < isn't part of a URL."""
_LINKS = frozenset(
    """
    href src action formaction poster data cite background longdesc manifest codebase archive classid usemap
    xlink:href lowsrc dynsrc profile ping
    """.split()  # noqa: SIM905
) - {"classid", "profile", "usemap", "archive"}
_SETS = frozenset({"srcset", "imagesrcset"})
_CANDIDATE = re.compile(r"([^\s,]\S*[^\s,]|[^\s,])(?:\s[^,]*)?")

KNOWN = frozenset(
    """
    a abbr address area article aside audio b base bdi bdo big blockquote body br button canvas caption center cite code
    col colgroup data datalist dd del details dfn dialog div dl dt em embed fieldset figcaption figure font footer form
    frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins kbd label legend li link main map
    mark menu meta meter nav noscript object ol optgroup option output p param picture pre progress q rp rt ruby s samp
    script search section select slot small source span strike strong style sub summary sup svg table tbody td template
    textarea tfoot th thead time title tr track tt u ul var video wbr image use
    """.split()  # noqa: SIM905
)
"""The names of all HTML elements."""


@dataclass(slots=True)
class _Page:
    """The effects of earlier tags on later ones: the open link and the base."""

    finding: FoundSoFar
    is_xml: bool
    base: str = ""
    base_was_used: bool = False
    shown: str = ""
    """The URL of the open link."""


def read_html(text: str, finding: FoundSoFar, *, is_xml: bool = False) -> None:
    """Find links and URLs in the text between the tags, in order; relative links count only with a base.

    `is_xml` means that the text is XML with errors.
    """
    page = _Page(finding, is_xml)
    position = 0
    unclosed: set[str] = set()
    while True:
        if plain := _PLAIN_TAGS.match(text, position):
            position = plain.end()
        tag = TAG.search(text, position)
        if tag is None:
            break
        if tag.start() > position:
            _between(text[position : tag.start()], page)
        closing, name = tag[1], (tag[2] or "").lower()
        position = end_of_tag(text, tag, page) if name else tag.end()
        if name in ("script", "style") and not closing and not is_xml and name not in unclosed:
            end = re.compile(f"</{name}", re.IGNORECASE).search(text, position)
            if end is None:
                unclosed.add(name)  # the text only mentions the tag
            else:
                _take_code(text[position : end.start()], page, is_taken=name == "style")
                position = end.start()
    _between(text[position:], page)
    if page.base and not page.base_was_used:
        finding.take(page.base)


def _between(text: str, page: _Page) -> None:
    if ("/" in text or ":" in text or "ww." in text or "WW." in text) and _MAY_LINK.search(text):
        if page.is_xml and is_exact(value := _unescaped(text.strip())):
            if not page.finding.take(value):
                page.finding.ignore(value)
        else:
            read_between_tags(text, page.finding, page.shown)


def end_of_tag(text: str, tag: re.Match[str], page: _Page) -> int:
    """Find the links in the attributes of a tag. Returns the offset of its end."""
    position, name = tag.end(), tag[2]
    if name in ("a", "A"):
        page.shown = ""
    if text.startswith(">", position):
        return position + 1
    attributes: dict[str, str] = {}
    while (found := _ATTRIBUTE.match(text, position)) is not None and found.end() > position:
        position = found.end()
        if found[1]:
            value = found[2] if found[2] is not None else found[3] if found[3] is not None else found[4]
            attributes.setdefault(found[1].lower(), value or "")
    if text.startswith(">", position):
        position += 1
    if attributes and not tag[1]:
        _take_links(name, attributes, page)
    return position


def _take_links(written: str, attributes: dict[str, str], page: _Page) -> None:
    name = written.lower()
    if page.is_xml:
        for key, value in attributes.items():
            if is_link_attribute(key) and has_scheme(value.strip()):
                _take(value, page)
    elif name == "base" and "href" in attributes:
        page.base = page.base or _unescaped(attributes["href"]).strip()
    elif name == "meta":
        _take_meta(attributes, page)
    else:
        # A component of a page library, such as <Link to="…">, may have links in any attribute.
        is_component = not (written in KNOWN or written.isupper() or ":" in written)
        for key, value in attributes.items():
            if key in _SETS:
                for candidate in _CANDIDATE.findall(value):
                    _take(candidate, page)
            elif key == "srcdoc":
                read_html(_unescaped(value), page.finding)
            elif key == "style":
                _take_code(_unescaped(value), page, is_taken=True)
            elif key.startswith(("data-", "on")):
                _take_code(_unescaped(value), page, is_taken=False)
            elif key in _LINKS and not (key == "data" and name != "object"):
                url = _take(value, page)
                page.shown = url if name == "a" else page.shown
            elif is_component and is_link_attribute(key) and has_scheme(value):
                _take(value, page)


def _take_code(code: str, page: _Page, *, is_taken: bool) -> None:
    """Find the URLs of a style; count those of a script as ignored, since they may be anything."""
    if is_taken:
        code = with_schemes(code)
    for url in urls_in(code.replace("\\/", "/")) if "://" in code or ":\\/" in code else ():
        if not is_taken:
            page.finding.ignore(url, "script URL")
        elif not page.finding.take(url):
            page.finding.ignore(url)


def _take_meta(attributes: dict[str, str], page: _Page) -> None:
    content = attributes.get("content", "")
    if attributes.get("http-equiv", "").lower() == "refresh":
        if target := refresh_target(_unescaped(content)):
            _take(target, page)
    elif has_scheme(content.strip()) and is_exact(_unescaped(content.strip())):
        _take(content, page)


def _unescaped(value: str) -> str:
    """An attribute's value with its character references resolved."""
    return _REFERENCE.sub(
        lambda found: html.unescape(found[0]) if not found[1] or found[1] in html5 else found[0], value
    )


def _take(link: str, page: _Page) -> str:
    """Add a link to the URLs, or to the ignored links. Returns its URL."""
    # A quote isn't closed, or it is code; an inline image may contain an unescaped <.
    is_text = ("<" in link and _MARKUP.search(link.strip()) and not link.startswith("data:image/")) or link[:1] == "{"
    link = _unescaped(link).strip().replace("\n", "").replace("\t", "")
    url = f"https:{link}" if link.startswith("//") else link
    if page.base and (absolute := resolved(page.base, url)) != url:
        page.base_was_used = True
        url = absolute
    if is_text and "://" in url:
        read_between_tags(url, page.finding)
    elif not (has_scheme(url) and page.finding.take(url)):
        page.finding.ignore(link)
    return url
