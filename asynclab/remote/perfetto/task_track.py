"""Writes the track of one task in a trace, as nested slices: its life, its timeouts and held locks, its present state.

The slices of a track have to nest. A lock is acquired in the middle of a step, so the step's slice is split there. If
two locks are released in the order in which they were acquired, the inner one's slice is split.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import msgspec

from asynclab.model.text import one_line

LONGEST_TIME = 10**15
"""Microseconds, about 30 years: longer than any run, and even ten times this still fits Perfetto's nanoseconds."""

_encoder = msgspec.json.Encoder()


def microseconds(seconds: float) -> int:
    """A time in microseconds, limited to the range that readers of the format can represent."""
    return round(min(max(seconds, 0.0), LONGEST_TIME / 1e6) * 1e6)


class TraceFile:
    """Writes events in the Trace Event Format, one per line, and keeps none in memory.

    The format is Chrome's, and Perfetto reads it: a JSON object with a list of events. Its times are microseconds. We
    use whole numbers: the importer multiplies them by 1,000, and a rounded fraction could make a slice end after the
    slice around it.
    """

    def __init__(self, write: Callable[[str], object]) -> None:
        """Begin a trace; `write` is called with each piece of its text."""
        self._write = write
        self._write('{"displayTimeUnit":"ms","traceEvents":[')
        self._separator = "\n"

    def add(self, phase: str, pid: int, tid: int, at: int, name: str, **more: Any) -> None:
        """Write an event.

        Args:
            phase: The format's letter for the kind of event: B and E, X, i, C, s and f, M.
            pid: The number of the process, which is a loop of the program.
            tid: The number of the thread, which is a task.
            at: The time in microseconds.
            name: The name of the event. It is cleaned, because it may come from the program.
            more: Further members, such as `args`.
        """
        if "args" in more:
            more["args"] = {key: _safe(value) for key, value in more["args"].items()}
        event = {"ph": phase, "pid": pid, "tid": tid, "ts": at, "name": one_line(name), **more}
        self._write(self._separator + _encoder.encode(event).decode())
        self._separator = ",\n"

    def finish(self, **about: str) -> None:
        """End the trace; `about` is stored in its metadata."""
        self._write(
            f'\n],"otherData":{_encoder.encode({key: one_line(text) for key, text in about.items()}).decode()}}}\n'
        )


def _safe(value: object) -> object:
    return one_line(value) if isinstance(value, str) else value


RUNNING, READY, WAITING = "running", "ready", "waiting"


class Arrow(NamedTuple):
    """One end of an arrow between two slices."""

    number: int
    end: Literal["s", "f"]
    """The format's letter: s for the arrow's start, f for its finish."""
    at: int


@dataclass(slots=True)
class Doing:
    """The present state of a task, running, ready or waiting, since some moment."""

    kind: str
    begin: int
    name: str
    args: dict[str, Any]
    arrows: list[Arrow] = field(default_factory=list)

    def end_arrow(self, number: int) -> None:
        """Make an arrow end where this state begins."""
        self.arrows.append(Arrow(number, "f", self.begin))


class _Span(NamedTuple):
    key: Hashable
    name: str
    args: dict[str, Any]


