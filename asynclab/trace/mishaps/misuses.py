"""Recognises errors of tasks that used an object that another task uses, or that can't be used twice.

For example a coroutine that was already awaited, an object of another loop, or a future whose waiter was cancelled. It
also finds a cause: `functools.cache` on an async function, which returns the same coroutine twice.
"""

from __future__ import annotations

import functools
import gc
import sys
import weakref
from asyncio import Future, InvalidStateError
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from inspect import CO_COROUTINE
from types import FrameType, FunctionType, ModuleType
from typing import Any

from asynclab.model.events import CoroutineCached, Misused, MisuseKind
from asynclab.trace.frame_variables import variables_if_unseen
from asynclab.trace.recording.exception_tree import raised_at
from asynclab.trace.recording.future_state import awaited_by, is_cancelled, is_task
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.values import SPACE_OF

_SAID: tuple[tuple[MisuseKind, tuple[str, ...]], ...] = (
    ("coroutine", ("cannot reuse already awaited coroutine", "coroutine is being awaited already")),
    ("loop", ("is bound to a different event loop", "attached to a different loop", "Event loop is closed")),
    ("stream", ("called while another coroutine is already waiting for incoming data", "Concurrent call to receive()")),
    ("generator", ("asynchronous generator is already running",)),
)
"""By the kind of misused object: texts in the messages of RuntimeError."""

_CACHE: type = functools._lru_cache_wrapper
"""The type of functions decorated by functools.cache or lru_cache."""

_MODULE_SPACE: Callable[[ModuleType], Mapping[str, Any]] = vars(ModuleType)["__dict__"].__get__
"""Reads the namespace of a module, even if a subclass overrides `__dict__`."""


_KEPT = 50
"""How many of the latest futures with a cancelled waiter are remembered."""


class _CancelledFuture(weakref.ref[Future[Any]]):
    """A future whose waiter was cancelled, which cancels the future too."""

    __slots__ = ("since", "waiter")

    waiter: int
    since: float


class Misuses:
    """Reports the tasks that ended with such an error."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._given_up = deque[_CancelledFuture](maxlen=_KEPT)

    def wait_cancelled(self, record: TaskRecord) -> None:
        """Note that a waiting task is cancelled: setting its future will fail from now on."""
        task = record()
        future = None if task is None else awaited_by(task)
        if future is not None and not is_task(future):
            given_up = _CancelledFuture(future)
            given_up.waiter, given_up.since = record.id, self._recorder.clock.now()
            self._given_up.append(given_up)

    def failed(self, record: TaskRecord, error: BaseException) -> None:
        """Note that a task has failed, and report a misuse."""
        said = error.args[0] if type(error) is RuntimeError and error.args else None
        if type(said) is str:
            for kind, texts in _SAID:
                if any(text in said for text in texts):
                    place = raised_at(error, self._recorder.code.owns)
                    self._recorder.write(Misused(self._recorder.clock.now(), record.id, kind, *place))
        if type(error) is InvalidStateError and self._given_up:
            self._set_too_late(record, error)

    def _set_too_late(self, record: TaskRecord, error: InvalidStateError) -> None:
        """Report the waiter whose cancelled future a task tried to set, if the task's function has exactly one."""
        found = {id(it): each for each in self._given_up if (it := each()) is not None and is_cancelled(it)}
        mine = [found[key] for key in _within_reach(_innermost(error)) & found.keys()]
        if len(mine) == 1:
            place = raised_at(error, self._recorder.code.owns)
            now, (given_up,) = self._recorder.clock.now(), mine
            self._recorder.write(Misused(now, record.id, "future", *place, given_up.waiter, given_up.since))


def _innermost(error: BaseException) -> FrameType | None:
    """The frame in which an error was raised."""
    traceback, frame = error.__traceback__, None
    while traceback is not None:
        frame, traceback = traceback.tb_frame, traceback.tb_next
    return frame


def _within_reach(frame: FrameType | None) -> set[int]:
    """The id() of the objects in a function's variables, and of their attributes."""
    variables = None if frame is None else variables_if_unseen(frame)
    values = list((variables or {}).values())
    attributes = gc.get_referents(*(each for each in values if type(each) is not FrameType))
    inside = gc.get_referents(*(each for each in attributes if type(each) is dict and len(each) <= _KEPT))
    return {id(each) for each in (*values, *attributes, *inside)}


class CachedCoroutines:
    """Finds the caches of this process that return coroutines twice; each is reported once."""

    def __init__(self) -> None:
        self._told: set[int] = set()
        """The id() of the reported caches."""
        # In a test suite this is called often, and there may be a thousand modules.
        self._seen = 0
        """The number of modules at the last call."""
        self._unsettled: dict[str, int] = {}
        """The program's own modules that have such a cache, or have grown, with the number of their variables."""
        self._settled: set[str] = set()
        """The program's other modules, and all modules that aren't the program's."""

    def found(self, recorder: Recorder) -> Iterator[CoroutineCached]:
        """The events for async functions of the program whose cache has returned a coroutine twice."""
        for each in self._of_modules(recorder.code.owns):
            times = each.cache_info().hits
            if times and id(each) not in self._told:
                self._told.add(id(each))
                code = each.__wrapped__.__code__
                told = each.__wrapped__.__qualname__, times, code.co_filename, code.co_firstlineno
                yield CoroutineCached(recorder.clock.now(), *told)

    def _of_modules(self, is_owned: Callable[[str], bool]) -> Iterator[Any]:
        """The caches of async functions and methods in the program's own modules."""
        if len(sys.modules) != self._seen:
            self._seen = len(sys.modules)
            self._unsettled = dict.fromkeys(sys.modules.keys() - self._settled, -1) | self._unsettled
        for name, size in list(self._unsettled.items()):
            module = sys.modules.get(name)
            space = _MODULE_SPACE(module) if type(module) is ModuleType else {}
            file = space.get("__file__")
            is_own = type(file) is str and is_owned(file)
            caches = [each for each in _values_in(name, space) if _is_async_cache(each)] if is_own else []
            # A script grows while its loops come and go.
            if caches or name == "__main__" or (is_own and len(space) != size):
                self._unsettled[name] = len(space)
                yield from caches
            else:
                self._settled.add(name)
                self._unsettled.pop(name, None)  # two loops may be closed on two threads at once


def _values_in(name: str, module: Mapping[str, Any]) -> Iterator[Any]:
    """The values of the variables of a module and of its classes."""
    classes = [SPACE_OF(each) for each in list(module.values()) if issubclass(type(each), type)]
    for space in [module, *(each for each in classes if each.get("__module__") == name)]:
        yield from list(space.values())


def _is_async_cache(value: Any) -> bool:
    """Whether a value is an async function decorated by functools.cache or lru_cache."""
    function = getattr(value, "__wrapped__", None) if type(value) is _CACHE else None
    return type(function) is FunctionType and bool(function.__code__.co_flags & CO_COROUTINE)


cached_coroutines = CachedCoroutines()
