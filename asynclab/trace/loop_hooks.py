"""What is replaced on a loop that has labs: its time, its timers, how it makes tasks, and whom it complains to."""

from __future__ import annotations

import asyncio
import sys
from asyncio import BaseEventLoop, Future, Task
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context, copy_context
from functools import partial
from typing import Any

from asynclab.model.events import Warned
from asynclab.trace.census import is_eager_factory
from asynclab.trace.complaints import complaint, owner_of, task_number
from asynclab.trace.patches import Patches
from asynclab.trace.scope import CURRENT, bare_context
from asynclab.trace.tracer import Tracer

_REPLACED = (
    "time",
    "call_at",
    "create_task",
    "run_in_executor",
    "get_task_factory",
    "set_task_factory",
    "get_exception_handler",
    "set_exception_handler",
    "call_exception_handler",
    "set_debug",
    "stop",
)


class LoopHooks:
    """What is replaced on one loop while it has labs: each replacement looks whose code calls."""

    def __init__(self, loop: BaseEventLoop) -> None:
        self.tracers: list[Tracer] = []
        self._loop = loop
        self._patches = Patches()
        self._time = loop.time
        self._call_at = loop.call_at
        self._create_task = loop.create_task
        self._run_in_executor = loop.run_in_executor
        self._get_factory = loop.get_task_factory
        self._set_factory = loop.set_task_factory
        self._get_handler = loop.get_exception_handler
        self._set_handler = loop.set_exception_handler
        self._call_handler = loop.call_exception_handler
        self._stop = loop.stop
        self._set_debug = loop.set_debug
        self._debug: bool | None = None
        """What the debug mode was before code inside a lab changed it."""
        self._asyncgen_hooks = sys.get_asyncgen_hooks()
        for name in _REPLACED:
            self._patches.set(loop, name, getattr(self, name))
        sys.set_asyncgen_hooks(firstiter=self._note_asyncgen)

    def undo(self) -> None:
        """Put back what was there."""
        self._patches.undo()
        if self._debug is not None:
            self._set_debug(self._debug)
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
        if self._loop._debug:  # type: ignore[attr-defined]
            self._loop._check_thread()  # type: ignore[attr-defined]
            self._loop._check_callback(callback, "call_at")  # type: ignore[attr-defined]
        return tracer.timers.call_at(when, callback, args, context)

    def create_task(self, coro: Any, **kwargs: Any) -> Task[Any]:
        """Stands in for loop.create_task: inside a lab tasks start lazily, whatever the loop's factory is.

        The original is called with the lab's factory in the place of the loop's, so that every version of Python
        names and wraps the task as it always does.
        """
        tracer = CURRENT.get()
        if tracer is None or tracer.loop is not self._loop:
            return self._create_task(coro, **kwargs)
        if kwargs and kwargs.get("context") is not None:
            _adopt(kwargs["context"], tracer)
        factory = self._loop._task_factory  # type: ignore[attr-defined] # what get_task_factory() gives, without a call
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

    def get_exception_handler(self) -> Any:
        """Stands in for loop.get_exception_handler: inside a lab, what was set there."""
        tracer = self._current()
        return self._get_handler() if tracer is None else tracer.exception_handler

    def set_exception_handler(self, handler: Any) -> None:
        """Stands in for loop.set_exception_handler: inside a lab, for that lab alone."""
        tracer = self._current()
        if tracer is None:
            self._set_handler(handler)
        elif handler is not None and not callable(handler):
            raise TypeError(f"A callable object or None is expected, got {handler!r}")
        else:
            tracer.exception_handler = handler

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Stands in for loop.call_exception_handler: what a lab is the cause of is reported there."""
        tracer = self._current() or owner_of(context, self.tracers)
        if tracer is None:
            return self._call_handler(context)
        tracer.emit(Warned(tracer.clock.now(), complaint(context), task_number(context, tracer)))
        if tracer.echo or tracer.exception_handler is not None:
            self._call_handler_of(tracer, context)
        return None

    def set_debug(self, enabled: bool) -> None:
        """Stands in for loop.set_debug: what a lab sets ends with the labs."""
        if self._debug is None and self._current() is not None:
            self._debug = self._loop.get_debug()
        self._set_debug(enabled)

    def stop(self) -> None:
        """Stands in for loop.stop: inside a lab it ends that run, and the loop goes on for the others."""
        tracer = self._current()
        if tracer is None:
            self._stop()
        else:
            tracer.end_run(RuntimeError("Event loop stopped before Future completed."))

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Future[Any]:
        """Stands in for loop.run_in_executor: a lab knows that it waits for the call, and what it prints."""
        tracer = self._current()
        if tracer is None:
            return self._run_in_executor(executor, func, *args)
        if executor is None or type(executor) is ThreadPoolExecutor:  # a context can't go to another process
            func = partial(bare_context(tracer).run, func)
        future: Future[Any] = self._run_in_executor(executor, func, *args)
        tracer.world.called_executor(future)
        return future

    def _current(self) -> Tracer | None:
        tracer = CURRENT.get()
        return tracer if tracer is not None and tracer.loop is self._loop else None

    def _call_handler_of(self, tracer: Tracer, context: dict[str, Any]) -> None:
        scope = copy_context()  # the loop may call from outside any lab, but what a handler prints is the lab's
        scope.run(CURRENT.set, tracer)
        handler = self._get_handler()
        self._set_handler(tracer.exception_handler)
        try:
            scope.run(self._call_handler, context)
        finally:
            self._set_handler(handler)

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
