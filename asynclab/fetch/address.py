"""Prepares URLs for sending, redacts their secrets, and compares their servers."""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import lru_cache
from urllib.parse import quote, unquote, urljoin

from yarl import URL

HIDDEN = "•••"
"""Replaces a secret."""

LONGEST_URL = 8_000
"""The longest URL in characters; servers refuse longer ones."""

HOST_LETTERS = (
    "ß-öø-ÿăąćčďđēęěğģīįıķļłńņňőœřśşšťūůűųźżžά-ώа-џ\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
)
"""For a regular expression's character class: letters that IDNA leaves unchanged, whatever letters are beside them.

Any twelve of them fit into a label of a host name, which has at most 63 bytes when encoded.
"""

_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_PARTS = re.compile(r"([Hh][Tt][Tt][Pp][Ss]?)://([^/?#]*)([^#]*)")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_SCHEME_NAME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_BLANKS = bytes(range(0x21))
_BEFORE_QUERY = re.compile(r"^[^?#]*")
_SLASHES = re.compile("^//+")
_ZONE = re.compile(r"[A-Za-z0-9._~-]+")
_USER = re.compile(r"(?<=://)[^/?#\s]*@")
_AS_THEY_ARE = "".join(map(chr, range(0x21, 0x7F))).translate(dict.fromkeys(map(ord, '"<>\\^`{|}')))

_TO_ESCAPE = re.compile(f"[^{re.escape(_AS_THEY_ARE)}]+")
_PLAIN_LABEL = re.compile(f"[a-z0-9{HOST_LETTERS}]+(?:-[a-z0-9{HOST_LETTERS}]+)*")
"""Matches a label that IDNA leaves unchanged; looking up each character in IDNA's tables takes four times as long."""


class OtherSchemeError(ValueError):
    """A URL is neither http nor https; the message is the URL."""


def request_url(sent: str) -> URL:
    """The URL object for a text made by `sent_text`; nothing is escaped a second time."""
    scheme, _, place, rest = sent.split("/", 3)
    path, _, query = rest.partition("?")
    if "]" in place:
        place = place.replace("%25", "%") if place.endswith("]") or "]:" in place else place  # an IPv6 zone
    return URL.build(scheme=scheme[:-1], authority=place, path=f"/{path}", query_string=query, encoded=True)


def sent_text(text: str, longest: int | None = LONGEST_URL) -> str:
    """The URL as it is sent: with everything escaped that must be, and without its fragment. Escapes in `text` stay.

    Raises:
        ValueError: It is not an http or https URL, or longer than `longest` characters; the message says why.
    """
    parts = _PARTS.match(text)
    if parts is None:
        raise ValueError("is not an http or https URL")
    if longest is not None and len(text) > longest:
        raise ValueError(f"is longer than {longest:,} characters")
    scheme, place, rest = parts.groups()
    rest = escaped(rest)
    return f"{scheme.lower()}://{_sent_place(place)}{rest if rest.startswith('/') else '/' + rest}"


def escaped(text: str) -> str:
    """The text with every character escaped that must be; three times as fast as `quote`, which works byte by byte."""
    return _TO_ESCAPE.sub(lambda found: f"%{found[0].encode('utf-8', 'replace').hex('%').upper()}", text)


def redirected(location: str, asked: str) -> str:
    """The URL to send for the Location header of an answer, read as browsers do. `asked` was made by `sent_text`.

    All bytes are escaped that must be. Bytes that are not UTF-8 come from aiohttp as surrogates.

    Raises:
        OtherSchemeError: The new URL is neither http nor https.
        ValueError: It is not a URL; the message says why.
    """
    written = location.encode("utf-8", "surrogateescape").strip(_BLANKS).replace(b"\t", b"")
    target = _absolute(_BEFORE_QUERY.sub(_as_slashes, quote(written, safe=_AS_THEY_ARE + "\\")), asked)
    sent = sent_text(target, longest=None)
    user = asked.split("/", 3)[2].rpartition("@")[0]
    if user and "@" not in sent.split("/", 3)[2] and origin(sent) == origin(asked):
        sent = sent.replace("//", f"//{user}@", 1)  # credentials are valid for the whole server
    return sent


