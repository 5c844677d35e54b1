"""Tests our threads in a program: they look again and again, and don't exist around a fork."""

import math
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from queue import SimpleQueue

import pytest

from asynclab.remote.inside import looking_thread
from asynclab.remote.inside.looking_thread import LookingThread
from asynclab.remote.inside.sender import Sender
from asynclab.trace.process import observe_process
from asynclab.trace.recording.give_way import GiveWay
from tests.raising import raising


@contextmanager
def looking(look: Callable[[], None]) -> Iterator[LookingThread]:
    """A thread that looks all the time."""
    yield LookingThread(look, lambda: 0.001, GiveWay())


@contextmanager
def sending(look: Callable[[], None]) -> Iterator[Sender]:
    """A sender whose looks are replaced."""
    observation = observe_process()
    observation.stop()
    ours, its = socket.socketpair()
    with ours:
        sender = Sender(observation, its)
        sender.look = look  # type: ignore[method-assign]
        yield sender


@pytest.mark.parametrize("make", [looking, sending])
def test_a_thread_that_was_paused_in_the_middle_of_a_look_goes_on_looking(
    make: Callable[[Callable[[], None]], AbstractContextManager[LookingThread | Sender]],
) -> None:
    looks: SimpleQueue[None] = SimpleQueue()
    may_end = threading.Event()

    def look() -> None:
        looks.put(None)
        may_end.wait(50)

    with make(look) as thread:
        thread.start()
        looks.get(timeout=50)
        with ThreadPoolExecutor(1) as pool:
            paused = pool.submit(thread.pause)
            assert thread.asleep.acquire(timeout=50)  # it has been woken: and so it is once more, as the look goes on
            thread.asleep.release()
            may_end.set()
            paused.result(50)
        while not looks.empty():
            looks.get()
        thread.go_on()
        looks.get(timeout=50)
        thread.pause()
        thread.abandon()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists a process's threads")
def test_a_paused_thread_is_gone_even_if_it_had_only_just_been_started() -> None:
    before = os.listdir("/proc/self/task")
    thread = LookingThread(lambda: None, lambda: 50.0, GiveWay())
    for _ in range(100):
        thread.start()
        thread.pause()
        assert os.listdir("/proc/self/task") == before


def test_a_system_that_has_no_more_threads_to_give_hurts_no_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    thread = LookingThread(lambda: None, lambda: 50.0, GiveWay())
    monkeypatch.setattr(looking_thread, "start_thread", raising(RuntimeError("can't start new thread")))
    for _ in range(2):
        thread.pause()
        thread.go_on()


def test_a_thread_goes_on_when_the_last_of_several_forks_is_over() -> None:
    looks: SimpleQueue[None] = SimpleQueue()
    thread = LookingThread(lambda: looks.put(None), lambda: 0.001, GiveWay())
    thread.start()
    thread.pause()
    thread.pause()
    thread.go_on()
    while not looks.empty():
        looks.get()
    assert not thread.lives
    thread.go_on()
    looks.get(timeout=50)
    thread.go_on()  # as after a call that was refused before it could fork
    thread.pause()
    assert not thread.lives
    thread.abandon()


class ToldWay(GiveWay):
    """Passes on in how many seconds a look is expected."""

    def __init__(self) -> None:
        super().__init__()
        self.expected: SimpleQueue[float] = SimpleQueue()

    def expect(self, seconds: float) -> None:
        self.expected.put(seconds)


def test_loops_are_told_when_they_are_to_make_way_for_a_look() -> None:
    way = ToldWay()
    thread = LookingThread(lambda: None, iter((0.0, 50.0)).__next__, way)
    thread.start()
    assert [way.expected.get(timeout=50), way.expected.get(timeout=50)] == [0.0, 50.0]
    thread.pause()
    assert way.expected.get(timeout=50) == math.inf
    thread.abandon()  # as in a child, where no thread of ours would say so
    assert way.expected.get(timeout=50) == math.inf


def test_many_threads_may_fork_at_once() -> None:
    thread = LookingThread(lambda: None, lambda: 0.001, GiveWay())
    thread.start()

    def fork() -> None:
        for _ in range(50):
            thread.pause()
            thread.go_on()

    with ThreadPoolExecutor(8) as pool:
        for each in [pool.submit(fork) for _ in range(8)]:
            each.result(50)
    thread.pause()
    thread.abandon()


PREEXEC = """
import subprocess, sys
from queue import SimpleQueue
from asynclab.remote.inside.begin import stop_around_forks
from asynclab.remote.inside.looking_thread import LookingThread
from asynclab.trace.recording.give_way import GiveWay

looks = SimpleQueue()
thread = LookingThread(lambda: looks.put(None), lambda: 0.001, GiveWay())
stop_around_forks(thread)
thread.start()
subprocess.run([sys.executable, "-c", ""], preexec_fn=lambda: None, check=True)
while not looks.empty():
    looks.get()
looks.get(timeout=50)
"""


def test_a_thread_goes_on_after_a_subprocess_with_code_of_its_own_before_exec() -> None:
    subprocess.run([sys.executable, "-W", "ignore", "-c", PREEXEC], check=True)
