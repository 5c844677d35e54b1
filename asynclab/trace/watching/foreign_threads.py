"""Sees that code in another thread puts callbacks in a loop's ready queue without waking the loop."""

from __future__ import annotations

import threading
from types import CodeType, FrameType

from asynclab.model.events import ScheduledFromThread
from asynclab.trace.recording.code_ownership import Place, place_from
from asynclab.trace.recording.recorder import Recorder, TaskRecord

_MOST_PLACES = 50
"""How many lines of code are told of, each once."""


class ForeignThreads:
    """The lines of code that were told of."""

    def __init__(self, recorder: Recorder, boundary: CodeType) -> None:
        """Begin with none.

        Args:
            recorder: Gets the events.
            boundary: The code that runs a handle.
        """
        self._recorder = recorder
        self._boundary = boundary
        self._told: set[Place] = set()

    def schedules(self, frame: FrameType, record: TaskRecord | None) -> None:
        """A frame on another thread than the loop's calls call_soon(); a loop that doesn't run may be prepared so."""
        recorder = self._recorder
        if getattr(recorder.loop, "_thread_id", None) is None:
            return
        place = place_from(frame, self._boundary)
        if place in self._told or len(self._told) >= _MOST_PLACES:
            return
        self._told.add(place)
        number, thread = None if record is None else record.id, threading.current_thread().name
        recorder.write(ScheduledFromThread(recorder.clock.now(), number, thread, *place))