def origin(sent: str) -> tuple[str, str]:
    """Scheme, name and port of a URL made by `sent_text`. Secrets for one origin must not be sent to another."""
    return sent.partition(":")[0], host_key(sent)


def redacted(text: str) -> str:
    """A URL, or a text that contains URLs, with their user names and passwords hidden."""
    return _USER.sub(f"{HIDDEN}@", text) if "@" in text else text


def host_key(sent: str) -> str:
    """Name and port of a URL made by `sent_text`; equal for all requests to one server."""
    scheme, _, place, _ = sent.split("/", 3)
    return _host_and_port(scheme, place)


@lru_cache(1_024)
def _host_and_port(scheme: str, place: str) -> str:
    place = place.rpartition("@")[2]
    has_port = ":" in place.rpartition("]")[2]
    return place if has_port else f"{place}:{443 if scheme == 'https:' else 80}"


def is_address(host: str) -> bool:
    """Whether a host is an IP address, with or without brackets, instead of a name."""
    try:
        ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return True


def has_scheme(text: str) -> bool:
    """Whether the text starts with http:// or https://."""
    return _SCHEME.match(text) is not None


def joined(base: str, target: str) -> str:
    """Resolve a relative link.

    Raises:
        ValueError: The link or the base is not a URL; the message says so.
    """
    try:
        return urljoin(base, target)
    except ValueError:
        raise ValueError("has an invalid host name") from None


def _absolute(target: str, base: str) -> str:
    """The absolute URL of a link; where the WHATWG's URL standard differs from RFC 3986, it counts."""
    scheme, colon, rest = target.partition(":")
    if not (colon and _SCHEME_NAME.fullmatch(scheme)):
        target = _SLASHES.sub("//", target)
        if target[:3] in ("//", "//?", "//#"):  # urljoin would ignore it
            raise ValueError("has no host")
        return joined(base, target)
    if scheme.lower() not in ("http", "https"):
        raise OtherSchemeError(target)
    if base.startswith(f"{scheme.lower()}:") and not rest.startswith("//"):
        return joined(base, rest)
    return f"{scheme}://{rest.lstrip('/')}"


def _as_slashes(match: re.Match[str]) -> str:
    return match[0].replace("\\", "/")


@lru_cache(1_024)
def _sent_place(place: str) -> str:
    """User, host and port as they are sent."""
    user, at, host_and_port = place.rpartition("@")
    host, colon, port = _split_port(host_and_port)
    if colon and port and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) <= 65_535):
        raise ValueError("has a port that is not a number from 1 to 65535")
    return f"{escaped(user)}{at}{_sent_host(host)}{':' + port if port else ''}"


def _split_port(place: str) -> tuple[str, str, str]:
    if place.startswith("["):
        host, bracket, rest = place.partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError("has a bracket that is not closed")
        return host + bracket, rest[:1], rest[1:]
    return place.partition(":")


def _sent_host(host: str) -> str:
    if host.startswith("["):
        return f"[{_sent_ipv6(host[1:-1])}]"
    if not host:
        raise ValueError("has no host")
    if "%" in host:
        host = unquote(host)
    if not host.isascii():
        host = _in_ascii(host)
    labels = host.removesuffix(".").split(".")
    if len(host) > 254 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("has an invalid host name")
    if labels[-1].isdigit() and not _is_ip(socket.AF_INET, host):
        raise ValueError("has an invalid IP address")
    return host.lower()


def _sent_ipv6(address: str) -> str:
    address, percent, zone = address.partition("%")
    zone = zone.removeprefix("25") or zone  # in a URL, the percent sign before the zone is escaped
    if not _is_ip(socket.AF_INET6, address):
        raise ValueError("has an invalid IPv6 address")
    if percent and not _ZONE.fullmatch(zone):
        raise ValueError("has an invalid IPv6 zone")
    return f"{address}%25{zone}" if percent else address


def _in_ascii(host: str) -> str:
    labels = host.split(".")
    if all(map(_PLAIN_LABEL.fullmatch, labels)):
        return ".".join([label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in labels])
    try:
        return URL.build(scheme="http", host=host).raw_host or ""
    except (ValueError, UnicodeError):
        raise ValueError("has an invalid host name") from None


def _is_ip(family: socket.AddressFamily, address: str) -> bool:
    try:
        socket.inet_pton(family, address)
    except (OSError, ValueError):
        return False
    return True
