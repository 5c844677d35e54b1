"""The last sentences of a story: the end of the task or its present wait, its totals, and the headline."""

from __future__ import annotations

from collections.abc import Iterator

from asynclab.model.events import TaskEnded, Wait
from asynclab.model.progress_bars import progress_forms
from asynclab.model.state import LabState
from asynclab.model.story.beginning import coroutine_name
from asynclab.model.story.life import Life
from asynclab.model.story.sentences import Sentence
from asynclab.model.story.turns import Turn
from asynclab.model.story.wakes import did
from asynclab.model.tasks import TaskState
from asynclab.model.text import one_line
from asynclab.model.wording import outcome
from asynclab.model.wording.grammar import listed, place, sentence
from asynclab.model.wording.quantities import duration, measured, plural
from asynclab.model.wording.wait import NOT_RECORDED, held_now, plain_wait

SOON = 0.01
"""A task that ends this many lab seconds after cancel() was called ends at once."""

TREE_LINES = 24


def ending(life: Life, state: LabState, home: str) -> Iterator[Sentence]:
    """How the task ended, or what it is doing."""
    if life.ended is None:
        yield from _now(life, state, home)
        return
    if isinstance(life.ended, TaskEnded):
        yield _ended(life, life.ended, did(life.end, state))
        for line in life.ended.tree[:TREE_LINES]:
            yield Sentence(None, "failed", one_line(line), is_drawn=True)
    else:
        yield Sentence(life.ended.at, "failed", sentence(f"{outcome.COLLECTED}: nothing referred to it"))
    if life.task in state.leaked:
        yield Sentence(None, "warned", "It was still pending when main ended.")
    for at, text in life.complaints:
        yield Sentence(at, "warned", sentence(f"Python warned: {one_line(text)}"))


def _ended(life: Life, event: TaskEnded, effect: str) -> Sentence:
    then = f" That {effect}." if effect else ""
    if event.outcome == "cancelled":
        return Sentence(event.at, "cancelled", sentence(_cancelled(life, event.at)) + then)
    text = outcome.ending(event.outcome, event.detail)[0]
    if life.last_cancel is not None:
        text += f", although cancel() was called {duration(event.at - life.last_cancel)} earlier"
    return Sentence(event.at, event.outcome, sentence(text) + then)


def _cancelled(life: Life, at: float) -> str:
    first = life.turns[0] if len(life.turns) == 1 and life.turns[0].is_first else None
    if first is not None and first.cancel is not None:
        return "cancelled before it started: none of its code ran"
    if life.last_cancel is None:
        return "cancelled: it raised CancelledError, or what it awaited was cancelled"
    took = at - life.last_cancel
    if life.steps_since_cancel > 1:
        return f"cancelled after {duration(took)} of clean-up"
    when = "at once" if took < SOON else f"{duration(took)} after cancel() was called"
    return f"cancelled {when}, without awaiting any clean-up"


def _now(life: Life, state: LabState, home: str) -> Iterator[Sentence]:
    if life.last_cancel is not None:
        since = measured(life.last_cancel)
        yield Sentence(None, "cancel", f"Cancel requested at {since}, not ended yet: cleaning up, or ignoring it.")
    if life.turn is None:
        return
    if life.phase == "running":
        yield _running(life, life.turn)
    elif life.phase == "ready":
        yield Sentence(life.turn.ready, "woke", "Ready, waiting for its turn.")
    elif life.phase == "waiting":
        yield Sentence(life.turn.began, "waits", sentence(_waiting(life.turn.wait, state, home)))


def _running(life: Life, turn: Turn) -> Sentence:
    report = life.blocking
    if report is None:
        return Sentence(turn.ran, "run", "Running.")
    where = place(report.file, report.line)
    return Sentence(report.at, "blocked", sentence(f"Blocking the loop: {duration(report.seconds)} so far{where}"))


def _waiting(wait: Wait | None, state: LabState, home: str) -> str:
    if wait is None:
        return f"Waiting ({NOT_RECORDED})"
    return f"now {plain_wait(held_now(wait, state), state)[0]}{place(wait.file, wait.line, home)}{_due(wait)}"


def _due(wait: Wait) -> str:
    """When a wait ends: a sleep exactly then, any other wait by then."""
    if wait.deadline is None:
        return ""
    return f", until {measured(wait.deadline)}{'' if wait.kind == 'sleep' else ' at the latest'}"


def totals(life: Life, task: TaskState | None, now: float) -> Iterator[Sentence]:
    """Its last report of progress, and how long it was running, ready and waiting."""
    if life.progress is not None:
        text, at = progress_forms(life.progress)[0], measured(life.progress.at)
        yield Sentence(None, "progress", f"Last progress report at {at}: {text}.")
    if task is None:
        return
    spent = max(0.0, now - task.since)
    ready = task.ready_seconds + (spent if task.state == "ready" else 0.0)
    waiting = task.waiting_seconds + (spent if task.state == "waiting" else 0.0)
    figures = listed(
        [
            plural(task.steps, "step"),
            f"{duration(task.running_seconds)} running",
            f"{duration(ready)} ready",
            f"{duration(waiting)} waiting",
        ]
    )
    printed = f"; {plural(life.lines_printed, 'line')} printed" if life.lines_printed and not life.is_forgotten else ""
    yield Sentence(None, "progress", f"In total: {figures}{printed}.")


def headline(task: TaskState | None, name: str, state: LabState) -> str:
    """The whole life in one sentence."""
    if task is None:
        return f"{name}: no history kept."
    coroutine = coroutine_name(task.coroutine)
    end = state.now if task.ended_at is None else task.ended_at
    lasted = duration(end - task.created_at)
    match task.state:
        case "done":
            return f"{name}: {coroutine} returned after {lasted}."
        case "failed":
            return f"{name}: {coroutine} failed after {lasted}."
        case "cancelled":
            return f"{name}: {coroutine} was cancelled after {lasted}."
        case _:
            return f"{name}: {coroutine} is {task.state}; it was created {lasted} ago."
