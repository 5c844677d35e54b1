"""Recognises the errors of tasks that used what another one uses, or has used up, and caches that lead to them."""

from __future__ import annotations

import functools
import gc
import inspect
from collections.abc import Iterator
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

SEARCH_SECONDS = 0.05
"""For how long a process is searched for such caches, when its loops are closed; each search looks at all objects."""


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
        self._left = SEARCH_SECONDS

    def found(self, recorder: Recorder) -> Iterator[CoroutineCached]:
        """What tells of those of the program's async functions that gave some coroutine out again so far."""
        began = recorder.clock.real_time()
        caches: list[Any] = [each for each in gc.get_objects() if type(each) is _CACHE] if self._left > 0 else []
        self._left -= recorder.clock.real_time() - began
        for each in caches:
            function, times = each.__wrapped__, each.cache_info().hits
            if times and id(each) not in self._told and inspect.iscoroutinefunction(function):
                self._told.add(id(each))
                file, line = function.__code__.co_filename, function.__code__.co_firstlineno
                if recorder.code.owns(file):
                    yield CoroutineCached(recorder.clock.now(), function.__qualname__, times, file, line)


cached_coroutines = CachedCoroutines()
