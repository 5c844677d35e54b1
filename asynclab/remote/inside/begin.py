"""Begins to observe the program that this Python is about to run, and tells another process of it."""

from __future__ import annotations

import atexit
import os
import platform
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from asynclab.remote.inside.sender import Sender
from asynclab.remote.wire import ProgramStarted
from asynclab.trace.cpython import complain_of_missing
from asynclab.trace.process import observe_process

_LAST_CALLS = ("_exit", "abort", "execv", "execve")
"""The functions of os after which nothing of this program runs any more, not even what atexit knows of."""


def begin(descriptor: int, name: str) -> Sender:
    """Observe every loop of this process, and send what happens.

    Args:
        descriptor: The file descriptor of a connected socket.
        name: What the program is called.

    Raises:
        UnsupportedPythonError: This Python lacks something that is needed to observe it.
    """
    os.set_inheritable(descriptor, False)
    complain_of_missing()
    connection = socket.socket(fileno=descriptor)
    observation = observe_process()
    sender = Sender(observation, connection)
    sender.tell(ProgramStarted(name, platform.python_version(), os.getpid(), time.time() - observation.clock.now()))
    sender.start()
    atexit.register(sender.finish)  # it is the first to be registered, and so the last to be called
    for last_call in _LAST_CALLS:
        _flush_before(last_call, sender)
    _stop_around_forks(sender)
    return sender


def _flush_before(name: str, sender: Sender) -> None:
    original = getattr(os, name)

    @wraps(original)
    def last_call(*args: Any, **kwargs: Any) -> Any:
        with suppress(Exception):
            sender.flush()
        return original(*args, **kwargs)

    setattr(os, name, last_call)


def _stop_around_forks(sender: Sender) -> None:
    """Let no thread of ours be there at a fork: Python warns of threads there, and the child would get half of one."""
    os.register_at_fork(before=sender.pause, after_in_child=sender.abandon)
    for name in ("fork", "forkpty"):
        _go_on_after(name, sender)


def _go_on_after(name: str, sender: Sender) -> None:
    """Start our thread again after a fork.

    Only after the call has returned: Python 3.13 counts the threads after it has told `after_in_parent`.
    """
    original: Callable[[], Any] = getattr(os, name)

    @wraps(original)
    def fork() -> Any:
        try:
            return original()
        finally:
            sender.go_on()

    setattr(os, name, fork)
