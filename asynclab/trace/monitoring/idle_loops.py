"""Finds out, from another thread, what could still wake an idle loop."""

from __future__ import annotations

import signal
import socket
from asyncio import AbstractEventLoop, BaseEventLoop, Condition, Queue, Runner, Task
from collections.abc import Iterable, Iterator
from functools import partial
from selectors import SelectorKey
from typing import Any

import msgspec

from asynclab.model.events import Outside, SourceDropped
from asynclab.trace import cpython
from asynclab.trace.monitoring.bystanders import NOBODY, Bystanders
from asynclab.trace.monitoring.held_threads import look_at_threads
from asynclab.trace.monitoring.left_generators import left_generators
from asynclab.trace.reading.private_waits import DroppedSources, waits_for_its_own
from asynclab.trace.reading.wakers import lone_wakers
from asynclab.trace.recording.future_state import is_done
from asynclab.trace.recording.loop_tasks import tasks_of
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.values import is_a
from asynclab.trace.watching.external_waits import ExternalWaits
from asynclab.trace.watching.observer import Observer
from asynclab.trace.watching.resource_registry import Resources

IDLE_AFTER = 0.4
"""Real seconds for which a loop must be idle: the result of a thread may arrive a moment late."""

AGAIN_AFTER = 1.0
"""Real seconds between two checks of what could wake an idle loop."""

RESTS_AFTER = 2.0
"""Real seconds of quiet after which a loop is checked only every `REST_PERIOD`, to save time.

By then nearly all reports about an idle loop were made.
"""

REST_PERIOD = 0.55
"""Real seconds: longer than the interval that any of our checks needs."""

_QUIET_HANDLERS = (signal.SIG_DFL, signal.SIG_IGN, None, signal.default_int_handler)
"""Signal handlers that do nothing, or end the program."""


class Quiet:
    """Tracks, from another thread, since when a loop has been idle without events."""

    def __init__(self) -> None:
        self.since = 0.0
        """Real time at which the loop became idle; 0 while it isn't."""
        self._rests_until = 0.0

    def look(self, recorder: Recorder) -> None:
        """Check whether the loop is still quiet. Call this several times a second."""
        if not _is_quiet(recorder):
            self.since = 0.0
            return
        now = recorder.clock.real_time()
        self.since = self.since or now
        self._rests_until = now + REST_PERIOD

    def rests(self, recorder: Recorder) -> bool:
        """Whether the loop has been quiet for so long that the next check can wait."""
        now = recorder.clock.real_time()
        return 0 < self.since <= now - RESTS_AFTER and now < self._rests_until and _is_quiet(recorder)


def _is_quiet(recorder: Recorder) -> bool:
    loop = recorder.loop
    return not recorder.events and isinstance(loop, BaseEventLoop) and is_idle(loop, recorder)


class IdleLooks:
    """Reports what could wake a loop that has been idle for a while, and reports again if that changes."""

    def __init__(self, bystanders: Bystanders = NOBODY) -> None:
        self._bystanders = bystanders
        self._told: Outside | None = None
        self._next_look = 0.0
        """Real time of the next check of an idle loop."""

    def look(self, recorder: Recorder, quiet: Quiet, external: ExternalWaits, resources: Resources) -> None:
        """Check the loop. Call this several times a second, on any thread but the loop's."""
        loop = recorder.loop
        now = recorder.clock.real_time()
        if not quiet.since or loop is None:
            self._told, self._next_look = None, 0.0
            return
        if now - quiet.since < IDLE_AFTER or now < self._next_look:
            return
        self._next_look = now + AGAIN_AFTER
        found = _outside(loop, recorder, external, resources, self._bystanders)
        if found != self._told and not recorder.events and is_idle(loop, recorder):
            self._told = found
            recorder.write(msgspec.structs.replace(found, at=recorder.clock.now()))


def report_dropped_sources(recorder: Recorder, sources: DroppedSources, resources: Resources) -> None:
    """Report tasks that wait for an object that everybody else has dropped, such as a queue.

    Call this several times a second, on any thread but the loop's.
    """
    loop = recorder.loop
    if not sources.are_any or not isinstance(loop, BaseEventLoop) or not is_idle(loop, recorder):
        return
    for record, source in sources.look(recorder.clock.real_time()):
        known, told = resources.known.get(source), SourceDropped(recorder.clock.now(), record.id)
        if known is not None:
            what = known()
            kind = "queue" if is_a(what, Queue) else "condition" if is_a(what, Condition) else "event"
            setattr(told, kind, known.of_its_kind)
            del what
        recorder.write(told)


def is_idle(loop: AbstractEventLoop, recorder: Recorder) -> bool:
    """Whether a running loop has nothing to do now, and waits."""
    return _runs_nothing(loop, recorder) and not cpython.ready_queue(loop)


