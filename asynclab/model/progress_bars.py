"""Computes the progress bars of tasks."""

from __future__ import annotations

from typing import NamedTuple

from asynclab.model.events import Progressed, Wait
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState
from asynclab.model.text import one_line
from asynclab.model.wording.grammar import Forms

COUNTED_UP_TO = 999
"""Progress with a whole total up to this is shown as "3 of 5"; other progress is shown in percent."""

UNIT_LIMIT = 12


class Bar(NamedTuple):
    """A progress bar and the text beside it."""

    fraction: float | None
    """How much of the bar is full, from 0 to 1; None for no bar."""
    forms: Forms
    """The text: "62%", "100%", ("1 of 3", "1/3"), "3 s" for a wait of unknown length, or the task's state."""


def bar_of(task: TaskState, state: LabState, now: float) -> Bar:
    """The progress bar of a task at lab time `now`.

    It shows the progress that the task has reported; or else the part of its sleep that has passed, or how many of the
    tasks that it waits for have ended. The bar of a done task is full. The bar of a failed or cancelled task stays.
    """
    if task.state == "done":
        return Bar(1.0, ("100%",))
    if task.state in ("failed", "cancelled"):
        return _stopped(task)
    if task.progress is not None:
        return Bar(fraction_of_progress(task.progress), progress_forms(task.progress))
    return _waiting(task, state, now) or Bar(None, (_waited(task, now) or task.state,))


def fraction_of_wait(wait: Wait, task: TaskState, state: LabState, now: float) -> float | None:
    """The part of a wait that has passed at lab time `now`, from 0 to 1; None if unknown."""
    if wait.kind == "sleep":
        return _slept(wait, task, now)
    ended, count = _ended_of(wait, state)
    return ended / count if count else None


def fraction_of_progress(progress: Progressed | None) -> float | None:
    """The progress that a task reported, from 0 to 1; None without a total."""
    if progress is None or progress.total is None or not progress.total > 0:
        return None
    return _within(progress.done / progress.total)


def progress_forms(progress: Progressed) -> Forms:
    """The progress that a task reported, as text: ("3 of 5 pages", "3/5"), "62%", ("17 items", "17")."""
    unit = f" {one_line(progress.unit, UNIT_LIMIT)}" if progress.unit else ""
    fraction = fraction_of_progress(progress)
    if fraction is None or progress.total is None:
        return f"{_figure(progress.done)}{unit}", _figure(progress.done)
    if progress.total > COUNTED_UP_TO or progress.done % 1 or progress.total % 1:
        return (_percent(fraction),)
    done, total = _figure(progress.done), _figure(progress.total)
    return f"{done} of {total}{unit}", f"{done}/{total}"


def _stopped(task: TaskState) -> Bar:
    fraction = fraction_of_progress(task.progress)
    if fraction is None:
        fraction = task.last_fraction
    return Bar(fraction, (task.state if fraction is None else _percent(fraction),))


def _waiting(task: TaskState, state: LabState, now: float) -> Bar | None:
    wait = task.waits_for
    if wait is None:
        return None
    if wait.kind == "sleep":
        fraction = _slept(wait, task, now)
        return None if fraction is None else Bar(fraction, (_percent(fraction),))
    ended, count = _ended_of(wait, state)
    if not count:
        return None
    fraction = ended / count
    return Bar(fraction, (f"{ended:,} of {count:,}", f"{ended:,}/{count:,}", _percent(fraction)))


def _waited(task: TaskState, now: float) -> str:
    """How many whole seconds a task has waited; empty in the first second, and if it isn't waiting."""
    seconds = int(now - task.since) if task.state == "waiting" else 0
    return f"{seconds:,} s" if seconds else ""


def _slept(wait: Wait, task: TaskState, now: float) -> float | None:
    if wait.seconds is None or not wait.seconds > 0:
        return None
    end = task.since + wait.seconds if wait.deadline is None else wait.deadline
    return _within(1.0 - (end - now) / wait.seconds)


def _ended_of(wait: Wait, state: LabState) -> tuple[int, int]:
    """How many tasks of an awaited group have ended, and how many it has; (0, 0) if no known group is awaited."""
    if wait.kind not in ("gather", "task_group", "wait") or not wait.tasks:
        return 0, 0
    return state.ended_among(wait.tasks), max(wait.count, len(wait.tasks))


def _within(fraction: float) -> float:
    return max(0.0, min(1.0, fraction))


def _percent(fraction: float) -> str:
    return f"{int(fraction * 100)}%"


def _figure(value: float) -> str:
    return f"{value:,.2f}" if value % 1 else f"{value:,.0f}"
