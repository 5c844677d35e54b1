"""The timeline of a run: when each task ran, was ready and waited, and what it did."""

from asynclab.model.lanes.lane import READY, RUNNING, WAITING, Interval, Lane, Mark, MarkKind
from asynclab.model.lanes.lanes_of_run import Timeline

__all__ = ["READY", "RUNNING", "WAITING", "Interval", "Lane", "Mark", "MarkKind", "Timeline"]
