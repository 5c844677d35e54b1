"""What a task waits for, in words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from asynclab.model.events import Wait, WaitKind
from asynclab.model.resources import label
from asynclab.model.state import LabState
from asynclab.model.text import one_line
from asynclab.model.wording.forms import Forms
from asynclab.model.wording.grammar import names_of
from asynclab.model.wording.quantities import length

NOT_RECORDED = "reason not recorded"
"""What is said of a wait that nobody has looked at."""


class _Words(NamedTuple):
    """How one kind of wait is said. Names in braces are attributes of `_Details`."""

    short: Forms
    """As a noun, for a cell."""
    plain: Forms
    """As what the task does, for an activity line."""
    sentence: str
    """What comes after "waited 1.000 s" in a story."""


def _noun(*short: str, sentence: str = "") -> _Words:
    """The words for a wait that is a thing to wait for."""
    return _Words(short, (f"waits for {short[0]}", f"waits: {short[-1]}"), sentence or f"for {short[0]}")


def _inside(place: str, shorter: str) -> _Words:
    """The words for a wait inside code that isn't the user's."""
    inside = f"inside {place}"
    return _Words((inside, f"in {shorter}"), (f"waits {inside}",), inside)


_WORDS: Mapping[WaitKind, _Words] = MappingProxyType(
    {
        "sleep": _Words(("sleep{time}",), ("sleeps{time}",), "in a sleep"),
        "task": _noun("{task}", "{names}", sentence="for {names}"),
        "gather": _noun("gather of {count}", sentence="for a gather of {count}{members}"),
        "wait": _noun("asyncio.wait of {count}", "wait of {count}", sentence="for asyncio.wait of {count}{members}"),
        "wait_for": _noun("{task} in wait_for", "{task}", sentence="for {names} in wait_for"),
        "task_group": _noun("task group of {count}", "group of {count}", sentence="for its task group{members}"),
        "queue.get": _Words(
            ("queue.get on {it}", "get on {it}", "get {it}"),
            ("waits to get from {it}", "waits: get {it}"),
            "to get from {it}, which was empty",
        ),
        "queue.put": _Words(
            ("queue.put on {it} (full)", "queue.put on {it}", "put on {it}", "put {it}"),
            ("waits to put into {it}", "waits: put {it}"),
            "to put into {it}, which was full",
        ),
        "queue.join": _Words(
            ("queue.join on {it}", "join on {it}", "join {it}"),
            ("waits to join {it}", "waits: join {it}"),
            "for every item of {it} to be done",
        ),
        "lock": _noun("{it}{holder}", "{it}"),
        "semaphore": _noun("{it}", sentence="for a permit of {it}"),
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
    """A wait as a noun: "sleep 2.00 s", "queue.get on queue#1", "gather of 3", "lock#1 held by brew-1"."""
    details = _Details(wait, state)
    return tuple(form.format_map(details) for form in _WORDS[wait.kind].short)


def plain_wait(wait: Wait, state: LabState) -> Forms:
    """What a task does that begins to wait: "sleeps 1.00 s", "waits to get from queue#1"."""
    details = _Details(wait, state)
    return tuple(form.format_map(details) for form in _WORDS[wait.kind].plain)


def waited(wait: Wait | None, time: str, state: LabState) -> str:
    """What a task waited for, and how long: "slept 1.000 s", "waited 500 ms to get from queue#1, which was empty"."""
    if wait is None:
        return f"waited {time} ({NOT_RECORDED})"
    if wait.kind == "sleep":
        return f"slept {time}"
    return f"waited {time} {_WORDS[wait.kind].sentence.format_map(_Details(wait, state))}"


class _Details(dict[str, str]):
    """The particulars of a wait. Each is worked out only if the words name it, since busy labs say many waits."""

    def __init__(self, wait: Wait, state: LabState) -> None:
        self._wait, self._state = wait, state

    def __missing__(self, name: str) -> str:
        """Work out one particular."""
        wait = self._wait
        match name:
            case "it":
                return self._resource()
            case "time":
                return "" if wait.seconds is None else f" {length(wait.seconds)}"
            case "count":
                return f"{wait.count or len(wait.tasks):,}"
            case "names":
                return names_of(wait.tasks, self._state) or "a task"
            case "task":
                return f"task {self['names']}" if wait.tasks else "a task"
            case "members":
                return f" ({self['names']})" if wait.tasks else ""
            case "holder":
                return f" held by {self['names']}" if wait.tasks else ""
            case "library":
                return one_line(wait.library) or "a library"
        raise KeyError(name)

    def _resource(self) -> str:
        """The label of a queue or primitive; without a number, its kind."""
        wait = self._wait
        kind = "queue" if wait.kind in ("queue.get", "queue.put", "queue.join") else wait.kind
        if wait.number:
            return label(kind, wait.number)
        return f"an {kind}" if kind == "event" else f"a {kind}"
