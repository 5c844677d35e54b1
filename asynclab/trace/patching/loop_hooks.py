"""Replacements of a loop's methods while it has labs: each lab has its own task factory and exception handler."""

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
"""The methods of a loop that are replaced by those of its `LoopHooks`."""


class LoopHooks:
    """The replacements of one loop's methods while it has labs. Each first finds the lab of the calling code."""

    def __init__(self, loop: BaseEventLoop) -> None:
        """Prepare a loop for labs. The methods of its class must be patched already."""
        self.tracers: list[Tracer] = []
        self._loop = loop
        if getattr(loop, TASKS) is None:
            setattr(loop, TASKS, LoopTasks())
        self._births = Patches()
        """The patch of create_task, while there is one."""
        self._own = SimpleNamespace(**{name: _original(loop, name) for name in ("time", "call_at", *REPLACED)})
        """The loop's original methods."""
        self._create_task = loop.create_task
        self._debug: bool | None = None
        """The debug mode before code in a lab changed it; None if none has."""
        self._asyncgen_hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(firstiter=self._note_asyncgen)

    def undo(self) -> None:
        """Restore the loop."""
        if not tasks_of(self._loop).tracers:
            delattr(self._loop, TASKS)
        self._births.undo()
        if self._debug is not None:
            self._own.set_debug(self._debug)
        if sys.get_asyncgen_hooks().firstiter == self._note_asyncgen:  # not if the loop has ended meanwhile
            sys.set_asyncgen_hooks(firstiter=self._asyncgen_hooks.firstiter)

    def add(self, tracer: Tracer) -> None:
        """Add a lab to the loop."""
        factory = self._own.get_task_factory()
        tracer.factory = None if _is_eager_factory(factory) else factory
        tasks = tracer.registry.tasks_of_loop = tasks_of(self._loop)
        with ExitStack() as undoing:  # undoes everything if the lab can't start
            self.tracers.append(tracer)
            undoing.callback(self.tracers.remove, tracer)
            tasks.join(tracer)
            undoing.callback(tasks.leave, tracer)
            tracer.begin(self._loop)
            undoing.callback(tracer.let_go)
            tracer.timers.attach(self._own.call_at, self._own.time)
            self.patch_create_task()
            undoing.pop_all()

    def remove(self, tracer: Tracer) -> None:
        """Remove a lab from the loop."""
        with ExitStack() as steps:  # runs each step even if an earlier one fails, as may happen at a program's end
            steps.callback(self.patch_create_task)
            steps.callback(self.tracers.remove, tracer)
            steps.callback(tasks_of(self._loop).leave, tracer)
            steps.callback(tracer.let_go)
            steps.callback(tracer.timers.detach)

    def create_task(self, coro: Any, **kwargs: Any) -> Task[Any]:
        """Replaces loop.create_task while there are task factories: for code in a lab it uses the lab's factory.

        So a lab's tasks don't start eagerly because of the loop's factory. The original is called while the loop has
        the lab's factory. So every version of Python names and wraps the task as usual.
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
        """Replaces loop.get_task_factory: returns the lab's factory to code in a lab."""
        tracer = self.current()
        return self._own.get_task_factory() if tracer is None else tracer.factory

    def set_task_factory(self, factory: Any) -> None:
        """Replaces loop.set_task_factory: sets only the lab's factory for code in a lab."""
        tracer = self.current()
        if tracer is None:
            self._own.set_task_factory(factory)
        elif factory is not None and not callable(factory):
            raise TypeError("task factory must be a callable or None")
        else:
            tracer.factory = factory
        self.patch_create_task()

    def get_exception_handler(self) -> Any:
        """Replaces loop.get_exception_handler: returns the lab's handler to code in a lab."""
        tracer = self.current()
        return self._own.get_exception_handler() if tracer is None else tracer.exception_handler

    def set_exception_handler(self, handler: Any) -> None:
        """Replaces loop.set_exception_handler: sets only the lab's handler for code in a lab."""
        tracer = self.current()
        if tracer is None:
            self._own.set_exception_handler(handler)
        elif handler is not None and not callable(handler):
            raise TypeError(f"A callable object or None is expected, got {handler!r}")
        else:
            tracer.exception_handler = handler

    def set_debug(self, enabled: bool) -> None:
        """Replaces loop.set_debug: a mode that a lab's code sets is undone after the last lab."""
        if self._debug is None and self.current() is not None:
            self._debug = self._loop.get_debug()
        self._own.set_debug(enabled)

    def stop(self) -> None:
        """Replaces loop.stop: from code in a lab it ends only that lab's run."""
        tracer = self.current()
        if tracer is None:
            self._own.stop()
        else:
            # In the next turn: a loop that is stopped finishes its present turn, in which main may end.
            error = RuntimeError("Event loop stopped before Future completed.")
            self._loop.call_soon(tracer.end_run, error, context=outside_context())

    def close(self) -> None:
        """Replaces loop.close: ends all labs, because nothing runs on a closed loop."""
        self._own.close()
        for tracer in list(self.tracers):
            tracer.end_run(RuntimeError("Event loop is closed"))

    def called_executor(self, future: Future[Any]) -> None:
        """Note a call in a pool, so that the lab whose code made it knows that it waits for a thread."""
        tracer = self.current()
        if tracer is not None:
            with tracer.guard("executors"):
                tracer.external.called_executor(future)

    def patch_create_task(self) -> None:
        """Patch create_task only while there is a task factory, because the patch makes each new task slower."""
        factories = [self._own.get_task_factory(), *(tracer.factory for tracer in self.tracers)]
        self._births.undo()
        if any(factory is not None for factory in factories):
            self._births.set(self._loop, "create_task", self.create_task)

    def current(self) -> Tracer | None:
        """The lab of the calling code; None for code outside of labs."""
        tracer = governor()
        return tracer if tracer is not None and tracer.loop is self._loop else None

    def swap_handler(self, handler: Any) -> Any:
        """Set the loop's own exception handler, and return the previous one."""
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
    """A loop's original `call_at`."""
    return _original(loop, "call_at")


def _original(loop: BaseEventLoop, name: str) -> Callable[..., Any]:
    """A loop's original method, without our patch."""
    method = getattr(type(loop), name)
    return MethodType(method.__wrapped__, loop)


def _is_eager_factory(factory: object) -> bool:
    """Whether a task factory is one of asyncio's eager task factories (Python 3.12 and later)."""
    if factory is None:
        return False
    if factory is getattr(asyncio, "eager_task_factory", None):
        return True
    name = getattr(factory, "__qualname__", "")
    return getattr(factory, "__module__", "") == "asyncio.tasks" and name.startswith("create_eager_task_factory.")


HOOKS: weakref.WeakKeyDictionary[BaseEventLoop, LoopHooks] = weakref.WeakKeyDictionary()
"""The hooks of all loops that have labs."""
