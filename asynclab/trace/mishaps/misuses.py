"""Recognises the errors of tasks that used what another one uses, or has used up, and caches that lead to them."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

from asynclab.model.events import CoroutineCached, Misused, MisuseKind
from asynclab.trace.recording.exception_tree import raised_at
from asynclab.trace.recording.recorder import Recorder, TaskRecord

_SAID: tuple[tuple[MisuseKind, tuple[str, ...]], ...] = (
    ("coroutine", ("cannot reuse already awaited coroutine", "coroutine is being awaited already")),
    ("loop", ("is bound to a different event loop", "attached to a different loop", "Event loop is closed")),
    ("stream", ("called while another coroutine is already waiting for incoming data", "Concurrent call to receive()")),
    ("generator", ("asynchronous generator is already running",)),
)
"""What the messages of RuntimeError end with, or say, by what was misused."""

_CACHE: type = functools._lru_cache_wrapper
"""What functools.cache and lru_cache make of a function."""

_MODULE_SPACE: Callable[[ModuleType], Mapping[str, Any]] = vars(ModuleType)["__dict__"].__get__
_CLASS_SPACE: Callable[[type], Mapping[str, Any]] = vars(type)["__dict__"].__get__
"""Their variables, past whatever a class or metaclass of the program's says."""


class Misuses:
    """Tells of tasks that ended so."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def failed(self, record: TaskRecord, error: BaseException) -> None:
        """A task has failed."""
        said = error.args[0] if type(error) is RuntimeError and error.args else None
        if type(said) is str:
            for kind, texts in _SAID:
                if any(text in said for text in texts):
                    place = raised_at(error, self._recorder.code.owns)
                    self._recorder.write(Misused(self._recorder.clock.now(), record.id, kind, *place))


class CachedCoroutines:
    """The caches of this process that keep coroutines, each told of once."""

    def __init__(self) -> None:
        self._told: set[int] = set()
        """Their id()."""

    def found(self, recorder: Recorder) -> Iterator[CoroutineCached]:
        """What tells of those of the program's async functions that gave some coroutine out again so far."""
        for each in _caches(recorder.code.owns):
            function, times = each.__wrapped__, each.cache_info().hits
            if times and id(each) not in self._told and inspect.iscoroutinefunction(function):
                self._told.add(id(each))
                file, line = function.__code__.co_filename, function.__code__.co_firstlineno
                yield CoroutineCached(recorder.clock.now(), function.__qualname__, times, file, line)


def _caches(is_owned: Callable[[str], bool]) -> Iterator[Any]:
    """The caches of functions and methods in the program's own modules."""
    for name, module in list(sys.modules.items()):
        space = _MODULE_SPACE(module) if type(module) is ModuleType else {}
        file = space.get("__file__")
        if type(file) is str and is_owned(file):
            classes = [_CLASS_SPACE(each) for each in list(space.values()) if issubclass(type(each), type)]
            spaces = [space, *(each for each in classes if each.get("__module__") == name)]
            yield from (each for space in spaces for each in list(space.values()) if type(each) is _CACHE)


cached_coroutines = CachedCoroutines()
