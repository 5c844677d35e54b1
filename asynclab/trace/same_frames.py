"""Makes our replacement for a function of asyncio look like the original in tracebacks: same file, name and line.

So a program's tracebacks and debug output are the same as without asynclab.
"""

from __future__ import annotations

import dis
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, groupby
from types import CodeType, FunctionType
from typing import Any, TypeVar

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., object])

_TRACE = os.path.dirname(__file__) + os.sep

_UNITS = 8
"""How many code units one entry of a location table can cover."""

_LONG = 14
"""The kind of entry that holds a line, an end line, a column and an end column."""

_SHIFTS = {"LOAD_GLOBAL": 1, "LOAD_ATTR": 1 if sys.version_info >= (3, 12) else 0, "LOAD_SUPER_ATTR": 2}
"""The instructions whose argument has flag bits below the index of the name, and the number of these bits."""

_NAMED = {number: _SHIFTS.get(dis.opname[number], 0) for number in dis.hasname}
"""The opcodes of all instructions that look up a name, and the number of their flag bits: 0 for most."""


_Place = tuple[int, int, int, int]
"""The first line, last line, first column and last column of a piece of code, as `co_positions` returns them."""

_LookUp = tuple[int, str, Sequence[int | None]]
"""An instruction that looks up a name: the index of its code unit, the name, and its place."""


def looks_like(original: object, *calls: str) -> Callable[[AnyFunction], AnyFunction]:
    """Make the frames of a function appear at the lines of calls in another function, `original`.

    Each of `calls` is a name that both functions look up on the line of a call, such as "_context". A line of the
    function gets the place of the call with the same name; all other lines get the first place. If `original` isn't
    written in Python, nothing changes.
    """

    def decorate(function: AnyFunction) -> AnyFunction:
        """Give a function the same code with other line numbers."""
        if isinstance(function, FunctionType) and isinstance(original, FunctionType):
            code, theirs = function.__code__, _sight_of(original.__code__)
            places = [place for name in calls if (place := theirs.whole_call(name)) is not None]
            if len(places) == len(calls):
                ours = _Sight(code)
                on_line = {ours.line_of(name): place for name, place in zip(calls, places, strict=True)}
                of_names = {(place[0], name): place for _, name, place in theirs.look_ups}
                of_units: list[Any] = [on_line.get(position[0], places[0]) for position in ours.positions]
                for unit, name, _ in ours.look_ups:  # a traceback underlines only the name if an attribute is missing
                    of_units[unit] = of_names.get((of_units[unit][0], name), of_units[unit])
                function.__module__ = original.__module__
                function.__code__ = _placed(code, original.__code__, of_units)
        return function

    return decorate


def hide_frames(made: Any) -> None:
    """Remove our frames from the stack that debug mode stores when a timer or task is created.

    asyncio removes its own frames by a fixed number, from the end. So each frame of ours would leave one of asyncio's.
    """
    frames = getattr(made, "_source_traceback", None)
    if frames:
        frames[:] = [frame for frame in frames if not frame.filename.startswith(_TRACE)]


class _Sight:
    """The places of a function's instructions. `dis.get_instructions` has them too, but takes ten times as long."""

    def __init__(self, code: CodeType) -> None:
        self.positions = list(code.co_positions())
        """The place of each code unit."""
        self.look_ups: list[_LookUp] = []
        """All instructions that look up a name."""
        operations, arguments = code.co_code[::2], code.co_code[1::2]
        for unit in [unit for unit, operation in enumerate(operations) if operation in _NAMED]:
            argument = arguments[unit]
            if operations[unit - 1] == dis.EXTENDED_ARG:  # once: no function here has more than 65,536 names
                argument |= arguments[unit - 1] << 8
            name = code.co_names[argument >> _NAMED[operations[unit]]]
            self.look_ups.append((unit, name, self.positions[unit]))

    def line_of(self, name: str) -> int | None:
        """The line on which a name is looked up."""
        return next((place[0] for _, found, place in self.look_ups if found == name), None)

    def whole_call(self, name: str) -> _Place | None:
        """The place of the call in which a name is looked up."""
        line = self.line_of(name)
        found: Any = [place for place in self.positions if place[0] == line and None not in place]
        return max(found, key=lambda place: place[3] - place[2], default=None)


_sight_of = lru_cache(_Sight)
"""A cache of `_Sight` for asyncio's functions: several of our functions may replace the same one."""


def _placed(code: CodeType, original: CodeType, places: Sequence[_Place]) -> CodeType:
    """The code with the original's file and names, and with a location table made of a place for each code unit."""
    table = bytearray()
    line = original.co_firstlineno
    ends: dict[tuple[int, _Place], bytes] = {}
    for place, units in groupby(places):
        left = len(list(units))
        while left:
            count = min(left, _UNITS)
            if (line, place) not in ends:
                ends[line, place] = bytes(_end_of_entry(place, line))
            table.append(0x80 | _LONG << 3 | count - 1)
            table += ends[line, place]
            line = place[0]
            left -= count
    return code.replace(
        co_filename=original.co_filename,
        co_name=original.co_name,
        co_qualname=original.co_qualname,
        co_firstlineno=original.co_firstlineno,
        co_linetable=bytes(table),
    )


def _end_of_entry(place: _Place, line: int) -> Iterator[int]:
    """The bytes of a location entry after its first byte; `line` is the line of the previous entry."""
    first, last, column, end_column = place
    return chain(_signed(first - line), _unsigned(last - first), _unsigned(column + 1), _unsigned(end_column + 1))


def _unsigned(number: int) -> Iterator[int]:
    """A number in the encoding of location tables: six bits per byte, lowest first; a seventh bit means more follow."""
    while number >= 64:
        yield 0x40 | number & 0x3F
        number >>= 6
    yield number


def _signed(number: int) -> Iterator[int]:
    return _unsigned(-number << 1 | 1 if number < 0 else number << 1)
