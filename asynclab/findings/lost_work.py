"""Finds coroutines, tasks and exceptions that were lost without anybody noticing."""

from __future__ import annotations

from collections.abc import Iterator

from asynclab.findings.lost_wakes import ended_since
from asynclab.findings.rule import Certainty, Finding, Rule, finding_of, incidents_of
from asynclab.model.events import (
    CallbackFailed,
    CoroutineDropped,
    ExceptionDropped,
    FailureUnseen,
    Misused,
    TaskCollected,
    TasksStranded,
    Wait,
)
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState, place_in
from asynclab.model.text import one_line
from asynclab.model.wording.full_wait import doing
from asynclab.model.wording.grammar import quoted
from asynclab.model.wording.outcome import how_ended
from asynclab.model.wording.places import at_line, in_brackets, made_at
from asynclab.model.wording.quantities import measured


def find_collected(state: LabState) -> Iterator[Finding]:
    """Tasks that were destroyed while they were pending."""
    for incident in state.incidents:
        if isinstance(incident.event, TaskCollected):
            task = state.tasks.get(incident.event.task)
            if never_began(task):
                continue
            name = f"{quoted(state, incident.event.task)}{made_at(task)}"
            text = f"{name} was garbage-collected while it waited{at_line(incident.place)}"
            yield finding_of("task-collected", text, incident, incident.event.task)


def never_began(task: TaskState | None) -> bool:
    """Whether a collected task had not taken its first step; the loop refers to a task until then."""
    return task is not None and task.steps == 0


def find_never_awaited(state: LabState) -> Iterator[Finding]:
    """Coroutines that were made but never awaited."""
    for incident in state.incidents:
        if isinstance(incident.event, CoroutineDropped):
            text = f"coroutine '{one_line(incident.event.coroutine)}' was never awaited{in_brackets(incident.place)}"
            yield finding_of("never-awaited", text, incident, incident.event.task)


def find_never_retrieved(state: LabState) -> Iterator[Finding]:
    """Tasks and futures that failed, but whose exception no code has read."""
    for incident in state.incidents:
        if isinstance(incident.event, ExceptionDropped):
            number = incident.event.task
            task = None if number is None else state.tasks.get(number)
            where = f", raised{at_line(incident.place)}" if incident.place else ""
            text = f"a future failed with {one_line(incident.event.error)}{where}, and nobody looked at its exception"
            if number is not None:
                name, how = f"{quoted(state, number)}{made_at(task)}", how_ended(task)
                text = f"{name} {how}, and nobody looked at its exception"
                if incident.event.is_passed_on:
                    text = f"{name}, run by run_coroutine_threadsafe(), {how}{where}, and no thread asked "
                    text += "its future for the result"
            text += _set_too_late(state, number)
            if incident.event.ignored_by is not None:
                where = at_line(place_in(incident.event))
                text += f": {quoted(state, incident.event.ignored_by)} dropped the results of its gather(){where}"
            yield finding_of("never-retrieved", text, incident, number)


def find_unseen_failures(state: LabState) -> Iterator[Finding]:
    """Tasks whose failure no code has read, while other tasks wait for results of their code."""
    for incident, event in incidents_of(state, FailureUnseen):
        tasks = [state.tasks[number] for number in dict.fromkeys(event.waiting) if number in state.tasks]
        waiting = [task for task in tasks if task.since <= incident.at and _is_unexplained(state, task.waits_for)]
        if not waiting:
            continue
        task = state.tasks.get(event.task)
        woken = "; ".join(
            f"{quoted(state, each.id)}, which {doing(each, state)}{in_brackets(each.place)}" for each in waiting
        )
        text = (
            f"{quoted(state, event.task)} {how_ended(task)}{at_line(incident.place)}, and nobody has looked at its "
            f"exception since{_set_too_late(state, event.task)}; its code would have woken {woken}"
        )
        is_sure = state.is_starved or all(_is_stranded(state, each) for each in waiting)
        certainty: Certainty = "proved" if is_sure else "likely"
        yield finding_of("unseen-failure", text, incident, event.task, certainty)


def _set_too_late(state: LabState, number: int | None) -> str:
    """Says that a task, or a child of it, set a future that had been cancelled with its waiter; otherwise empty."""
    for incident, event in incidents_of(state, Misused):
        task = state.tasks.get(event.task)
        if event.waiter is not None and number in (event.task, None if task is None else task.parent):
            return (
                f"; the future that it set{at_line(incident.place)} had been cancelled at {measured(event.since)}, "
                f"with {quoted(state, event.waiter)}, which had waited for it"
            )
    return ""


def _is_stranded(state: LabState, task: TaskState) -> bool:
    """Whether no running code can wake a task, even if its wait may keep a server running."""
    told = [event for _, event in incidents_of(state, TasksStranded)][-1:]
    beside = [task.id for event in told if event.is_sure and event.at >= task.since for task.id in event.tasks]
    return state.is_stranded(task.id, task.since) or task.id in beside


def find_failed_callbacks(state: LabState) -> Iterator[Finding]:
    """Callbacks that raised: the rest of their work is not done, and a chain of callbacks has ended."""
    for incident, event in incidents_of(state, CallbackFailed):
        text = (
            f"callback {one_line(event.function)} raised {one_line(event.error)}{at_line(incident.place)} at "
            f"{measured(incident.at)}: asyncio only logs that, and the rest of its work is not done"
        )
        yield finding_of("callback-failed", text, incident, None)


def _is_unexplained(state: LabState, wait: Wait | None) -> bool:
    """Whether a task waits, and no other rule explains why: see consumer-gone."""
    queue = state.queues.get(wait.number) if wait is not None and wait.kind == "queue.put" else None
    return wait is not None and (queue is None or ended_since(state, queue.takers) is None)


RULES = (
    Rule(
        "task-collected",
        "A task was garbage-collected before it had ended.",
        "Its work stops half done, whenever the collector happens to run: asyncio refers only weakly to tasks.",
        "Keep a reference to each task until it is done, such as in a set or a TaskGroup.",
        find_collected,
    ),
    Rule(
        "never-awaited",
        "A coroutine was made and never awaited.",
        "None of its code has run.",
        "Await it, or make a task of it.",
        find_never_awaited,
    ),
    Rule(
        "never-retrieved",
        "A task or future failed, and nobody looked at its exception.",
        "The failure stays unseen, and the rest of the task's work is not done.",
        "Await it, use a TaskGroup, or look for exceptions among the results of gather(..., return_exceptions=True).",
        find_never_retrieved,
    ),
    Rule(
        "unseen-failure",
        "A task failed, nobody looked at its exception, and others wait for what its code would have brought.",
        "The program hangs, or does half of its work, though nothing was reported.",
        "Await the task as well as its result, as a TaskGroup does, or wake its waiters in a finally.",
        find_unseen_failures,
    ),
    Rule(
        "callback-failed",
        "A callback raised an exception.",
        "asyncio only logs it: the rest of the callback's work is not done, and whoever waits for that waits in vain.",
        "Catch the exception in the callback, or do its work in a task that somebody awaits.",
        find_failed_callbacks,
    ),
)
