"""Separates threads that may do something by themselves from threads that wait for other code of the program.

A thread that waits without a timeout for a condition of `threading`, as for a queue or for a future's result, continues
only if other code of the program does something for it. If all other threads wait so, none of them can wake a loop.
"""

from __future__ import annotations

import os
import platform
import sys
import threading
from contextlib import suppress
from os import listdir
from types import CodeType, FrameType, FunctionType

from asynclab.model.events import ThreadStands
from asynclab.trace import cpython
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.monitoring.bystanders import Bystanders
from asynclab.trace.recording.code_ownership import is_pythons

_open = open
"""Bound here: a program that puts another in its place may count its calls."""

_THREADS_OF_PROCESS = "/proc/self/task"
_FUTEX, _TIMEOUT = {"x86_64": "202", "aarch64": "98"}.get(platform.machine(), ""), 3
"""The number of the system call by which threads wait for each other on Linux, and which argument is its timeout."""
_JOINS = tuple(
    getattr(function, "__code__", None)
    for function in (threading.Thread.join, getattr(threading.Thread, "_wait_for_tstate_lock", None))
)
_WAIT: CodeType = threading.Condition.wait.__code__
_NOT_HELD = (None, -1)
"""The timeouts that stand for none."""
_BEGINNINGS = frozenset(
    (function.__code__.co_filename, function.__qualname__)
    for function in (
        threading.Thread.run,
        getattr(threading.Thread, "_bootstrap", None),
        getattr(threading.Thread, "_bootstrap_inner", None),
        cpython.pool_worker,
        getattr(cpython.WorkItem, "run", None),
    )
    if isinstance(function, FunctionType)
)
"""By file and name, not by code object: the function is compiled again while a lab observes it."""
_OURS = os.path.dirname(os.path.dirname(__file__))


def look_at_threads(
    loop_thread: int, bystanders: Bystanders, *, also_in_c: bool = False
) -> tuple[int, tuple[ThreadStands, ...]]:
    """The number of threads, besides a loop's, that may do something by themselves; if none may, the held threads.

    Held threads count in the number where a thread may act, or where threads run that Python doesn't know. If
    `also_in_c`, code in C may wait as well, such as queue.SimpleQueue's.
    """
    frames = frames_of_others()
    threads = [each for each in threading.enumerate() if not (each.ident == loop_thread or bystanders.has_thread(each))]
    others = [thread for thread in threads if not _is_idle(thread, frames)]
    held = [each for each in others if is_held(frames.get(each.ident or 0)) or (also_in_c and _waits_in_c(each))]
    if len(held) < len(others) or (held and _has_foreign(len(frames) + 1)):
        return len(others), ()
    return 0, tuple(stands(thread, frames.get(thread.ident or 0)) for thread in held)


def frames_of_others() -> dict[int, FrameType]:
    """The innermost frame of each other thread. A reference to the own frame would keep its callers."""
    frames = sys._current_frames()
    del frames[threading.get_ident()]
    return frames


def stands(thread: threading.Thread, frame: FrameType | None) -> ThreadStands:
    """Where a thread is: the innermost frame of the program's own code."""
    called = ""
    while frame is not None and not begins_call(frame):
        code = frame.f_code
        if not is_pythons(code.co_filename) and not code.co_filename.startswith(_OURS):
            return ThreadStands(thread.name, code.co_qualname, code.co_filename, frame.f_lineno or 0, called)
        called = code.co_qualname
        frame = frame.f_back
    return ThreadStands(thread.name, waits_in=called)


def is_idle_worker(frame: FrameType | None) -> bool:
    """Whether a pool's thread is idle: it waits for its next call."""
    return frame is not None and frame.f_code is getattr(cpython.pool_worker, "__code__", None)


def begins_call(frame: FrameType) -> bool:
    """Whether a frame only begins what a thread, or a call in a pool, is to do."""
    return (frame.f_code.co_filename, frame.f_code.co_qualname) in _BEGINNINGS


def _is_idle(thread: threading.Thread, frames: dict[int, FrameType]) -> bool:
    return cpython.is_pool_thread(thread) and is_idle_worker(frames.get(thread.ident or 0))


def is_held(frame: FrameType | None, *, also_timed: bool = False) -> bool:
    """Whether a thread waits for a condition, perhaps with a timeout, or for another thread's end without one."""
    if frame is None:
        return False
    if frame.f_code is _WAIT:
        return also_timed or variables_of(frame).get("timeout") is None
    return frame.f_code in _JOINS and variables_of(frame).get("timeout", None) in _NOT_HELD


def _waits_in_c(thread: threading.Thread) -> bool:
    """Whether the system says of a thread that it waits for another one without a timeout; only on Linux."""
    with suppress(OSError), _open(f"{_THREADS_OF_PROCESS}/{thread.native_id}/syscall") as call:
        number, *arguments = call.read().split()
        return number == _FUTEX and arguments[_TIMEOUT : _TIMEOUT + 1] == ["0x0"]
    return False


def _has_foreign(known: int) -> bool:
    """Whether threads may run that Python does not know: they could call into it.

    A watchdog of faulthandler's is one, and does not.
    """
    try:
        threads = len(listdir(_THREADS_OF_PROCESS))
    except OSError:
        return True
    return threads - known > ("faulthandler" in sys.modules)
