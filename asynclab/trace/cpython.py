"""Every private name of CPython that the tracer leans on, and what is known of it in each version.

Attributes that are read in each step are read where they are needed, and are listed here all the same. Nothing fails
here when Python lacks a name: `missing` tells which, so that a lab can say so before it starts.
"""

from __future__ import annotations

import asyncio
import asyncio.base_events
import asyncio.base_subprocess
import asyncio.events
import asyncio.format_helpers
import asyncio.selector_events
import concurrent.futures.thread
import contextlib
import dis
import gc
import heapq
import signal
import sys
import threading
import warnings
from asyncio import AbstractEventLoop, BaseEventLoop, Future, Task, Timeout, TimerHandle
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextvars import Context
from operator import attrgetter
from selectors import BaseSelector
from types import CodeType, FrameType, FunctionType, GeneratorType
from typing import Any

from asynclab.errors import UnsupportedPythonError
from asynclab.trace.frame_variables import variables_of

VERSION = sys.version.split()[0]
"""That of this Python. `platform`, which has it too, would be imported into every program."""

NEWEST = "3.14"
"""The newest Python that the tests have run on."""


class Absent:
    """Stands in for what this Python lacks: nothing is it, or an instance of it."""


def _find(owner: object, path: str) -> Any:
    found: Any = owner
    for name in path.split("."):
        found = getattr(found, name, Absent)
    return found


def _code_within(function: Any, name: str) -> CodeType | type[Absent]:
    """The code of a function that is defined in another one."""
    codes = getattr(getattr(function, "__code__", None), "co_consts", ())
    return next((each for each in codes if isinstance(each, CodeType) and each.co_name == name), Absent)


# The futures and tasks that are written in Python, all versions; neither derives from those in C.
PythonFuture: type[Future[Any]] = _find(asyncio.futures, "_PyFuture")
PythonTask: type[Task[Any]] = _find(asyncio.tasks, "_PyTask")

# What asyncio.gather returns while its children run, all versions.
GatheringFuture: type = _find(asyncio.tasks, "_GatheringFuture")

# What a function returns that contextlib.asynccontextmanager has decorated, all versions.
GeneratorContext: type = _find(contextlib, "_AsyncGeneratorContextManager")

# What wait() arms its timer with, and wait_for() before 3.12: it had no asyncio.timeout in it then.
release_waiter: Callable[..., object] = _find(asyncio.tasks, "_release_waiter")

# What sleep() arms its timer with, all versions.
set_result_unless_cancelled: Callable[..., object] = _find(asyncio.futures, "_set_result_unless_cancelled")

# What asyncio.timeout() arms its timer with, all versions since 3.11.
on_timeout: Callable[..., object] = _find(Timeout, "_on_timeout")

# Where all of wait(), wait_for() and as_completed() wait, all versions.
wait_for_futures: Callable[..., object] = _find(asyncio.tasks, "_wait")

# What shield() adds to the future that it returns, all versions: it knows the future inside.
SHIELD_ENDED: CodeType | type[Absent] = _code_within(asyncio.shield, "_outer_done_callback")

# What wait() adds to what it waits for, all versions: it asks for the exception where the first one is waited for.
WAIT_ENDED: CodeType | type[Absent] = _code_within(wait_for_futures, "_on_completion")

# What gather() adds to what it waits for, all versions.
GATHER_ENDED: CodeType | type[Absent] = _code_within(asyncio.gather, "_done_callback")

# Where what as_completed() gives waits: a function in a generator, and since 3.13 a method of an iterator.
COMPLETED: CodeType | type[Absent] = _code_within(asyncio.as_completed, "_wait_for_one")
if COMPLETED is Absent:
    COMPLETED = getattr(_find(asyncio.tasks, "_AsCompletedIterator._wait_for_one"), "__code__", Absent)

# Where as_completed() makes a queue for what has ended: a generator, and since 3.13 an iterator.
_completed: Any = getattr(asyncio.tasks, "_AsCompletedIterator", None)
AS_COMPLETED: CodeType = (asyncio.as_completed if _completed is None else _completed.__init__).__code__

