"""Words for what a task waits for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

from msgspec.structs import replace

from asynclab.model.events import Wait, WaitKind
from asynclab.model.resources import label
from asynclab.model.state import LabState
from asynclab.model.text import one_line
from asynclab.model.wording.grammar import Forms, named, names_of
from asynclab.model.wording.quantities import length

NOT_RECORDED = "reason not recorded"
"""Replaces the reason of a wait that was not inspected."""

NAMING: frozenset[WaitKind] = frozenset({"task", "wait_for", "shield", "lock"})
"""The kinds of waits whose short and plain words name tasks. Groups are only counted, because they may be large."""


VerbForm: TypeAlias = Literal["waits", "wait", "waited"]
"""The form of the verb: one task waits, several wait, or they waited."""

_SLEEPS: Mapping[VerbForm, str] = MappingProxyType({"waits": "sleeps", "wait": "sleep", "waited": "slept"})


class _Words(NamedTuple):
    """The words for one kind of wait. `_filled` replaces the names in braces."""

    short: Forms
    """A noun, for the cell of a table."""
    plain: Forms
    """What the task does, for a line of the activity log."""
    sentence: str
    """The words after "waited 1.000 s" in a story."""


def _noun(*short: str, sentence: str = "") -> _Words:
    """The words for a wait for something that a noun names."""
    return _Words(short, (f"{{waits}} for {short[0]}", f"{{waits}}: {short[-1]}"), sentence or f"for {short[0]}")


def _group(*short: str, sentence: str) -> _Words:
    """The words for a wait for several tasks."""
    return _Words(short, (f"{{waits}} for a {short[0]}", f"{{waits}}: {short[-1]}"), sentence)


def _inside(place: str, shorter: str) -> _Words:
    """The words for a wait inside code that is not the user's."""
    inside = f"inside {place}"
    return _Words((inside, f"in {shorter}"), (f"{{waits}} {inside}",), inside)


_WORDS: Mapping[WaitKind, _Words] = MappingProxyType(
    {
        "sleep": _Words(("sleep{time}",), ("{sleeps}{time}",), "in a sleep"),
        "task": _noun("{task}", "{names}", sentence="for {names}"),
        "gather": _group("gather of {count}", sentence="for a gather of {count}{members}"),
        "wait": _noun("asyncio.wait of {count}", "wait of {count}", sentence="for asyncio.wait of {count}{members}"),
        "wait_for": _noun("{task} in wait_for", "{task}", sentence="for {names} in wait_for"),
        "shield": _noun("{task} in shield", "{task}", sentence="for {names} in shield"),
        "as_completed": _noun("as_completed{of_count}", sentence="for the next in as_completed{of_count}{members}"),
        "task_group": _group("task group of {count}", "group of {count}", sentence="for its task group{members}"),
        "queue.get": _Words(
            ("get from {it}", "get {it}"),
            ("{waits} to get from {it}", "{waits}: get {it}"),
            "to get from {it}, which was empty",
        ),
        "queue.put": _Words(
            ("put into {it} (full)", "put {it} (full)", "put {it}"),
            ("{waits} to put into {it} (full)", "{waits}: put {it}"),
            "to put into {it}, which was full",
        ),
        "queue.join": _Words(
            ("join {it}",),
            ("{waits} to join {it}", "{waits}: join {it}"),
            "for every item of {it} to be done",
        ),
        "lock": _noun("{it}{holder}", "{it}", sentence="for {it}{then}"),
        "semaphore": _Words(("{it}{holder}", "{it}"), ("{waits} for {it}", "{waits}: {it}"), "for a permit of {it}"),
        "event": _noun("{it}", sentence="for {it} to be set"),
        "condition": _noun("{it}", sentence="to be notified on {it}"),
        "barrier": _noun("{it}", sentence="for the others at {it}"),
        "future": _noun("a future"),
        "stream": _noun("a stream"),
        "socket": _noun("a socket"),
        "process": _noun("a process"),
        "thread": _noun("a thread"),
        "library": _inside("{library}", "{library}"),
        "async_generator": _inside("an async generator", "a generator"),
        "unknown": _noun("something unknown", "unknown"),
    }
)


