"""Observes every event loop of the process, from its making on."""

from __future__ import annotations

import time
import weakref
from asyncio import BaseEventLoop
from collections.abc import Callable, Sequence
from functools import wraps
from threading import get_ident
from typing import Any

from asynclab.model.events import Event
from asynclab.trace.patching.handles import BOUNDARY
from asynclab.trace.patching.install import leave_kind, leave_loop, observe_kind, observe_loop
from asynclab.trace.patching.patches import Patches
from asynclab.trace.recording.clock import VirtualClock
from asynclab.trace.recording.numbering import Numbering
from asynclab.trace.watching.observer import Observer


class LoopRecording:
    """What one loop did. It keeps neither the loop alive nor what runs on it."""

    def __init__(self, tracer: Observer, loop: BaseEventLoop) -> None:
        self.events: list[Event] = tracer.events
        """What nobody has taken yet, oldest first."""
        self.kind = type(loop).__name__
        """The name of the loop's class."""
        self._tracer = weakref.ref(tracer)
        self._loop = weakref.ref(loop)

    def take_events(self) -> Sequence[Event]:
        """Take everything since the last call; may be called on any thread, but on one at a time."""
        tracer = self._tracer()
        if tracer is not None:
            return tracer.take_events()
        taken = self.events[:]
        self.events.clear()
        return taken

    def stop(self) -> None:
        """Observe the loop no more."""
        tracer, loop = self._tracer(), self._loop()
        if tracer is not None and loop is not None and tracer.loop is loop:
            leave_loop(tracer, loop)


class ProcessObservation:
    """A recording of each event loop that is made while it lasts."""

    def __init__(self) -> None:
        self.recorders: list[LoopRecording] = []
        """In the order in which the loops were made."""
        self._kinds: set[type[BaseEventLoop]] = set()
        self._numbering = Numbering()
        self._patches = Patches()
        self._patches.wrap(BaseEventLoop, "__init__", self._around_init)
        self._patches.wrap(BaseEventLoop, "_check_running", self._around_check_running)

    def stop(self) -> None:
        """Leave asyncio and the loops as they were found."""
        self._patches.undo()
        for recording in self.recorders:
            recording.stop()
        while self._kinds:
            self._kinds.pop()
            leave_kind()

    def _around_init(self, original: Callable[..., None]) -> Callable[..., None]:
        @wraps(original)
        def init(loop: BaseEventLoop, *args: Any, **kwargs: Any) -> None:
            original(loop, *args, **kwargs)
            self._observe(loop)

        return init

    def _around_check_running(self, original: Callable[..., None]) -> Callable[..., None]:
        """Note the thread that a loop is run on: each way to run one calls this first, and leaves no frame of it."""

        @wraps(original)
        def check_running(loop: Any) -> None:
            original(loop)
            tasks = getattr(loop, "_asynclab_tasks", None)
            if tasks is not None and tasks.everybodys is not None:
                tasks.everybodys.thread = get_ident()

        return check_running

    def _observe(self, loop: BaseEventLoop) -> None:
        if type(loop) not in self._kinds:
            observe_kind(type(loop))
            self._kinds.add(type(loop))
        clock = VirtualClock(time.monotonic)
        clock.start()
        tracer = Observer(clock, BOUNDARY, echo=True, numbering=self._numbering)
        observe_loop(tracer, loop)
        self.recorders.append(LoopRecording(tracer, loop))


def observe_process() -> ProcessObservation:
    """Begin to observe every loop that is made from now on."""
    return ProcessObservation()