# What makes a task that is written in Python, all versions.
PYTHON_TASK_INIT: CodeType | None = getattr(_find(PythonTask, "__init__"), "__code__", None)

# Where the methods of a StreamReader wait, all versions.
wait_for_data: Callable[..., object] = _find(asyncio.StreamReader, "_wait_for_data")

# Where a TaskGroup waits for its tasks: in __aexit__ itself before 3.13.
task_group_exit: Callable[..., object] = _find(asyncio.TaskGroup, "_aexit")

# The set in which tasks are registered that have not ended: 3.12 and 3.13. The C code calls its `add`.
SCHEDULED_TASKS: Any = getattr(asyncio.tasks, "_scheduled_tasks", None) if sys.version_info < (3, 14) else None

# What makes a connection over a socket into a transport, all versions; not uvloop's.
SocketTransport: type = _find(asyncio.selector_events, "_SelectorSocketTransport")

# Where an attempt to connect begins, and the coroutine of create_connection() that makes it; not uvloop's.
SelectorLoop: type = asyncio.selector_events.BaseSelectorEventLoop
SOCK_CONNECT, CONNECT_SOCK = "_sock_connect", "_connect_sock"

# Runs the callback of a Handle, all versions; a TimerHandle inherits it.
run_handle: Callable[[asyncio.Handle], None] = _find(asyncio.Handle, "_run")

# What call_soon_threadsafe makes since 3.14: a Handle with a lock.
THREAD_SAFE_HANDLE = "_ThreadSafeHandle"
ThreadSafeHandle: type[Any] | None = getattr(asyncio.events, THREAD_SAFE_HANDLE, None)

# Tells which task written in Python runs; in versions before 3.14 the same as asyncio.current_task.
python_current_task: Callable[[AbstractEventLoop], Task[Any] | None] = getattr(
    asyncio.tasks, "_py_current_task", asyncio.current_task
)

# What `run_until_complete` adds to the future that it waits for, all versions.
stop_at_end: Callable[..., object] = _find(asyncio.base_events, "_run_until_complete_cb")

# What the threads of a ThreadPoolExecutor run, all versions.
pool_worker: Callable[..., object] = _find(concurrent.futures.thread, "_worker")

# One call in a ThreadPoolExecutor: made by submit(), run by a thread. Since 3.14 `run` is given the worker's context.
WorkItem: type = _find(concurrent.futures.thread, "_WorkItem")

# What asyncio adds to a future that stands for one of concurrent.futures, all versions.
_constants = _find(asyncio.futures, "_chain_future.__code__.co_consts")
_CHAINED = frozenset(each for each in (() if _constants is Absent else _constants) if type(each) is CodeType)

# What shield() adds to a task where its own future is cancelled: it asks for the exception to log it, from 3.14 on.
SHIELDED: CodeType | type[Absent] = _find(asyncio.tasks, "_log_on_exception.__code__")

# Where the outcome of a task of run_coroutine_threadsafe() is passed on to its future, all versions.
PASSED_ON: CodeType | type[Absent] = _find(asyncio.futures, "_set_concurrent_future_state.__code__")

# The queue of calls of each thread of a ThreadPoolExecutor, all versions.
_queues_of_workers: Mapping[threading.Thread, Any] = _find(concurrent.futures.thread, "_threads_queues")

START_THREAD = "_start_joinable_thread" if sys.version_info >= (3, 13) else "_start_new_thread"
"""What threading starts a thread with: another function since Python 3.13."""

PROCESS_EXITED = "_process_exited"
"""The method of a subprocess transport that is called at the process' end, all versions."""

WARN_UNAWAITED = "_warn_unawaited_coroutine"
"""The function of warnings that the interpreter calls for a coroutine that was never awaited, all versions."""

LOCK_VALUE, SEMAPHORE_VALUE, EVENT_VALUE, BARRIER_VALUE = "_locked", "_value", "_value", "_count"
"""The attributes that hold the values of primitives, all versions."""

CONDITION_WAITERS = "_waiters"
"""Where a condition keeps who waits, all versions; it is among the first things that a condition gets."""

