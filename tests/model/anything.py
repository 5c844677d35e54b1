"""Makes arbitrary events for property tests, whether they make sense or not."""

import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from asynclab.model import events

_SECONDS = st.floats(-1.0, 20.0, allow_nan=False)
_TEXT = st.sampled_from(["", "tea", "queue#1", "queue#2", "lock#1", "\x1b[31m", "\u202e", "two\nlines", "🍵" * 300])
_MANY, _FEW = st.integers(-1, 5), st.integers(1, 2)
"""Numbers of tasks and resources."""

_LIFE = (
    events.TaskCreated,
    events.TaskReady,
    events.Stepped,
    events.StepStarted,
    events.StepEnded,
    events.TaskWaiting,
    events.TaskStands,
    events.TaskEnded,
)


def any_event(seconds: st.SearchStrategy[float] = _SECONDS) -> st.SearchStrategy[events.AnyEvent]:
    """One event of any type, about one of a few tasks and resources, with times from `seconds`."""
    return st.one_of([_struct(event, _MANY, seconds) for event in get_args(events.AnyEvent)])


def any_history() -> st.SearchStrategy[list[events.Event]]:
    """Events in an order that need not make sense; for two tasks it often does."""
    lives = st.one_of([_struct(event, _FEW) for event in _LIFE])
    return st.lists(st.one_of(lives, lives, any_event()), max_size=60)


def _struct(
    struct: type[Any], numbers: st.SearchStrategy[int], seconds: st.SearchStrategy[float] = _SECONDS
) -> st.SearchStrategy[Any]:
    return st.builds(struct, **{name: _value(hint, numbers, seconds) for name, hint in get_type_hints(struct).items()})


def _value(hint: object, numbers: st.SearchStrategy[int], seconds: st.SearchStrategy[float]) -> st.SearchStrategy[Any]:
    match hint:
        case type() if issubclass(hint, msgspec.Struct):
            return _struct(hint, numbers, seconds)
        case _ if get_origin(hint) is Literal:
            return st.sampled_from(get_args(hint))
        case _ if get_origin(hint) in (Union, types.UnionType):
            return st.one_of([_value(choice, numbers, seconds) for choice in get_args(hint)])
        case _ if get_origin(hint) is tuple:
            return st.lists(_value(get_args(hint)[0], numbers, seconds), max_size=3).map(tuple)
    simple: dict[type[Any], st.SearchStrategy[Any]] = {
        int: numbers,
        float: seconds,
        str: _TEXT,
        bool: st.booleans(),
        types.NoneType: st.none(),
    }
    if get_origin(hint) is dict:
        key, value = get_args(hint)
        return st.dictionaries(_value(key, numbers, seconds), _value(value, numbers, seconds), max_size=2)
    return simple[hint]  # type: ignore[index]
