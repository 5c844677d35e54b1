"""Every private name of CPython that the tracer depends on, and the versions that have it.

Code that runs at each step reads attributes directly, but they are listed here too. The import of this module never
fails because a name is missing. `missing` returns such names, and a lab reports them before it starts.
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
from types import BuiltinMethodType, CodeType, FrameType, FunctionType, GeneratorType, MethodType
from typing import Any

from asynclab.errors import UnsupportedPythonError
from asynclab.trace.frame_variables import variables_of

VERSION = sys.version.split()[0]
"""The version of this Python. `platform` has it too, but would have to be imported into every observed program."""

NEWEST = "3.14"
"""The newest Python that the tests have run on."""


class Absent:
    """Placeholder for a name that this Python lacks. It is never instantiated, so no object matches it."""


def _find(owner: object, path: str) -> Any:
    found: Any = owner
    for name in path.split("."):
        found = getattr(found, name, Absent)
    return found


def _code_within(function: Any, name: str) -> CodeType | type[Absent]:
    """The code of a function that is nested in another function."""
    codes = getattr(getattr(function, "__code__", None), "co_consts", ())
    return next((each for each in codes if isinstance(each, CodeType) and each.co_name == name), Absent)


# The Future and Task classes written in Python, all versions; they don't derive from the classes written in C.
PythonFuture: type[Future[Any]] = _find(asyncio.futures, "_PyFuture")
PythonTask: type[Task[Any]] = _find(asyncio.tasks, "_PyTask")

# The type of the future that asyncio.gather returns while its children run, all versions.
GatheringFuture: type = _find(asyncio.tasks, "_GatheringFuture")

# The type of context manager that a function decorated with contextlib.asynccontextmanager returns, all versions.
GeneratorContext: type = _find(contextlib, "_AsyncGeneratorContextManager")

# The callback of the timer of wait(), and before 3.12 also of wait_for(), which uses asyncio.timeout since then.
release_waiter: Callable[..., object] = _find(asyncio.tasks, "_release_waiter")

# The callback of the timer of sleep(), all versions.
set_result_unless_cancelled: Callable[..., object] = _find(asyncio.futures, "_set_result_unless_cancelled")

# The callback of the timer of asyncio.timeout(), all versions since 3.11.
on_timeout: Callable[..., object] = _find(Timeout, "_on_timeout")

# The function in which wait() waits, all versions.
wait_for_futures: Callable[..., object] = _find(asyncio.tasks, "_wait")

# The done callback that shield() adds to the future that it returns, all versions: it refers to the inner future.
SHIELD_ENDED: CodeType | type[Absent] = _code_within(asyncio.shield, "_outer_done_callback")

# The done callback of wait(), all versions. It calls exception() on its futures only with FIRST_EXCEPTION.
WAIT_ENDED: CodeType | type[Absent] = _code_within(wait_for_futures, "_on_completion")

# The done callback that gather() adds to its children, all versions.
GATHER_ENDED: CodeType | type[Absent] = _code_within(asyncio.gather, "_done_callback")

# The function in which the awaitables of as_completed() wait: nested in a generator, and since 3.13 a method.
COMPLETED: CodeType | type[Absent] = _code_within(asyncio.as_completed, "_wait_for_one")
if COMPLETED is Absent:
    COMPLETED = getattr(_find(asyncio.tasks, "_AsCompletedIterator._wait_for_one"), "__code__", Absent)

# The function in which as_completed() makes its queue of done futures: a generator, and since 3.13 an __init__.
_completed: Any = getattr(asyncio.tasks, "_AsCompletedIterator", None)
AS_COMPLETED: CodeType = (asyncio.as_completed if _completed is None else _completed.__init__).__code__

# The code of the __init__ of tasks written in Python, all versions.
PYTHON_TASK_INIT: CodeType | None = getattr(_find(PythonTask, "__init__"), "__code__", None)

# The method in which the public methods of a StreamReader wait, all versions.
wait_for_data: Callable[..., object] = _find(asyncio.StreamReader, "_wait_for_data")

# The method in which a TaskGroup waits for its tasks since 3.13; before, __aexit__ itself waits.
task_group_exit: Callable[..., object] = _find(asyncio.TaskGroup, "_aexit")

# The set of the tasks that have not ended, in 3.12 and 3.13. The C code calls its `add`.
SCHEDULED_TASKS: Any = getattr(asyncio.tasks, "_scheduled_tasks", None) if sys.version_info < (3, 14) else None

# The class of a transport over a socket, all versions; not uvloop's.
SocketTransport: type = _find(asyncio.selector_events, "_SelectorSocketTransport")

# The method that begins an attempt to connect, and the coroutine in create_connection() that calls it; not uvloop's.
SelectorLoop: type = asyncio.selector_events.BaseSelectorEventLoop
SOCK_CONNECT, CONNECT_SOCK = "_sock_connect", "_connect_sock"

# The method that runs the callback of a Handle, all versions; TimerHandle inherits it.
run_handle: Callable[[asyncio.Handle], None] = _find(asyncio.Handle, "_run")

# The kind of handle that call_soon_threadsafe makes since 3.14: it has a lock.
THREAD_SAFE_HANDLE = "_ThreadSafeHandle"
ThreadSafeHandle: type[Any] | None = getattr(asyncio.events, THREAD_SAFE_HANDLE, None)

# Returns the running task if it is written in Python; before 3.14 this is the same as asyncio.current_task.
python_current_task: Callable[[AbstractEventLoop], Task[Any] | None] = getattr(
    asyncio.tasks, "_py_current_task", asyncio.current_task
)

# The done callback that `run_until_complete` adds to its future, all versions.
stop_at_end: Callable[..., object] = _find(asyncio.base_events, "_run_until_complete_cb")

# The function that the threads of a ThreadPoolExecutor run, all versions.
pool_worker: Callable[..., object] = _find(concurrent.futures.thread, "_worker")

# A call in a ThreadPoolExecutor: submit() makes it, a thread runs it. Since 3.14 `run` takes the worker's context.
WorkItem: type = _find(concurrent.futures.thread, "_WorkItem")

# The done callbacks by which asyncio links one of its futures to a concurrent.futures one, all versions.
_constants = _find(asyncio.futures, "_chain_future.__code__.co_consts")
_CHAINED = frozenset(each for each in (() if _constants is Absent else _constants) if type(each) is CodeType)

# The done callback that shield() adds to the inner task when its outer future is cancelled, since 3.14. It calls
# exception(), to log a failure.
SHIELDED: CodeType | type[Absent] = _find(asyncio.tasks, "_log_on_exception.__code__")

# The function that copies the outcome of a run_coroutine_threadsafe() task to its future, all versions.
PASSED_ON: CodeType | type[Absent] = _find(asyncio.futures, "_set_concurrent_future_state.__code__")

# The queue of calls of each thread of a ThreadPoolExecutor, all versions.
_queues_of_workers: Mapping[threading.Thread, Any] = _find(concurrent.futures.thread, "_threads_queues")

START_THREAD = "_start_joinable_thread" if sys.version_info >= (3, 13) else "_start_new_thread"
"""The function by which `threading` starts a thread; Python 3.13 renamed it."""

PROCESS_EXITED = "_process_exited"
"""The method of a subprocess transport that asyncio calls when the process ends, all versions."""

WARN_UNAWAITED = "_warn_unawaited_coroutine"
"""The function of warnings that the interpreter calls for a coroutine that was never awaited, all versions."""

LOCK_VALUE, SEMAPHORE_VALUE, EVENT_VALUE, BARRIER_VALUE = "_locked", "_value", "_value", "_count"
"""The attributes that hold the values of primitives, all versions."""

CONDITION_WAITERS = "_waiters"
"""The attribute with the waiters of a condition, all versions; `Condition.__init__` sets it early."""

NOTIFY = "_notify"
"""The method in which a condition wakes its waiters, since 3.13; before, notify() does it itself."""

WAKE_NEXT = "_wakeup_next"
"""The method in which a queue wakes a task that waits for an item or for free space, all versions."""

QUEUE_ITEMS, UNFINISHED = "_queue", "_unfinished_tasks"
"""The attributes with a queue's items, and with the number of items without a task_done(); all versions."""

