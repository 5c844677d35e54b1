"""Words for what made a task ready."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from asynclab.model import events
from asynclab.model.state import LabState
from asynclab.model.text import one_line
from asynclab.model.wording.grammar import Forms

ITEM_LIMIT = 60

ENDED_BY_TASKS: frozenset[events.WaitKind] = frozenset(
    {"task", "gather", "wait", "wait_for", "shield", "as_completed", "task_group"}
)
"""The kinds of waits that end when another task ends."""


class Wake(NamedTuple):
    """What made a task ready."""

    cause: events.WakeCause | None
    waker: int | None = None
    """The task whose step made it ready."""
    wait: events.Wait | None = None
    """The wait that ended; None if unknown."""
    timed_out: bool = False
    """Whether the timer of a timeout made it ready."""
    deed: events.Event | None = None
    """The event of the waker that ended the wait, such as a QueuePut or its TaskEnded; None if unknown."""


class WakingDeed(NamedTuple):
    """The words for what a waker does to end one kind of wait."""

    noun: str = ""
    """For use after the waker's name: "woken by main's put"."""
    clause: str = ""
    """For use after the waker's name: "main set it and woke it"."""
    does: str = ""
    """For use after the name of a function: "App.start sets it"."""
    do: str = ""
    """What a task could do: "set it"."""
    done: str = ""
    """A participle: "set"."""


_DEEDS: Mapping[events.WaitKind, WakingDeed] = MappingProxyType(
    {
        "queue.get": WakingDeed("put", "put {item} there", "puts an item there", "put an item there", "put"),
        "queue.put": WakingDeed("get", "took {item} out", "takes an item out", "take an item out", "got"),
        "queue.join": WakingDeed("task_done()", "finished the last item"),
        "lock": WakingDeed("release", "released it", "releases it", "release it", "released"),
        "semaphore": WakingDeed("release", "returned a permit", "returns a permit", "return a permit", "released"),
        "future": WakingDeed("result", "set it", "sets it", "set it"),
        "event": WakingDeed("set()", "set it", "sets it", "set it", "set"),
        "condition": WakingDeed("notify()", "notified it", "notifies it", "notify it", "notified"),
        "barrier": WakingDeed("arrival", "reached the barrier"),
        **dict.fromkeys(ENDED_BY_TASKS, WakingDeed("end", "ended")),
    }
)


def short_wake(wake: Wake, state: LabState) -> Forms:
    """Why a task is ready, for the cell of a table: "woken by main", "its sleep is over"."""
    match wake.cause:
        case "created":
            return ("not started yet", "not started")
        case "task" if wake.waker is not None:
            name = state.task_name(wake.waker)
            return (f"woken by {name}", f"by {name}")
        case "timer" if wake.timed_out:
            return ("its timeout expired", "timed out")
        case "timer" if wake.wait is not None and wake.wait.kind == "sleep":
            return ("its sleep is over", "sleep over")
        case "timer":
            return ("woken by a timer", "by a timer")
        case "cancel":
            return ("cancel() was called", "cancel()")
        case _:
            return ("woken from outside", "from outside")


def plain_wake(wake: Wake, state: LabState) -> str:
    """What woke a task: "woken by producer's put", "woken by its timer", "just created by main"."""
    name = state.task_name(wake.waker)
    match wake.cause:
        case None:
            return "after yielding"
        case "created":
            return f"just created by {name}" if name else "just created"
        case "timer":
            return "woken by its timeout" if wake.timed_out else "woken by its timer"
        case "cancel":
            return f"woken by {name}'s cancel()" if name else "woken by cancel()"
        case "task" if name:
            done = _deed(wake)
            return f"woken by {name}'s {done.noun}" if done is not None else f"woken by {name}"
        case _:
            return "woken from outside"


def woke_it(wake: Wake, state: LabState) -> str:
    """What ended a wait, as a clause: "its timer woke it", "consumer-1 took 'A1' out and woke it"."""
    match wake.cause:
        case "timer":
            is_sleep = wake.wait is not None and wake.wait.kind == "sleep"
            return "its timer woke it" if is_sleep else "a timer woke it"
        case "task":
            done = _deed(wake)
            how = "" if done is None else f"{done.clause.format(item=_item(wake.deed))} and "
            return f"{state.task_name(wake.waker) or 'another task'} {how}woke it"
        case "callback":
            return "I/O, a thread or another callback woke it"
        case "cancel":
            return "what it waited for was cancelled"
        case _:
            return ""


def ends(deed: events.Event, wait: events.Wait, state: LabState) -> bool:
    """Whether an event of a queue or primitive could end a wait."""
    match deed:
        case events.QueuePut(queue=queue):
            return wait.kind == "queue.get" and wait.number == queue
        case events.QueueGot(queue=queue):
            return wait.kind == "queue.put" and wait.number == queue
        case events.QueueTaskDone(queue=queue, unfinished=0):
            return wait.kind == "queue.join" and wait.number == queue
        case events.PrimitiveChanged(primitive=changed) | events.ConditionNotified(primitive=changed):
            primitive = state.primitives.get(changed)
            return primitive is not None and (primitive.kind, primitive.number) == (wait.kind, wait.number)
        case _:
            return False


def deed_of(wait: events.Wait) -> WakingDeed:
    """The words for what ends a wait; empty if nothing that a task does could end it."""
    return _DEEDS.get(wait.kind, WakingDeed())


def _deed(wake: Wake) -> WakingDeed | None:
    return None if wake.wait is None or wake.deed is None else _DEEDS.get(wake.wait.kind)


def _item(deed: events.Event | None) -> str:
    return one_line(deed.item, ITEM_LIMIT) if isinstance(deed, events.QueuePut | events.QueueGot) else ""