NOTIFY = "_notify"
"""The method in which a condition wakes its waiters, since 3.13; before, notify() does it itself."""

WAKE_NEXT = "_wakeup_next"
"""The method in which a queue wakes who waits for an item or a place, all versions."""

QUEUE_ITEMS, UNFINISHED = "_queue", "_unfinished_tasks"
"""Where a queue keeps its items, and how many of them task_done() was not called for; all versions."""

IS_SHUT_DOWN = "_is_shutdown"
"""Where a queue keeps whether it was shut down, since 3.13."""

FUTURE_ITERATOR = "FutureIter"
"""The name of the type of what `await future` waits on: it is written in C, and runs no code but the future's."""

COROUTINE_WRAPPER = "coroutine_wrapper"
"""The name of the type of what `coroutine.__await__()` gives: it runs that coroutine, and holds nothing else."""

ANEXT = "anext_awaitable"
"""The name of the type of what `anext` with a default returns: it refers to what is awaited, and to the default."""

GENERATOR_CLOSE = "async_generator_athrow"
GENERATOR_STEPS = frozenset({"async_generator_asend", GENERATOR_CLOSE})
"""The names of the types of what `async for` awaits of an async generator: it refers to the generator."""

NAMES: tuple[tuple[str, object, tuple[str, ...]], ...] = (
    ("asyncio.tasks", asyncio.tasks, ("_GatheringFuture", "_PyTask", "_release_waiter", "_wait")),
    ("asyncio.futures", asyncio.futures, ("_PyFuture", "_chain_future", "_set_result_unless_cancelled")),
    ("asyncio.Timeout", Timeout, ("_on_timeout",)),
    ("contextlib", contextlib, ("_AsyncGeneratorContextManager",)),
    # The C types have these as descriptors, those written in Python in their classes.
    (
        "asyncio.Task",
        Task,
        ("_fut_waiter", "_exception", "_result", "_log_traceback", "_log_destroy_pending", "_callbacks"),
    ),
    ("asyncio.Handle", asyncio.Handle, ("_callback", "_args", "_cancelled", "_context", "_loop", "_run", "_repr")),
    ("asyncio.TimerHandle", TimerHandle, ("_when", "_scheduled")),
    ("asyncio.format_helpers", asyncio.format_helpers, ("_format_callback_source",)),
    ("asyncio.BaseEventLoop", BaseEventLoop, ("_call_soon", "_check_closed", "_check_thread", "_check_callback")),
    ("asyncio.BaseEventLoop", BaseEventLoop, (CONNECT_SOCK,)),
    ("asyncio.selector_events.BaseSelectorEventLoop", SelectorLoop, (SOCK_CONNECT,)),
    ("asyncio.StreamReader", asyncio.StreamReader, ("_wait_for_data",)),
    ("asyncio.Queue", asyncio.Queue, (WAKE_NEXT,)),
    (
        "asyncio.base_subprocess.BaseSubprocessTransport",
        asyncio.base_subprocess.BaseSubprocessTransport,
        (PROCESS_EXITED,),
    ),
    ("concurrent.futures.thread", concurrent.futures.thread, ("_worker", "_WorkItem", "_threads_queues")),
    ("asyncio.base_events", asyncio.base_events, ("_run_until_complete_cb",)),
    ("threading", threading, (START_THREAD,)),
    ("warnings", warnings, (WARN_UNAWAITED, "_showwarnmsg_impl", "_showwarning_orig", "_formatwarning_orig")),
)
"""Where private names are, and which are needed."""

