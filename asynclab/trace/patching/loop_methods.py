"""Replaces methods of a loop that has labs: its time, its timers, how it makes tasks, and whom it complains to."""

from __future__ import annotations

import sys
import weakref
from asyncio import BaseEventLoop, Future, Task
from asyncio.log import logger
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack
from contextvars import Context, copy_context
from functools import wraps
from types import FunctionType, MethodType
from typing import Any

from asynclab.model.events import ExceptionDropped, Warned
from asynclab.trace.governing.owners import governor, observer
from asynclab.trace.governing.tracer import Tracer
from asynclab.trace.patching.patches import Patches
from asynclab.trace.patching.warning_hooks import complaint, owner_of, task_number
from asynclab.trace.recording.recorder import Recorder
from asynclab.trace.recording.scope import CURRENT, TASKS, outside_context
from asynclab.trace.recording.task_registry import LoopTasks, is_eager_factory, tasks_of
from asynclab.trace.watching.observer import Observer

_REPLACED = (
    "time",
    "call_at",
    "run_in_executor",
    "get_task_factory",
    "set_task_factory",
    "get_exception_handler",
    "set_exception_handler",
    "set_debug",
    "stop",
    "close",
)
_COMPLAIN = "call_exception_handler"
_NEVER_RETRIEVED = "Task exception was never retrieved"
"""What asyncio's tasks say of themselves as they are collected, all versions."""


def replace_methods(kind: type[BaseEventLoop], patches: Patches) -> None:
    """Let the methods of a class of loops ask the LoopHooks of the loop, where it has any.

    On the class, as Python keeps the attributes of an object in a compact way only up to a number of them: as many more
    on the loop itself would slow down each step and each timer of it by a tenth.

    Raises:
        TypeError: One of them is no plain function, such as a mock.
    """
    patches.set(kind, TASKS, None)
    _tell_of_eager_starts(kind, patches)
    for name in _REPLACED:
        original = getattr(kind, name)
        if not isinstance(original, FunctionType):
            raise TypeError(f"{kind.__name__}.{name} is no plain function: {type(original).__name__}")
        around = {"time": _around_time, "call_at": _around_call_at}.get(name, _around)
        patches.set(kind, name, around(kind, original))
    _see_complaints(kind, patches)


def _see_complaints(kind: type[BaseEventLoop], patches: Patches) -> None:
    """Replace call_exception_handler in the class that has it, which may be replaced for another of its descendants.

    A program's tests put a mock there, often in BaseEventLoop: one of ours in a derived class would hide it.

    Raises:
        TypeError: As `replace_methods`.
    """
    owner = _definer(kind, _COMPLAIN)
    original = vars(owner)[_COMPLAIN]
    if not isinstance(original, FunctionType):
        raise TypeError(f"{owner.__name__}.{_COMPLAIN} is no plain function: {type(original).__name__}")
    if original.__code__.co_filename == __file__:
        return

    @wraps(original)
    def call_exception_handler(self: BaseEventLoop, context: dict[str, Any]) -> None:
        hooks = HOOKS.get(self)
        if hooks is None or _definer(type(self), _COMPLAIN) is not owner:
            tracer = tasks_of(self).everybodys
            if tracer is not None:
                _tell_of_dropped(tracer, context)
            original(self, context)
        else:
            hooks.call_exception_handler(context)

    patches.set(owner, _COMPLAIN, call_exception_handler)


def _tell_of_dropped(tracer: Recorder, context: dict[str, Any]) -> None:
    """Tell of a failed task whose exception nobody has looked at; asyncio tells so as the task goes."""
    try:
        if context.get("message") == _NEVER_RETRIEVED and isinstance(tracer, Observer):
            task = tracer.registry.number_of(context.get("future"))
            if task is not None:
                tracer.emit(ExceptionDropped(tracer.clock.now(), task))
    except KeyboardInterrupt:  # a signal that came while our code ran is the program's
        raise
    except BaseException as error:
        tracer.failed("complaints", error)


def _definer(kind: type, name: str) -> type:
    """The class of a class's ancestors, itself among them, whose method it has."""
    return next(ancestor for ancestor in kind.__mro__ if name in vars(ancestor))


def _tell_of_eager_starts(kind: type[BaseEventLoop], patches: Patches) -> None:
    """Let the loop's tracer know of each task that may start eagerly: see `EagerStarts`."""
    original = kind.is_running

    @wraps(original)
    def is_running(self: BaseEventLoop) -> bool:
        is_it = original(self)
        tasks = _tasks_of(self) if is_it and type(self) is kind else None
        if tasks is not None:
            tracer = tasks.sole or observer()
            if tracer is not None and tracer.loop is self:
                tracer.starts_eagerly_now(sys._getframe(1))
        return is_it

    if sys.version_info >= (3, 12):
        patches.set(kind, "is_running", is_running)
    if sys.version_info >= (3, 14):  # earlier versions pass no eager_start on, or register what has suspended
        patches.set(kind, "create_task", _around_eager_create(kind, kind.create_task))


