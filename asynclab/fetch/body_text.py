"""Finds out what a body is, and previews its beginning."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from asynclab.fetch.charsets import (
    charset_by_guess,
    charset_by_mark,
    charset_by_markup,
    charset_by_zeros,
    charset_named,
    text_of,
)
from asynclab.fetch.html_head import charset_in, title_of

HEAD_KEPT = 4_096
"""How many bytes of the beginning of a body each row keeps."""

SCANNED = 65_536
"""How many bytes of the beginning of a body are searched for charset and title."""

HEX_WIDTH = 16
"""Bytes in a line of a hex preview."""

_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f\x1b")


@dataclass(slots=True, eq=False)
class Page:
    """The beginning of a body, with its charset and title.

    These two are computed on demand: that takes about as long as receiving a small page, and users look at few pages.
    """

    head: bytes = field(default=b"", repr=False)
    """The first `HEAD_KEPT` bytes."""
    content_type: str = ""
    """The Content-Type header."""
    facts: tuple[str, str] | None = None
    """Charset and title; None until they are needed."""

    @classmethod
    def of(cls, beginning: bytes, content_type: str) -> Page:
        """Keep the first bytes; if there are more, look for charset and title in all of them now."""
        facts = _facts_of(beginning, content_type) if len(beginning) > HEAD_KEPT else None
        return cls(beginning[:HEAD_KEPT], content_type, facts)

    @property
    def charset(self) -> str:
        """The charset of the text; empty for a body that isn't text."""
        return self._known()[0]

    @property
    def title(self) -> str:
        """The title of an HTML document; empty if there is none."""
        return self._known()[1]

    def _known(self) -> tuple[str, str]:
        if self.facts is None:
            self.facts = _facts_of(self.head, self.content_type)
        return self.facts


def _facts_of(beginning: bytes, content_type: str) -> tuple[str, str]:
    charset = charset_of(beginning, content_type) if beginning else ""
    kind = media_type(content_type).kind
    may_have_title = "html" in kind or (kind in ("", "text/plain") and beginning.lstrip()[:1] == b"<")
    return charset, title_of(text_of(beginning, charset)) if charset and may_have_title else ""


@dataclass(frozen=True, slots=True)
class MediaType:
    """The meaning of a Content-Type header."""

    kind: str
    """Without its parameters, such as "text/html"."""
    is_media: bool
    """Whether it is an image, a sound, a video or a font."""
    is_text: bool
    """Whether it is text, JSON, XML or a script."""
    charset: str
    """The charset in the header, if Python knows it; otherwise empty."""


@lru_cache(256)
def media_type(content_type: str) -> MediaType:
    """The meaning of a Content-Type header; cached, since most answers in a list have the same."""
    kind = content_type.partition(";")[0].strip().lower()
    return MediaType(
        kind,
        kind.startswith(("image/", "audio/", "video/", "font/")) and "svg" not in kind,
        kind.startswith("text/") or kind.endswith(("json", "xml", "javascript")),
        charset_named(charset_in(content_type)),
    )


def charset_of(body: bytes, content_type: str) -> str:
    """The charset of a body, judged by its beginning, with the standard's name; empty for a body that isn't text.

    The first of these counts: its byte order mark, its Content-Type, its own declaration, its content.
    """
    declared = media_type(content_type)
    if found := charset_by_mark(body):
        return found
    if declared.is_text and (found := charset_by_zeros(body)):
        return found
    if is_binary(body, declared):
        return ""
    may_declare = "html" in declared.kind or "xml" in declared.kind or body.lstrip()[:1] == b"<"
    return declared.charset or (may_declare and charset_by_markup(body)) or charset_by_guess(body)


def is_binary(body: bytes, declared: MediaType) -> bool:
    """Whether a body isn't text."""
    if declared.is_media:
        return True
    sample = body[: HEX_WIDTH * 64]
    if declared.is_text:
        return b"\0" in sample
    return len(sample) - len(sample.translate(None, _CONTROLS)) > len(sample) // 20


def preview_of(body: bytes, charset: str, lines: int = 200) -> str:
    """The beginning of a body: as text, or else in hex.

    The text is as the server sent it: neutralise it before you display it.
    """
    if charset:
        return "\n".join(text_of(body, charset).splitlines()[:lines])
    return "\n".join(_hex_line(body[start : start + HEX_WIDTH]) for start in range(0, len(body), HEX_WIDTH)[:lines])


def _hex_line(part: bytes) -> str:
    letters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)
    return f"{part.hex(' '):<{HEX_WIDTH * 3}} {letters}"
