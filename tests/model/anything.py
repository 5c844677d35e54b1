"""Arbitrary events for property tests, sensible or not."""

from __future__ import annotations

import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from asynclab.model.events import AnyEvent, Event, Wait

_SECONDS = st.floats(-1.0, 20.0, allow_nan=False)
_IDS = st.integers(-1, 5)
_TEXT = st.sampled_from(["", "tea", "queue#1", "queue#2", "lock#1", "\x1b[31m", "\u202e", "two\nlines", "🍵" * 300])


def any_event() -> st.SearchStrategy[AnyEvent]:
    """One event of any type, about one of a handful of tasks and resources."""
    return st.one_of([_struct(event) for event in get_args(AnyEvent)])


def any_history() -> st.SearchStrategy[list[Event]]:
    """Events in an order that need not make sense."""
    return st.lists(st.one_of(_steps(), any_event()), max_size=60)


def _steps() -> st.SearchStrategy[AnyEvent]:
    """Events of the life of a task, which are most of what happens."""
    names = {"TaskCreated", "TaskReady", "StepStarted", "StepEnded", "TaskWaiting", "TaskEnded"}
    return st.one_of([_struct(event) for event in get_args(AnyEvent) if event.__name__ in names])


def _struct(struct: type[Any]) -> st.SearchStrategy[Any]:
    return st.builds(struct, **{name: _value(hint) for name, hint in get_type_hints(struct).items()})


def _value(hint: object) -> st.SearchStrategy[Any]:
    match hint:
        case _ if hint is Wait:
            return _struct(Wait)
        case _ if get_origin(hint) is Literal:
            return st.sampled_from(get_args(hint))
        case _ if get_origin(hint) in (Union, types.UnionType):
            return st.one_of([_value(choice) for choice in get_args(hint)])
        case _ if get_origin(hint) is tuple:
            return st.lists(_IDS, max_size=3).map(tuple)
    simple: dict[type[Any], st.SearchStrategy[Any]] = {
        int: _IDS,
        float: _SECONDS,
        str: _TEXT,
        bool: st.booleans(),
        types.NoneType: st.none(),
    }
    return simple[hint]  # type: ignore[index]
