"""Tests that frames are read from a socket in pieces of any size, and that invalid frames are reported."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from asynclab.model.events import TaskCreated, TimeoutStarted
from asynclab.remote.wire import (
    LENGTH_BYTES,
    LONGEST,
    FrameReader,
    Heartbeat,
    LoopEvents,
    NotFramesError,
    ProgramStarted,
    events_frame,
    to_bytes,
)

TOLD = [
    to_bytes(ProgramStarted("app.py", "3.13.0", 7, 0.5)),
    events_frame(1, [TaskCreated(0.1, 1, "Tâsk\ud800", "main"), TimeoutStarted(0.2, 1, float("inf"))]),
    to_bytes(Heartbeat(1.0)),
]


@given(some.lists(some.integers(1, 40), min_size=1))
def test_pieces_of_any_size_are_put_together(sizes: list[int]) -> None:
    reader, whole, found, index = FrameReader(), b"".join(TOLD), list[object](), 0
    while whole:
        size = sizes[index % len(sizes)]
        found += reader.feed(whole[:size])
        whole, index = whole[size:], index + 1
    started, events, beat = found
    assert (started, beat) == (ProgramStarted("app.py", "3.13.0", 7, 0.5), Heartbeat(1.0))
    assert isinstance(events, LoopEvents)
    created, timeout = events.events
    assert isinstance(created, TaskCreated)
    assert isinstance(timeout, TimeoutStarted)
    assert created.name == "Tâsk\ufffd"


@pytest.mark.parametrize(
    "content",
    [b"GET / HTTP/1.1\r\n\r\n", (LONGEST + 1).to_bytes(LENGTH_BYTES, "big"), b"\0\0\0\1\xc1", b"\0\0\0\1\x80"],
)
def test_what_is_no_frame_is_told(content: bytes) -> None:
    with pytest.raises(NotFramesError):
        list(FrameReader().feed(content))
