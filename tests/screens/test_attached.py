"""Tests the screen of an attached program: the program is paused, stepped, and left as it was."""

import asyncio
import itertools
import socket
from collections.abc import Iterator
from pathlib import Path
from select import select
from types import SimpleNamespace

import pytest

from asynclab.app import AsyncLabApp
from asynclab.remote.attach import Attachment, attach
from asynclab.remote.wire import AnyFrame, Heartbeat, LoopOpened, to_bytes
from asynclab.screens.run import connected_program
from asynclab.screens.run.attached_program import AttachedProgram
from asynclab.screens.run.run_screen import RunScreen
from tests.fast_ui import until
from tests.remote.attachable import AS_IT_WAS, Program
from tests.screens.recordings import text_of


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    running = Program(tmp_path_factory.mktemp("run"))
    yield running
    running.kill()


@pytest.fixture
def runtime(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", program.environment["XDG_RUNTIME_DIR"])


@pytest.mark.usefixtures("runtime")
async def test_it_has_the_keys_of_a_run_and_one_q_leaves_it_as_it_was_though_it_was_paused(program: Program) -> None:
    attached = AttachedProgram(attach(program.pid))
    app = AsyncLabApp(program=attached)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(lambda: attached.told.is_found)
        screen = app.screen
        assert isinstance(screen, RunScreen)
        assert "6 tasks from before" in " ".join(attached.facts)
        await until(lambda: "times out" in text_of(screen.stage.tasks))
        offered = {offer.command.name for offer in screen.offers if offer.is_offered}
        assert {"pause", "step", "next event", "slower", "cancel task"} <= offered
        assert not {"instant", "terminal"} & offered
        await pilot.press("space")
        state = attached.runs[1].state
        await until(lambda: state.clock.paused)
        program.tell("differing")
        await until(lambda: state.held)
        await pilot.press("q")
        await until(lambda: attached.is_closed)
    assert not attached.has_ended
    program.read()
    assert program.ask() == AS_IT_WAS


@pytest.mark.usefixtures("runtime")
async def test_a_program_that_ends_meanwhile_is_said_to_have_ended(tmp_path: Path) -> None:
    other = Program(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        attached = AttachedProgram(attach(other.pid))
    async with AsyncLabApp(program=attached).run_test(size=(80, 24)):
        await until(lambda: attached.told.is_found)
        other.kill()
        await until(lambda: attached.has_ended)
        assert "It has ended" in " ".join(attached.facts)
        await attached.close()


async def test_it_is_let_go_though_the_app_ends_before_it_says_so() -> None:
    ours, its = socket.socketpair()
    with its:
        attached = AttachedProgram(Attachment(4711, ours))
        attached.begin()
        closing = asyncio.create_task(attached.close())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        assert ours.fileno() == -1


async def test_where_it_tells_more_than_a_frame_has_time_for_it_is_read_no_further_and_more_is_taken_in_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow_down(monkeypatch)
    ours, its = socket.socketpair()
    with its:
        attached = AttachedProgram(Attachment(4711, ours))
        taken: list[AnyFrame] = []
        attached.told.takers.append(taken.append)
        attached.begin()
        its.sendall(b"".join(to_bytes(LoopOpened(number, "Loop", 0.0)) for number in range(1, 5)))
        await until(lambda: has_read(ours))
        its.sendall(to_bytes(LoopOpened(5, "Loop", 0.0)))
        counts = []
        for _ in range(3):
            await asyncio.sleep(0)
            assert not has_read(ours)
            attached.pump()
            counts.append((len(taken), attached.is_behind))
        assert counts == [(1, True), (3, True), (4, True)]
        await until(lambda: has_read(ours))
        attached.pump()
        assert (len(taken), attached.is_behind) == (5, False)
        attached.hang_up()


async def test_what_is_shown_late_is_said_to_be_from_a_while_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    timers = slow_down(monkeypatch)
    ours, its = socket.socketpair()
    with its:
        attached = AttachedProgram(Attachment(4711, ours))
        attached.begin()
        attached.pump()
        its.sendall(b"".join(to_bytes(Heartbeat(float(second))) for second in range(1, 7)))
        await until(lambda: has_read(ours))
        said = []
        for now in (100.0, 106.0, 106.0, 106.0):
            timers.monotonic = lambda now=now: now
            attached.pump()
            said.append(" ".join(attached.facts).partition("Shown as it was ")[2][:7])
        assert said == ["", "3 s ago", "1 s ago", ""]
        attached.hang_up()


def slow_down(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Let it take long to take in a frame, and nothing more be read meanwhile.

    Returns:
        The clocks; `monotonic` may be replaced.
    """
    clock = itertools.count(step=0.015)
    timers = SimpleNamespace(perf_counter=lambda: next(clock), monotonic=lambda: 100.0)
    monkeypatch.setattr(connected_program, "time", timers)
    monkeypatch.setattr(connected_program, "MOST_WAITING", 0)
    return timers


def has_read(connection: socket.socket) -> bool:
    """Whether nothing more can be read."""
    return not select([connection], [], [], 0)[0]
