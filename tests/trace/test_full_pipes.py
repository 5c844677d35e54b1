"""Tests that unread pipes of ended children are reported, if somebody else keeps them open."""

import asyncio
import os
import select
import signal
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from asynclab.model.events import Event, PipeKeptOpen
from asynclab.trace.mishaps.full_pipes import ALONE_AFTER, KEPT_AFTER, FullPipes


def _reads_input(pid: int) -> bool:
    return Path(f"/proc/{pid}/syscall").read_text().split()[1:2] == ["0x0"]


@pytest.mark.parametrize(("command", "is_kept"), [("read line", False), ("read line; sleep 60 &", True)])
async def test_a_pipe_is_kept_open_only_where_its_end_is_not_there_to_be_read(command: str, is_kept: bool) -> None:
    told: list[Event] = []
    moment = 0.0
    clock = SimpleNamespace(real_time=lambda: moment, now=lambda: moment)
    child = await asyncio.create_subprocess_shell(command, stdin=-1, stdout=-1, start_new_session=True)
    transport: Any = child._transport  # type: ignore[attr-defined]
    waiting = asyncio.create_task(child.wait())
    await asyncio.sleep(0)
    recorder: Any = SimpleNamespace(clock=clock, write=told.append)
    registry: Any = SimpleNamespace(tasks=lambda: [(SimpleNamespace(id=1), waiting)])
    pipes = FullPipes(recorder, registry)
    end = select.poll()
    end.register(number := os.pidfd_open(child.pid), select.POLLIN)
    os.write(transport.get_pipe_transport(0).get_extra_info("pipe").fileno(), b"\n")
    end.poll()  # the loop takes no notice meanwhile
    pipes.child_ended(transport)
    moment = 2 * KEPT_AFTER
    pipes.look(1)
    assert [type(event) for event in told] == [PipeKeptOpen] * is_kept
    if is_kept:
        os.killpg(child.pid, signal.SIGKILL)
    await waiting
    await child.communicate()  # its pipes may be open still
    transport.close()
    await asyncio.sleep(0)
    os.close(number)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells in which call a child is")
async def test_a_child_waits_for_input_in_vain_only_once_nobody_could_have_written_for_a_while() -> None:
    told: list[Event] = []
    moment = 0.0
    clock = SimpleNamespace(real_time=lambda: moment, now=lambda: moment)
    recorder: Any = SimpleNamespace(clock=clock, write=told.append)
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def ask() -> None:
        child = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
        assert child.stdout is not None
        started.set_result(child.pid)
        await child.stdout.readline()
        await child.wait()

    asking = asyncio.create_task(ask())
    registry: Any = SimpleNamespace(tasks=lambda: [(SimpleNamespace(id=1), asking)])
    pipes = FullPipes(recorder, registry)
    pid = await started
    while not _reads_input(pid):
        os.sched_yield()
    for moment, count in ((0.0, 0), (2 * KEPT_AFTER, 0), (2 * KEPT_AFTER + ALONE_AFTER, 1)):  # noqa: B007
        pipes.look(1)
        assert len(told) == count
    os.kill(pid, signal.SIGKILL)
    await asking
