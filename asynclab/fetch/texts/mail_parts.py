"""Reads the source of mails: the headers, and the decoded parts of the body."""

from __future__ import annotations

import quopri
import re
from contextlib import suppress
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from typing import NamedTuple

from asynclab.fetch.texts.exact_values import ReadText
from asynclab.fetch.texts.finding import FoundSoFar
from asynclab.fetch.texts.line_search import LineSearch

_HEADERS = re.compile(r"(?:From [^\n]*\n)?(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*")
_FIELD = re.compile(r"^([!-9;-~]+):[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)\n", re.MULTILINE)
_BLANK_LINE = re.compile(r"\r?\n")
_SURE = re.compile(
    r"^(?:content-(?:type|transfer-encoding)|mime-version|message-id|received|return-path|delivered-to"
    r"|dkim-signature|list-unsubscribe):",
    re.IGNORECASE | re.MULTILINE,
)
_USUAL = re.compile(r"^(?:from|to|cc|subject|date|reply-to|sender):", re.IGNORECASE | re.MULTILINE)
ENVELOPE = re.compile(r"^From \S+@?\S* +\w{3} +\w{3} ", re.MULTILINE)
"""Matches the line that begins a mail in a mailbox file."""
_OTHER = LineSearch(
    r"(?:(?P<mail>(?<=\n)\r?\n(?=(?:From|Return-Path|Received|Delivered-To|MIME-Version|Message-ID): )"
    r"(?=(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*+)*?Content-Transfer-Encoding:))"
    r"|[ \t]*(?:[\[{][^\n]*\"|<\?xml))",
    re.IGNORECASE,
)
"""Finds the beginning of another text: headers of another mail, or JSON or XML, which is encoded inside a mail."""
_BOUNDARY = re.compile(
    r"^content-type:\s*multipart/(?:[^\n]|\n[ \t])*?;\s*boundary=\"?([^\s\";]+)", re.IGNORECASE | re.MULTILINE
)
_ENCODING = re.compile(r"^content-transfer-encoding:\s*(base64|quoted)", re.IGNORECASE | re.MULTILINE)
_QUOTED = re.compile(r"=(?:3D|[89A-F][0-9A-F]=|\r?\n)")
_BASE64 = re.compile(r"\s*(?:[A-Za-z0-9+/]+=*[ \t]*(?:\r?\n|\Z))+")
_FLOWED = re.compile(r"(?<=\S) \r?\n(?!>)")
_SOFT_URL = LineSearch(r"(?=[^\n]{70,76}\r?\n)[^\n]*?https?://[^\s<>\"=]*=\r?\n(?!https?://)[^\s<>=]", re.IGNORECASE)
"""Finds a URL that continues in the next line; an = within it would be written =3D."""
_SOFT_BREAK = LineSearch(r"[^\n]{20,75}=\r?\n")


class MailPart(NamedTuple):
    """A part of a text that is the source of a mail."""

    end: int
    text: str
    name: str = "mail"

    def read(self, finding: FoundSoFar, read: ReadText) -> None:
        """Find the URLs of the headers and of each part of the body; a part that isn't text is ignored."""
        try:
            parts = list(_message(self.text).walk())
        except RecursionError:  # hundreds of nested mails
            read(self.text.partition("\n")[2])
            return
        for part in parts:
            for _, value in part.raw_items():
                if "//" in value or "=?" in value:
                    _read_header(_as_it_came(value), read)
            if not part.is_multipart():
                text = _text_of(part)
                if text is None:
                    finding.ignore(f"{part.get_content_type()} {part.get_filename('')}")
                else:
                    read(text)
            for around in (part.preamble, part.epilogue):
                if around and "//" in around:
                    read(_as_it_came(around))


def mail_at(text: str, start: int, next_envelope: int) -> tuple[MailPart | None, int]:
    """The mail from an offset to the next mail, or None; and the offset before which no other mail can begin."""
    headers = _HEADERS.match(text, start)
    assert headers is not None  # it matches an empty text, too
    body = headers.end()
    is_mail = _SURE.search(headers[0]) or len(_USUAL.findall(headers[0])) > 1
    if not is_mail or not _BLANK_LINE.match(text, body):
        return None, body
    end = _end_of_body(text, headers[0], body, next_envelope)
    return MailPart(end, text[start:end]), end


def _message(text: str) -> Message:
    """A whole text read as a mail. A mail without parts is read without the email package's parser, which is slow."""
    headers = _HEADERS.match(text)
    if headers and (blank := _BLANK_LINE.match(text, headers.end())):
        message = Message()
        for name, value in _FIELD.findall(headers[0].encode("utf-8", "replace").decode("ascii", "surrogateescape")):
            message.set_raw(name, value.rstrip("\r"))
        if message.get_content_maintype() not in ("multipart", "message"):
            message.set_payload(text[blank.end() :].encode("utf-8", "replace").decode("ascii", "surrogateescape"))
            return message
    return message_from_bytes(text.encode("utf-8", "replace"))


def _end_of_body(text: str, headers: str, start: int, latest: int) -> int:
    """The offset of the end of the body that begins at an offset, found by its encoding."""
    boundary = _BOUNDARY.search(headers)
    if boundary is not None:
        last = text.find(f"\n--{boundary[1]}--", start - 1, latest)
        return text.find("\n", last + 1, latest) + 1 or latest if last >= 0 else latest
    encoding = _ENCODING.search(headers)
    is_base64 = encoding is not None and encoding[1].lower() == "base64"
    if is_base64 and (lines := _BASE64.match(text, start, latest)):
        return lines.end()
    place = start
    while other := _OTHER.search(text, place, latest):
        place = other.start(1)
        if other["mail"] is not None or (encoding and not _QUOTED.search(text, place, place + 2_000)):
            return place
        place = other.end()
    return latest


def without_quoting(text: str) -> str | None:
    """The text decoded from quoted-printable; None if it isn't quoted-printable."""
    breaks = "=\n" in text or "=\r\n" in text
    if not ((breaks and _SOFT_URL.search(text)) or ("=3D" in text and ('=3D"' in text or _SOFT_BREAK.search(text)))):
        return None
    return quopri.decodestring(text.encode("utf-8", "replace")).decode("utf-8", "replace")


def _as_it_came(text: str) -> str:
    """A text outside of bodies with its bytes decoded as UTF-8: the email package keeps them as surrogates."""
    return text.encode("ascii", "surrogateescape").decode("utf-8", "replace")


def _read_header(value: str, read: ReadText) -> None:
    with suppress(LookupError, ValueError, MessageError):  # an unknown charset, or malformed base64: read it undecoded
        value = str(make_header(decode_header(value)))
    read(re.sub(r"\s*\n\s+", " ", value))


def _text_of(part: Message) -> str | None:
    """The decoded text of a part; None if the part isn't text."""
    main, sub = part.get_content_type().split("/")
    if main != "text" and not re.search(r"json|xml|html|http|csv|rfc822", sub):
        return None
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    is_encoded = str(part.get("content-transfer-encoding", "")).strip().lower() in ("quoted-printable", "base64")
    try:  # an unencoded part has the encoding of the text around it, not its declared charset
        text = data.decode((is_encoded and part.get_content_charset()) or "utf-8", "replace")
    except (LookupError, ValueError):  # an unknown charset, or one with a NUL in its name
        text = data.decode("utf-8", "replace")
    # RFC 3676: Apple's Mail breaks long words this way.
    return _FLOWED.sub("", text) if str(part.get_param("delsp", "")).lower() == "yes" else text
