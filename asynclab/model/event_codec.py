"""Turns events into lines of JSON and back."""

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
    """One event as a line of JSON, without the newline; its numbers are as `finite` makes them."""
    try:
        line = _encoder.encode(event)
    except UnicodeEncodeError:
        return _encoder.encode(encodable(finite(event)))
    return _encoder.encode(finite(event)) if b"null" in line else line  # as it writes what JSON has no number for


def encodable(value: object) -> Any:
    """A struct as built-in values, without what UTF-8 can't write.

    Half of a surrogate pair, as Python has it in the names of some files, becomes U+FFFD.
    """
    return _encodable(msgspec.to_builtins(value))


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_encodable(key): _encodable(inner) for key, inner in value.items()}
    return [_encodable(inner) for inner in value] if isinstance(value, list | tuple) else value


def finite(struct: AnyStruct) -> AnyStruct:
    """An event whose numbers can all be written as JSON, which knows neither infinity nor "not a number".

    Where a number may be None, None stands for these; elsewhere the largest number for infinity, and 0 for no number.
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
    """The fields that may hold floats, directly or in a Wait, and whether each may be None."""
    hints = {name: get_args(hint) or (hint,) for name, hint in get_type_hints(kind).items()}
    return tuple((name, type(None) in types) for name, types in hints.items() if {float, Wait} & {*types})


def decode(line: bytes | str) -> AnyEvent:
    """The event in a line of JSON; raises a msgspec.DecodeError, or a ValidationError for JSON that is no event."""
    return _decoder().decode(line)


@cache
def _decoder() -> msgspec.json.Decoder[AnyEvent]:
    """Made when it is needed: it takes time, and a program that is observed only writes."""
    return msgspec.json.Decoder(AnyEvent)
