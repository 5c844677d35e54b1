"""Decides whether a file is the user's own, Python's, or an installed package's, and finds where a task was created."""

from __future__ import annotations

import asyncio
import os
import site
import sys
from collections.abc import Callable
from sys import _getframe
from types import CodeType, FrameType, FunctionType
from typing import Generic, TypeAlias, TypeVar

from asynclab.trace.recording.values import function_in

if sys.version_info >= (3, 12):
    from sys import _getframemodulename

_ASYNCIO = os.path.dirname(asyncio.__file__) + os.sep
_TRACE = os.path.dirname(os.path.dirname(__file__)) + os.sep


def _folders(*paths: str) -> tuple[str, ...]:
    return tuple({folder + os.sep for path in paths for folder in (path, os.path.realpath(path))})


# `sysconfig` doesn't know the packages of the user's account, and takes 2 ms at the start of a program.
_PYTHONS = _folders(os.path.dirname(os.__file__))
_PACKAGES = _folders(*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else []))
_LIBRARIES = (*_PYTHONS, *_PACKAGES)
_LONGEST_FIRST = sorted(_LIBRARIES, key=len, reverse=True)
_NOT_THE_USERS = (*_LIBRARIES, _TRACE, "<frozen")


Judgement = TypeVar("Judgement")


class _Judged(dict[str, Judgement], Generic[Judgement]):
    """A cache of a judgement per file. Being a dict, it finds a cached judgement in C."""

    def __init__(self, judge: Callable[[str], Judgement]) -> None:
        super().__init__()
        self._judge = judge

    def __missing__(self, file: str) -> Judgement:
        judged = self[file] = self._judge(file)
        return judged


class UserCode:
    """Decides whether a file is the user's or a library's."""

    def __init__(self, main: CodeType | None = None) -> None:
        """Judge files by their folders. The folder of `main` is always the user's, even if it is installed."""
        self._home = os.path.dirname(main.co_filename) + os.sep if main is not None else None
        self.owns: Callable[[str], bool] = _Judged(self._judge).__getitem__
        """Whether a file is the user's own. Called for each new task."""
        self.package_of_file: Callable[[str], str] = _Judged(self._find_package).__getitem__
        """The installed package that a file is part of; empty for any other file. Called for each timer."""

    def owns_code_of(self, coroutine: object) -> bool:
        """Whether a coroutine's code is the user's."""
        code = getattr(coroutine, "cr_code", None) or getattr(coroutine, "gi_code", None)
        return isinstance(code, CodeType) and self.owns(code.co_filename)

    def package_of(self, callback: Callable[..., object]) -> str:
        """The installed package that a function is part of; empty for the user's code, Python's, and functions in C."""
        function = function_in(callback)
        return self.package_of_file(function.__code__.co_filename) if type(function) is FunctionType else ""

    def package_calling(self, frame: FrameType | None) -> str:
        """The installed package that calls asyncio: that of the first outer frame that isn't asyncio's or ours."""
        while frame is not None and frame.f_code.co_filename.startswith((_ASYNCIO, _TRACE)):
            frame = frame.f_back
        return "" if frame is None else self.package_of_file(frame.f_code.co_filename)

    def _find_package(self, file: str) -> str:
        return library_of(file) if file.startswith(_PACKAGES) and not self.owns(file) else ""

    def _judge(self, file: str) -> bool:
        if not file:
            return False
        if self._home and file.startswith(self._home) and not self._home.startswith(_ASYNCIO):
            return True
        return not file.startswith(_NOT_THE_USERS)


def is_ours(file: str) -> bool:
    """Whether `file` is part of the tracer."""
    return file.startswith(_TRACE)


def is_asyncio(file: str) -> bool:
    """Whether `file` is part of asyncio."""
    return file.startswith(_ASYNCIO)


def is_pythons(file: str) -> bool:
    """Whether `file` is part of Python's standard library."""
    return file.startswith(_PYTHONS) and not file.startswith(_PACKAGES)


def library_of(file: str) -> str:
    """The top-level package that `file` is part of, such as "aiohttp"; empty if that is unknown."""
    for root in _LONGEST_FIRST:
        if file.startswith(root):
            top = file.removeprefix(root).split(os.sep)[0]
            return top.removesuffix(".py")
    return ""


Place: TypeAlias = tuple[str, int]

_PASSED_BY = frozenset(
    {
        "asynclab.trace.patching.handles",
        "asynclab.trace.patching.ready_callbacks",
        "asyncio.base_events",
        "asyncio.tasks",
        "asyncio.taskgroups",
    }
)
"""The modules whose frames may lie between the call that creates a task and the task's constructor."""


def frame_of_maker(depth: int) -> FrameType:
    """The frame that creates a task now. Skips at least `depth` frames of our hook, and most frames of asyncio."""
    depth += 1
    if sys.version_info >= (3, 12):  # to create frame objects only to skip them would double the cost
        while _getframemodulename(depth) in _PASSED_BY:
            depth += 1
    return _getframe(depth)


def place_from(frame: FrameType | None, boundary: CodeType) -> Place:
    """The file and line that create a task: those of the first frame, from `frame` outwards, not asyncio's or ours.

    The search ends at `boundary`, the code of the loop's own frame. If it finds none, the result is ("", 0).
    """
    while frame is not None:
        code = frame.f_code
        file = code.co_filename
        is_inner = _inner.get(file)
        if is_inner is None:
            is_inner = _inner[file] = file.startswith((_ASYNCIO, _TRACE))
        if not is_inner:
            # The key has the id() of the code, which the cache keeps alive: to hash a code object is slow.
            key = id(code), frame.f_lasti
            found = _places.get(key)
            return _add_place(key, frame) if found is None else found[1]
        if code is boundary:
            break
        frame = frame.f_back
    return "", 0


def _add_place(key: tuple[int, int], frame: FrameType) -> Place:
    """Cache the place of a frame: Python computes each line number from the beginning of the function."""
    if len(_places) >= _MOST_PLACES:
        _places.clear()
    code = frame.f_code
    place = code.co_filename, frame.f_lineno
    _places[key] = code, place
    return place


_inner: dict[str, bool] = {}
"""Whether a file belongs to asyncio or to the tracer."""

_places: dict[tuple[int, int], tuple[CodeType, Place]] = {}
"""The places of instructions that have created tasks, by the id() of the code and the instruction's offset."""

_MOST_PLACES = 1_000