ATTRIBUTES: tuple[tuple[str, Callable[..., object], tuple[str, ...]], ...] = (
    ("asyncio.BaseEventLoop", BaseEventLoop.__init__, ("_ready", "_scheduled", "_closed")),
    ("asyncio.BaseEventLoop", BaseEventLoop.get_debug, ("_debug",)),
    # It tells a timer by this that it goes to the ready queue: see governing/timers.py.
    ("asyncio.TimerHandle", _find(BaseEventLoop, "_run_once"), ("_scheduled",)),
    ("asyncio.Lock", asyncio.Lock.__init__, (LOCK_VALUE,)),
    ("asyncio.Semaphore", asyncio.Semaphore.__init__, (SEMAPHORE_VALUE,)),
    ("asyncio.Event", asyncio.Event.__init__, (EVENT_VALUE,)),
    ("asyncio.Condition", asyncio.Condition.__init__, ("_lock", CONDITION_WAITERS)),
    ("asyncio.Barrier", asyncio.Barrier.__init__, ("_cond", BARRIER_VALUE)),
    ("asyncio.Queue", asyncio.Queue.__init__, ("_finished", UNFINISHED)),
    ("asyncio.Queue", _find(asyncio.Queue, "_init"), (QUEUE_ITEMS,)),
    ("asyncio.TaskGroup", asyncio.TaskGroup.__init__, ("_tasks",)),
)
"""Attributes of instances, and the functions that set them: as they are before anybody replaces one."""

_CALL_SOON = (
    ("self", "callback", "context", "args", "handle"),
    ("_check_closed", "_debug", "_check_thread", "_check_callback", "_call_soon", "_source_traceback"),
)
_CALL_SOON_BELOW = (
    ("self", "callback", "args", "context", "handle"),
    ("events", "Handle", "_source_traceback", "_ready", "append"),
)
"""The variables, and the names in the order of their use, of `call_soon` and `_call_soon`: 3.11 to 3.14."""


def missing() -> list[str]:
    """The names that the tracer needs and that this Python lacks, with their modules."""
    return sorted({*_missing_names(), *_missing_attributes()})


def complain_of_missing() -> None:
    """Refuse to work on a Python that lacks something.

    Raises:
        UnsupportedPythonError: It does; says what, and what to do.
    """
    lacks = missing()
    if lacks:
        raise UnsupportedPythonError(
            f"this Python ({VERSION}) lacks {', '.join(lacks)}, which asynclab needs: "
            f"use Python 3.11 to {NEWEST}, or a newer asynclab"
        )


def has_known_call_soon() -> bool:
    """Whether BaseEventLoop's call_soon is the one that the tracer has a faster copy of.

    Tells by the shape of its code, which is the same in each version that the copy was tried with: a version that does
    more there is left to do it.
    """
    shapes = _shape_of(BaseEventLoop.call_soon), _shape_of(_find(BaseEventLoop, "_call_soon"))
    return shapes == (_CALL_SOON, _CALL_SOON_BELOW)


def keeps_timers_in_heap(call_at: Callable[..., object]) -> bool:
    """Whether a loop's way to set a timer is asyncio's own, which pushes it to a heap, and does no more."""
    return getattr(call_at, "__func__", None) is BaseEventLoop.call_at


ready_queue: Callable[[AbstractEventLoop | None], deque[Any]] = attrgetter("_ready")
"""What a loop runs next; threads append to it."""

timer_heap: Callable[[AbstractEventLoop], list[TimerHandle]] = attrgetter("_scheduled")
"""The timers of a loop: a heap ordered by their times."""

context_of: Callable[[asyncio.Handle], Context] = attrgetter("_context")
"""The context in which a handle runs; `Handle.get_context` exists since 3.12."""

children_of: Callable[[Any], list[Future[Any]]] = attrgetter("_children")
"""What a future of asyncio.gather waits for."""

tasks_in: Callable[[Any], set[Task[Any]]] = attrgetter("_tasks")
"""The tasks of a TaskGroup that have not ended."""


def is_sleep(timer: TimerHandle) -> bool:
    """Whether a timer is to end a sleep."""
    return timer._callback is set_result_unless_cancelled  # type: ignore[attr-defined]


def push_timer(timer: TimerHandle) -> None:
    """Give a timer to its loop, as `call_at` does."""
    heapq.heappush(timer._loop._scheduled, timer)  # type: ignore[attr-defined]
    timer._scheduled = True  # type: ignore[attr-defined]


def selector_of(loop: AbstractEventLoop) -> BaseSelector | None:
    """What a loop waits on for I/O; None for one that has no selector, such as the Windows loop of completion ports."""
    return getattr(loop, "_selector", None)


