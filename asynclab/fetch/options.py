"""Declares the options of a fetch, each once for the form, the command line and the documentation."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

Method: TypeAlias = Literal["GET", "HEAD"]

METHODS: tuple[Method, ...] = get_args(Method)

MEBIBYTE = 1024 * 1024

_UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "ki": 1024, "mi": MEBIBYTE, "gi": 1024 * MEBIBYTE}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmg]i?)?b?\s*", re.IGNORECASE)
_CLASS = re.compile("([1-5])xx", re.IGNORECASE)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class Option:
    """Declares a field of `Options`: its names, and how its value is parsed and shown."""

    label: str
    flag: str
    """The option on the command line; a short form may precede it, separated by a space."""
    help: str
    """The option's effect, in a sentence short enough for the form."""
    metavar: str = ""
    """The name of the value on the command line; empty for an option that is on or off."""
    parse: Callable[[str], Any] = str
    """Parses the value, or raises a ValueError."""
    show: Callable[[Any], str] = str
    choices: tuple[str, ...] = ()
    is_repeated: bool = False
    """Whether the value is a tuple; if so, `parse` and `show` are for one item."""


def option(default: Any, label: str, flag: str, help: str, metavar: str = "", **more: Any) -> Any:
    """A field of `Options` with its declaration."""
    return field(default=default, metadata={"option": Option(label, flag, help, metavar, **more)})


def whole_number(text: str) -> int:
    """Read a whole number.

    Raises:
        ValueError: It is none.
    """
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"it must be a whole number, not {text!r}") from None


def number(text: str) -> float:
    """Read a number.

    Raises:
        ValueError: It is none.
    """
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"it must be a number, not {text!r}") from None


def show_number(value: float) -> str:
    """Format a float."""
    return f"{value:g}"


def parse_size(text: str) -> int:
    """Parse a number of bytes, such as 500, 20kB, 1.5MB or 10MiB."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"a size is a number of bytes such as 500, 20kB or 10MiB, not {text!r}")
    return int(float(match[1]) * _UNITS[(match[2] or "").lower()])


def show_size(size: int) -> str:
    """Format a number of bytes."""
    return f"{size // MEBIBYTE}MiB" if size and size % MEBIBYTE == 0 else str(size)


def parse_header(text: str) -> tuple[str, str]:
    """Parse "Name: value" into the name and the value."""
    name, colon, value = text.partition(":")
    if not colon:
        raise ValueError(f"a header is 'Name: value', not {text!r}")
    name, value = name.strip(), value.strip()
    _check_header(name, value)
    return name, value


def parse_statuses(text: str) -> tuple[int, ...]:
    """Parse statuses, such as "403,429", "400-499" or "4xx"."""
    parts = filter(None, map(str.strip, text.split(",")))
    return tuple(sorted({status for part in parts for status in _range_of(part)}))


def _range_of(text: str) -> range:
    lowest, dash, highest = _CLASS.sub(r"\g<1>00-\g<1>99", text).replace("..=", "-").partition("-")
    first, last = whole_number(lowest), whole_number(highest if dash else lowest)
    if not 100 <= first <= last <= 599:
        raise ValueError(f"statuses are from 100 to 599, such as 403, 400-499 or 4xx, not {text!r}")
    return range(first, last + 1)


def show_statuses(statuses: tuple[int, ...]) -> str:
    """Format statuses, with consecutive ones as a range."""
    runs = [
        [status for _, status in run] for _, run in groupby(enumerate(sorted(statuses)), lambda pair: pair[1] - pair[0])
    ]
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def folder(text: str) -> Path:
    """Parse a path; ~ is the home directory."""
    return Path(text).expanduser()


_count = partial(option, metavar="N", parse=whole_number)
_number = partial(option, parse=number, show=show_number)
_size = partial(option, metavar="SIZE", parse=parse_size, show=show_size)


@dataclass(frozen=True, slots=True)
class Options:
    """How URLs are fetched.

    Raises:
        ValueError: A value is not allowed; the message is one line that names it.
    """

    concurrency: int = _count(20, "at once", "--concurrency", "Requests at the same time.")
    per_host: int = _count(6, "per host", "--per-host", "Requests to one host at a time.")
    """Requests to one host and port."""
    rate: float | None = _number(None, "rate", "--rate", "Requests per second.", "R")
    """None for no limit."""
    timeout: float = _number(30.0, "timeout", "--timeout", "Seconds per attempt.", "S")
    """Seconds from an attempt's slot to its last byte."""
    connect_timeout: float = _number(10.0, "connect timeout", "--connect-timeout", "Seconds to connect, with TLS.", "S")
    """At most `timeout` has an effect."""
    deadline: float | None = _number(None, "deadline", "--deadline", "Seconds for all URLs.", "S")
    """None for no limit."""
    retries: int = _count(2, "retries", "--retries", "Retries after a temporary failure.")
    max_bytes: int = _size(10 * MEBIBYTE, "keep at most", "--max-bytes", "Stop reading a body after this size.")
    """The limit for the unpacked body."""
    method: Method = option(  # noqa: RUF009 - it makes a field
        "GET", "method", "--method", "HEAD asks for headers only.", "METHOD", choices=METHODS
    )
    """A server that refuses HEAD is asked again with GET."""
    headers: tuple[tuple[str, str], ...] = option(
        (),
        "headers",
        "-H --header",
        "Send a header; may be repeated.",
        "'K: V'",
        parse=parse_header,
        show=": ".join,
        is_repeated=True,
    )
    save_to: Path | None = option(  # noqa: RUF009
        None, "save to", "--save", "Folder for complete bodies.", "DIR", parse=folder
    )
    """None to save none."""
    proxy_from_environment: bool = option(False, "proxy", "--proxy", "Use HTTP_PROXY etc. and ~/.netrc.")
    block_private: bool = option(False, "block private", "--block-private", "Refuse non-public addresses.")
    """This includes the targets of redirects."""
    check: bool = option(False, "check links", "--check", "Find broken links: HEAD first, #fragments too.")
    """Bodies are read only to look for fragments, and not saved."""
    allow: tuple[int, ...] = option(
        (),
        "allow",
        "--allow",
        "Statuses that are ok, such as 403,5xx.",
        "CODES",
        parse=parse_statuses,
        show=show_statuses,
    )

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
        for status in self.allow:
            _check(status, "allow", 100, 599)
        for name, value in self.headers:
            _check_header(name, value)


OPTIONS: Mapping[str, Option] = {field.name: field.metadata["option"] for field in fields(Options)}
"""The declaration of each field of `Options`, in their order."""


@dataclass(frozen=True, slots=True)
class Request:
    """A text with URLs in it, and the options to fetch them."""

    text: str = ""
    """Any text; if empty, nothing is fetched yet."""
    taken_as: str = ""
    """The format of the text; empty to detect it."""
    options: Options = field(default_factory=Options)


def _check(value: float, name: str, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise ValueError(f"{name} must be from {low:,g} to {high:,.12g}, not {value:g}")


def _check_header(name: str, value: str) -> None:
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} can't be the name of a header")
    if any(character in value for character in "\r\n\0"):
        raise ValueError(f"the value of the header {name} must be one line")
