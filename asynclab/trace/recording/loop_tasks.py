"""Keeps the observed tasks of a loop, whoever observes them: so a step is known by its task, in one look."""

from __future__ import annotations

from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.scope import TASKS


class LoopTasks(dict[int, TaskRecord]):
    """The observed tasks of one loop, by their id(): whose a step is, is told by its task, in one look.

    One for each loop: loops in several threads never share one, and an id() is not used twice at the same time there.
    """

    __slots__ = ("everybodys", "sole", "timed_by", "tracers")

    def __init__(self) -> None:
        super().__init__()
        self.tracers: list[Recorder] = []
        """Those who observe the loop."""
        self.everybodys: Recorder | None = None
        """The one of them that observes whatever is in no lab; None if nobody does."""
        self.sole: Recorder | None = None
        """The same, where nobody else observes: all that happens on the loop is its."""
        self.timed_by: Recorder | None = None
        """Who observes the timers that the loop keeps itself; None if nobody does."""

    def __reduce_ex__(self, protocol: object) -> tuple[type[LoopTasks], tuple[()]]:
        """A copy of a loop is observed by nobody, and what keeps a loop from being copied is its own."""
        return LoopTasks, ()

    def join(self, tracer: Recorder) -> None:
        """One more observes the loop."""
        self.tracers.append(tracer)
        self._see_to_sole()

    def leave(self, tracer: Recorder) -> None:
        """One of those who observe the loop does so no more."""
        self.tracers.remove(tracer)
        if self.everybodys is tracer:
            self.everybodys = self.timed_by = None
        self._see_to_sole()

    def _see_to_sole(self) -> None:
        self.sole = self.everybodys if len(self.tracers) == 1 else None

    def known(self, task: object) -> TaskRecord | None:
        """What is kept of a task; None if it is not known, or was destroyed."""
        record = self.get(id(task))
        if record is not None and record.tracer.gone:
            record.tracer.strike_off()
            record = self.get(id(task))
        return record


def tasks_of(loop: object) -> LoopTasks:
    """The observed tasks of a loop; empty where it is not observed."""
    found: LoopTasks | None = getattr(loop, TASKS, None)
    return LoopTasks() if found is None else found
