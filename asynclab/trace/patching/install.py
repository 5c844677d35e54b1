"""Installs the patches that observe asyncio, once for all labs and observers, and removes them completely."""

from __future__ import annotations

import asyncio
import asyncio.tasks
import functools
import os
import threading
import weakref
from asyncio import AbstractEventLoop, BaseEventLoop, Task
from asyncio.base_subprocess import BaseSubprocessTransport
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from asynclab.trace import cpython
from asynclab.trace.governing.owners import governor, observer
from asynclab.trace.governing.tracer import Tracer
from asynclab.trace.patching.connections import observe_connections
from asynclab.trace.patching.extended_functions import around_body
from asynclab.trace.patching.handle_classes import replace_handles
from asynclab.trace.patching.loop_hooks import HOOKS, LoopHooks, call_at_of
from asynclab.trace.patching.loop_methods import govern_methods, observe_methods
from asynclab.trace.patching.patches import Patches
from asynclab.trace.patching.pool_calls import observe_pool_calls
from asynclab.trace.patching.primitives import observe_primitives
from asynclab.trace.patching.printed import keep_output_open, observe_output
from asynclab.trace.patching.ready_callbacks import replace_call_soon
from asynclab.trace.patching.uvloop_steps import replace_uvloop_call_soon
from asynclab.trace.patching.warning_hooks import observe_warnings
from asynclab.trace.recording.loop_tasks import LoopTasks
from asynclab.trace.recording.scope import CURRENT, TASKS, bare_context
from asynclab.trace.same_frames import looks_like
from asynclab.trace.watching.observer import Observer


class _ProcessHooks:
    """The patches of the process and of loop classes. They stay while any lab or observer exists."""

    def __init__(self) -> None:
        self._done: dict[tuple[type[AbstractEventLoop] | None, bool], Patches] = {}
        """The patches, by loop class (None for all of asyncio), and by whether only labs need them."""
        self._users = 0
        self._lock = threading.Lock()
        self.tracers: weakref.WeakSet[Observer] = weakref.WeakSet()
        """The observers and tracers that are active."""
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._leave_child_alone)

    def acquire(self, kind: type[AbstractEventLoop], *, governs: bool) -> None:
        """Install the patches for a class of loops, unless they are installed. If that fails, nothing is changed."""
        with self._lock, ExitStack() as undoing:
            for of in (None, kind):
                for stage in ((of, False), (of, True)) if governs else ((of, False),):
                    if stage not in self._done:
                        patches = self._done[stage] = Patches()
                        undoing.callback(self._done.pop, stage)
                        undoing.callback(patches.undo)
                        _replace(*stage, patches)
            self._users += 1
            undoing.pop_all()

    def release(self) -> None:
        """Remove all patches, unless another user needs them."""
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._undo()

    def _undo(self) -> None:
        while self._done:
            self._done.popitem()[1].undo()

    def _leave_child_alone(self) -> None:
        """Remove all patches in the child process after a fork: it has none of our threads, and nobody observes it."""
        if not self._users:
            return
        with suppress(BaseException):  # the child has to continue, whatever our state was at the fork
            self._lock = threading.Lock()  # a thread that doesn't exist in the child may have held it
            tracers, self._users = list(self.tracers), 0
            for tracer in tracers:
                tracer.loop = None
            self.tracers.clear()
            for hooks in list(HOOKS.values()):
                hooks.undo()
            HOOKS.clear()
            self._undo()


def _observe_all(patches: Patches) -> None:
    """Install the patches that are needed for every kind of loop."""
    replace_handles(patches)
    patches.wrap_once_used(BaseSubprocessTransport, "__init__", lambda init: around_body(init, _process_start))
    patches.wrap_once_used(BaseSubprocessTransport, cpython.PROCESS_EXITED, lambda end: around_body(end, _process_exit))
    observe_connections(patches)
    observe_primitives(patches)
    observe_output(patches)
    observe_warnings(patches)


def _govern_all(patches: Patches) -> None:
    """Install the patches that only labs need: they decide to which lab tasks, threads and pool calls belong."""
    all_tasks = _around_all_tasks(asyncio.all_tasks)
    for module in (asyncio, asyncio.tasks):
        patches.set(module, "all_tasks", all_tasks)
    patches.wrap(threading, cpython.START_THREAD, _around_thread_start)
    observe_pool_calls(patches)
    keep_output_open(patches)


def _replace(kind: type[AbstractEventLoop] | None, governs: bool, patches: Patches) -> None:
    if kind is None:
        (_govern_all if governs else _observe_all)(patches)
    elif not issubclass(kind, BaseEventLoop):
        replace_uvloop_call_soon(kind, patches)
    elif governs:
        govern_methods(kind, patches)
    else:
        observe_methods(kind, patches)
        replace_call_soon(kind, patches)


_process = _ProcessHooks()


def install(tracer: Tracer, loop: AbstractEventLoop) -> None:
    """Begin to observe a lab: the code on the running loop `loop` that runs in the tracer's context.

    Raises:
        RuntimeError: The loop isn't asyncio's own, or can't be observed. Nothing is changed then.
        UnsupportedPythonError: This Python lacks names that the tracer needs.
    """
    cpython.complain_of_missing()
    if not isinstance(loop, BaseEventLoop):
        raise RuntimeError(f"a lab needs one of asyncio's own event loops, not {type(loop).__name__}")
    try:
        with ExitStack() as undoing:
            _process.acquire(type(loop), governs=True)
            undoing.callback(_process.release)
            if loop not in HOOKS:
                HOOKS[loop] = LoopHooks(loop)
                undoing.callback(_leave, loop)
            HOOKS[loop].add(tracer)
            _process.tracers.add(tracer)
            undoing.pop_all()
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise RuntimeError(f"a lab can't observe this {type(loop).__name__}: {why}") from error


