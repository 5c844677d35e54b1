"""How URLs are fetched: limits, patience, method, headers."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

Method: TypeAlias = Literal["GET", "HEAD"]

METHODS: tuple[Method, ...] = get_args(Method)

MEBIBYTE = 1024 * 1024

_UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "ki": 1024, "mi": MEBIBYTE, "gi": 1024 * MEBIBYTE}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmg]i?)?b?\s*", re.IGNORECASE)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class Options:
    """How URLs are fetched.

    Raises:
        ValueError: A value can't be; the message is one line that names it.
    """

    concurrency: int = 20
    """Requests at once, from 1 on."""
    per_host: int = 6
    """Requests at once to the same host and port, from 1 on."""
    rate: float | None = None
    """Requests begun per second, at the most; None for no limit."""
    timeout: float = 30.0
    """Seconds for one attempt, from its slot to its last byte."""
    connect_timeout: float = 10.0
    """Seconds for a connection, TLS included; no more than `timeout` counts."""
    deadline: float | None = None
    """Seconds for everything; None for no limit."""
    retries: int = 2
    """How often a URL is tried again after a failure that may pass."""
    max_bytes: int = 10 * MEBIBYTE
    """Unpacked bytes of a body after which the rest is not read."""
    method: Method = "GET"
    """With HEAD, a server that refuses it is asked again with GET."""
    headers: tuple[tuple[str, str], ...] = ()
    """Names and values that are sent in addition."""
    save_to: Path | None = None
    """The folder that bodies are saved to; None to save none."""
    proxy_from_environment: bool = False
    """Whether HTTP_PROXY and its like count; the credentials in ~/.netrc are used then, too."""
    block_private: bool = False
    """Whether addresses that are not of the public internet are refused, redirects included."""

    def __post_init__(self) -> None:
        _check(self.concurrency, "concurrency", 1, 1_000)
        _check(self.per_host, "per-host", 1, 1_000)
        _check(self.retries, "retries", 0, 20)
        _check(self.max_bytes, "max-bytes", 0, 10**12)
        for name, seconds in (("timeout", self.timeout), ("connect-timeout", self.connect_timeout)):
            _check(seconds, name, 0.001, 86_400)
        for name, limit in (("deadline", self.deadline), ("rate", self.rate)):
            if limit is not None:
                _check(limit, name, 0.001, 1_000_000)
        if self.method not in METHODS:
            raise ValueError(f"method must be {' or '.join(METHODS)}, not {self.method!r}")
        for name, value in self.headers:
            _check_header(name, value)


def parse_size(text: str) -> int:
    """A number of bytes, such as 500, 20kB, 1.5MB or 10MiB.

    Raises:
        ValueError: It is none.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"a size is a number of bytes such as 500, 20kB or 10MiB, not {text!r}")
    return int(float(match[1]) * _UNITS[(match[2] or "").lower()])


def parse_header(text: str) -> tuple[str, str]:
    """A name and a value from "Name: value".

    Raises:
        ValueError: It is no such pair.
    """
    name, colon, value = text.partition(":")
    if not colon:
        raise ValueError(f"a header is 'Name: value', not {text!r}")
    name, value = name.strip(), value.strip()
    _check_header(name, value)
    return name, value


def _check(value: float, name: str, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise ValueError(f"{name} must be from {low:,g} to {high:,.12g}, not {value:g}")


def _check_header(name: str, value: str) -> None:
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} can't be the name of a header")
    if any(character in value for character in "\r\n\0"):
        raise ValueError(f"the value of the header {name} must be one line")
