"""When each task ran, was ready and waited, and what it did: the whole run, to be drawn as lanes."""

from asynclab.model.timeline.explanation import explain
from asynclab.model.timeline.lane import READY, RUNNING, WAITING, Interval, Lane, Mark, MarkKind
from asynclab.model.timeline.timeline import Timeline, Wake

__all__ = ["READY", "RUNNING", "WAITING", "Interval", "Lane", "Mark", "MarkKind", "Timeline", "Wake", "explain"]
