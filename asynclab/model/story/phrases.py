"""The clauses that a life is told in: what was waited for, what ended the wait, what was done."""

from __future__ import annotations

from collections.abc import Iterable

from asynclab.model.events import (
    ConditionNotified,
    Event,
    PrimitiveChanged,
    QueueGot,
    QueuePut,
    QueueTaskDone,
    Wait,
)
from asynclab.model.places import file_name
from asynclab.model.state import LabState
from asynclab.model.story.turns import Request, Turn
from asynclab.model.text import one_line
from asynclab.model.words import length, measured, name_of_resource, names_of

OBJECT_LIMIT = 60
"""The most characters of an item, a printed line or a function in a sentence."""


def took(seconds: float) -> str:
    """A length of time, in milliseconds where it is short: "1.001 s", "12.3 ms", "0.08 ms"."""
    if seconds >= 0.09995:
        return measured(seconds)
    milliseconds = max(0.0, seconds) * 1000
    return f"{milliseconds:.1f} ms" if milliseconds >= 1 else f"{milliseconds:.2f} ms"


def clause(parts: Iterable[str]) -> str:
    """Parts of a sentence in a row: "a", "a and b", "a, b and c"."""
    *first, last = [part for part in parts if part] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def sentence(text: str) -> str:
    """The text with a capital, and a full stop unless it ends already."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"


def place(file: str, line: int, home: str) -> str:
    """Where something is in the code, in brackets; the file goes without saying where it is the task's own."""
    if not line:
        return ""
    return f" (line {line})" if file == home or not file else f" ({file_name(file)} line {line})"


def waited(wait: Wait | None, time: str, state: LabState) -> str:
    """What was waited for, and how long: "slept 1.000 s", "waited 0.500 s to get from queue#1, which was empty"."""
    if wait is None:
        return f"waited {time} for something that was not looked at"
    if wait.kind == "sleep":
        return f"slept {time}"
    return f"waited {time} {awaited(wait, state)}"


def awaited(wait: Wait, state: LabState) -> str:
    """What comes after "waited" for each kind of wait but a sleep."""
    resource = name_of_resource(wait)
    names = names_of(wait.tasks, state)
    match wait.kind:
        case "queue.get":
            return f"to get from {resource or 'a queue'}, which was empty"
        case "queue.put":
            return f"to put into {resource or 'a queue'}, which was full"
        case "queue.join":
            return f"for every item of {resource or 'a queue'} to be done"
        case "task" | "wait_for":
            inside = " in wait_for" if wait.kind == "wait_for" else ""
            return f"for {names or 'a task'}{inside}"
        case "gather" | "wait":
            what = "a gather" if wait.kind == "gather" else "asyncio.wait"
            return f"for {what} of {wait.count or len(wait.tasks)}{f' ({names})' if names else ''}"
        case "task_group":
            return f"for the rest of its task group ({names})" if names else "for its task group"
        case "lock":
            return f"for {resource or 'a lock'}{f', held by {names}' if names else ''}"
        case _:
            return _awaited_simply(wait, resource)


def _awaited_simply(wait: Wait, resource: str) -> str:
    match wait.kind:
        case "semaphore":
            return f"for a permit of {resource or 'a semaphore'}"
        case "event":
            return f"for {resource or 'an event'} to be set"
        case "condition":
            return f"to be notified on {resource or 'a condition'}"
        case "barrier":
            return f"at {resource or 'a barrier'} for the others"
        case "library":
            return f"inside {resource or 'a library'}"
        case "async_generator":
            return "inside an async generator"
        case "stream":
            return "on a stream"
        case "future" | "socket" | "process" | "thread":
            return f"for a {wait.kind}"
        case _:
            return "for something that can't be told"


