"""Invented labs, made from events."""

from collections.abc import Iterable

from asynclab.model import events
from asynclab.model.fold import fold
from asynclab.model.state import LabState

GATHER = "/demos/gather.py"

HOSTILE = "[/] [link=' \x1b[31mred\x07\u202e ✨日本"
"""Text that is at once markup, terminal control, bidirectional and wide."""


def folded(*happened: events.Event, name: str = "lab") -> LabState:
    """The state of a lab after these events."""
    state = LabState()
    fold(state, (events.RunStarted(0.0, name, 1e9, "3.11.0"), *happened))
    return state


def task(number: int, name: str, parent: int | None = None, at: float = 0.0) -> events.Event:
    return events.TaskCreated(at, number, name, "main", parent, GATHER, 1)


def step(number: int, at: float = 0.0, seconds: float = 0.0001) -> Iterable[events.Event]:
    return (events.StepStarted(at, number), events.StepEnded(at, number, seconds))


def sleeps(number: int, seconds: float, at: float = 0.0, line: int = 4) -> Iterable[events.Event]:
    """The events of a task's step that ends in a sleep."""
    wait = events.Wait("sleep", seconds=seconds, deadline=at + seconds, file=GATHER, line=line)
    return (*step(number, at), events.TaskWaiting(at, number, wait))


def gather() -> LabState:
    """Three brews at 1.24 s: tea is done, coffee sleeps for two seconds, cocoa was just woken."""
    children = (2, 3, 4)
    names = ("brew tea", "brew coffee", "brew cocoa")
    return folded(
        task(1, "main"),
        events.StepStarted(0.0, 1),
        *(task(number, name, 1) for number, name in zip(children, names, strict=True)),
        events.StepEnded(0.0, 1, 0.00021),
        events.TaskWaiting(0.0, 1, events.Wait("gather", tasks=children, count=3, file=GATHER, line=9)),
        *sleeps(2, 1.0),
        *sleeps(3, 2.0),
        *sleeps(4, 3.0),
        events.TaskReady(1.0, 2, "timer"),
        events.StepStarted(1.0, 2),
        events.Output(1.0, "tea is ready\n", 2),
        events.StepEnded(1.0, 2, 0.00008),
        events.TaskEnded(1.0, 2, "done", "'tea'"),
        events.TaskReady(1.24, 4, "task", 3),
        name="gather",
    )


def crowd(tasks: int) -> LabState:
    """Many sleeping tasks with one parent."""
    numbers = range(2, tasks + 1)
    return folded(
        task(1, "main"),
        *(task(number, f"Task-{number}", 1) for number in numbers),
        *(event for number in numbers for event in sleeps(number, 10.0)),
    )


def printing(lines: int) -> LabState:
    """A task that has printed lines, a hundredth of a second apart."""
    return folded(task(1, "main"), *(said_at(number) for number in range(lines)))


def said_at(number: int) -> events.Event:
    return events.Output(number / 100, f"line {number}\n", 1)


def full_queue(*items: str) -> LabState:
    """A full queue, and a producer that waits to put."""
    puts = (events.QueuePut(0.1, 1, item, size, size, 2) for size, item in enumerate(items, 1))
    return folded(
        task(1, "main"),
        task(2, "producer", 1),
        events.QueueCreated(0.0, 1, "Queue", len(items)),
        *puts,
        *step(2, 0.1),
        events.TaskWaiting(0.1, 2, events.Wait("queue.put", 1, file=GATHER, line=4)),
    )
