"""How a task came into the world."""

from __future__ import annotations

from collections.abc import Iterator

from asynclab.model.events import TaskCreated
from asynclab.model.places import file_name
from asynclab.model.state import LabState
from asynclab.model.story.life import Life
from asynclab.model.story.phrases import OBJECT_LIMIT
from asynclab.model.story.sentences import Sentence
from asynclab.model.tasks import TaskState
from asynclab.model.text import one_line
from asynclab.model.words import measured


def home_of(life: Life, task: TaskState | None) -> str:
    """The file that a task's waits are in unless they say otherwise: where it was created, or first waited."""
    if task is not None and task.file:
        return task.file
    if life.created is not None and life.created.file:
        return life.created.file
    waits = (turn.wait for turn in life.turns[:50] if turn.wait is not None)
    return next((wait.file for wait in waits if wait.file), "")


def beginning(life: Life, task: TaskState | None, state: LabState) -> Iterator[Sentence]:
    """Who created it, where and for what, and what of its life is no longer known."""
    created = life.created
    if created is not None:
        yield _created(created, state, is_main=life.is_main)
        return
    if task is not None:
        known = TaskCreated(
            task.created_at, task.id, task.name, task.coroutine, task.parent, task.file, task.line, task.internal
        )
        yield _created(known, state, is_main=task.id == next(iter(state.tasks)) and task.parent is None)
    at = life.turns[0].began if life.turns else state.now
    yield Sentence(None, "warned", f"What it did before {measured(at)} is no longer kept.")


def _created(created: TaskCreated, state: LabState, *, is_main: bool) -> Sentence:
    coroutine = one_line(created.coroutine.rpartition(".")[2], OBJECT_LIMIT) or "a coroutine"
    if is_main:
        return Sentence(created.at, "created", f"Created with the run, to run {coroutine}().")
    by = "by code that is in no task" if created.parent is None else f"by {state.task_name(created.parent)}"
    where = f" in {file_name(created.file)} line {created.line}" if created.file and created.line else ""
    library = ", by a library for itself" if created.internal else ""
    return Sentence(created.at, "created", f"Created {by}{where}{library}, to run {coroutine}().")
