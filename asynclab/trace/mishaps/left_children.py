"""Sees child processes that still run though nobody refers to them: a timeout around communicate() ends no child."""

from __future__ import annotations

import gc
import weakref
from asyncio import Task
from asyncio.subprocess import Process
from typing import Any

from asynclab.model.events import ChildLeft
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.recording.code_ownership import Place, is_asyncio
from asynclab.trace.recording.future_state import coroutine_of
from asynclab.trace.recording.recorder import Recorder, TaskRecord

LEFT_AFTER = 0.25
"""Real seconds since nobody has a child any more: who has just killed it may have let it go."""

_MOST = 100


class LeftChildren:
    """The children that cancelled tasks had when they were cancelled."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._given_up: dict[weakref.ref[Any], tuple[weakref.ref[Process], tuple[int, Place]]] = {}
        """By a child's transport: what others have of the child, the number of the task, and where it waited."""
        self._since: dict[weakref.ref[Any], float] = {}
        """Real time at which nobody had it."""

    def wait_cancelled(self, record: TaskRecord, task: Task[Any]) -> None:
        """A task is cancelled while children run; to be called before it runs."""
        chain = follow(coroutine_of(task))
        place: Place = ("", 0)
        for link, frame in zip(chain.links, chain.frames, strict=True):
            if not is_asyncio(frame.f_code.co_filename):
                place = frame.f_code.co_filename, frame.f_lineno or 0
            for child in gc.get_referents(link):
                if type(child) is Process and len(self._given_up) < _MOST:
                    self._given_up[weakref.ref(vars(child)["_transport"])] = weakref.ref(child), (record.id, place)

    def look(self) -> None:
        """Look once. Call this several times a second, on any thread but the loop's."""
        now = self._recorder.clock.real_time()
        for reference, (child, (number, place)) in list(self._given_up.items()):
            transport = reference()
            if transport is None or transport.get_returncode() is not None:
                del self._given_up[reference]
            elif child() is None and now - self._since.setdefault(reference, now) >= LEFT_AFTER:
                del self._given_up[reference]
                self._recorder.write(ChildLeft(self._recorder.clock.now(), number, transport.get_pid(), *place))