def ended_by(turn: Turn, state: LabState) -> str:
    """What ended the wait: "its timer woke it", "consumer-1 took 'A1' out and woke it"; empty where nothing tells."""
    expired, cancel = turn.expired, turn.cancel
    is_cut_short = (expired is not None and turn.cause == "timer") or (cancel is not None and cancel.interrupted)
    clauses = []
    if expired is not None:
        how = " and interrupted that" if turn.cause == "timer" else ""
        clauses.append(f"its timeout of {length(expired)} expired at {measured(turn.expired_at)}{how}")
    if not is_cut_short:
        clauses.append(_woken(turn, state))
    if cancel is not None:
        clauses.append(f"at {measured(cancel.at)} {asked_by(cancel, state)}")
    return "; ".join(filter(None, clauses))


def asked_by(request: Request, state: LabState) -> str:
    """Who asked a task to end: "main asked it to stop, with cancel()"."""
    if request.by is None:
        by_lab = "the lab asked it to stop, as main had ended"
        return by_lab if request.after_main else "it was asked to stop from outside"
    name = state.task_name(request.by)
    if request.timed_out is not None:
        return f"{name}, whose timeout of {length(request.timed_out)} had expired, asked it to stop"
    if request.after_failure:
        return f"it was asked to stop when {name} had failed"
    return f"{name} asked it to stop, with cancel()"


def _woken(turn: Turn, state: LabState) -> str:
    match turn.cause:
        case "timer":
            return "its timer woke it" if turn.wait is not None and turn.wait.kind == "sleep" else "a timer woke it"
        case "task":
            return _woken_by_task(turn, state)
        case "callback":
            return "I/O, a thread or another callback woke it"
        case "cancel" if turn.cancel is None:
            return "what it waited for was cancelled"
        case _:
            return ""


def _woken_by_task(turn: Turn, state: LabState) -> str:
    wait, waker = turn.wait, state.task_name(turn.waker) or "another task"
    if wait is None:
        return f"{waker} woke it"
    if turn.waker in wait.tasks and wait.kind != "lock":
        return f"{waker} ended and woke it"
    return f"{waker} {_how(wait, turn.reason, state)}woke it"


def _how(wait: Wait, reason: Event | None, state: LabState) -> str:
    """What the waker did, where that is what the task waited for: "set event#1 and "."""
    match reason:
        case QueuePut(queue=queue, item=item) if wait.kind == "queue.get" and wait.number == queue:
            return f"put {one_line(item, OBJECT_LIMIT)} there and "
        case QueueGot(queue=queue, item=item) if wait.kind == "queue.put" and wait.number == queue:
            return f"took {one_line(item, OBJECT_LIMIT)} out and "
        case QueueTaskDone(queue=queue, unfinished=0) if wait.kind == "queue.join" and wait.number == queue:
            return "did the last of them and "
        case PrimitiveChanged() if _is_about(reason, wait, state):
            return _RELEASES.get(wait.kind, "")
        case ConditionNotified() if _is_about(reason, wait, state):
            return "notified it and "
        case _:
            return ""


def _is_about(event: PrimitiveChanged | ConditionNotified, wait: Wait, state: LabState) -> bool:
    primitive = state.primitives.get(event.primitive)
    return primitive is not None and (primitive.kind, primitive.number) == (wait.kind, wait.number)


_RELEASES = {
    "lock": "released it and ",
    "semaphore": "gave one back and ",
    "event": "set it and ",
    "barrier": "came as well and ",
}


def readiness(turn: Turn, state: LabState) -> str:
    """How long the task was ready before it ran, and behind whom; empty where that is not worth telling."""
    if turn.chosen_before is not None:
        return f"ready for {took(turn.was_ready)}, until you let it go before {state.task_name(turn.chosen_before)}"
    if turn.went_first_count:
        return f"ready for {took(turn.was_ready)} behind {first_ones(turn, state)}"
    return f"ready for {took(turn.was_ready)} before it ran" if turn.was_ready >= 0.001 else ""


def first_ones(turn: Turn, state: LabState) -> str:
    """The tasks that ran while this one was ready."""
    names = [state.task_name(task) for task in turn.went_first]
    more = turn.went_first_count - len(names)
    return clause([*names, f"{more:,} more" if more > 0 else ""])
