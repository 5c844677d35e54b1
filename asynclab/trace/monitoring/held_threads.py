"""Separates threads that may act by themselves from "held" threads, which wait for other code of the program.

A held thread waits without a timeout for a `threading.Condition`, for example in a queue or for a future's result. It
continues only if other code of the program wakes it. If all other threads are held, none of them can wake a loop.
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
"""Bound here: a program may replace `open`, for example by a mock that counts its calls."""

_THREADS_OF_PROCESS = "/proc/self/task"
_FUTEX, _TIMEOUT = {"x86_64": "202", "aarch64": "98"}.get(platform.machine(), ""), 3
"""The number of the system call by which threads wait for each other on Linux, and the index of its timeout."""
_JOINS = tuple(
    getattr(function, "__code__", None)
    for function in (threading.Thread.join, getattr(threading.Thread, "_wait_for_tstate_lock", None))
)
_WAIT: CodeType = threading.Condition.wait.__code__
_NOT_HELD = (None, -1)
"""The values of a timeout that mean no timeout."""
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
"""The functions that only start the work of a thread or a call. By file and name, not by code: `run` may be patched."""
_OURS = os.path.dirname(os.path.dirname(__file__))


def look_at_threads(
    loop_thread: int, bystanders: Bystanders, *, also_in_c: bool = False
) -> tuple[int, tuple[ThreadStands, ...]]:
    """The number of threads, besides a loop's, that may act by themselves; if none may, 0 and the held threads.

    If any thread may act, or if there are threads that Python doesn't know, the number includes the held threads. If
    `also_in_c`, threads that wait in C code also count as held, such as in queue.SimpleQueue.
    """
    frames = frames_of_others()
    threads = [each for each in threading.enumerate() if not (each.ident == loop_thread or bystanders.has_thread(each))]
    others = [thread for thread in threads if not _is_idle(thread, frames)]
    held = [each for each in others if is_held(frames.get(each.ident or 0)) or (also_in_c and _waits_in_c(each))]
    if len(held) < len(others) or (held and _has_foreign(len(frames) + 1)):
        return len(others), ()
    return 0, tuple(stands(thread, frames.get(thread.ident or 0)) for thread in held)


def frames_of_others() -> dict[int, FrameType]:
    """The innermost frame of each other thread. Without our own frame: that would be a reference cycle."""
    frames = sys._current_frames()
    del frames[threading.get_ident()]
    return frames


def stands(thread: threading.Thread, frame: FrameType | None) -> ThreadStands:
    """The place of a thread: the innermost frame that is neither Python's nor ours."""
    called = ""
    while frame is not None and not begins_call(frame):
        code = frame.f_code
        if not is_pythons(code.co_filename) and not code.co_filename.startswith(_OURS):
            return ThreadStands(thread.name, code.co_qualname, code.co_filename, frame.f_lineno or 0, called)
        called = code.co_qualname
        frame = frame.f_back
    return ThreadStands(thread.name, waits_in=called)


def is_idle_worker(frame: FrameType | None) -> bool:
    """Whether the thread of a pool waits for its next call; `frame` is its innermost frame."""
    return frame is not None and frame.f_code is getattr(cpython.pool_worker, "__code__", None)


def begins_call(frame: FrameType) -> bool:
    """Whether a frame only starts the work of a thread, or of a call in a pool."""
    return (frame.f_code.co_filename, frame.f_code.co_qualname) in _BEGINNINGS


def _is_idle(thread: threading.Thread, frames: dict[int, FrameType]) -> bool:
    return cpython.is_pool_thread(thread) and is_idle_worker(frames.get(thread.ident or 0))


def is_held(frame: FrameType | None, *, also_timed: bool = False) -> bool:
    """Whether a thread waits without a timeout, for a condition or for another thread's end.

    If `also_timed`, a wait for a condition with a timeout counts too.
    """
    if frame is None:
        return False
    if frame.f_code is _WAIT:
        return also_timed or variables_of(frame).get("timeout") is None
    return frame.f_code in _JOINS and variables_of(frame).get("timeout", None) in _NOT_HELD


def _waits_in_c(thread: threading.Thread) -> bool:
    """Whether a thread waits for another one without a timeout, according to the operating system; only on Linux."""
    with suppress(OSError), _open(f"{_THREADS_OF_PROCESS}/{thread.native_id}/syscall") as call:
        number, *arguments = call.read().split()
        return number == _FUTEX and arguments[_TIMEOUT : _TIMEOUT + 1] == ["0x0"]
    return False


def _has_foreign(known: int) -> bool:
    """Whether there may be threads that Python doesn't know, and that could call Python code.

    The watchdog thread of faulthandler isn't counted: it never calls Python code.
    """
    try:
        threads = len(listdir(_THREADS_OF_PROCESS))
    except OSError:
        return True
    return threads - known > ("faulthandler" in sys.modules)
