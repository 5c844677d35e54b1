"""Installs what observes asyncio, once for all labs, and removes it without a trace."""

from __future__ import annotations

import asyncio.events
import functools
import sys
import weakref
from asyncio import AbstractEventLoop, Future, Task
from asyncio.base_subprocess import BaseSubprocessTransport
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from contextvars import Context
from typing import Any

from asynclab.trace.census import is_eager_factory
from asynclab.trace.complaints import exception_handler, observe_warnings
from asynclab.trace.handles import TracedHandle
from asynclab.trace.output import observe_output
from asynclab.trace.patches import Patches
from asynclab.trace.primitives import observe_primitives
from asynclab.trace.scope import CURRENT
from asynclab.trace.tracer import Tracer


class _ProcessHooks:
    """What is replaced in the whole process while any lab exists."""

    def __init__(self) -> None:
        self._patches = Patches()
        self._users = 0

    def acquire(self) -> None:
        """Install, unless another lab has."""
        self._users += 1
        if self._users == 1:
            self._patches.set(asyncio.events, "Handle", TracedHandle)
            self._patches.wrap(BaseSubprocessTransport, "__init__", _around_process_start)
            self._patches.wrap(BaseSubprocessTransport, "_process_exited", _around_process_exit)
            observe_primitives(self._patches)
            observe_output(self._patches)
            observe_warnings(self._patches)

    def release(self) -> None:
        """Remove, unless another lab needs it."""
        self._users -= 1
        if self._users == 0:
            self._patches.undo()


_process = _ProcessHooks()
_loops: weakref.WeakKeyDictionary[AbstractEventLoop, LoopHooks] = weakref.WeakKeyDictionary()


def install(tracer: Tracer, loop: AbstractEventLoop) -> None:
    """Begin to observe, on the running loop `loop`, what runs in the tracer's context."""
    _process.acquire()
    hooks = _loops.get(loop)
    if hooks is None:
        hooks = _loops[loop] = LoopHooks(loop)
    hooks.add(tracer)


def uninstall(tracer: Tracer) -> None:
    """Stop to observe; the last lab leaves the loop and the asyncio package as they were found."""
    loop = tracer.loop
    assert loop is not None
    hooks = _loops[loop]
    hooks.remove(tracer)
    if not hooks.tracers:
        hooks.undo()
        del _loops[loop]
    _process.release()


class LoopHooks:
    """What is replaced on one loop while it has labs: each replacement looks whose code calls."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self.tracers: list[Tracer] = []
        self._loop = loop
        self._patches = Patches()
        self._time = loop.time
        self._call_at = loop.call_at
        self._create_task = loop.create_task
        self._run_in_executor = loop.run_in_executor
        self._get_factory = loop.get_task_factory
        self._set_factory = loop.set_task_factory
        self._handler = loop.get_exception_handler()
        self._asyncgen_hooks = sys.get_asyncgen_hooks()
        for name in ("time", "call_at", "create_task", "run_in_executor", "get_task_factory", "set_task_factory"):
            self._patches.set(loop, name, getattr(self, name))
        handler = exception_handler(loop, loop.call_exception_handler, self.tracers)
        self._patches.set(loop, "call_exception_handler", handler)
        sys.set_asyncgen_hooks(firstiter=self._note_asyncgen)

    def undo(self) -> None:
        """Put back what was there."""
        self._patches.undo()
        self._loop.set_exception_handler(self._handler)
        sys.set_asyncgen_hooks(firstiter=self._asyncgen_hooks.firstiter)

    def add(self, tracer: Tracer) -> None:
        """Observe for one more lab."""
        factory = self._get_factory()
        tracer.factory = None if is_eager_factory(factory) else factory
        tracer.loop = self._loop
        tracer.timers.attach(self._call_at, self._time)
        self.tracers.append(tracer)

    def remove(self, tracer: Tracer) -> None:
        """Observe for one lab less."""
        tracer.timers.detach()
        tracer.loop = None
        self.tracers.remove(tracer)

    def time(self) -> float:
        """Stands in for loop.time: inside a lab, its own time."""
        tracer = self._current()
        return self._time() if tracer is None else tracer.timers.loop_time()

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Stands in for loop.call_at: inside a lab, a timer on its own time."""
        tracer = CURRENT.get() if context is None else context.get(CURRENT)
        if tracer is None or tracer.loop is not self._loop:
            return self._call_at(when, callback, *args, context=context)
        return tracer.timers.call_at(when, callback, args, context)

    def create_task(self, coro: Any, **kwargs: Any) -> Task[Any]:
        """Stands in for loop.create_task: inside a lab tasks start lazily, whatever the loop's factory is.

        The original is called with the lab's factory in the place of the loop's, so that every version of Python
        names and wraps the task as it always does.
        """
        tracer = CURRENT.get()
        if tracer is None or tracer.loop is not self._loop:
            return self._create_task(coro, **kwargs)
        if kwargs.get("context") is not None:
            _adopt(kwargs["context"], tracer)
        factory = self._get_factory()
        if factory is None and tracer.factory is None:
            return self._create_task(coro, **kwargs)
        self._set_factory(tracer.factory)
        try:
            if tracer.starts_eagerly:
                return tracer.step_eagerly(coro, lambda: self._create_task(coro, **kwargs))
            return self._create_task(coro, **kwargs)
        finally:
            self._set_factory(factory)

    def get_task_factory(self) -> Any:
        """Stands in for loop.get_task_factory: inside a lab, what was set there."""
        tracer = self._current()
        return self._get_factory() if tracer is None else tracer.factory

    def set_task_factory(self, factory: Any) -> None:
        """Stands in for loop.set_task_factory: inside a lab, for that lab alone."""
        tracer = self._current()
        if tracer is None:
            self._set_factory(factory)
        elif factory is not None and not callable(factory):
            raise TypeError("task factory must be a callable or None")
        else:
            tracer.factory = factory
            tracer.starts_eagerly = is_eager_factory(factory)

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Future[Any]:
        """Stands in for loop.run_in_executor: a lab knows that it waits for the call."""
        future: Future[Any] = self._run_in_executor(executor, func, *args)
        tracer = self._current()
        if tracer is not None:
            tracer.world.called_executor(future)
        return future

    def _current(self) -> Tracer | None:
        tracer = CURRENT.get()
        return tracer if tracer is not None and tracer.loop is self._loop else None

    def _note_asyncgen(self, generator: AsyncGenerator[Any, Any]) -> None:
        tracer = self._current()
        if tracer is not None:
            tracer.asyncgens.add(generator)
        if self._asyncgen_hooks.firstiter is not None:
            self._asyncgen_hooks.firstiter(generator)


def _adopt(context: Context, tracer: Tracer) -> None:
    """Let what runs in a context that code in a lab brings along belong to the lab, as its creator does."""
    if context.get(CURRENT) is None:
        with suppress(RuntimeError):  # somebody runs in it now
            context.run(CURRENT.set, tracer)


def _around_process_start(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        tracer = CURRENT.get()
        if tracer is not None:
            self._asynclab_tracer = tracer
            tracer.world.processes += 1

    return init


def _around_process_exit(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def process_exited(self: Any, returncode: int) -> None:
        tracer = vars(self).pop("_asynclab_tracer", None)
        if tracer is not None:
            tracer.world.processes -= 1
        original(self, returncode)

    return process_exited
