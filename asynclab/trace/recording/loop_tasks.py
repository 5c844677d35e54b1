"""A loop's table of observed tasks, shared by all recorders of the loop.

Several labs and a process-wide observer may record the same loop. With one table, one lookup finds whose task it is.
"""

from __future__ import annotations

from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.scope import TASKS


class LoopTasks(dict[int, TaskRecord]):
    """The records of the observed tasks of one loop, by the id() of the task; each record names its recorder.

    Each loop has its own table, so threads never share one.
    """

    __slots__ = ("everybodys", "sole", "timed_by", "tracers")

    def __init__(self) -> None:
        super().__init__()
        self.tracers: list[Recorder] = []
        """The recorders of the loop."""
        self.everybodys: Recorder | None = None
        """The recorder of all code that is in no lab; None if there is none."""
        self.sole: Recorder | None = None
        """The recorder `everybodys` if the loop has no other one, so that all tasks are its own; otherwise None."""
        self.timed_by: Recorder | None = None
        """The recorder of the timers in the loop's own heap; None if nobody records them."""

    def __reduce_ex__(self, protocol: object) -> tuple[type[LoopTasks], tuple[()]]:
        """Copy as an empty table: nobody observes a copy of a loop. This table never makes copying a loop fail."""
        return LoopTasks, ()

    def join(self, tracer: Recorder) -> None:
        """Add a recorder of the loop."""
        self.tracers.append(tracer)
        self._update_sole()

    def leave(self, tracer: Recorder) -> None:
        """Remove a recorder of the loop."""
        self.tracers.remove(tracer)
        if self.everybodys is tracer:
            self.everybodys = self.timed_by = None
        self._update_sole()

    def _update_sole(self) -> None:
        self.sole = self.everybodys if len(self.tracers) == 1 else None

    def known(self, task: object) -> TaskRecord | None:
        """The record of a task; None if the task isn't observed."""
        record = self.get(id(task))
        if record is not None and record.tracer.gone:
            record.tracer.strike_off()
            record = self.get(id(task))
        return record


def tasks_of(loop: object) -> LoopTasks:
    """The observed tasks of a loop; empty if the loop isn't observed."""
    found: LoopTasks | None = getattr(loop, TASKS, None)
    return LoopTasks() if found is None else found
