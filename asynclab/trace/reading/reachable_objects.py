"""Finds the objects that suspended functions can reach, and the functions that they may call, without running them."""

from __future__ import annotations

import builtins
import dis
import gc
import sys
from asyncio import AbstractEventLoop, Future
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from types import CellType, CodeType, CoroutineType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any

from asynclab.trace.recording.code_ownership import UserCode, is_asyncio
from asynclab.trace.recording.values import is_a

_DEEPEST = 5
"""How many references are followed in a row: from an object to its attributes, and from there into two containers."""

_CLOSED = (type, ModuleType, CodeType, FunctionType, FrameType, AbstractEventLoop, Future, str, bytes, int, float)
"""Types whose references aren't followed: they lead to the whole program, or nowhere."""


_WITH_CODE = (FunctionType, MethodType, classmethod, staticmethod, property)

MOST_NAMES = 10_000
"""The most names of functions, variables and classes that are searched, which takes about 10 ms."""

_USERS = UserCode()


class Reach:
    """The objects that functions refer to by their variables, directly or not, and the functions that they may call.

    The functions are suspended, or an exception has ended them.
    """

    def __init__(self, roots: Iterable[object], frames: Iterable[FrameType], most: int) -> None:
        """Collect the reachable objects of functions.

        Args:
            roots: The objects that refer to the functions' variables: suspended coroutines, or else frames.
            frames: The frames of the functions.
            most: The approximate limit of objects.
        """
        self._frames = tuple(frame for frame in frames if not is_asyncio(frame.f_code.co_filename))
        self._found: dict[int, object] = {}
        self._most = most
        level = [inner for root in roots for inner in gc.get_referents(root)]
        for frame in self._frames:
            level += [frame.f_globals[name] for name in frame.f_code.co_names if name in frame.f_globals]
        for _ in range(_DEEPEST):
            new = {id(each): each for each in level if id(each) not in self._found and each is not None}
            self._found.update(new)
            if len(self._found) > most:
                return
            level = [inner for each in new.values() if not _is_closed(each) for inner in gc.get_referents(each)]

    def has(self, value: object) -> bool:
        """Whether the functions can reach an object."""
        return id(value) in self._found

    def objects(self) -> Iterable[object]:
        """All objects that the functions can reach, up to the limit."""
        return self._found.values()

    def may_run(self, is_such: Callable[[CodeType], bool]) -> bool:
        """Whether the functions may run code for which `is_such` returns True, or there is too much code to check.

        It checks their own code, that of all functions they can reach, and that of functions called by name from these.
        """
        if len(self._found) > self._most or any(is_such(frame.f_code) for frame in self._frames):
            return True
        functions = self._functions_by_name()
        if functions is None:
            return True
        left = [frame.f_code for frame in self._frames]
        left += [code for each in self._found.values() for code in code_of(each)]
        left += [code for name, codes in functions.items() if _is_special(name) for code in codes]
        found = set[CodeType]()
        while left and len(found) < self._most:
            code = left.pop()
            if code not in found:
                if is_such(code):
                    return True
                found.add(code)
                left += [each for each in code.co_consts if isinstance(each, CodeType)]
                for name in code.co_names:
                    left += functions.pop(name, ())
        return bool(left)

    def _functions_by_name(self) -> dict[str, list[CodeType]] | None:
        """All functions that a call by name may mean, by name; None if there are too many names to search."""
        functions = defaultdict[str, list[CodeType]](list)
        left = MOST_NAMES
        for space in self._name_spaces():
            left -= len(space)
            if left < 0:
                return None
            for name, value in list(space.items()):
                if is_a(value, _WITH_CODE):
                    functions[name] += code_of(value)
        return functions

    def _name_spaces(self) -> Iterator[Mapping[str, Any]]:
        """The namespaces to search for called functions: their modules, imported modules, and classes."""
        for module in modules_used([frame.f_globals for frame in self._frames]):
            yield module
            yield from (vars(each) for each in list(module.values()) if _has_code(each))
        kinds = {type(each) for each in self._found.values() if not is_a(each, _CLOSED)}
        yield from (vars(owner) for kind in kinds for owner in kind.__mro__ if owner is not object)

    def methods(self) -> set[str]:
        """The names of the methods that the functions call, or that functions and methods called from them call."""
        kinds = {type(each) for each in self._found.values() if not is_a(each, (*_CLOSED, CellType, MethodType))}
        names = set[str]()
        for frame in self._frames:
            names.update(_attributes(frame.f_code))
            for name in frame.f_code.co_names:
                for called in (frame.f_globals.get(name), *(vars(kind).get(name) for kind in kinds)):
                    if is_a(called, FunctionType):
                        names.update(_attributes(called.__code__))
        return names


def _is_closed(value: object) -> bool:
    is_asyncios = is_a(value, CoroutineType) and is_asyncio(value.cr_code.co_filename)
    return is_asyncios or is_a(value, _CLOSED)


def modules_used(modules: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The namespaces of some modules, and of the program's modules that they import, directly or not."""
    found = {id(each): each for each in modules}
    for module in (used := list(found.values())):  # the list grows meanwhile
        yield module
        for value in list(module.values()):
            variables = value.__globals__ if is_a(value, FunctionType) else None
            if is_a(value, type | ModuleType) and _USERS.owns(_file_of(value)):
                owner = sys.modules.get(str(vars(value).get("__module__"))) if is_a(value, type) else value
                variables = None if owner is None else vars(owner)
            elif variables is not None and not _USERS.owns(value.__code__.co_filename):
                continue
            if variables is not None and id(variables) not in found:
                found[id(variables)] = variables
                used.append(variables)


def _has_code(value: object) -> bool:
    """Whether a variable of a module is a class or module whose functions may be called."""
    return is_a(value, type | ModuleType) and value is not builtins and not is_asyncio(_file_of(value))


def _file_of(value: object) -> str:
    module = value if is_a(value, ModuleType) else sys.modules.get(str(vars(value).get("__module__")))
    return getattr(module, "__file__", None) or ""


def _is_special(name: str) -> bool:
    """Whether Python itself calls a method of this name."""
    return name.startswith("__") and name.endswith("__")


def code_of(value: object) -> Iterator[CodeType]:
    """The code of a function, method or property, without asyncio's."""
    if is_a(value, MethodType | classmethod | staticmethod):
        value = value.__func__
    for each in (value.fget, value.fset) if is_a(value, property) else (value,):
        if is_a(each, FunctionType) and not is_asyncio(each.__code__.co_filename):
            yield each.__code__


@lru_cache(1_000)
def _attributes(code: CodeType) -> frozenset[str]:
    """The names of the attributes that code looks up: the `set` of an event, but not the type `set`."""
    return frozenset(each.argval for each in dis.get_instructions(code) if each.opname in ("LOAD_ATTR", "LOAD_METHOD"))
