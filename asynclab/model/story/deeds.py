"""The clauses for what a task did in a step."""

from __future__ import annotations

from asynclab.model.state import LabState
from asynclab.model.story.phrases import OBJECT_LIMIT, clause
from asynclab.model.story.turns import Deed, Turn
from asynclab.model.text import one_line
from asynclab.model.words import label_of, plural


def did(turn: Turn, state: LabState) -> str:
    """What the task did in its step: "put 'A1' into queue#1, woke consumer-1 and printed “Produced A1”"."""
    deeds = [_deed(deed, state) for deed in turn.deeds.values()]
    more = turn.more_deeds
    return clause([*deeds, f"did {plural(more, 'other thing')}" if more else ""])


def _deed(deed: Deed, state: LabState) -> str:
    things = _things(deed, state)
    queue = f"queue#{deed.resource}"
    times = "" if deed.count == 1 else f" {deed.count:,} times"
    match deed.verb:
        case "put":
            return f"put {things} into {queue}"
        case "got":
            return f"got {things} from {queue}"
        case "task_done":
            return f"called task_done() on {queue}{times}"
        case "shut_down":
            return f"shut down {queue}"
        case "changed":
            return _changed(deed, state, times)
        case "notified":
            return f"notified {label_of(deed.resource, state) or 'a condition'}{times}"
        case "asked":
            return f"asked {things} to stop"
        case "set_timeout":
            return f"set a {things}"
        case "moved_timeout":
            return f"moved its timeout to {things}"
        case "met_timeout":
            return f"was done within its {things}"
        case "missed_timeout":
            return f"missed its {things}"
        case "timed_out":
            return f"saw its {things} expire at once"
        case "warned":
            return f"made Python complain: {things}"
        case "blocked":
            return f"blocked the whole loop for {things}"
        case verb:
            return f"{verb} {things}"


def _things(deed: Deed, state: LabState) -> str:
    named = [
        state.task_name(thing) if isinstance(thing, int) else _quoted(deed, one_line(thing, OBJECT_LIMIT))
        for thing in deed.objects
    ]
    more = deed.count - len(named)
    return clause([*named, f"{more:,} more" if more > 0 and named else ""]) or str(deed.count)


def _quoted(deed: Deed, text: str) -> str:
    return f"“{text}”" if deed.verb in ("printed", "warned") else text


_CHANGES = {
    "lock": ("released", "took"),
    "event": ("cleared", "set"),
    "barrier": ("left", "came to"),
    "semaphore": ("took a permit of", "gave a permit back to"),
}
"""What it is called when a primitive's value falls, and when it rises."""


def _changed(deed: Deed, state: LabState, times: str) -> str:
    label = label_of(deed.resource, state)
    changes = _CHANGES.get(label.partition("#")[0])
    if changes is None or not deed.objects:
        return f"used {label or 'something'}{times}"
    if label.startswith("semaphore") and deed.objects[:2] == [1, 0]:
        return f"gave a permit back to {label}, which was taken at once"
    verbs = [changes[1 if rose else 0] for rose in deed.objects]
    more = "" if deed.count <= len(verbs) else ", again and again"
    return f"{clause(dict.fromkeys(verbs))} {label}{more}"