def signal_handlers_of(loop: AbstractEventLoop) -> dict[int, asyncio.Handle]:
    """The handles of a loop's signal handlers, by signal; no loop but that for Unix has any."""
    handlers: dict[int, asyncio.Handle] = getattr(loop, "_signal_handlers", {})
    return handlers


signal_handler: Callable[[int], object] = getattr(sys.modules.get("_signal"), "getsignal", signal.getsignal)
"""What handles a signal. The public function makes an enum's member of it, which takes a third of a look at a loop."""


def accepts_connections(loop: AbstractEventLoop, handle: asyncio.Handle) -> bool:
    """Whether a handle is a loop's reader of a listening socket."""
    return bool(handle._callback == getattr(loop, "_accept_connection", Absent))  # type: ignore[attr-defined]


def serves(loop: AbstractEventLoop | None) -> bool:
    """Whether a loop listens for connections."""
    selector: Any = None if loop is None else selector_of(loop)
    keys = [] if selector is None else list(selector.get_map().values())
    return loop is not None and any(key.data[0] is not None and accepts_connections(loop, key.data[0]) for key in keys)


def stop_serving(loop: AbstractEventLoop, file: Any, handle: asyncio.Handle) -> None:
    """Close a listening socket as its server does; that is the fourth argument of the reader since 3.4."""
    server = handle._args[3]
    if server is None:
        loop._stop_serving(file)  # type: ignore[attr-defined]
    else:
        server.close()


def runs_until_end_of(task: Task[Any]) -> bool:
    """Whether `run_until_complete` waits for a task."""
    return any(callback is stop_at_end for callback, _ in task._callbacks or ())


def is_running(task: Task[Any], loop: AbstractEventLoop) -> bool:
    """Whether a step of a task is under way.

    Since 3.14 `asyncio.current_task` knows only of tasks written in C; those written in Python have a register of their
    own.
    """
    return asyncio.current_task(loop) is task or python_current_task(loop) is task


def innermost_children_of(gathering: Any) -> Iterator[Future[Any]]:
    """What a future of asyncio.gather waits for, with what gathers in it wait for in place of these."""
    for child in children_of(gathering):
        yield from innermost_children_of(child) if type(child) is GatheringFuture else (child,)


def shielded_by(future: Future[Any]) -> Future[Any] | None:
    """What a future of asyncio.shield waits for; None for any other future."""
    for callback, _ in future._callbacks or ():
        if type(callback) is FunctionType and callback.__code__ is SHIELD_ENDED:
            cells = dict(zip(callback.__code__.co_freevars, callback.__closure__ or (), strict=True))
            return cells["inner"].cell_contents if "inner" in cells else None
    return None


def left_to_complete(frame: FrameType, waiting: object) -> Collection[Future[Any]]:
    """The futures that as_completed() has not given to its caller yet; `frame` runs the function `COMPLETED`."""
    iterator = variables_of(frame).get("self")
    if iterator is not None:
        return iterator._todo  # type: ignore[no-any-return]
    # Before 3.13 only the generator knows it, and the loop keeps that where no name leads.
    made = [each for each in gc.get_referents(waiting) if type(each) is GeneratorType]
    frames = [each.gi_frame for each in made if COMPLETED in each.gi_code.co_consts]
    return variables_of(frames[0])["todo"] if len(frames) == 1 and frames[0] is not None else ()


def brings_call(future: Future[Any]) -> bool:
    """Whether what a future will have comes from a future of concurrent.futures, as of a call in a pool."""
    if type(future) not in (Future, PythonFuture):
        return False
    return any(is_chained(each) for each, _ in future._callbacks or ())


def is_chained(callback: object) -> bool:
    """Whether asyncio has added a callback to a future that stands for another one."""
    return type(callback) is FunctionType and callback.__code__ in _CHAINED


def has_cancelled_parent(group: Any) -> bool:
    """Whether a TaskGroup has failed, and has asked the task in its body to end; all versions."""
    return bool(getattr(group, "_parent_cancel_requested", False))


def is_pool_thread(thread: threading.Thread) -> bool:
    """Whether a thread works for a ThreadPoolExecutor."""
    return getattr(thread, "_target", None) is pool_worker


