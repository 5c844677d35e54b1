"""Reads the state of futures and tasks without running code of the program.

A subclass may override `done`, `cancelled` or `get_name`, and its version may raise or be slow. So these functions call
the base class. asyncio has two of each, in C and in Python, and neither is a subclass of the other.
"""

from __future__ import annotations

from asyncio import CancelledError, Future, Task
from typing import Any, TypeGuard

from asynclab.trace.cpython import PythonFuture, PythonTask, slot_of

_FUTURES = (Future, PythonFuture)
TASK_TYPES = (Task, PythonTask)


def is_future(value: object) -> TypeGuard[Future[Any]]:
    """Whether a value is an asyncio future or task, not only an object that behaves like one."""
    return issubclass(type(value), _FUTURES)


def is_task(value: object) -> TypeGuard[Task[Any]]:
    """Whether a value is an asyncio task."""
    return issubclass(type(value), TASK_TYPES)


def is_done(future: Future[Any]) -> bool:
    """Whether a future is done."""
    return Future.done(future) if issubclass(type(future), Future) else bool(PythonFuture.done(future))


def is_cancelled(future: Future[Any]) -> bool:
    """Whether a future was cancelled."""
    return Future.cancelled(future) if issubclass(type(future), Future) else bool(PythonFuture.cancelled(future))


def exception_of(future: Future[Any]) -> BaseException | None:
    """The exception of a future. asyncio still considers it as not retrieved, and complains as usual."""
    return slot_of(future, "_exception")  # type: ignore[no-any-return]


def complains(future: Future[Any]) -> bool:
    """Whether a failed future would complain when it is destroyed, because nobody has retrieved its exception."""
    return slot_of(future, "_log_traceback") is True


def result_of(future: Future[Any]) -> Any:
    """The result of a future that has one."""
    return slot_of(future, "_result")


def awaited_by(task: Task[Any]) -> Future[Any] | None:
    """The future that a suspended task waits for; None if it waits for none."""
    return slot_of(task, "_fut_waiter")  # type: ignore[no-any-return]


def raises_cancel(future: Future[Any]) -> bool:
    """Whether awaiting a future raises CancelledError. A gather's future can do so without being cancelled itself."""
    return is_cancelled(future) or isinstance(exception_of(future), CancelledError)


def name_of(task: Task[Any]) -> str:
    """A task's name; empty if the name isn't a string."""
    name = Task.get_name(task) if issubclass(type(task), Task) else PythonTask.get_name(task)
    return name if type(name) is str else ""


def coroutine_of(task: Task[Any]) -> Any:
    """The coroutine of a task; None once it has ended."""
    return Task.get_coro(task) if issubclass(type(task), Task) else PythonTask.get_coro(task)


def cancel_requests_of(task: Task[Any]) -> int:
    """The number of cancel requests that a task has, less those taken back by `uncancel`."""
    return Task.cancelling(task) if issubclass(type(task), Task) else int(PythonTask.cancelling(task))
