"""Begins the observation of the program that this Python is about to run; our hook calls it at the start of Python."""

from __future__ import annotations

import atexit
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import get_ident
from typing import Protocol

from asynclab.remote.inside.report_requests import ReportRequests, out_of_the_way
from asynclab.remote.inside.sender import Sender
from asynclab.remote.wire import ProgramStarted
from asynclab.trace.called_from_c import CalledFromC
from asynclab.trace.cpython import VERSION, complain_of_missing
from asynclab.trace.patching.patches import Patches
from asynclab.trace.process import observe_process

_LAST_CALLS = ("_exit", "abort", "execv", "execve")
"""The functions of os that end this program at once, without its atexit callbacks."""


class Pausable(Protocol):
    """A thread of ours that can be stopped around a fork."""

    def pause(self) -> None:
        """Stop the thread, and wait until it has ended."""

    def go_on(self) -> None:
        """Start the thread again, if it was stopped in this process."""

    def abandon(self) -> None:
        """Never start the thread again, because this is a forked child of the program."""


def begin(descriptor: int, name: str) -> Sender:
    """Observe every loop of this process, and send the events to the viewer.

    Args:
        descriptor: The file descriptor of a connected socket.
        name: The name of the program.

    Raises:
        UnsupportedPythonError: This Python lacks names that the tracer needs.
    """
    descriptor = out_of_the_way(descriptor)
    os.set_inheritable(descriptor, False)
    complain_of_missing()
    connection = socket.socket(fileno=descriptor)
    observation = observe_process()
    requests = ReportRequests()
    sender = Sender(observation, connection, requests)
    sender.tell(ProgramStarted(name, VERSION, os.getpid(), time.time() - observation.clock.now()))
    sender.look()  # obeys a pause that was sent before the program's start, so it holds from the first step on
    sender.start()
    # Otherwise the observation would keep objects, such as classes of loops, longer than the program's modules.
    atexit.register(_quietly, observation.stop)
    atexit.register(_quietly, sender.finish)  # both are the first to be registered, and so the last to be called
    for name_of_call in _LAST_CALLS:
        setattr(os, name_of_call, CalledFromC(getattr(os, name_of_call), os.__name__, partial(_flush, sender)))
    stop_around_forks(sender)
    os.register_at_fork(after_in_child=requests.forget_in_child)
    return sender


def _quietly(act: Callable[[], object]) -> None:
    """Call a function at the program's end, and drop its exceptions and Ctrl-C, which Python would print."""
    with suppress(BaseException):
        act()


def _flush(sender: Sender) -> None:
    with suppress(Exception):
        sender.flush()


def stop_around_forks(thread: Pausable) -> Patches:
    """Stop our thread around each fork: Python warns if other threads exist, and the child wouldn't have the thread.

    Returns:
        The patches to undo if the thread ends before the program.
    """
    by_os: set[int] = set()

    def after_in_parent() -> None:
        if get_ident() not in by_os:  # a fork by subprocess, for a preexec_fn
            thread.go_on()

    os.register_at_fork(before=thread.pause, after_in_parent=after_in_parent, after_in_child=thread.abandon)
    patches = Patches()
    for name in ("fork", "forkpty"):
        patches.wrap(os, name, lambda fork: CalledFromC(fork, os.__name__, partial(_Fork, thread, by_os)))
    return patches


class _Fork:
    """Lives during a call of os.fork or os.forkpty; our thread is restarted at its end.

    It isn't restarted earlier, because Python 3.13 counts the threads after it has called `after_in_parent`.
    """

    def __init__(self, thread: Pausable, by_os: set[int]) -> None:
        """Add the calling thread to `by_os`."""
        self._thread = thread
        self._by_os = by_os
        by_os.add(get_ident())

    def __del__(self) -> None:
        self._by_os.discard(get_ident())
        self._thread.go_on()