class TaskTrack:
    """The track of a task that has not ended."""

    def __init__(self, file: TraceFile, pid: int, task: int, name: str, at: int, args: dict[str, Any]) -> None:
        """Begin the track with the slice for the task's life."""
        self._file = file
        self._task = task
        self._spans: list[_Span] = []
        self.latest = at
        """The end of its latest slice, in microseconds."""
        self.pid = pid
        """The number of its loop in the trace."""
        self.doing: Doing | None = None
        """The task's present state; None after its last step."""
        self.last_run: tuple[int, int] | None = None
        """The start and end of the slice in which the task last ran."""
        self.rename(name)
        self._open(_Span(None, name, args))

    @property
    def is_ready(self) -> bool:
        """Whether the task is ready."""
        return self.doing is not None and self.doing.kind == READY

    def rename(self, name: str) -> None:
        """Write the task's name."""
        self._file.add("M", self.pid, self._task, 0, "thread_name", args={"name": name})

    def do(self, kind: str, at: int, name: str = "", **args: Any) -> Doing:
        """Begin another state."""
        self._stop(at)
        self.doing = Doing(kind, self.latest, name or kind, args)
        return self.doing

    def stop(self, at: int) -> None:
        """End the present state after the task's last step."""
        self._stop(at)
        self.doing = None

    def open(self, key: Hashable, name: str, at: int, **args: Any) -> None:
        """Begin the slice of a timeout or a held lock."""
        self._around(at, lambda: self._open(_Span(key, name, args)))

    def close(self, key: Hashable, at: int) -> None:
        """End the slice of a timeout or a held lock; do nothing if it is unknown."""
        keys = [span.key for span in self._spans]
        if key in keys:
            self._around(at, lambda: self._close_down_to(keys.index(key)))

    def tell(self, name: str, at: int, **args: Any) -> None:
        """Mark a moment on the track."""
        moment = max(at, self.latest if self.doing is None else self.doing.begin)
        self._file.add("i", self.pid, self._task, moment, name, s="t", args=args)

    def begin_arrow(self, number: int, at: int) -> int | None:
        """Begin an arrow in the present step, or in the latest one: a callback may wake others after the step's end.

        Returns:
            The time at which the arrow begins, at the latest; None if the task hasn't run, so it can't wake others.
        """
        arrow = Arrow(number, "s", at)
        if self.doing is not None and self.doing.kind == RUNNING:
            self.doing.arrows.append(arrow)
            return max(at, self.doing.begin)
        return None if self.last_run is None else self._draw(arrow, *self.last_run)

    def end(self, at: int, **args: Any) -> None:
        """End the track, with all its open slices; `args` belong to the slice of the task's life."""
        self.stop(at)
        while len(self._spans) > 1:
            self._close()
        life = self._spans.pop()
        self._file.add("E", self.pid, self._task, self.latest, life.name, args=args)

    def _around(self, at: int, change: Callable[[], None]) -> None:
        """Change the slices around the present state, whose slice is split for that."""
        doing = self.doing
        self._stop(at)
        change()
        if doing is not None:
            self.doing = Doing(doing.kind, self.latest, doing.name, doing.args)

    def _stop(self, at: int) -> None:
        """Write the slice of the present state. It has at least a microsecond, so that arrows can end in it."""
        doing = self.doing
        if doing is None:
            self.latest = max(self.latest, at)
            return
        end = max(at, doing.begin + 1)
        arguments = {"dur": end - doing.begin, "args": doing.args}
        self._file.add("X", self.pid, self._task, doing.begin, doing.name, cat=doing.kind, **arguments)
        for arrow in doing.arrows:
            self._draw(arrow, doing.begin, end)
        if doing.kind == RUNNING:
            self.last_run = doing.begin, end
        self.latest = end

    def _draw(self, arrow: Arrow, begin: int, end: int) -> int:
        """Write one end of an arrow. Without "bp", a finish would belong to the next slice, not the one around it."""
        at = min(max(arrow.at, begin), end - 1)
        binding = {"bp": "e"} if arrow.end == "f" else {}
        self._file.add(arrow.end, self.pid, self._task, at, "wakes", cat="wakes", id=arrow.number, **binding)
        return at

    def _open(self, span: _Span) -> None:
        self._spans.append(span)
        self._file.add("B", self.pid, self._task, self.latest, span.name, args=span.args)

    def _close(self) -> _Span:
        span = self._spans.pop()
        self._file.add("E", self.pid, self._task, self.latest, span.name)
        return span

    def _close_down_to(self, index: int) -> None:
        """Close a slice; close the slices inside it before, and open these again."""
        inner = [self._close() for _ in range(len(self._spans) - index)]
        for span in reversed(inner[:-1]):
            self._open(span)
