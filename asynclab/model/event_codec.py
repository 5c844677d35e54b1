"""Encodes events as lines of JSON, and decodes them."""

from __future__ import annotations

import math
import sys
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec

from asynclab.model.events import AnyEvent, Event, Wait

AnyStruct = TypeVar("AnyStruct", bound=msgspec.Struct)

_encoder = msgspec.json.Encoder()


def encode(event: Event) -> bytes:
    """An event as a line of JSON, without the newline. Its numbers are made finite: see `finite`."""
    try:
        line = _encoder.encode(event)
    except UnicodeEncodeError:
        return _encoder.encode(encodable(finite(event)))
    return _encoder.encode(finite(event)) if b"null" in line else line  # the encoder writes infinity as null


def encodable(value: object) -> Any:
    """A struct as built-in values that can be encoded in UTF-8.

    Lone surrogates, which Python uses in some names of files, become U+FFFD.
    """
    return _encodable(msgspec.to_builtins(value))


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_encodable(key): _encodable(inner) for key, inner in value.items()}
    return [_encodable(inner) for inner in value] if isinstance(value, list | tuple) else value


def finite(struct: AnyStruct) -> AnyStruct:
    """A struct without infinity and "not a number", which JSON doesn't have.

    A field that may be None gets None for both. Another gets the largest float for infinity, and 0 for "not a number".
    """
    changes: dict[str, Any] = {}
    for name, is_optional in _numbers_of(type(struct)):
        value = getattr(struct, name)
        if isinstance(value, Wait):
            changes[name] = finite(value)
        elif value is not None and not math.isfinite(value):
            changes[name] = None if is_optional else _nearest(value)
    return msgspec.structs.replace(struct, **changes) if changes else struct


def _nearest(value: float) -> float:
    return 0.0 if math.isnan(value) else math.copysign(sys.float_info.max, value)


@cache
def _numbers_of(kind: type[msgspec.Struct]) -> tuple[tuple[str, bool], ...]:
    """The fields that can have floats, directly or in a Wait, each with whether it may be None."""
    hints = {name: get_args(hint) or (hint,) for name, hint in get_type_hints(kind).items()}
    return tuple((name, type(None) in types) for name, types in hints.items() if {float, Wait} & {*types})


def decode(line: bytes | str) -> AnyEvent:
    """The event in a line of JSON.

    Raises:
        msgspec.DecodeError: The line is not JSON. Its subclass ValidationError: the JSON is not an event.
    """
    return _decoder().decode(line)


@cache
def _decoder() -> msgspec.json.Decoder[AnyEvent]:
    """The decoder. Creating it takes time, and an observed program never needs it."""
    return msgspec.json.Decoder(AnyEvent)
