"""Words for a single event, such as a piece of evidence for a finding."""

from __future__ import annotations

import re

from asynclab.model import events
from asynclab.model.state import LabState
from asynclab.model.tasks import place_in
from asynclab.model.text import one_line
from asynclab.model.wording.outcome import ending
from asynclab.model.wording.places import in_brackets
from asynclab.model.wording.quantities import duration
from asynclab.model.wording.wait import plain_wait


def kind_and_task(event: events.Event | None, state: LabState) -> str:
    """The type of an event and its task: "queue put · producer-1"; empty for None."""
    if event is None:
        return ""
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", type(event).__name__).lower()
    task = getattr(event, "task", None)
    return words if task is None else f"{words} · {state.task_name(task)}"


def occurrence(event: events.Event, state: LabState) -> str:
    """What happened, as a clause. For types of events that are rarely evidence, only the type and the task."""
    task = getattr(event, "task", None)
    name = state.task_name(task) or "a callback"
    match event:
        case events.TaskWaiting(wait=wait):
            return waiting(name, wait, state)
        case events.TaskReady():
            return f"{name} becomes ready"
        case events.TaskEnded():
            return f"{name}: {ending(event.outcome, event.detail)[0]}"
        case events.TaskCancelRequested():
            return f"{state.task_name(event.by) or 'somebody'} calls cancel() on {name}"
        case events.CancelIgnored():
            return f"{name} has dropped its CancelledError and waits again"
        case events.TaskCollected():
            return f"{name} is garbage-collected"
        case events.CoroutineDropped():
            return f"the coroutine {one_line(event.coroutine)} is gone, never awaited"
        case events.ExceptionDropped():
            who = "a future" if task is None else name
            return f"{who} is gone, and nobody has looked at its exception"
        case events.ResultUnread():
            return f"{name} is gone, and nobody has read its result"
        case events.ItemLost():
            return f"{name} has {one_line(event.item)} from a queue as its time is up{in_brackets(place_in(event))}"
        case events.GeneratorKilled():
            return f"a timeout of {name} ends {one_line(event.generator)}{in_brackets(place_in(event))}"
        case events.WorkLeft():
            return f"{name} still runs as its gather() fails, and will act{in_brackets(place_in(event))}"
        case events.TaskReplaced():
            return f"{name} is left to itself: {one_line(event.name) or 'whoever waited for it'} has another task now"
        case events.TaskCutOff(by_close=True):
            return f"{name} is pending as the loop is closed"
        case events.TaskCutOff():
            return f"{name} is cancelled as asyncio.run() ends"
        case events.ConnectionDropped():
            return f"the {one_line(event.what)} is gone, never closed"
        case events.StreamUnread():
            return f"{name} waits while nobody reads {event.size:,} bytes that have come"
        case events.WriteUndrained(is_lost=True):
            return f"{name} writes to a connection that is lost{in_brackets(place_in(event))}"
        case events.WriteUndrained():
            return f"{name} writes while {event.size:,} bytes wait to be sent{in_brackets(place_in(event))}"
        case events.LoopBlocked():
            return f"{name} has run for {duration(event.seconds)}{in_brackets(place_in(event))}"
        case events.Outside() | events.RunStalled():
            return "the loop is idle"
        case _:
            return kind_and_task(event, state)


def waiting(name: str, wait: events.Wait, state: LabState) -> str:
    """What a task waits for, and at which line."""
    return f"{name} {plain_wait(wait, state)[0]}{in_brackets(place_in(wait))}"
