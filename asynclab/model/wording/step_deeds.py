"""Words for what a task did in a step, as clauses of its story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from asynclab.model.resources import label
from asynclab.model.state import LabState
from asynclab.model.text import one_line
from asynclab.model.wording.deed import CHANGES
from asynclab.model.wording.grammar import label_of, listed

THING_LIMIT = 60
"""The most characters of an item or a printed line."""


class _DeedWords(NamedTuple):
    """The words for one kind of deed."""

    clause: str
    """With details."""
    general: str
    """Without details, for many steps at once; empty if it isn't worth saying."""


_WORDS: Mapping[str, _DeedWords] = MappingProxyType(
    {
        "created": _DeedWords("created {things}", "created a task"),
        "woke": _DeedWords("woke {things}", ""),
        "asked": _DeedWords("called cancel() on {things}", "cancelled a task"),
        "asked_itself": _DeedWords("called cancel() on itself{times}", "called cancel() on itself"),
        "was_asked": _DeedWords("got a cancel() from {things}", "got a cancel()"),
        "put": _DeedWords("put {things} into {queue}", "put an item into {queue}"),
        "got": _DeedWords("got {things} from {queue}", "got an item from {queue}"),
        "task_done": _DeedWords("called task_done() on {queue}{times}", "called task_done()"),
        "shut_down": _DeedWords("shut down {queue}", "shut down a queue"),
        "changed": _DeedWords("used {primitive}{times}", "used a lock, event or semaphore"),
        "notified": _DeedWords("notified {primitive}{times}", "notified a condition"),
        "set_timeout": _DeedWords("set {things}", "set a timeout"),
        "moved_timeout": _DeedWords("moved its timeout to {things}", "moved a timeout"),
        "met_timeout": _DeedWords("met its {things}", "met its timeout"),
        "missed_timeout": _DeedWords("missed its {things}", "missed its timeout"),
        "timed_out": _DeedWords("saw its {things} expire at once", "timed out at once"),
        "printed": _DeedWords("printed {things}", "printed"),
        "warned": _DeedWords("caused a warning: {things}", "caused a warning"),
        "blocked": _DeedWords("blocked the loop for {things}", "blocked the loop"),
    }
)


def done(verb: str, resource: int, things: Sequence[str | int], count: int, state: LabState) -> str:
    """One kind of deed with details: "put 'A1', 'A2' and 3 more into queue#1".

    The task did it `count` times. `resource` is the number of the queue or primitive, `things` the first objects.
    """
    if verb == "changed":
        told = _changes(resource, things, count, state)
        if told:
            return told
    return _WORDS[verb].clause.format(
        things=_things(verb, things, count, state),
        queue=label("queue", resource),
        primitive=label_of(resource, state),
        times="" if count == 1 else f" {count:,} times",
    )


def done_in_general(verb: str, resource: int) -> str:
    """One kind of deed without details: "put an item into queue#1"; empty if it isn't worth saying."""
    return _WORDS[verb].general.format(queue=label("queue", resource))


def _things(verb: str, things: Sequence[str | int], count: int, state: LabState) -> str:
    named = [state.task_name(thing) if isinstance(thing, int) else _thing(verb, thing) for thing in things]
    more = count - len(named)
    return listed([*named, f"{more:,} more" if more > 0 and named else ""]) or f"{count:,}"


def _thing(verb: str, text: str) -> str:
    clean = one_line(text, THING_LIMIT)
    match verb:
        case "printed" | "warned":
            return f"“{clean}”"
        case "set_timeout":
            return f"a {clean}"
        case _:
            return clean


def _changes(primitive: int, rises: Sequence[str | int], count: int, state: LabState) -> str:
    """How a task changed a primitive: "took and released lock#1"; empty if unknown."""
    known = state.primitives.get(primitive)
    if known is None or known.kind == "condition" or not rises:
        return ""
    if known.kind == "semaphore" and list(rises[:2]) == [1, 0]:
        return f"released a permit of {known.label}, which was taken at once"
    fell, rose = CHANGES[known.kind]
    verbs = listed(dict.fromkeys(rose if is_rise else fell for is_rise in rises))
    return f"{verbs} {known.label}{'' if count <= len(rises) else ' repeatedly'}"