def short_wait(wait: Wait, state: LabState) -> Forms:
    """A wait as a noun: "sleep 2.00 s", "get from queue#1", "gather of 3", "lock#1 held by brew-1"."""
    wait = held_now(wait, state)
    names = names_of(wait.tasks, state) if wait.kind in NAMING else ""
    if wait.kind == "semaphore":
        names = names_of(wait.tasks, state, most=1)
    return _fill(_WORDS[wait.kind].short, wait, names)


def held_now(wait: Wait, state: LabState) -> Wait:
    """The wait, but if it is for a lock or semaphore, with the tasks that hold that in this state.

    When the wait began, other tasks may have held it.
    """
    held = state.named_primitives.get((wait.kind, wait.number)) if wait.kind in ("lock", "semaphore") else None
    return wait if held is None else replace(wait, tasks=tuple(held.holders))


def waited_tasks(wait: Wait, state: LabState) -> tuple[int, ...]:
    """The pending tasks that a wait is for. For a lock or semaphore, the tasks that hold it in this state."""
    primitive = state.named_primitives.get((wait.kind, wait.number))
    if primitive is not None:
        return tuple(primitive.holders)
    left = (number for number in wait.tasks if number not in state.tasks or not state.tasks[number].has_ended)
    return tuple(sorted(left))  # a task group keeps its tasks in a set, without order


def plain_wait(wait: Wait, state: LabState) -> Forms:
    """What a waiting task does: "sleeps 1.00 s", "waits to get from queue#1"."""
    return _fill(_WORDS[wait.kind].plain, wait, names_of(wait.tasks, state) if wait.kind in NAMING else "")


def quoting_wait(wait: Wait, state: LabState, verb: VerbForm = "waits") -> str:
    """The longest form of `plain_wait`, with names in quotes: "waits for task 'tea'", "waited for lock#1"."""
    names = named(state, wait.tasks) if wait.tasks and wait.kind in NAMING else ""
    return _fill(_WORDS[wait.kind].plain[:1], wait, names, verb)[0]


def waited(wait: Wait | None, time: str, state: LabState) -> str:
    """What a task waited for and how long: "slept 1.000 s", "waited 500 ms to get from queue#1, which was empty"."""
    if wait is None:
        return f"waited {time} ({NOT_RECORDED})"
    if wait.kind == "sleep":
        return f"slept {time}"
    (what,) = _fill((_WORDS[wait.kind].sentence,), wait, names_of(wait.tasks, state))
    return f"waited {time} {what}"


def _fill(templates: Forms, wait: Wait, names: str, verb: VerbForm = "waits") -> Forms:
    count = wait.count or len(wait.tasks)
    return _filled(templates, wait.kind, wait.number, wait.seconds, count, wait.library, names, verb)


@lru_cache(maxsize=2_000)  # in a busy lab, the same few waits occur again and again
def _filled(
    templates: Forms,
    kind: WaitKind,
    number: int,
    seconds: float | None,
    count: int,
    library: str,
    names: str,
    verb: VerbForm,
) -> Forms:
    details = {
        "waits": verb,
        "sleeps": _SLEEPS[verb],
        "it": _resource(kind, number),
        "time": "" if seconds is None else f" {length(seconds)}",
        "count": f"{count:,}",
        "of_count": f" of {count:,}" if count else "",
        "names": names or "a task",
        "task": f"task {names}" if names else "a task",
        "members": f" ({names})" if names else "",
        "holder": f" held by {names}" if names else "",
        "then": f", then held by {names}" if names else "",
        "library": one_line(library) or "a library",
    }
    return tuple(template.format_map(details) for template in templates)


def _resource(kind: WaitKind, number: int) -> str:
    """The label of a queue or primitive, or its kind if the number is unknown."""
    noun = "queue" if kind in ("queue.get", "queue.put", "queue.join") else kind
    if number:
        return label(noun, number)
    return f"an {noun}" if noun == "event" else f"a {noun}"
