"""Lets a function that stands in for one of asyncio's look like it in tracebacks: the same file, name and line."""

from __future__ import annotations

import dis
import os
from collections.abc import Callable, Iterator
from types import CodeType, FrameType, FunctionType
from typing import Any, TypeVar

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., object])

_TRACE = os.path.dirname(__file__) + os.sep

_UNITS = 8
"""How many code units one entry of a location table can speak of."""

_LONG = 14
"""The kind of entry that holds a line, an end line, a column and an end column."""

_BYTES_PER_UNIT = 2


def looks_like(original: object, calls: str) -> Callable[[AnyFunction], AnyFunction]:
    """Give a function's frames the place of a call in another function, wherever in its code they really are.

    Args:
        original: The function it stands in for. Where it isn't one of Python's, nothing is changed.
        calls: A name that the original looks up on the line of the call, such as "_context".
    """

    def decorate(function: AnyFunction) -> AnyFunction:
        if isinstance(function, FunctionType) and isinstance(original, FunctionType):
            place = _place_of(original.__code__, calls)
            if place is not None:
                function.__module__ = original.__module__
                function.__code__ = _placed(function.__code__, original.__code__, place)
        return function

    return decorate


def in_place_of(frame: FrameType, function: Callable[[], Any]) -> Callable[[], Any]:
    """A function whose frame says that it is another one: the same file, line and globals.

    Args:
        frame: That one, as it is now.
        function: What is to run. It may use its own names and those around it, but no globals.
    """
    assert isinstance(function, FunctionType)
    code = _placed(function.__code__, frame.f_code, (frame.f_lineno, frame.f_lineno, 0, 0))
    return FunctionType(code, frame.f_globals, code.co_name, None, function.__closure__)


def hide_frames(made: Any) -> None:
    """Take our frames out of where debug mode says that a timer or a task was made.

    asyncio takes its own off by their number, from the end, and would leave one of its own for each of ours.
    """
    frames = getattr(made, "_source_traceback", None)
    if frames:
        frames[:] = [frame for frame in frames if not frame.filename.startswith(_TRACE)]


def _place_of(code: CodeType, name: str) -> tuple[int, int, int, int] | None:
    """The whole call, first and last line and column, in which a name is looked up."""
    lines = [step.positions for step in dis.get_instructions(code) if step.argval == name and step.positions]
    line = lines[0].lineno if lines else None
    found = [place for place in code.co_positions() if place[0] == line and None not in place]
    whole = max(found, key=lambda place: (place[3] or 0) - (place[2] or 0), default=None)
    return None if whole is None else (whole[0] or 0, whole[1] or 0, whole[2] or 0, whole[3] or 0)


def _placed(code: CodeType, original: CodeType, place: tuple[int, int, int, int]) -> CodeType:
    first, last, column, end_column = place
    table = bytearray()
    left = len(code.co_code) // _BYTES_PER_UNIT
    line = original.co_firstlineno
    while left:
        units = min(left, _UNITS)
        table.append(0x80 | _LONG << 3 | units - 1)
        table += bytes(_signed(first - line))
        table += bytes(_unsigned(last - first))
        table += bytes(_unsigned(column + 1))
        table += bytes(_unsigned(end_column + 1))
        line = first
        left -= units
    return code.replace(
        co_filename=original.co_filename,
        co_name=original.co_name,
        co_qualname=original.co_qualname,
        co_firstlineno=original.co_firstlineno,
        co_linetable=bytes(table),
    )


def _unsigned(number: int) -> Iterator[int]:
    """A number as location tables write it: six bits a byte, the lowest first; a seventh says that more follow."""
    while number >= 64:
        yield 0x40 | number & 0x3F
        number >>= 6
    yield number


def _signed(number: int) -> Iterator[int]:
    return _unsigned(-number << 1 | 1 if number < 0 else number << 1)
