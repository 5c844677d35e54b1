"""When each task of a run ran, was ready and waited, and what it did."""

from asynclab.model.lanes.lane import READY, RUNNING, WAITING, Interval, Lane, Mark, MarkKind, NoteKind
from asynclab.model.lanes.timeline import Timeline, Wake

__all__ = ["READY", "RUNNING", "WAITING", "Interval", "Lane", "Mark", "MarkKind", "NoteKind", "Timeline", "Wake"]
