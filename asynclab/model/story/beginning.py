"""The first sentences of a story: who created the task, and where."""

from __future__ import annotations

from collections.abc import Iterator

from asynclab.model.events import TaskCreated
from asynclab.model.state import LabState
from asynclab.model.story.life import Life
from asynclab.model.story.sentences import Sentence
from asynclab.model.tasks import TaskState
from asynclab.model.text import one_line
from asynclab.model.wording.grammar import place
from asynclab.model.wording.quantities import measured

COROUTINE_LIMIT = 80


def home_of(life: Life, task: TaskState | None) -> str:
    """The file that a task's story need not name: where the task was created, or first waited."""
    if task is not None and task.file:
        return task.file
    if life.created is not None and life.created.file:
        return life.created.file
    waits = (turn.wait for turn in life.turns[:50] if turn.wait is not None)
    return next((wait.file for wait in waits if wait.file), "")


def beginning(life: Life, task: TaskState | None, state: LabState) -> Iterator[Sentence]:
    """Who created the task, where, and to run what; and since when its history is kept."""
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
    where = place(created.file, created.line) if created.file else ""
    return Sentence(created.at, "created", f"Created {by}{library}{where}, to run {coroutine}.")


def coroutine_name(qualified: str) -> str:
    """A coroutine by its own name, such as "brew()"."""
    name = one_line(qualified.rpartition(".")[2], COROUTINE_LIMIT)
    return f"{name}()" if name else "a coroutine"
