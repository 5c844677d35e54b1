"""Patches the methods of a class of loops: to observe its loops, and to give labs their own time and settings."""

from __future__ import annotations

import sys
from asyncio import BaseEventLoop, Future, Task
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from types import FunctionType
from typing import Any

from asynclab.trace.governing.owners import governor, observer
from asynclab.trace.patching.call_at import GOVERNS, govern_call_at, observe_call_at
from asynclab.trace.patching.extended_functions import AroundFunction, around_body
from asynclab.trace.patching.loop_complaints import patch_complaints
from asynclab.trace.patching.loop_hooks import HOOKS, REPLACED, LoopHooks
from asynclab.trace.patching.patches import Patches
from asynclab.trace.recording.loop_tasks import LoopTasks
from asynclab.trace.recording.scope import TASKS


def observe_methods(kind: type[BaseEventLoop], patches: Patches) -> None:
    """Patch a class of loops to report timers, eager task starts, `stop()`, and calls of the exception handler.

    Raises:
        TypeError: One of the methods isn't a plain function, but a mock for example.
    """
    patches.set(kind, TASKS, None)
    _report_eager_starts(kind, patches)
    patches.set(kind, "call_at", observe_call_at(kind, _function(kind, "call_at")))
    patch_complaints(kind, patches)
    patches.set(kind, "stop", around_body(_function(kind, "stop"), partial(_Stop, kind)))


def govern_methods(kind: type[BaseEventLoop], patches: Patches) -> None:
    """Patch a class of loops to call the `LoopHooks` of a loop, if it has any.

    The class is patched, not the loop: Python stores the attributes of an object compactly only up to a certain number.
    With these methods as attributes of the loop, each step and timer would be a tenth slower.

    Raises:
        TypeError: As `observe_methods`.
    """
    patches.set(kind, "time", _around_time(kind, _function(kind, "time")))
    patches.set(kind, "call_at", govern_call_at(kind, _function(kind, "call_at")))
    for name in REPLACED:
        patches.set(kind, name, _around(kind, _function(kind, name)))
    call = around_body(_function(kind, "run_in_executor"), partial(_executor_call, kind), takes_result=True)
    patches.set(kind, "run_in_executor", call)


def _function(kind: type, name: str) -> FunctionType:
    original = getattr(kind, name)
    if not isinstance(original, FunctionType):
        raise TypeError(f"{kind.__name__}.{name} is not a plain function: {type(original).__name__}")
    return original


def _report_eager_starts(kind: type[BaseEventLoop], patches: Patches) -> None:
    """Report each task that may start eagerly to the loop's observer: see `EagerStarts`."""
    original = kind.is_running

    @wraps(original)
    def is_running(self: BaseEventLoop) -> bool:
        """Whether the loop runs. asyncio calls this just before a task starts eagerly."""
        is_it = original(self)
        tasks = _tasks_of(self) if is_it and type(self) is kind else None
        if tasks is not None:
            tracer = tasks.sole or observer()
            if tracer is not None and tracer.loop is self:
                tracer.starts_eagerly_now(sys._getframe(1))
        return is_it

    if sys.version_info >= (3, 12):
        patches.set(kind, "is_running", is_running)
    if sys.version_info >= (3, 14):  # not needed before: then a suspended task is seen when asyncio registers it
        create = around_body(kind.create_task, partial(_eager_create, kind), takes_result=True)
        patches.set(kind, "create_task", create)


@contextmanager
def _eager_create(
    kind: type[BaseEventLoop], loop: BaseEventLoop, coro: object, *, eager_start: object = None, **_: object
) -> Iterator[Callable[[Task[Any]], Task[Any]]]:
    made: list[Task[Any]] = []

    def take(task: Task[Any]) -> Task[Any]:
        made.append(task)
        return task

    yield take
    if made and eager_start and type(loop) is kind and (tracer := observer()) is not None:
        tracer.was_made(made.pop())


class _Stop(AroundFunction):
    """Runs around stop(), and reports a call while no callback of the loop runs. Each run ends with a stop()."""

    def __init__(self, kind: type[BaseEventLoop], loop: BaseEventLoop) -> None:
        tasks = _tasks_of(loop) if type(loop) is kind else None
        tracer = None if tasks is None else tasks.sole or observer()
        if tracer is not None and tracer.current is None and tracer.callback is None:
            tracer.stopped_elsewhere(sys._getframe(1))


@contextmanager
def _executor_call(
    kind: type[BaseEventLoop], loop: BaseEventLoop, *_: object
) -> Iterator[Callable[[Future[Any]], Future[Any]]]:
    hooks = HOOKS.get(loop) if type(loop) is kind else None

    def take(future: Future[Any]) -> Future[Any]:
        if hooks is not None:
            hooks.called_executor(future)
        return future

    yield take


def _around(kind: type[BaseEventLoop], original: Callable[..., Any]) -> Callable[..., Any]:
    stand_in = getattr(LoopHooks, original.__name__)

    @wraps(original)
    def method(self: BaseEventLoop, *args: Any, **kwargs: Any) -> Any:
        """Call the method of the loop's hooks, or the original if the loop has none."""
        # A loop of a subclass calls this by super(): its own method, also patched, has called the hooks.
        hooks = HOOKS.get(self) if type(self) is kind else None
        return original(self, *args, **kwargs) if hooks is None else stand_in(hooks, *args, **kwargs)

    return method


def _around_time(kind: type[BaseEventLoop], original: Callable[..., float]) -> Callable[..., float]:
    @wraps(original)
    def time(self: BaseEventLoop) -> float:
        """Lab time for code in a lab; the loop's own time for other code."""
        # Each turn of the loop and each timeout calls this. So the lab is searched for only if the loop has labs.
        try:
            tasks = self._asynclab_tasks  # type: ignore[attr-defined]
        except AttributeError:  # as in _tasks_of: to call that would cost as much as the rest
            tasks = None
        if tasks is None or tasks.sole is not None:
            return original(self)
        tracer = governor()
        if tracer is None or tracer.loop is not self or type(self) is not kind:
            return original(self)
        return tracer.timers.loop_time()

    vars(time)[GOVERNS] = True
    return time


def _tasks_of(loop: BaseEventLoop) -> LoopTasks | None:
    """The observed tasks of a loop; None if the loop isn't observed.

    The attribute may be missing: another thread may end the last lab, and restore the class, while our method runs.
    """
    try:
        return loop._asynclab_tasks  # type: ignore[attr-defined, no-any-return]
    except AttributeError:
        return None
