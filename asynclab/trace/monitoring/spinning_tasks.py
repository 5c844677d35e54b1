"""Finds, from another thread, tasks and callbacks that spin: they ask for another loop turn again and again."""

from __future__ import annotations

import ast
import asyncio
from asyncio import AbstractEventLoop
from collections import Counter
from collections.abc import Iterable, Iterator
from types import FunctionType
from typing import Any

import msgspec

from asynclab.model.events import LoopSpun
from asynclab.trace import cpython
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.monitoring.idle_loops import runs
from asynclab.trace.monitoring.loop_monitor import ThreadPlace
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.recording.future_state import coroutine_of, is_done, is_future
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.values import callable_name, function_in

_open = open
"""Bound here: a program may replace `open`, for example by a mock that counts its calls."""

SPUN_AFTER = 1.0
"""Real seconds for which a task must spin."""

_LOOKS = 5
"""The minimum number of looks in that time; on a busy machine there are fewer."""

_MOST_READY = 8
"""A longer ready queue has other callbacks than those of one or two spinning tasks."""

_NEARLY_ALL = 0.8
"""The share of looks that must find a task awake: some looks fall between two turns, when nothing is ready."""

_QUESTIONS = frozenset(
    {"done", "cancelled", "is_set", "locked", "empty", "full", "qsize", "is_alive", "at_eof", "is_closing", "running"}
    | {"len", "bool", "any", "all", "isinstance", "time", "monotonic", "perf_counter"}
)
"""Functions and methods that only return a value, and change nothing."""

_WAIT = asyncio.tasks._wait.__code__  # type: ignore[attr-defined]

_Key = int | str
"""A task's number, or the name of a callback."""


class _Window(msgspec.Struct):
    """What was seen in a period in which the loop was hardly ever idle."""

    since: float
    looks: int = 0
    idle: int = 0
    seen: Counter[_Key] = msgspec.field(default_factory=Counter)
    """The number of looks at which each task or callback ran, or was ready."""
    yielding: set[_Key] = msgspec.field(default_factory=set)
    """The tasks and callbacks that have asked for another turn."""
    ended: dict[_Key, set[int]] = msgspec.field(default_factory=dict)
    """For each task that was in asyncio.wait() at the latest look: the id() of its futures that were done already."""
    returning: set[_Key] = msgspec.field(default_factory=set)
    """The tasks that wait again and again for a future that is already done."""
    places: dict[_Key, ThreadPlace] = msgspec.field(default_factory=dict)


class SpinLooks:
    """Reports each task that wakes itself, and each pair of tasks that wake each other, once."""

    def __init__(self) -> None:
        self._window = _Window(0.0)
        self._told: set[frozenset[_Key]] = set()

    def look(self, recorder: Recorder) -> None:
        """Look at the loop. Call this several times a second, on any thread but the loop's."""
        loop, now, window = recorder.loop, recorder.clock.real_time(), self._window
        awake = None if loop is None or not runs(loop) else _awake(loop, recorder)
        if (
            loop is None
            or awake is None
            or window.idle > (1 - _NEARLY_ALL) * max(window.looks, 2 * _LOOKS)
            or not window.since
        ):
            self._window = _Window(now)
            return
        if not awake and _is_wait_over(loop, recorder):
            return
        if not awake and not window.looks:  # the window begins when something is awake
            window.since = now
            return
        window.looks += 1
        window.idle += not awake
        window.seen.update(awake.keys())
        window.yielding.update(_ready_again(cpython.ready_queue(loop)))
        for key, record in awake.items():
            ended = window.ended.get(key, set())
            window.ended[key] = set() if record is None else _waits_though_ended(record)
            if ended & window.ended[key]:
                window.yielding.add(key)
                window.returning.add(key)
            if record is not None and record.id not in window.places:
                place = _place(recorder, record)
                if place is not None:
                    window.places[key] = place
        if now - window.since >= SPUN_AFTER and window.looks >= _LOOKS:
            self._report(recorder, window, now)
            self._window = _Window(now)

    def _report(self, recorder: Recorder, window: _Window, now: float) -> None:
        often = [key for key, count in window.seen.items() if count >= _NEARLY_ALL * window.looks]
        spinning = [key for key in often if key in window.yielding]
        if not spinning and len(window.seen) == 2:
            spinning = list(window.seen)  # they wake each other
        keys = frozenset(spinning)
        if not keys or keys in self._told or len(keys) > 2:
            return
        self._told.add(keys)
        tasks = [key for key in spinning if isinstance(key, int)]
        name = next((key for key in spinning if isinstance(key, str)), "")
        place = window.places.get(spinning[0]) or ThreadPlace("", 0, name)
        event = LoopSpun(recorder.clock.now(), tuple(tasks), now - window.since, place.file, place.line, place.function)
        event.only_waits = len(keys) == 1 and (keys <= window.returning or only_waits(place.file, place.line))
        recorder.write(event)