def sleeps_on(loop: AbstractEventLoop, recorder: Recorder) -> bool:
    """Whether a loop sleeps although callbacks are ready, because another thread added them without waking the loop."""
    return isinstance(loop, BaseEventLoop) and _runs_nothing(loop, recorder) and bool(cpython.ready_queue(loop))


def _runs_nothing(loop: AbstractEventLoop, recorder: Recorder) -> bool:
    is_under_way = recorder.current is not None or recorder.callback is not None or recorder.in_timer
    return not is_under_way and runs(loop)


def runs(loop: AbstractEventLoop) -> bool:
    """Whether a loop runs. Calls the original `is_running`: our replacement would take this for an eager task start."""
    asked = type(loop).is_running
    return bool(getattr(asked, "__wrapped__", asked)(loop))


def is_outside_awaited(loop: AbstractEventLoop, observer: Observer, bystanders: Bystanders) -> bool:
    """Whether an idle loop waits for more than its timers: I/O, a thread, a call in a pool, or a child process."""
    external = observer.external
    threads, _ = look_at_threads(observer.thread, bystanders)
    return bool(external.processes or external.has_call() or _watched_files(loop) or threads)


def is_left_alone(loop: AbstractEventLoop, observer: Observer, bystanders: Bystanders) -> bool:
    """Whether a loop waits for nothing but its timers, and no signal handler could wake it either."""
    alone = isinstance(loop, BaseEventLoop) and is_idle(loop, observer)
    return alone and not (is_outside_awaited(loop, observer, bystanders) or _handled_signals(loop, bystanders))


def _outside(
    loop: AbstractEventLoop, recorder: Recorder, external: ExternalWaits, resources: Resources, bystanders: Bystanders
) -> Outside:
    timers = sum(not timer.cancelled() for timer in list(cpython.timer_heap(loop)))
    threads, held = look_at_threads(recorder.thread, bystanders)
    files, processes, signals = _watched_files(loop), external.processes, _handled_signals(loop, bystanders)
    told = Outside(0.0, files, threads, processes, signals, timers, held)
    for queue, workers in cpython.thread_pools() if held else ():
        if _names_of(workers) <= _names_of(held):
            told.queued += len(cpython.queued_calls(queue))
    if not (files or threads or processes or signals):
        told.generators = tuple(left_generators(loop, resources))
        if not timers:
            told.interrupt = sum(map(waits_for_its_own, _first(loop)))
            told.wakers = tuple(lone_wakers((record.id, task) for record, task in _pending(loop)))
    return told


def _names_of(threads: Iterable[Any]) -> set[str]:
    return {thread.name for thread in threads}


def _pending(loop: AbstractEventLoop) -> Iterator[tuple[TaskRecord, Task[Any]]]:
    """The pending tasks of a loop."""
    for record in list(tasks_of(loop).values()):
        task = record()
        if task is not None and not is_done(task):
            yield record, task


def _first(loop: AbstractEventLoop) -> Iterator[Task[Any]]:
    """The pending tasks that no other task has created, such as main under `asyncio.run`."""
    for record, task in _pending(loop):
        if record.created is not None and record.created.parent is None:
            yield task


def _handled_signals(loop: AbstractEventLoop, bystanders: Bystanders) -> int:
    every = map(cpython.signal_handler, range(1, signal.NSIG))  # faster than signal.valid_signals()
    handlers = [handler for handler in every if handler not in _QUIET_HANDLERS]
    own = sum(not bystanders.has_handler(handler) and not _is_runners(handler) for handler in handlers)
    return own + len(cpython.signal_handlers_of(loop))


def _is_runners(handler: Any) -> bool:
    """Whether a signal handler is that of `asyncio.run`, which only cancels main at Ctrl-C."""
    function = getattr(handler.func, "__func__", None) if type(handler) is partial else None
    return function is not None and function is vars(Runner).get("_on_sigint")


def _watched_files(loop: AbstractEventLoop) -> int:
    """How many files a loop watches, without its own wake-up socket, and without connections to itself."""
    selector: Any = cpython.selector_of(loop)
    keys: list[SelectorKey] = [] if selector is None else list(selector.get_map().values())
    wakes_itself = getattr(loop, "_ssock", None)
    ends = [_ends(key) for key in keys if key.fileobj is not wakes_itself and key.fd != _number(wakes_itself)]
    known = {end for end in ends if end is not None}
    return sum(end is None or (end[1], end[0]) not in known for end in ends)


def _number(wakes_itself: socket.socket | None) -> int:
    return -1 if wakes_itself is None else wakes_itself.fileno()


def _ends(key: SelectorKey) -> tuple[Any, Any] | None:
    """The addresses of both ends of a TCP connection; None for any other file."""
    handle = next((handle for handle in key.data if handle is not None), None) if type(key.data) is tuple else None
    transport = getattr(getattr(handle, "_callback", None), "__self__", None)
    connection = getattr(transport, "_sock", None)
    if type(connection) is not socket.socket or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return None
    try:
        return connection.getsockname(), connection.getpeername()
    except OSError:
        return None
