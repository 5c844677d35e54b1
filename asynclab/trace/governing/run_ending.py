"""How a run in a lab ended."""

from __future__ import annotations

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
    """What main raised; a CancelledError where it was cancelled."""
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
    main: Task[Any], exit: BaseException | None, leaked: tuple[str, ...], unstoppable: tuple[str, ...]
) -> Ending:
    """How a run ended whose main task has.

    Args:
        main: The main task.
        exit: What ended the run from elsewhere, such as a SystemExit in a callback; main was cancelled for it.
        leaked: See `Ending`.
        unstoppable: See `Ending`.
    """
    if main.cancelled() and exit is None:
        return Ending("cancelled", exception=CancelledError(), leaked=leaked, unstoppable=unstoppable)
    error = exit if main.cancelled() else main.exception()
    if error is not None:
        return Ending("failed", exception=error, leaked=leaked, unstoppable=unstoppable)
    return Ending("done", value=main.result(), leaked=leaked, unstoppable=unstoppable)