def _is_wait_over(loop: AbstractEventLoop, recorder: Recorder) -> bool:
    """Whether the done callback of asyncio.wait() runs or is ready, so that a task will wake."""
    callbacks = recorder.callback, *(handle._callback for handle in tuple(cpython.ready_queue(loop)))
    return any(type(each) is FunctionType and each.__code__ is cpython.WAIT_ENDED for each in callbacks)


def _waits_though_ended(record: TaskRecord) -> set[int]:
    """The id() of the done futures in a task's asyncio.wait(), if that returns at the first one."""
    task = record()
    frames = [] if task is None or is_done(task) else follow(coroutine_of(task)).frames
    if not frames or frames[-1].f_code is not _WAIT:
        return set()
    variables = variables_of(frames[-1])
    waited = tuple(variables.get("fs") or ()) if variables.get("return_when") == asyncio.FIRST_COMPLETED else ()
    return {id(each) for each in waited if is_future(each) and is_done(each)}


def _place(recorder: Recorder, record: TaskRecord) -> ThreadPlace | None:
    """The innermost place in the user's code at which a task is suspended."""
    task = record()
    if task is None or is_done(task):
        return None
    for frame in reversed(follow(coroutine_of(task)).frames):
        if recorder.code.owns(frame.f_code.co_filename):
            return ThreadPlace(frame.f_code.co_filename, frame.f_lineno or 0, frame.f_code.co_name)
    return None


def _awake(loop: AbstractEventLoop, recorder: Recorder) -> dict[_Key, TaskRecord | None] | None:
    """The tasks, with their records, and callbacks that run or are ready; None if there are many."""
    queue = cpython.ready_queue(loop)
    if len(queue) > _MOST_READY:
        return None
    if not queue and recorder.current is None and recorder.callback is None:
        return {}
    awake: dict[_Key, TaskRecord | None] = {}
    records = [recorder.current, *(getattr(handle, "_record", None) for handle in tuple(queue))]
    awake.update((record.id, record) for record in records if record is not None)
    callbacks = [recorder.callback, *(handle._callback for handle in tuple(queue))]
    names = [callable_name(callback) for callback in callbacks if callback is not None and _is_the_programs(callback)]
    awake.update(dict.fromkeys(names))
    return awake


def _ready_again(queue: Iterable[Any]) -> Iterator[_Key]:
    """The tasks in the ready queue that have asked for another turn, and the callbacks in it."""
    for handle in tuple(queue):
        record: TaskRecord | None = getattr(handle, "_record", None)
        if record is not None and record.yielded:
            yield record.id
        elif record is None and _is_the_programs(handle._callback):
            yield callable_name(handle._callback)


def _is_the_programs(callback: Any) -> bool:
    """Whether a callback is a Python function that is neither asyncio's nor ours."""
    function = function_in(callback)
    if type(function) is not FunctionType:
        return False
    module = function.__module__
    return type(module) is str and not module.startswith(("asyncio.", "asynclab."))


def only_waits(file: str, line: int) -> bool:
    """Whether the innermost `while` around a line does nothing but check its condition and `sleep(0)`."""
    if not line:
        return False
    try:
        with _open(file, "rb") as source:  # importing pathlib would delay the program's start by 2 ms
            tree = ast.parse(source.read())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    around = [
        node for node in ast.walk(tree) if isinstance(node, ast.While) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    if not around:
        return False
    loop = max(around, key=lambda node: node.lineno)
    return all(map(_is_turn, loop.body)) and _only_asks(loop.test)


def _is_turn(statement: ast.stmt) -> bool:
    """Whether a statement is `await asyncio.sleep(0)`."""
    awaited = (
        statement.value.value if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Await) else None
    )
    return (
        isinstance(awaited, ast.Call)
        and _name(awaited.func) == "sleep"
        and [type(each) for each in awaited.args] == [ast.Constant]
        and ast.unparse(awaited.args[0]) in ("0", "0.0")
    )


def _only_asks(test: ast.expr) -> bool:
    """Whether evaluating a condition changes nothing."""
    calls = [node for node in ast.walk(test) if isinstance(node, ast.Call)]
    others = (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)
    return all(_name(call.func) in _QUESTIONS for call in calls) and not any(
        isinstance(node, others) for node in ast.walk(test)
    )


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
