"""Writes the story of a task's life, from its creation to its end or to the present."""

from __future__ import annotations

from collections.abc import Iterator

from asynclab.model.events import TaskCreated, TaskEnded, Wait
from asynclab.model.lanes import Timeline
from asynclab.model.progress_bars import progress_forms
from asynclab.model.state import LabState
from asynclab.model.story.life import Life
from asynclab.model.story.sentences import Sentence, Story
from asynclab.model.story.turn_sentences import Teller
from asynclab.model.story.turns import Turn
from asynclab.model.story.wakes import did
from asynclab.model.tasks import TaskState
from asynclab.model.text import one_line
from asynclab.model.wording import outcome
from asynclab.model.wording.grammar import listed, sentence
from asynclab.model.wording.places import line_in_story
from asynclab.model.wording.quantities import duration, measured, plural
from asynclab.model.wording.wait import NOT_RECORDED, held_now, plain_wait

READ_AT_ONCE = 5_000
"""How many intervals are read at once. The story of a long life is first shown incomplete, to show it early."""


def tell(life: Life, state: LabState, unread: int = 0) -> Story:
    """The story of a life of any length, in some sixty sentences at most.

    If `unread` intervals are left up to the moment of the state, only the first turns are described.
    """
    task = state.tasks.get(life.task)
    name = state.task_name(life.task)
    home = home_of(life, task)
    teller = Teller(life, state, home)
    has_begun = life.created is not None or bool(life.turns)
    paragraphs = (
        tuple(beginning(life, task, state)) if has_begun or not unread else (),
        tuple(teller.begin() if unread else teller.tell()),
        (_being_read(unread),) if unread else tuple(ending(life, state, home)),
        tuple(totals(life, task, state.now)),
    )
    word = None if task is None else task.state
    return Story(name, word, headline(task, name, state), tuple(filter(None, paragraphs)))


class Retelling:
    """Writes the story of one task at any moment of its run. As time advances, only new parts of the lane are read."""

    def __init__(self, task: int) -> None:
        self.task = task
        self._life = Life(task)
        self._timeline: Timeline | None = None
        self._version = 0
        """The moment of the latest story, counted in events."""
        self.unread = 0
        """How many intervals are still unread. While there are any, the story is incomplete."""

    def tell(self, timeline: Timeline, state: LabState) -> Story:
        """The story up to the moment of a state. The timeline may already have later events."""
        if timeline is not self._timeline or state.version < self._version or self._life.has_missed(timeline):
            self._timeline, self._life = timeline, Life(self.task)
        self._version = state.version
        self.unread = self._life.read(timeline, state, READ_AT_ONCE)
        return tell(self._life, state, self.unread)


def _being_read(unread: int) -> Sentence:
    return Sentence(None, "run", f"The rest is being read: {plural(unread, 'interval')} left.")


COROUTINE_LIMIT = 80


def home_of(life: Life, task: TaskState | None) -> str:
    """The file that a story doesn't name with each line: where the task was created, or first waited."""
    if task is not None and task.file:
        return task.file
    if life.created is not None and life.created.file:
        return life.created.file
    waits = (turn.wait for turn in life.turns[:50] if turn.wait is not None)
    return next((wait.file for wait in waits if wait.file), "")


def beginning(life: Life, task: TaskState | None, state: LabState) -> Iterator[Sentence]:
    """Which task created this one, where, and to run which coroutine; and since when its history is kept."""
    created = life.created
    if created is not None:
        yield _created(created, state, is_main=life.is_main)
        return
    if task is not None and task.found:
        coroutine = coroutine_name(task.coroutine)
        said = f"Found running {coroutine}; who created it, and what it did before, isn't known."
        yield Sentence(task.created_at, "created", said)
        if not life.turns or life.turns[0].began <= task.created_at:
            return
    elif task is not None:
        known = TaskCreated(
            task.created_at, task.id, task.name, task.coroutine, task.parent, task.file, task.line, task.internal
        )
        yield _created(known, state, is_main=task.id == next(iter(state.tasks)) and task.parent is None)
    at = life.turns[0].began if life.turns else state.now
    yield Sentence(None, "warned", f"Its history before {measured(at)} is no longer kept.")


def _created(created: TaskCreated, state: LabState, *, is_main: bool) -> Sentence:
    coroutine = coroutine_name(created.coroutine)
    if is_main:
        return Sentence(created.at, "created", f"Created as the main task, to run {coroutine}.")
    by = "outside any task" if created.parent is None else f"by {state.task_name(created.parent)}"
    library = " inside a library" if created.internal else ""
    where = line_in_story(created.file, created.line) if created.file else ""
    return Sentence(created.at, "created", f"Created {by}{library}{where}, to run {coroutine}.")


def coroutine_name(qualified: str) -> str:
    """The short name of a coroutine, such as "brew()"."""
    name = one_line(qualified.rpartition(".")[2], COROUTINE_LIMIT)
    return f"{name}()" if name else "a coroutine"


SOON = 0.01
"""A task that ends fewer lab seconds than this after cancel() was called ended "at once"."""

TREE_LINES = 24


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
    where = line_in_story(report.file, report.line)
    return Sentence(report.at, "blocked", sentence(f"Blocking the loop: {duration(report.seconds)} so far{where}"))


def _waiting(wait: Wait | None, state: LabState, home: str) -> str:
    if wait is None:
        return f"Waiting ({NOT_RECORDED})"
    return f"now {plain_wait(held_now(wait, state), state)[0]}{line_in_story(wait.file, wait.line, home)}{_due(wait)}"


def _due(wait: Wait) -> str:
    """The deadline of a wait: a sleep ends then, another wait may end before."""
    if wait.deadline is None:
        return ""
    return f", until {measured(wait.deadline)}{'' if wait.kind == 'sleep' else ' at the latest'}"


def totals(life: Life, task: TaskState | None, now: float) -> Iterator[Sentence]:
    """The task's latest report of progress, and how long it was running, ready and waiting."""
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
    ending = {"done": "returned", "failed": "failed", "cancelled": "was cancelled"}.get(task.state)
    if ending is None:
        return f"{name}: {coroutine} is {task.state}; it was created {lasted} ago."
    return f"{name}: {coroutine} {ending} after {lasted}."
