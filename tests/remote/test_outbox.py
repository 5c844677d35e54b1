"""Tests slow readers: details are dropped and counted, lives are kept; and readers that have gone."""

import socket
from collections.abc import Iterator

import pytest

from asynclab.model import events as e
from asynclab.model.fold import fold
from asynclab.model.state import LabState
from asynclab.remote.inside.outbox import ROOM, Outbox
from asynclab.remote.wire import FrameReader, Heartbeat, LoopEvents


@pytest.fixture
def ends() -> Iterator[tuple[Outbox, socket.socket]]:
    """An outbox, and the socket of its reader."""
    its, reader = socket.socketpair()
    its.setblocking(False)
    reader.setblocking(False)
    with its, reader:
        yield Outbox(its), reader


def read_all(outbox: Outbox, reader: socket.socket) -> list[e.Event]:
    """Read until nothing is left to send."""
    frames, events = FrameReader(), list[e.Event]()
    while True:
        outbox.send()
        try:
            piece = reader.recv(1 << 20)
        except BlockingIOError:
            return events
        for frame in frames.feed(piece):
            events += frame.events if isinstance(frame, LoopEvents) else []


def busy_events(first: int, count: int) -> list[e.Event]:
    """Tasks that are born, work, and then wait; one in ten ends."""
    events: list[e.Event] = []
    for number in range(first, first + count):
        at = number / 1_000
        events += [e.TaskCreated(at, number, f"task-{number}", "work"), e.Stepped(at, number, 0.0001)]
        events += [e.QueuePut(at, 1, "x" * 100, 1, 1, number) for _ in range(20)]
        events += [e.TaskWaiting(at, number, e.Wait("sleep"))] if number % 3 else [e.TaskReady(at, number, "timer")]
        events += [e.TaskEnded(at, number, "done")] if number % 10 == 0 else []
    return events


def test_a_reader_that_keeps_up_gets_everything(ends: tuple[Outbox, socket.socket]) -> None:
    outbox, reader = ends
    told = busy_events(1, 50)
    got: list[e.Event] = []
    for start in range(0, len(told), 40):
        outbox.add_events(1, told[start : start + 40])
        got += read_all(outbox, reader)
    assert got == told
    assert outbox.size == 0


def test_one_that_stalls_loses_details_alone_and_is_told_how_many(ends: tuple[Outbox, socket.socket]) -> None:
    outbox, reader = ends
    told: list[e.Event] = []
    sizes = []
    for first in range(1, 2_001, 50):
        batch = busy_events(first, 50)
        told += batch
        outbox.add_events(1, batch)
        outbox.send()
        sizes.append(outbox.size)
    assert max(sizes) < 1.5 * ROOM
    got = read_all(outbox, reader)
    for kind in (e.TaskCreated, e.TaskEnded):
        assert [event for event in got if isinstance(event, kind)] == [
            event for event in told if isinstance(event, kind)
        ]
    (dropped,) = (event for event in got if isinstance(event, e.EventsDropped))
    repeated = len(got) - got.index(dropped) - 1
    assert len(got) - 1 - repeated + dropped.count == len(told)
    was, now = LabState(), LabState()
    fold(was, told)
    fold(now, got)
    assert {task.id: task.state for task in now.tasks.values()} == {task.id: task.state for task in was.tasks.values()}
    outbox.add_events(1, busy_events(3_000, 1))
    assert read_all(outbox, reader) == busy_events(3_000, 1)


def test_other_frames_are_never_dropped(ends: tuple[Outbox, socket.socket]) -> None:
    outbox, reader = ends
    for first in range(1, 2_001, 50):
        outbox.add_events(1, busy_events(first, 50))
    outbox.add(Heartbeat(5.0))
    frames, found = FrameReader(), list[object]()
    while outbox.size or not found:
        outbox.send()
        found += frames.feed(reader.recv(1 << 20))
    assert Heartbeat(5.0) in found


def test_one_that_is_gone_ends_it(ends: tuple[Outbox, socket.socket]) -> None:
    outbox, reader = ends
    reader.close()
    outbox.add(Heartbeat(1.0))
    outbox.send()
    assert outbox.is_broken
    outbox.add_events(1, busy_events(1, 50))
    assert outbox.size == 0


def test_the_end_of_a_program_does_not_wait_for_a_reader_that_stalls(ends: tuple[Outbox, socket.socket]) -> None:
    outbox, _ = ends
    for first in range(1, 301, 50):
        outbox.add_events(1, busy_events(first, 50))
    outbox.send_all(patience=0.0)
    assert outbox.size > 0
    assert not outbox.is_broken


def test_lives_that_wait_are_bounded_and_counted(
    ends: tuple[Outbox, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox, reader = ends
    monkeypatch.setattr("asynclab.remote.inside.outbox.LASTING_ROOM", 500)
    told: list[e.Event] = []
    sizes = []
    for first in range(1, 3_001, 50):
        batch = [*busy_events(first, 50), e.TaskRenamed(first / 1_000, first + 1, "renamed")]
        told += batch
        outbox.add_events(1, batch)
        sizes.append(outbox.size)
    assert sizes[-1] == sizes[len(sizes) // 2]
    got = read_all(outbox, reader)
    was, now = LabState(), LabState()
    fold(was, told)
    fold(now, got)
    alive = {task.id: (task.name, task.state) for task in was.tasks.values() if not task.has_ended}
    assert {task.id: (task.name, task.state) for task in now.tasks.values() if not task.has_ended} == alive
    assert now.counts == was.counts
    (dropped,) = (event for event in got if isinstance(event, e.EventsDropped))
    repeated = len(got) - got.index(dropped) - 1
    late = sum(isinstance(event, e.TaskCreated | e.TaskRenamed) for event in got[-repeated:])
    assert dropped.ended["done"] > 0
    assert len(got) - 1 - (repeated - late) + dropped.count == len(told)


def test_whoever_pauses_a_program_that_tells_too_much_hears_of_it(ends: tuple[Outbox, socket.socket]) -> None:
    outbox, reader = ends
    for first in range(1, 3_001, 50):
        outbox.add_events(1, busy_events(first, 50))
    outbox.add_events(1, [e.ClockChanged(4.0, True, 1.0, False), e.StepReported(4.0, "step")])
    got = read_all(outbox, reader)
    assert any(isinstance(event, e.EventsDropped) for event in got)
    assert [event for event in got if isinstance(event, e.ClockChanged)] == [e.ClockChanged(4.0, True, 1.0, False)]
    assert any(isinstance(event, e.StepReported) for event in got)