def observe_loop(tracer: Observer, loop: AbstractEventLoop) -> None:
    """Begin to observe all code on a loop, in any context, except that of labs.

    The loop's time, task factory and exception handler stay the same. Call `observe_kind` for its class first.
    """
    tasks = tracer.registry.tasks_of_loop = LoopTasks()
    tasks.everybodys = tracer
    tasks.join(tracer)
    object.__setattr__(loop, TASKS, tasks)  # a program's loop class may override __setattr__
    if isinstance(loop, BaseEventLoop) and cpython.keeps_timers_in_heap(call_at_of(loop)):
        tasks.timed_by = tracer
        tracer.purposes.defers = True
    tracer.begin(loop)
    _process.tracers.add(tracer)


def leave_loop(tracer: Observer, loop: AbstractEventLoop) -> None:
    """Stop observing a loop."""
    tasks = tracer.registry.tasks_of_loop
    _process.tracers.discard(tracer)
    tracer.let_go()
    tasks.leave(tracer)
    if not tasks.tracers:
        object.__delattr__(loop, TASKS)


def observe_kind(kind: type[AbstractEventLoop]) -> None:
    """Install the patches for a class of loops, until `leave_kind` was called as often as this function."""
    _process.acquire(kind, governs=False)


def leave_kind() -> None:
    """Undo one call of `observe_kind`."""
    _process.release()


def uninstall(tracer: Tracer) -> None:
    """Stop observing a lab. After the last one, the loop and asyncio are as they were before."""
    loop = tracer.loop
    assert isinstance(loop, BaseEventLoop)
    _process.tracers.discard(tracer)
    with ExitStack() as steps:  # runs each step even if an earlier one fails
        steps.callback(_process.release)
        steps.callback(_leave, loop)
        HOOKS[loop].remove(tracer)


def _leave(loop: BaseEventLoop) -> None:
    """Undo the patches of a loop, unless it has labs."""
    if not HOOKS[loop].tracers:
        HOOKS.pop(loop).undo()


def _around_all_tasks(original: Callable[..., set[Task[Any]]]) -> Callable[..., set[Task[Any]]]:
    """Make a replacement of `all_tasks`: if a lab's code cancels "all other tasks", it must not cancel the app's."""

    @functools.wraps(original)
    @looks_like(original, "get_running_loop")
    def all_tasks(loop: AbstractEventLoop | None = None) -> set[Task[Any]]:
        """The lab's tasks for code in a lab; all tasks for other code."""
        loop = loop or asyncio.get_running_loop()  # called here, so that an error shows the usual frame
        found = original(loop)
        tracer = governor()
        if tracer is None or loop is not tracer.loop:
            return found
        tracer.was_made(None)  # the calling task may be in its eager first step
        asks = asyncio.current_task(tracer.loop)  # belongs to the lab, even if it couldn't be registered
        return {task for task in found if task is asks or tracer.registry.knows(task)}

    return all_tasks


def _around_thread_start(original: Callable[..., Any]) -> Callable[..., Any]:
    """Make a replacement of the function that starts threads: a thread started by a lab's code belongs to the lab.

    So its output and its callbacks are the lab's. The threads of a pool belong to nobody, because they work for all
    code that submits calls.
    """

    @functools.wraps(original)
    def start(bootstrap: Any, *args: Any, **kwargs: Any) -> Any:
        """Start a thread, in the lab of the code that starts it."""
        tracer = governor()
        thread = getattr(bootstrap, "__self__", None)
        if tracer is not None and isinstance(thread, threading.Thread):
            with tracer.guard("threads"):
                bootstrap = _scoped(bootstrap, thread, tracer)
        return original(bootstrap, *args, **kwargs)

    return start


def _scoped(bootstrap: Callable[[], object], thread: threading.Thread, tracer: Tracer) -> Callable[[], object]:
    """A replacement of a thread's first function, which runs it in the lab."""
    if cpython.is_pool_thread(thread):
        _enter_context(thread, None)  # in a free-threaded Python it would inherit the context
        return bootstrap
    tracer.external.threads.add(thread)
    _enter_context(thread, tracer)
    return functools.partial(bare_context(tracer).run, bootstrap)


def _enter_context(thread: threading.Thread, tracer: Observer | None) -> None:
    """Set the lab, or None, in the context that a thread will run in. Only since Python 3.14 it has such a context."""
    context = cpython.context_of_thread(thread)
    if context is not None and context.get(CURRENT) is not tracer:
        with suppress(RuntimeError):  # the program has passed a context that is in use now
            context.run(CURRENT.set, tracer)


@contextmanager
def _process_start(transport: Any, *_: object, **__: object) -> Iterator[bool]:
    yield True
    tracer = observer()
    if tracer is not None:
        transport._asynclab_tracer = tracer
        tracer.external.processes += 1


@contextmanager
def _process_exit(transport: Any, *_: object) -> Iterator[bool]:
    tracer = vars(transport).pop("_asynclab_tracer", None)
    if tracer is not None:
        tracer.external.processes -= 1
        tracer.mishaps.pipes.child_ended(transport)
    yield True