IS_SHUT_DOWN = "_is_shutdown"
"""The attribute that says whether a queue was shut down, since 3.13."""

FUTURE_ITERATOR = "FutureIter"
"""The type name of the iterator behind `await future`: it is written in C, and runs no code but the future's."""

COROUTINE_WRAPPER = "coroutine_wrapper"
"""The type name of the iterator from `coroutine.__await__()`: it runs the coroutine, and refers to nothing else."""

ANEXT = "anext_awaitable"
"""The type name of the awaitable from `anext` with a default: it refers to the inner awaitable and the default."""

GENERATOR_CLOSE = "async_generator_athrow"
GENERATOR_STEPS = frozenset({"async_generator_asend", GENERATOR_CLOSE})
"""The type names of the awaitables that an async generator's methods return: each refers to the generator."""

METHODS = (MethodType, BuiltinMethodType)
"""The types of bound methods, in Python and in C: reading their `__self__` runs no code of the program."""

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
"""The private names that the tracer needs: for each place its name, the object, and the attributes."""

ATTRIBUTES: tuple[tuple[str, Callable[..., object], tuple[str, ...]], ...] = (
    ("asyncio.BaseEventLoop", BaseEventLoop.__init__, ("_ready", "_scheduled", "_closed")),
    ("asyncio.BaseEventLoop", BaseEventLoop.get_debug, ("_debug",)),
    # The loop clears it when it moves a timer to the ready queue: see governing/timers.py.
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
"""The attributes of instances that the tracer needs, and the original functions that use them."""

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
    """The names that the tracer needs and this Python lacks, with their modules."""
    return sorted({*_missing_names(), *_missing_attributes()})


def complain_of_missing() -> None:
    """Refuse to work on a Python that lacks a name.

    Raises:
        UnsupportedPythonError: A name is missing. The message names it and says what to do.
    """
    lacks = missing()
    if lacks:
        raise UnsupportedPythonError(
            f"this Python ({VERSION}) lacks {', '.join(lacks)}, which asynclab needs: "
            f"use Python 3.11 to {NEWEST}, or a newer asynclab"
        )


def has_known_call_soon() -> bool:
    """Whether BaseEventLoop's call_soon is the one that the tracer has a faster copy of.

    It compares the variables and names in the code, which are the same in every version that the copy was tested
    with. If they differ, the tracer calls the original.
    """
    shapes = _shape_of(BaseEventLoop.call_soon), _shape_of(_find(BaseEventLoop, "_call_soon"))
    return shapes == (_CALL_SOON, _CALL_SOON_BELOW)


def keeps_timers_in_heap(call_at: Callable[..., object]) -> bool:
    """Whether a loop's `call_at` is asyncio's own, which only pushes the timer to a heap."""
    return getattr(call_at, "__func__", None) is BaseEventLoop.call_at


ready_queue: Callable[[AbstractEventLoop | None], deque[Any]] = attrgetter("_ready")
"""The ready queue of a loop: the handles that it runs next. Other threads append to it too."""

timer_heap: Callable[[AbstractEventLoop], list[TimerHandle]] = attrgetter("_scheduled")
"""The timers of a loop: a heap ordered by their times."""

context_of: Callable[[asyncio.Handle], Context] = attrgetter("_context")
"""The context in which a handle runs; `Handle.get_context` exists since 3.12."""

children_of: Callable[[Any], list[Future[Any]]] = attrgetter("_children")
"""The children of a future of asyncio.gather."""

tasks_in: Callable[[Any], set[Task[Any]]] = attrgetter("_tasks")
"""The tasks of a TaskGroup that have not ended."""


def is_sleep(timer: TimerHandle) -> bool:
    """Whether a timer ends an asyncio.sleep."""
    return timer._callback is set_result_unless_cancelled  # type: ignore[attr-defined]


def push_timer(timer: TimerHandle) -> None:
    """Add a timer to its loop's heap, as `call_at` does."""
    heapq.heappush(timer._loop._scheduled, timer)  # type: ignore[attr-defined]
    timer._scheduled = True  # type: ignore[attr-defined]


def selector_of(loop: AbstractEventLoop) -> BaseSelector | None:
    """The selector of a loop; None if the loop has none, such as the proactor loop of Windows."""
    return getattr(loop, "_selector", None)


def signal_handlers_of(loop: AbstractEventLoop) -> dict[int, asyncio.Handle]:
    """The handles of a loop's signal handlers, by signal; only Unix loops have any."""
    handlers: dict[int, asyncio.Handle] = getattr(loop, "_signal_handlers", {})
    return handlers


signal_handler: Callable[[int], object] = getattr(sys.modules.get("_signal"), "getsignal", signal.getsignal)
"""Returns the handler of a signal. The public `getsignal` also makes an enum member, which is too slow here."""


def accepts_connections(loop: AbstractEventLoop, handle: asyncio.Handle) -> bool:
    """Whether a handle is the callback by which a loop accepts connections on a listening socket."""
    return bool(handle._callback == getattr(loop, "_accept_connection", Absent))  # type: ignore[attr-defined]


def serves(loop: AbstractEventLoop | None) -> bool:
    """Whether a loop listens for connections."""
    selector: Any = None if loop is None else selector_of(loop)
    keys = [] if selector is None else list(selector.get_map().values())
    return loop is not None and any(key.data[0] is not None and accepts_connections(loop, key.data[0]) for key in keys)


def stop_serving(loop: AbstractEventLoop, file: Any, handle: asyncio.Handle) -> None:
    """Close a listening socket as its server does. The server is the fourth argument of the handle, since 3.4."""
    server = handle._args[3]
    if server is None:
        loop._stop_serving(file)  # type: ignore[attr-defined]
    else:
        server.close()


def slot_of(future: Future[Any], name: str) -> Any:
    """A private attribute of a future or task. A subclass's own `__getattribute__` is not called."""
    kind = type(future)
    if kind is Task or kind is Future:
        return getattr(future, name)
    if issubclass(kind, Future):
        return getattr(Task if issubclass(kind, Task) else Future, name).__get__(future)
    return object.__getattribute__(future, name)


def callbacks_of(future: Future[Any]) -> list[Any]:
    """The done callbacks of a future or task."""
    return [callback for callback, _ in slot_of(future, "_callbacks") or ()]


def owner_of(callback: Any) -> Any:
    """The object whose method a callback is; None for any other callable, as reading it may run code of the program."""
    return callback.__self__ if issubclass(type(callback), METHODS) else None


def runs_until_end_of(task: Task[Any]) -> bool:
    """Whether `run_until_complete` waits for a task."""
    return any(callback is stop_at_end for callback in callbacks_of(task))


def is_running(task: Task[Any], loop: AbstractEventLoop) -> bool:
    """Whether a step of a task is under way.

    Since 3.14 `asyncio.current_task` knows only tasks written in C; tasks written in Python have their own register.
    """
    return asyncio.current_task(loop) is task or python_current_task(loop) is task


def innermost_children_of(gathering: Any) -> Iterator[Future[Any]]:
    """The children of a future of asyncio.gather; an inner gather is replaced by its own children."""
    for child in children_of(gathering):
        yield from innermost_children_of(child) if type(child) is GatheringFuture else (child,)


def shielded_by(future: Future[Any]) -> Future[Any] | None:
    """The inner future of a future of asyncio.shield; None for any other future."""
    for callback in callbacks_of(future):
        if type(callback) is FunctionType and callback.__code__ is SHIELD_ENDED:
            cells = dict(zip(callback.__code__.co_freevars, callback.__closure__ or (), strict=True))
            return cells["inner"].cell_contents if "inner" in cells else None
    return None


def left_to_complete(frame: FrameType, waiting: object) -> Collection[Future[Any]]:
    """The futures that as_completed() has not yielded to its caller yet; `frame` runs the function `COMPLETED`."""
    iterator = variables_of(frame).get("self")
    if iterator is not None:
        return iterator._todo  # type: ignore[no-any-return]
    # Before 3.13 only the generator's frame has this set, and no attribute leads to the generator.
    made = [each for each in gc.get_referents(waiting) if type(each) is GeneratorType]
    frames = [each.gi_frame for each in made if COMPLETED in each.gi_code.co_consts]
    return variables_of(frames[0])["todo"] if len(frames) == 1 and frames[0] is not None else ()


def brings_call(future: Future[Any]) -> bool:
    """Whether a future gets its result from a concurrent.futures future, such as a call in a thread pool."""
    if type(future) not in (Future, PythonFuture):
        return False
    return any(map(is_chained, callbacks_of(future)))


def is_chained(callback: object) -> bool:
    """Whether a callback is one by which asyncio links a future to a concurrent.futures one."""
    return type(callback) is FunctionType and callback.__code__ in _CHAINED


def has_cancelled_parent(group: Any) -> bool:
    """Whether a TaskGroup has cancelled its parent task because a child failed; all versions."""
    return bool(getattr(group, "_parent_cancel_requested", False))


def is_pool_thread(thread: threading.Thread) -> bool:
    """Whether a thread is a worker of a ThreadPoolExecutor."""
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
    """The calls in the queue of a ThreadPoolExecutor that no thread has taken yet. Other threads may change it."""
    return [] if queue.empty() else [call for call in _items_of(queue) if call is not None]


def _items_of(queue: Any) -> list[Any]:
    """The items in the queue of an executor. A SimpleQueue has no attribute for them, but `gc` sees its references."""
    found = gc.get_referents(queue)
    return [each for each in found if isinstance(each, WorkItem)] or [
        each for inner in found if type(inner) is list for each in inner if isinstance(each, WorkItem)
    ]


def function_of_call(call: Any) -> tuple[Any, tuple[Any, ...]]:
    """The function of a call in a ThreadPoolExecutor, and its arguments; since 3.14 both are in `task`."""
    function, arguments = call.task[:2] if hasattr(call, "task") else (call.fn, call.args)
    return function, tuple(arguments)


def is_call_cancelled(call: Any) -> bool:
    """Whether a call in a ThreadPoolExecutor was cancelled before a thread began it. Takes no lock."""
    return bool(call.future._state == "CANCELLED")


def callbacks_of_call(call: Any) -> list[Any]:
    """The done callbacks of a call in a ThreadPoolExecutor that may be closures, all versions."""
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
    """The entries of a function's exception table: `start`, `end` and `target` are offsets of instructions."""
    parse: Any = vars(dis)["_parse_exception_table"]
    return list(parse(code))


def expect_destruction(task: Task[Any]) -> None:
    """Keep asyncio from complaining when this task is destroyed before it has ended."""
    task._log_destroy_pending = False  # type: ignore[attr-defined]


def complains_if_destroyed(task: Task[Any]) -> bool:
    """Whether asyncio complains if this task is destroyed before it has ended."""
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
