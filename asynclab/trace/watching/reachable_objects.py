"""Finds out what a function could get hold of, and what it calls, without running any of it."""

from __future__ import annotations

import dis
import gc
from asyncio import AbstractEventLoop, Future
from collections.abc import Iterable
from functools import lru_cache
from types import CellType, CodeType, FrameType, FunctionType, MethodType, ModuleType

from asynclab.trace.recording.code_ownership import is_asyncio

_DEEPEST = 5
"""How far objects are followed: from one to its attributes, and from there into two containers."""

_CLOSED = (type, ModuleType, CodeType, FunctionType, FrameType, AbstractEventLoop, Future, str, bytes, int, float)
"""What is not followed: it leads to the whole program, or nowhere."""


class Reach:
    """What functions under way, or left by an exception, refer to by their variables, and what they call."""

    def __init__(self, roots: Iterable[object], frames: Iterable[FrameType], most: int) -> None:
        """Look at functions, by what holds their variables: a coroutine if it is suspended, else its frame.

        About `most` objects are looked at.
        """
        self._frames = tuple(frame for frame in frames if not is_asyncio(frame.f_code.co_filename))
        self._found: dict[int, object] = {}
        level = [inner for root in roots for inner in gc.get_referents(root)]
        for frame in self._frames:
            level += [frame.f_globals[name] for name in frame.f_code.co_names if name in frame.f_globals]
        for _ in range(_DEEPEST):
            new = {id(each): each for each in level if id(each) not in self._found and each is not None}
            self._found.update(new)
            if len(self._found) > most:
                return
            level = [
                inner for each in new.values() if not isinstance(each, _CLOSED) for inner in gc.get_referents(each)
            ]

    def has(self, value: object) -> bool:
        """Whether they can get hold of it."""
        return id(value) in self._found

    def methods(self) -> set[str]:
        """The names of the methods that they call, or the functions and methods do that they call by name."""
        kinds = {type(each) for each in self._found.values() if not isinstance(each, (*_CLOSED, CellType, MethodType))}
        names = set[str]()
        for frame in self._frames:
            names.update(_attributes(frame.f_code))
            for name in frame.f_code.co_names:
                for called in (frame.f_globals.get(name), *(vars(kind).get(name) for kind in kinds)):
                    if isinstance(called, FunctionType):
                        names.update(_attributes(called.__code__))
        return names


@lru_cache(1_000)
def _attributes(code: CodeType) -> frozenset[str]:
    """The names of the attributes that some code looks up: `set` of an event, not the type `set`."""
    return frozenset(each.argval for each in dis.get_instructions(code) if each.opname in ("LOAD_ATTR", "LOAD_METHOD"))
