"""Begins to observe the program that this Python is about to run, and tells another process of it."""

from __future__ import annotations

import atexit
import os
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial, wraps
from threading import get_ident
from typing import Any, Protocol

from asynclab.remote.inside.report_requests import ReportRequests, out_of_the_way
from asynclab.remote.inside.sender import Sender
from asynclab.remote.wire import ProgramStarted
from asynclab.trace.cpython import VERSION, complain_of_missing
from asynclab.trace.patching.patches import Patches
from asynclab.trace.process import observe_process
from asynclab.trace.same_frames import in_place_of

_LAST_CALLS = ("_exit", "abort", "execv", "execve")
"""The functions of os after which nothing of this program runs any more, not even what atexit knows of."""


class Pausable(Protocol):
    """A thread of ours."""

    def pause(self) -> None:
        """Stop it, and wait until it has ended."""

    def go_on(self) -> None:
        """Start it again, if it was stopped in this process."""

    def abandon(self) -> None:
        """Never start it again, as this is a child of the program."""


def begin(descriptor: int, name: str) -> Sender:
    """Observe every loop of this process, and send what happens.

    Args:
        descriptor: The file descriptor of a connected socket.
        name: What the program is called.

    Raises:
        UnsupportedPythonError: This Python lacks something that is needed to observe it.
    """
    descriptor = out_of_the_way(descriptor)
    os.set_inheritable(descriptor, False)
    complain_of_missing()
    connection = socket.socket(fileno=descriptor)
    observation = observe_process()
    requests = ReportRequests()
    sender = Sender(observation, connection, requests)
    sender.tell(ProgramStarted(name, VERSION, os.getpid(), time.time() - observation.clock.now()))
    sender.look()  # whoever asked for a pause before there was a program gets it from the first step on
    sender.start()
    atexit.register(
        observation.stop
    )  # else what it keeps, such as classes of loops, would outlive the program's modules
    atexit.register(sender.finish)  # both are the first to be registered, and so the last to be called
    for last_call in _LAST_CALLS:
        _flush_before(last_call, sender)
    stop_around_forks(sender)
    os.register_at_fork(after_in_child=requests.forget_in_child)
    return sender


def _flush_before(name: str, sender: Sender) -> None:
    """Replace a function of os by a class that flushes when it is made, and whose `__init__` is the function itself.

    C calls one after the other, so that a call that fails shows no frame of ours in its traceback. Like the function, a
    class stays what it is as an attribute of another class, and can be pickled.
    """
    original = getattr(os, name)

    def flush_first(cls: type[object], *_: Any, **__: Any) -> object:
        with suppress(Exception):
            sender.flush()
        return object.__new__(cls)

    members = {"__new__": flush_first, "__init__": original, "__doc__": original.__doc__, "__module__": os.__name__}
    setattr(os, name, type(name, (), members))


def stop_around_forks(thread: Pausable) -> Patches:
    """Let no thread of ours be there at a fork: Python warns of threads there, and the child would get half of one.

    Returns:
        What is to be undone where the thread ends before the program.
    """
    counting: set[int] = set()

    def after_in_parent() -> None:
        if get_ident() not in counting:  # but in subprocess, for a preexec_fn
            thread.go_on()

    os.register_at_fork(before=thread.pause, after_in_parent=after_in_parent, after_in_child=thread.abandon)
    patches = Patches()
    for name in ("fork", "forkpty"):
        patches.wrap(os, name, partial(_going_on_after, thread, counting))
    return patches


def _going_on_after(thread: Pausable, counting: set[int], original: Callable[[], Any]) -> Callable[[], Any]:
    """A function that forks, and then starts our thread again.

    Only after the call has returned: Python 3.13 counts the threads after it has told `after_in_parent`. Whose calls
    are under way is in `counting`.
    """

    own_number = get_ident  # the next function runs with the program's global names

    def fork_and_go_on() -> Any:
        counting.add(own_number())
        try:
            return original()
        finally:
            counting.discard(own_number())
            thread.go_on()

    @wraps(original)
    def fork() -> Any:
        # Python warns of threads of the program's own on the line that forks, which is to be the program's.
        return in_place_of(sys._getframe(1), fork_and_go_on)()

    return fork