def _around_eager_create(kind: type[BaseEventLoop], original: Callable[..., Task[Any]]) -> Callable[..., Task[Any]]:
    @wraps(original)
    def create_task(self: BaseEventLoop, coro: Any, **kwargs: Any) -> Task[Any]:
        task = original(self, coro, **kwargs)
        if self._debug:  # type: ignore[attr-defined]
            _hide_frames(task)
        if kwargs.get("eager_start") and type(self) is kind and (tracer := observer()) is not None:
            tracer.was_made(task)
        return task

    return create_task


def _around(kind: type[BaseEventLoop], original: Callable[..., Any]) -> Callable[..., Any]:
    stand_in = getattr(LoopHooks, original.__name__)

    @wraps(original)
    def method(self: BaseEventLoop, *args: Any, **kwargs: Any) -> Any:
        # a class derived from this one, and replaced itself, calls what it overrides
        hooks = HOOKS.get(self) if type(self) is kind else None
        return original(self, *args, **kwargs) if hooks is None else stand_in(hooks, *args, **kwargs)

    return method


def _around_time(kind: type[BaseEventLoop], original: Callable[..., float]) -> Callable[..., float]:
    @wraps(original)
    def time(self: BaseEventLoop) -> float:
        # The loop asks once a turn, and each timeout: so who governs is asked only where somebody may.
        try:
            tasks = self._asynclab_tasks  # type: ignore[attr-defined]
        except AttributeError:  # see _tasks_of: to call that would cost as much as all of this
            tasks = None
        if tasks is None or tasks.sole is not None:
            return original(self)
        tracer = governor()
        if tracer is None or tracer.loop is not self or type(self) is not kind:
            return original(self)
        return tracer.timers.loop_time()

    return time


