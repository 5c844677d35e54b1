"""The event vocabulary: its codec, and its description in docs/events.md."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclab.model.events import (
    AnyEvent,
    CallScheduled,
    Event,
    Frame,
    Progressed,
    TaskStands,
    TaskWaiting,
    TimeoutStarted,
    Wait,
    WaitKind,
    decode,
    encode,
    finite,
)
from tests.model.anything import any_event

EVENTS: tuple[type[Event], ...] = get_args(AnyEvent)
DOCUMENT = (Path(__file__).parents[2] / "docs" / "events.md").read_text()


def section(event: type[Event]) -> str:
    """What docs/events.md says of an event."""
    found = re.search(rf"^### {event.__name__}$(.*?)(?=^##|\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/events.md lacks {event.__name__}"
    return found[1]


def described(text: str, bullet: str) -> set[str]:
    """The fields that have a bullet, or share one."""
    heads = [line.partition(":")[0] for line in text.splitlines() if line.startswith(f"{bullet}`")]
    return set(re.findall(r"`(\w+)`", " ".join(heads)))


def fields(struct: type[msgspec.Struct]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(struct)} - {"at"}


@given(any_event())
def test_an_event_survives_its_line_of_json(event: AnyEvent) -> None:
    assert decode(encode(event)) == event


@given(any_event(st.floats()))
def test_an_event_with_any_numbers_survives_as_the_finite_ones_next_to_them(event: AnyEvent) -> None:
    line = encode(event)
    json.loads(line, parse_constant=pytest.fail)
    assert decode(line) == finite(event) == finite(finite(event))
    if all(math.isfinite(number) for number in numbers_in(event)):
        assert decode(line) == event


def numbers_in(struct: msgspec.Struct) -> Iterator[float]:
    for value in msgspec.structs.astuple(struct):
        if isinstance(value, msgspec.Struct):
            yield from numbers_in(value)
        elif isinstance(value, float):
            yield value


@pytest.mark.parametrize(
    ("event", "written"),
    [
        (TimeoutStarted(1.0, 1, math.inf), TimeoutStarted(1.0, 1, None)),
        (CallScheduled(1.0, 1, "x", math.nan), CallScheduled(1.0, 1, "x", None)),
        (TaskWaiting(1.0, 1, Wait("sleep", seconds=math.inf)), TaskWaiting(1.0, 1, Wait("sleep"))),
        (Progressed(1.0, 1, math.inf, -math.inf), Progressed(1.0, 1, sys.float_info.max, None)),
        (Progressed(1.0, 1, -math.inf), Progressed(1.0, 1, -sys.float_info.max)),
        (Progressed(math.nan, 1, 1.0), Progressed(0.0, 1, 1.0)),
    ],
)
def test_what_json_has_no_number_for_is_written_as_none_or_as_the_nearest(event: AnyEvent, written: AnyEvent) -> None:
    assert decode(encode(event)) == written


@pytest.mark.parametrize("event", EVENTS)
def test_the_documentation_describes_exactly_the_fields_of_an_event(event: type[Event]) -> None:
    assert described(section(event), "- ") == fields(event)


def test_the_documentation_describes_exactly_the_fields_of_a_wait() -> None:
    text = DOCUMENT.partition("### TaskWaiting")[2].partition("###")[0]
    assert described(text, "  - ") == fields(Wait)


def test_the_documentation_describes_exactly_the_fields_of_a_frame() -> None:
    assert described(section(TaskStands), "  - ") == fields(Frame)


@pytest.mark.parametrize("event", EVENTS)
def test_the_documentation_has_an_example_of_each_event(event: type[Event]) -> None:
    examples = re.findall(r"^\{.*\}$", section(event), re.MULTILINE)
    assert [type(decode(example)) for example in examples] == [event]


def test_the_documented_life_of_a_task_is_made_of_events() -> None:
    story = DOCUMENT.partition("```json\n")[2].partition("```")[0].splitlines()
    assert len([decode(line) for line in story]) == 8


def test_the_documentation_names_every_kind_of_wait() -> None:
    assert set(get_args(WaitKind)) <= set(re.findall(r"`([\w.]+)`", section(TaskWaiting)))


def test_a_line_that_is_no_event_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode('{"type":"TeaServed","at":0.0}')
