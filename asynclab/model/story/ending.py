"""How a life ended or what the task does now, what it all came to, and the whole of it in one sentence."""

from __future__ import annotations

from collections.abc import Iterator

from asynclab.model.bars import progress_text
from asynclab.model.events import TaskEnded, Wait
from asynclab.model.state import LabState
from asynclab.model.story.deeds import did
from asynclab.model.story.life import Life
from asynclab.model.story.phrases import clause, place, readiness, sentence, took
from asynclab.model.story.sentences import Sentence
from asynclab.model.tasks import Progress, TaskState
from asynclab.model.text import one_line
from asynclab.model.words import describe_ending, measured, plural, wait_text

SOON = 0.01
"""A task that ends so many lab seconds after it was asked to does so at once."""

TREE_LINES = 24
"""The most lines of an exception's tree."""


def ending(life: Life, state: LabState, home: str) -> Iterator[Sentence]:
    """How the task ended, or what it does now."""
    if life.ended is None:
        yield from _now(life, state, home)
        return
    if isinstance(life.ended, TaskEnded):
        yield _ended(life, life.ended, did(life.end, state))
        for line in life.ended.tree[:TREE_LINES]:
            yield Sentence(None, "failed", one_line(line), is_drawn=True)
    else:
        yield Sentence(life.ended.at, "failed", "Was garbage-collected while it was pending: nothing referred to it.")
    if life.task in state.leaked:
        yield Sentence(None, "warned", "It was still pending when main ended.")
    for at, text in life.complaints:
        yield Sentence(at, "warned", sentence(f"Python complained: {one_line(text)}"))


def _ended(life: Life, event: TaskEnded, effect: str) -> Sentence:
    then = f" That {effect}." if effect else ""
    if event.outcome == "cancelled":
        return Sentence(event.at, "cancelled", _cancelled(life, event.at) + then)
    text = describe_ending(event.outcome, event.detail)
    why = ""
    if life.last_cancel is not None:
        but = ", although" if event.outcome == "done" else ";"
        why = f"{but} it had been asked to stop {took(event.at - life.last_cancel)} before"
    return Sentence(event.at, event.outcome, sentence(f"{text}{why}") + then)


def _cancelled(life: Life, at: float) -> str:
    if life.turns and life.turns[-1].is_first:
        return "Ended cancelled in its first step. A task that is cancelled before that never runs a line of its code."
    if life.last_cancel is None:
        return "Ended cancelled: what it awaited was cancelled, or it raised CancelledError itself."
    if life.steps_since_cancel <= 1:
        at_once = at - life.last_cancel < SOON
        when = "at once" if at_once else f"{took(at - life.last_cancel)} after it was asked"
        return f"Ended cancelled {when}: it awaited nothing to clean up."
    return f"Ended cancelled: its clean-up took {took(at - life.last_cancel)}, from when it was asked."


def _now(life: Life, state: LabState, home: str) -> Iterator[Sentence]:
    turn = life.turn
    if life.last_cancel is not None:
        since = measured(life.last_cancel)
        yield Sentence(None, "cancel", f"It was asked to stop at {since}, and has not: it cleans up, or refuses.")
    if turn is None:
        return
    if life.phase == "running":
        blocking = life.blocking
        if blocking is not None:
            so_far = f"{took(blocking.seconds)} so far{place(blocking.file, blocking.line, '')}"
            yield Sentence(blocking.at, "blocked", sentence(f"blocks the whole loop: {so_far}"))
        else:
            yield Sentence(turn.ran, "run", "Runs now.")
    elif life.phase == "ready":
        behind = readiness(turn, state) if turn.ran is not None else ""
        yield Sentence(turn.ready, "woke", sentence(behind or "Is ready now: it runs when its turn comes"))
    elif life.phase == "waiting":
        wait = turn.wait
        text = "waits; for what was not looked at" if wait is None else wait_text(wait, state)
        where = "" if wait is None else place(wait.file, wait.line, home)
        due = "" if wait is None else _due(wait)
        yield Sentence(turn.began, "waits", sentence(f"now {text}{where}{due}"))


def _due(wait: Wait) -> str:
    """Until when a wait lasts: a sleep no shorter, every other one no longer."""
    if wait.deadline is None:
        return ""
    return f", until {measured(wait.deadline)}{'' if wait.kind == 'sleep' else ' at the latest'}"


def totals(life: Life, task: TaskState | None, now: float) -> Iterator[Sentence]:
    """What it all came to."""
    if life.progress is not None:
        done = life.progress
        text = one_line(progress_text(Progress(done.done, done.total, done.unit)))
        yield Sentence(None, "progress", f"It last reported its progress at {measured(done.at)}: {text}.")
    if task is None:
        return
    spent = max(0.0, now - task.since)
    ready = task.ready_seconds + (spent if task.state == "ready" else 0.0)
    waiting = task.waiting_seconds + (spent if task.state == "waiting" else 0.0)
    figures = clause(
        [
            plural(task.steps, "step"),
            f"{took(task.running_seconds)} of running",
            f"{took(ready)} ready",
            f"{took(waiting)} waiting",
        ]
    )
    printed = f"; {plural(life.lines_printed, 'line')} printed" if life.lines_printed and not life.is_forgotten else ""
    yield Sentence(None, "progress", f"In all: {figures}{printed}.")


def headline(task: TaskState | None, name: str, state: LabState) -> str:
    """The whole life in one sentence."""
    if task is None:
        return f"{name} is no longer kept."
    coroutine = one_line(task.coroutine.rpartition(".")[2], 80) or "a coroutine"
    end = state.now if task.ended_at is None else task.ended_at
    after = took(end - task.created_at)
    if task.state == "done":
        return f"{name} ran {coroutine}() to its end in {after}."
    if task.state == "failed":
        return f"{name} ran {coroutine}() and failed after {after}."
    if task.state == "cancelled":
        return f"{name} was made to run {coroutine}(), and was cancelled after {after}."
    return f"{name} runs {coroutine}(), and is {task.state}; it is {after} old."
