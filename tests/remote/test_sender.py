"""Tests what is sent of the loops of a program. There is no thread: each test calls the sender itself."""

import asyncio
import gc
import math
import socket
import threading
import warnings
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from asynclab.model.events import ExceptionDropped, TaskCreated, TaskEnded, TaskWaiting
from asynclab.remote.inside.sender import Sender
from asynclab.remote.wire import AnyFrame, FrameReader, Heartbeat, LoopClosed, LoopEvents, LoopOpened, LoopThread
from asynclab.trace.process import observe_process


class Told:
    """A sender, and what its reader gets."""

    def __init__(self) -> None:
        its, self.reader = socket.socketpair()
        self.reader.setblocking(False)
        self.observation = observe_process()
        self.sender = Sender(self.observation, its)
        self._frames = FrameReader()

    def frames(self) -> list[AnyFrame]:
        """What has happened since the last call, without heartbeats."""
        self.sender.flush()
        return [frame for frame in self.read() if not isinstance(frame, Heartbeat)]

    def read(self) -> list[AnyFrame]:
        try:
            return list(self._frames.feed(self.reader.recv(1 << 20)))
        except BlockingIOError:
            return []


@pytest.fixture
def told() -> Iterator[Told]:
    telling = Told()
    yield telling
    telling.observation.stop()
    telling.sender.abandon()
    telling.reader.close()


async def main() -> None:
    await asyncio.create_task(asyncio.sleep(0))


def test_loops_are_opened_and_closed_around_their_events(told: Told) -> None:
    asyncio.run(main())
    opened, events, closed = told.frames()
    assert isinstance(opened, LoopOpened)
    assert isinstance(events, LoopEvents)
    assert isinstance(closed, LoopClosed)
    assert opened.loop == events.loop == closed.loop == 1
    assert [event.coroutine for event in events.events if isinstance(event, TaskCreated)][:2] == ["main", "sleep"]
    assert {event.task for event in events.events if isinstance(event, TaskEnded)} >= {1, 2}
    asyncio.run(main())
    assert [frame.loop for frame in told.frames() if not isinstance(frame, Heartbeat)] == [2, 2, 2]  # type: ignore[union-attr]


# The collector may close the loop's own socket before the loop, which then complains: as in plain Python.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_loop_that_nobody_closes_is_kept_alive_by_nobody(told: Told) -> None:
    reference = weakref.ref(asyncio.new_event_loop())
    told.frames()
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always", ResourceWarning)
        gc.collect()
    assert reference() is None
    assert [type(frame) for frame in told.frames()] == [LoopClosed]


def test_loops_that_are_gone_are_forgotten_once_all_of_them_is_told(told: Told) -> None:
    for _ in range(3):
        asyncio.run(main())
    told.frames()
    for _ in range(3):
        asyncio.run(main())
    gc.collect()
    frames = told.frames()
    assert [frame.loop for frame in frames if isinstance(frame, LoopClosed)] == [4, 5, 6]
    told.frames()
    assert told.observation.recorders == []
    asyncio.run(main())
    assert {frame.loop for frame in told.frames() if isinstance(frame, LoopOpened | LoopEvents | LoopClosed)} == {7}


def test_what_a_destructor_tells_while_its_loop_is_collected_is_sent(told: Told) -> None:
    asyncio.run(main())
    gc.collect()
    told.frames()
    (recording,) = told.observation.recorders
    recording.events.append(ExceptionDropped(1.0, 2))
    (later,) = told.frames()
    assert isinstance(later, LoopEvents)
    assert later.events == (ExceptionDropped(1.0, 2),)
    assert told.observation.recorders == []


def test_in_a_child_of_the_program_nothing_is_sent(told: Told) -> None:
    told.sender.abandon()
    asyncio.run(main())
    told.sender.flush()
    assert told.reader.recv(1) == b""


def test_the_thread_is_none_of_the_program_s_and_can_be_paused_and_started_again(told: Told) -> None:
    before = threading.enumerate()
    for _ in range(3):
        told.sender.start()
        assert threading.enumerate() == before
        told.sender.pause()
        told.sender.go_on()
        told.sender.pause()


def test_where_nobody_reads_any_more_the_program_is_left_alone(told: Told) -> None:
    observed = asyncio.BaseEventLoop.__init__
    told.reader.close()
    told.sender.start()
    while asyncio.BaseEventLoop.__init__ is observed:
        asyncio.run(main())
    told.sender.pause()  # it sends what is left before it leaves
    assert told.sender.is_abandoned


def test_a_heartbeat_says_where_a_step_that_lasts_was_seen(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asynclab.remote.inside.sender.BEAT", math.inf)
    told.frames()  # with the only heartbeat that is due
    seen: list[list[Heartbeat]] = []

    def look() -> None:
        told.sender.look()
        seen.append([frame for frame in told.read() if isinstance(frame, Heartbeat)])

    async def work() -> None:
        for _ in range(3):
            pool.submit(look).result()

    with ThreadPoolExecutor(1) as pool:
        asyncio.run(work())
    assert [len(beats) for beats in seen] == [0, 1, 0]  # it is told once, when two looks have found it
    (beat,) = seen[1]
    assert (beat.loop, beat.task, beat.file, beat.function) == (1, 1, __file__, "work")
    told.sender.flush()
    *_, last = (frame for frame in told.read() if isinstance(frame, Heartbeat))
    assert (last.loop, last.task, last.file) == (0, None, "")


def test_at_the_end_it_tells_of_waits_that_were_not_looked_at(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asynclab.trace.watching.looks.FIRST_LOOK_AT", math.inf)
    loop = asyncio.new_event_loop()
    task = loop.create_task(asyncio.Event().wait())
    loop.call_soon(loop.stop)
    loop.run_forever()
    events = [event for frame in told.frames() if isinstance(frame, LoopEvents) for event in frame.events]
    assert [event.wait.kind for event in events if isinstance(event, TaskWaiting)] == ["event"]
    task.cancel()
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()


def test_at_the_end_its_reader_learns_that_nothing_more_comes(told: Told) -> None:
    told.sender.finish()
    told.read()
    assert told.reader.recv(1) == b""


def test_a_loop_on_another_thread_is_told_with_the_name_of_that(told: Told) -> None:
    is_over = threading.Event()

    async def run() -> None:
        await asyncio.to_thread(is_over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="serves")
    thread.start()
    frames: list[AnyFrame] = []
    while LoopThread(1, "serves") not in frames:
        frames += told.frames()
    is_over.set()
    thread.join()
