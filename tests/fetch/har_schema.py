"""Checks an HTTP archive against HAR 1.2: required fields, types, and the formats of addresses, dates and URLs."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_URI = re.compile(
    r"https?://(\[[0-9A-Fa-f:.]+\]|([A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+)(:\d+)?"
    r"(/([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)"
)
"""Matches a URL of RFC 3986 without user and fragment, which HAR forbids."""

Check = Callable[[Any], object]


def _is(*kinds: type) -> Check:
    return lambda value: isinstance(value, kinds) and not isinstance(value, bool)


def _at_least(low: int) -> Check:
    return lambda value: _is(int, float)(value) and value >= low


def _matches(pattern: re.Pattern[str]) -> Check:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value)


def _is_address(value: Any) -> bool:
    return bool(ipaddress.ip_address(value)) and "%" not in value


def _each(fields: Mapping[str, Check]) -> Check:
    return lambda values: isinstance(values, list) and all(check(value, fields) for value in values)


def _one(fields: Mapping[str, Check]) -> Check:
    return lambda value: check(value, fields)


_PAIR: Mapping[str, Check] = {"name": _is(str), "value": _is(str), "comment?": _is(str)}
_CONTENT: Mapping[str, Check] = {
    "size": _is(int),
    "mimeType": _is(str),
    "text?": _is(str),
    "encoding?": lambda value: value == "base64",
    "comment?": _is(str),
}
_SENT: Mapping[str, Check] = {
    "httpVersion": _is(str),
    "cookies": _each(_PAIR),
    "headers": _each(_PAIR),
    "headersSize": _is(int),
    "bodySize": _is(int),
    "comment?": _is(str),
}
_ENTRY: Mapping[str, Check] = {
    "startedDateTime": _matches(_MOMENT),
    "time": _at_least(0),
    "request": _one({**_SENT, "method": _is(str), "url": _matches(_URI), "queryString": _each(_PAIR)}),
    "response": _one(
        {**_SENT, "status": _is(int), "statusText": _is(str), "content": _one(_CONTENT), "redirectURL": _is(str)}
    ),
    "cache": _one({}),
    "timings": _one(
        {
            **{name: _at_least(0) for name in ("send", "wait", "receive")},
            **{f"{name}?": _at_least(-1) for name in ("blocked", "dns", "connect", "ssl", "comment")},
        }
    ),
    "serverIPAddress?": _is_address,
    "connection?": _is(str),
    "comment?": _is(str),
}
_LOG: Mapping[str, Check] = {
    "version": lambda value: value == "1.2",
    "creator": _one({"name": _is(str), "version": _is(str)}),
    "entries": _each(_ENTRY),
}


def check(value: Any, fields: Mapping[str, Check]) -> bool:
    """Fail unless a value is an object with these fields. Other fields are allowed if they begin with an underscore.

    A question mark after a name means that the field is optional.
    """
    assert isinstance(value, dict), f"{value!r} is no object"
    for name, is_right in fields.items():
        plain = name.removesuffix("?")
        assert plain in value or name.endswith("?"), f"{plain} is missing in {value}"
        assert plain not in value or is_right(value[plain]), f"{plain} is wrong: {value[plain]!r}"
    known = {name.removesuffix("?") for name in fields}
    strange = {name for name in value if name not in known and not name.startswith("_")}
    assert not strange, f"{strange} are no fields of HAR"
    return True


def check_archive(archive: Any) -> list[dict[str, Any]]:
    """Fail unless an archive is valid; return its entries."""
    check(archive, {"log": _one(_LOG)})
    entries: list[dict[str, Any]] = archive["log"]["entries"]
    return entries
