"""Tests how events are encoded, and the page that is made of their docstrings."""

import json
import math
import re
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclab.model import events
from asynclab.model.event_codec import decode, encode, finite
from tests.model.anything import any_event

DOCS = Path(__file__).parents[2] / "docs"


@given(any_event())
def test_an_event_survives_its_line_of_json(event: events.AnyEvent) -> None:
    assert decode(encode(event)) == event


@given(any_event(st.floats()))
def test_an_event_with_any_numbers_survives_as_the_finite_ones_next_to_them(event: events.AnyEvent) -> None:
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
        (events.TimeoutStarted(1.0, 1, math.inf), events.TimeoutStarted(1.0, 1, None)),
        (events.CallScheduled(1.0, 1, "x", math.nan), events.CallScheduled(1.0, 1, "x", None)),
        (
            events.TaskWaiting(1.0, 1, events.Wait("sleep", seconds=math.inf)),
            events.TaskWaiting(1.0, 1, events.Wait("sleep")),
        ),
        (events.Progressed(1.0, 1, math.inf, -math.inf), events.Progressed(1.0, 1, sys.float_info.max, None)),
        (events.Progressed(1.0, 1, -math.inf), events.Progressed(1.0, 1, -sys.float_info.max)),
        (events.Progressed(math.nan, 1, 1.0), events.Progressed(0.0, 1, 1.0)),
    ],
)
def test_what_is_no_json_number_is_none_or_the_nearest_one(event: events.AnyEvent, written: events.AnyEvent) -> None:
    assert decode(encode(event)) == written


def test_the_page_about_events_is_what_their_docstrings_say() -> None:
    written = runpy.run_path(str(DOCS / "make_events_page.py"))["page"]()
    assert (DOCS / "events.md").read_text().splitlines() == written.splitlines(), "run python docs/make_events_page.py"


def test_the_page_has_every_event_and_what_events_contain() -> None:
    titles = re.findall(r"^### (\w+)$", (DOCS / "events.md").read_text(), re.MULTILINE)
    assert titles == [
        kind.__name__
        for kind in (
            *get_args(events.AnyEvent),
            events.Wait,
            events.StackFrame,
            events.ThreadStands,
            events.GeneratorStands,
            events.Waker,
        )
    ]


def test_every_event_is_described() -> None:
    assert [kind for kind in get_args(events.AnyEvent) if kind.__doc__ in (None, events.Event.__doc__)] == []


def test_the_life_of_a_task_on_the_page_is_made_of_events() -> None:
    life = (DOCS / "events.md").read_text().partition("```json\n")[2].partition("```")[0].splitlines()
    assert len([decode(line) for line in life]) == 8


def test_a_line_that_is_no_event_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode('{"type":"TeaServed","at":0.0}')
