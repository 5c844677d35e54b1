"""Describes how a run in a lab ended."""

from __future__ import annotations

import traceback
from asyncio import CancelledError, Task
from dataclasses import dataclass
from typing import Any

from asynclab.model.events import Outcome
from asynclab.trace.recording.values import short_error, short_repr


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended, in a form that a program can use."""

    outcome: Outcome
    value: object = None
    """What main returned."""
    exception: BaseException | None = None
    """What main raised, the CancelledError where it was cancelled; or what ended the run from elsewhere, such as a
    SystemExit in another task."""
    leaked: tuple[str, ...] = ()
    """The names of the tasks that were still pending when main ended."""
    unstoppable: tuple[str, ...] = ()
    """Those of them that went on although they were cancelled; they run on outside the lab."""

    @property
    def detail(self) -> str:
        """The repr of the value, or the exception in one line."""
        if self.outcome == "done":
            return short_repr(self.value)
        return short_error(self.exception) if self.outcome == "failed" and self.exception else ""

    def __str__(self) -> str:
        verb = {"done": f"returned {self.detail}", "failed": f"raised {self.detail}", "cancelled": "was cancelled"}
        count = len(self.leaked)
        leak = f", leaked {count} task{'s' if count > 1 else ''}: {', '.join(self.leaked)}" if count else ""
        return verb[self.outcome] + leak


def ending_of(
    main: Task[Any], raised: BaseException | None, leaked: tuple[str, ...], unstoppable: tuple[str, ...]
) -> Ending:
    """How a run ended whose main task has; `raised` is what ended it from elsewhere, or how main was cancelled."""
    error = None if main.cancelled() else main.exception()  # asked for in any case: else asyncio complains
    if raised is not None and (main.cancelled() or not isinstance(raised, Exception)):
        error = raised
    if isinstance(error, CancelledError):
        return Ending("cancelled", exception=error, leaked=leaked, unstoppable=unstoppable)
    if error is not None:
        return Ending("failed", exception=error, leaked=leaked, unstoppable=unstoppable)
    return Ending("done", value=main.result(), leaked=leaked, unstoppable=unstoppable)


def cancellation_of(task: Task[Any]) -> CancelledError:
    """The CancelledError with which a cancelled task ended, with its message and its traceback.

    The frames in the traceback forget their variables. What is in these may complain when it is destroyed, such as a
    session that nobody has closed: it does so now.
    """
    try:
        task.exception()
    except CancelledError as error:
        own = error.__traceback__
        found = error.with_traceback(None if own is None else own.tb_next)  # without this function
    traceback.clear_frames(found.__traceback__)
    return found