def _around_call_at(kind: type[BaseEventLoop], original: Callable[..., Any]) -> Callable[..., Any]:
    time = vars(kind)["time"]  # ours: it is replaced before

    @wraps(original)
    def call_at(
        self: BaseEventLoop, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        try:
            tasks = self._asynclab_tasks  # type: ignore[attr-defined]
        except AttributeError:
            tasks = None
        tracer = None if tasks is None or tasks.sole is not None else governor(context)
        is_governed = (
            tracer is not None
            and tracer.loop is self
            and type(self) is kind
            # else the program keeps a time of its own, and means that
            and "time" not in self.__dict__
            and kind.time is time
        )
        set_timer = None if tasks is None or type(self) is not kind else tasks.set_timer
        if not is_governed and set_timer is None:
            timer = original(self, when, callback, *args, context=context)
            if self._debug:  # type: ignore[attr-defined]
                _hide_frames(timer)
            return timer
        if when is None:
            raise TypeError("when cannot be None")
        if self._closed:  # type: ignore[attr-defined]
            self._check_closed()  # type: ignore[attr-defined]
        if self._debug:  # type: ignore[attr-defined]
            self._check_thread()  # type: ignore[attr-defined]
            self._check_callback(callback, "call_at")  # type: ignore[attr-defined]
        if tracer is None or not is_governed:
            assert set_timer is not None
            return set_timer(when, callback, args, context)
        try:
            return tracer.timers.call_at(when, callback, args, context)
        except KeyboardInterrupt:
            raise
        except BaseException:  # it is no number, or something that only asyncio's own heap can compare
            return original(self, when, callback, *args, context=context)

    return call_at


def _tasks_of(loop: BaseEventLoop) -> LoopTasks | None:
    """The observed tasks of a loop; None where it has none.

    Another thread may end the last lab, and put the class of the loop back, while one of our methods runs.
    """
    try:
        return loop._asynclab_tasks  # type: ignore[attr-defined, no-any-return]
    except AttributeError:
        return None


def _hide_frames(made: Any) -> None:
    """Take our frames out of where debug mode says that a timer or a task was made.

    asyncio takes its own off by their number, from the end, and would leave one of its own for each of ours.
    """
    frames = getattr(made, "_source_traceback", None)
    if frames:
        frames[:] = [frame for frame in frames if frame.filename != __file__]


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
        self._time = _original(loop, "time")
        self._call_at = _original(loop, "call_at")
        self._create_task = loop.create_task
        self._run_in_executor = _original(loop, "run_in_executor")
        self._get_factory = _original(loop, "get_task_factory")
        self._set_factory = _original(loop, "set_task_factory")
        self._get_handler = _original(loop, "get_exception_handler")
        self._set_handler = _original(loop, "set_exception_handler")
        self._call_handler = _original(loop, "call_exception_handler")
        self._stop = _original(loop, "stop")
        self._close = _original(loop, "close")
        self._set_debug = _original(loop, "set_debug")
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
            self._set_debug(self._debug)
        if sys.get_asyncgen_hooks().firstiter == self._note_asyncgen:  # not so when the loop has ended meanwhile
            sys.set_asyncgen_hooks(firstiter=self._asyncgen_hooks.firstiter)

    def add(self, tracer: Tracer) -> None:
        """Observe for one more lab."""
        factory = self._get_factory()
        tracer.factory = None if is_eager_factory(factory) else factory
        tasks = tracer.registry.tasks_of_loop = tasks_of(self._loop)
        with ExitStack() as undoing:  # nothing of a lab that could not begin stays behind
            self.tracers.append(tracer)
            undoing.callback(self.tracers.remove, tracer)
            tasks.join(tracer)
            undoing.callback(tasks.leave, tracer)
            tracer.begin(self._loop)
            undoing.callback(tracer.let_go)
            tracer.timers.attach(self._call_at, self._time)
            self._see_to_births()
            undoing.pop_all()

    def remove(self, tracer: Tracer) -> None:
        """Observe for one lab less."""
        with ExitStack() as steps:  # each, though one before it fails: this runs at the end of a program, too
            steps.callback(self._see_to_births)
            steps.callback(self.tracers.remove, tracer)
            steps.callback(tasks_of(self._loop).leave, tracer)
            steps.callback(tracer.let_go)
            steps.callback(tracer.timers.detach)

    def create_task(self, coro: Any, **kwargs: Any) -> Task[Any]:
        """Stands in for loop.create_task while there are factories: inside a lab it takes the lab's, not the loop's.

        So tasks start lazily there, whatever the loop's factory does. The original is called with the lab's factory in
        the place of the loop's, so that every version of Python names and wraps the task as it always does.
        """
        tracer = self._current()
        if tracer is None:
            return self._create_task(coro, **kwargs)
        factory = self._get_factory()
        self._set_factory(tracer.factory)
        made: Task[Any] | None = None
        try:
            made = self._create_task(coro, **kwargs)
            if self._loop._debug:  # type: ignore[attr-defined]
                _hide_frames(made)
            return made
        finally:
            self._set_factory(factory)
            tracer.was_made(made)

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
        self._see_to_births()

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
            self._call_handler(context)
            return
        try:
            tracer.emit(Warned(tracer.clock.now(), complaint(context), task_number(context, tracer)))
        except KeyboardInterrupt:  # a signal that came while our code ran is the program's
            raise
        except BaseException as error:
            tracer.failed("complaints", error)
        # Without a handler, logging would write to stderr: that is the screen of the app that shows the lab.
        if tracer.echo or tracer.exception_handler is not None or logger.hasHandlers():
            self._call_handler_of(tracer, context)

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
            # In the next round, as a loop finishes the one in which it is stopped: main may end in it.
            error = RuntimeError("Event loop stopped before Future completed.")
            self._loop.call_soon(tracer.end_run, error, context=outside_context())

    def close(self) -> None:
        """Stands in for loop.close: nothing runs any more on a closed loop, so that its labs are over."""
        self._close()
        for tracer in list(self.tracers):
            tracer.end_run(RuntimeError("Event loop is closed"))

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Future[Any]:
        """Stands in for loop.run_in_executor: a lab knows that it waits for the call."""
        future: Future[Any] = self._run_in_executor(executor, func, *args)
        tracer = self._current()
        if tracer is not None:
            try:
                tracer.external.called_executor(future)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                tracer.failed("executors", error)
        return future

    def _see_to_births(self) -> None:
        """Replace create_task only while it has something to do: every birth would pay for it."""
        factories = [self._get_factory(), *(tracer.factory for tracer in self.tracers)]
        self._births.undo()
        if any(factory is not None for factory in factories):
            self._births.set(self._loop, "create_task", self.create_task)

    def _current(self) -> Tracer | None:
        tracer = governor()
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
            try:
                tracer.asyncgens.add(generator)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                tracer.failed("async generators", error)
        if self._asyncgen_hooks.firstiter is not None:
            self._asyncgen_hooks.firstiter(generator)


def call_at_of(loop: BaseEventLoop) -> Callable[..., Any]:
    """A loop's own way to set a timer."""
    return _original(loop, "call_at")


def _original(loop: BaseEventLoop, name: str) -> Callable[..., Any]:
    """A method of a loop as it is without us."""
    method = getattr(type(loop), name)
    return MethodType(method.__wrapped__, loop)


HOOKS: weakref.WeakKeyDictionary[BaseEventLoop, LoopHooks] = weakref.WeakKeyDictionary()
"""Those of the loops that have labs."""
