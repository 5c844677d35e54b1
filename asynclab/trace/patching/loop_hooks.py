"""Stands in for the methods of a loop that has labs: each has a time, factories and handlers of its own."""

from __future__ import annotations

import asyncio
import sys
import weakref
from asyncio import BaseEventLoop, Future, Task
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack
from types import MethodType, SimpleNamespace
from typing import Any

from asynclab.trace.governing.owners import governor
from asynclab.trace.governing.tracer import Tracer
from asynclab.trace.patching.patches import Patches
from asynclab.trace.recording.loop_tasks import LoopTasks, tasks_of
from asynclab.trace.recording.scope import TASKS, outside_context
from asynclab.trace.same_frames import hide_frames

REPLACED = (
    "get_task_factory",
    "set_task_factory",
    "get_exception_handler",
    "set_exception_handler",
    "set_debug",
    "stop",
    "close",
)
"""The methods of a loop that call those of its `LoopHooks`."""


class LoopHooks:
    """What stands in for the methods of one loop while it has labs: each looks whose code calls."""

    def __init__(self, loop: BaseEventLoop) -> None:
        """Observe from now on a loop of whose class the methods are replaced."""
        self.tracers: list[Tracer] = []
        self._loop = loop
        if getattr(loop, TASKS) is None:
            setattr(loop, TASKS, LoopTasks())
        self._births = Patches()
        """The replacement of create_task, while there is one."""
        self._own = SimpleNamespace(**{name: _original(loop, name) for name in ("time", "call_at", *REPLACED)})
        """The loop's methods as they are without us."""
        self._create_task = loop.create_task
        self._debug: bool | None = None
        """What the debug mode was before code inside a lab changed it."""
        self._asyncgen_hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(firstiter=self._note_asyncgen)

    def undo(self) -> None:
        """Put back what was there."""
        if not tasks_of(self._loop).tracers:
            delattr(self._loop, TASKS)
        self._births.undo()
        if self._debug is not None:
            self._own.set_debug(self._debug)
        if sys.get_asyncgen_hooks().firstiter == self._note_asyncgen:  # not so when the loop has ended meanwhile
            sys.set_asyncgen_hooks(firstiter=self._asyncgen_hooks.firstiter)

    def add(self, tracer: Tracer) -> None:
        """Observe for one more lab."""
        factory = self._own.get_task_factory()
        tracer.factory = None if _is_eager_factory(factory) else factory
        tasks = tracer.registry.tasks_of_loop = tasks_of(self._loop)
        with ExitStack() as undoing:  # nothing of a lab that could not begin stays behind
            self.tracers.append(tracer)
            undoing.callback(self.tracers.remove, tracer)
            tasks.join(tracer)
            undoing.callback(tasks.leave, tracer)
            tracer.begin(self._loop)
            undoing.callback(tracer.let_go)
            tracer.timers.attach(self._own.call_at, self._own.time)
            self.see_to_births()
            undoing.pop_all()

    def remove(self, tracer: Tracer) -> None:
        """Observe for one lab less."""
        with ExitStack() as steps:  # each, though one before it fails: this runs at the end of a program, too
            steps.callback(self.see_to_births)
            steps.callback(self.tracers.remove, tracer)
            steps.callback(tasks_of(self._loop).leave, tracer)
            steps.callback(tracer.let_go)
            steps.callback(tracer.timers.detach)

    def create_task(self, coro: Any, **kwargs: Any) -> Task[Any]:
        """Stands in for loop.create_task while there are factories: inside a lab it takes the lab's, not the loop's.

        So tasks start lazily there, whatever the loop's factory does. The original is called with the lab's factory in
        the place of the loop's, so that every version of Python names and wraps the task as it always does.
        """
        tracer = self.current()
        if tracer is None:
            return self._create_task(coro, **kwargs)
        factory = self._own.get_task_factory()
        self._own.set_task_factory(tracer.factory)
        made: Task[Any] | None = None
        try:
            made = self._create_task(coro, **kwargs)
            if self._loop._debug:  # type: ignore[attr-defined]
                hide_frames(made)
            return made
        finally:
            self._own.set_task_factory(factory)
            tracer.was_made(made)

    def get_task_factory(self) -> Any:
        """Stands in for loop.get_task_factory: inside a lab, what was set there."""
        tracer = self.current()
        return self._own.get_task_factory() if tracer is None else tracer.factory

    def set_task_factory(self, factory: Any) -> None:
        """Stands in for loop.set_task_factory: inside a lab, for that lab alone."""
        tracer = self.current()
        if tracer is None:
            self._own.set_task_factory(factory)
        elif factory is not None and not callable(factory):
            raise TypeError("task factory must be a callable or None")
        else:
            tracer.factory = factory
        self.see_to_births()

    def get_exception_handler(self) -> Any:
        """Stands in for loop.get_exception_handler: inside a lab, what was set there."""
        tracer = self.current()
        return self._own.get_exception_handler() if tracer is None else tracer.exception_handler

    def set_exception_handler(self, handler: Any) -> None:
        """Stands in for loop.set_exception_handler: inside a lab, for that lab alone."""
        tracer = self.current()
        if tracer is None:
            self._own.set_exception_handler(handler)
        elif handler is not None and not callable(handler):
            raise TypeError(f"A callable object or None is expected, got {handler!r}")
        else:
            tracer.exception_handler = handler

    def set_debug(self, enabled: bool) -> None:
        """Stands in for loop.set_debug: what a lab sets ends with the labs."""
        if self._debug is None and self.current() is not None:
            self._debug = self._loop.get_debug()
        self._own.set_debug(enabled)

    def stop(self) -> None:
        """Stands in for loop.stop: inside a lab it ends that run, and the loop goes on for the others."""
        tracer = self.current()
        if tracer is None:
            self._own.stop()
        else:
            # In the next round, as a loop finishes the one in which it is stopped: main may end in it.
            error = RuntimeError("Event loop stopped before Future completed.")
            self._loop.call_soon(tracer.end_run, error, context=outside_context())

    def close(self) -> None:
        """Stands in for loop.close: nothing runs any more on a closed loop, so that its labs are over."""
        self._own.close()
        for tracer in list(self.tracers):
            tracer.end_run(RuntimeError("Event loop is closed"))

    def called_executor(self, future: Future[Any]) -> None:
        """A call was handed to a pool: if a lab has done so, it knows that it waits for it."""
        tracer = self.current()
        if tracer is not None:
            with tracer.guard("executors"):
                tracer.external.called_executor(future)

    def see_to_births(self) -> None:
        """Replace create_task only while it has something to do: every birth would pay for it."""
        factories = [self._own.get_task_factory(), *(tracer.factory for tracer in self.tracers)]
        self._births.undo()
        if any(factory is not None for factory in factories):
            self._births.set(self._loop, "create_task", self.create_task)

    def current(self) -> Tracer | None:
        """The lab whose code calls; None for anybody else."""
        tracer = governor()
        return tracer if tracer is not None and tracer.loop is self._loop else None

    def swap_handler(self, handler: Any) -> Any:
        """Give the loop another exception handler, and return the one that it had."""
        before = self._own.get_exception_handler()
        self._own.set_exception_handler(handler)
        return before

    def _note_asyncgen(self, generator: AsyncGenerator[Any, Any]) -> None:
        tracer = self.current()
        if tracer is not None:
            with tracer.guard("async generators"):
                tracer.asyncgens.add(generator)
        if self._asyncgen_hooks.firstiter is not None:
            self._asyncgen_hooks.firstiter(generator)


def call_at_of(loop: BaseEventLoop) -> Callable[..., Any]:
    """A loop's own way to set a timer."""
    return _original(loop, "call_at")


def _original(loop: BaseEventLoop, name: str) -> Callable[..., Any]:
    """A method of a loop as it is without us."""
    method = getattr(type(loop), name)
    return MethodType(method.__wrapped__, loop)


def _is_eager_factory(factory: object) -> bool:
    """Whether a task factory is asyncio's own that starts tasks at once (Python 3.12 and later)."""
    if factory is None:
        return False
    if factory is getattr(asyncio, "eager_task_factory", None):
        return True
    name = getattr(factory, "__qualname__", "")
    return getattr(factory, "__module__", "") == "asyncio.tasks" and name.startswith("create_eager_task_factory.")


HOOKS: weakref.WeakKeyDictionary[BaseEventLoop, LoopHooks] = weakref.WeakKeyDictionary()
"""Those of the loops that have labs."""