def thread_pools() -> list[tuple[Any, list[threading.Thread]]]:
    """The queue of calls and the threads of each ThreadPoolExecutor that has any, all versions."""
    if not _queues_of_workers:
        return []
    pools: dict[int, tuple[Any, list[threading.Thread]]] = {}
    for worker, queue in list(_queues_of_workers.items()):
        if worker.is_alive():
            pools.setdefault(id(queue), (queue, []))[1].append(worker)
    return list(pools.values())


def queued_calls(queue: Any) -> list[Any]:
    """The calls in the queue of a ThreadPoolExecutor that no thread has taken yet; others put and take meanwhile."""
    return [] if queue.empty() else [call for call in _items_of(queue) if call is not None]


def _items_of(queue: Any) -> list[Any]:
    """What a queue of an executor holds: a SimpleQueue, which can't be looked into, but refers to its items."""
    found = gc.get_referents(queue)
    return [each for each in found if isinstance(each, WorkItem)] or [
        each for inner in found if type(inner) is list for each in inner if isinstance(each, WorkItem)
    ]


def function_of_call(call: Any) -> tuple[Any, tuple[Any, ...]]:
    """What a call in a ThreadPoolExecutor calls, and its arguments; since 3.14 it has one attribute for all of that."""
    function, arguments = call.task[:2] if hasattr(call, "task") else (call.fn, call.args)
    return function, tuple(arguments)


def is_call_cancelled(call: Any) -> bool:
    """Whether a call in a ThreadPoolExecutor was cancelled before a thread has begun it, without asking its lock."""
    return bool(call.future._state == "CANCELLED")


def callbacks_of_call(call: Any) -> list[Any]:
    """The callbacks for the end of a call in a ThreadPoolExecutor, all versions."""
    return [each for each in call.future._done_callbacks if hasattr(each, "__closure__")]


def context_of_thread(thread: threading.Thread) -> Context | None:
    """The context that a new thread will run in, since 3.14; None if it gets an empty one."""
    context: Context | None = getattr(thread, "_context", None)
    return context


def own_warning_functions() -> tuple[object, object]:
    """Python's own functions that show and format warnings, unless replaced; all versions."""
    module: Any = warnings
    return module._showwarning_orig, module._formatwarning_orig


def failure_of(handle: Any, error: BaseException) -> dict[str, Any]:
    """The context that a Handle gives the loop's exception handler when its callback raises."""
    # Since 3.13 the callback is named with its arguments only in debug mode.
    name: Callable[..., str] = asyncio.format_helpers._format_callback_source
    options = {"debug": handle._loop.get_debug()} if "debug" in name.__code__.co_varnames else {}
    source = name(handle._callback, handle._args, **options)
    failure = {"message": f"Exception in callback {source}", "exception": error, "handle": handle}
    if handle._source_traceback:
        failure["source_traceback"] = handle._source_traceback
    return failure


def exception_handlers(code: CodeType) -> list[Any]:
    """What a function does at an exception: each has `start`, `end` and `target`, offsets of instructions."""
    parse: Any = vars(dis)["_parse_exception_table"]
    return list(parse(code))


def expect_destruction(task: Task[Any]) -> None:
    """Keep asyncio from complaining when this task is destroyed before it has ended."""
    task._log_destroy_pending = False  # type: ignore[attr-defined]


def complains_if_destroyed(task: Task[Any]) -> bool:
    """Whether asyncio complains when a task is destroyed that has not ended."""
    return bool(getattr(task, "_log_destroy_pending", False))


def _missing_names() -> Iterator[str]:
    for place, owner, names in NAMES:
        for name in names:
            if not hasattr(owner, name):
                yield f"{place}.{name}"


def _missing_attributes() -> Iterator[str]:
    for place, function, names in ATTRIBUTES:
        code = getattr(function, "__code__", None)
        for name in names:
            if isinstance(code, CodeType) and name not in code.co_names:
                yield f"{place}.{name}"


def _shape_of(function: object) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    code = getattr(function, "__code__", None)
    return (code.co_varnames, code.co_names) if isinstance(code, CodeType) else None
