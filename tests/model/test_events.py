"""The event vocabulary: its codec, and its description in docs/events.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given

from asynclab.model.events import AnyEvent, Event, Frame, TaskStands, TaskWaiting, Wait, WaitKind, decode, encode
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
