"""Decides whether an exception in our code comes from a signal handler of the program, or is a failure of ours."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from functools import partial
from traceback import walk_tb
from types import CodeType, FunctionType, MethodType


def comes_from_handler(error: BaseException) -> bool:
    """Whether a signal handler raised an exception. Python may run signal handlers between any two instructions."""
    handlers = set(_handlers())
    return any(frame.f_code in handlers for frame, _ in walk_tb(error.__traceback__))


def _handlers() -> Iterator[CodeType]:
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        while isinstance(handler, partial):
            handler = handler.func
        if isinstance(handler, MethodType):
            handler = handler.__func__
        elif callable(handler) and not isinstance(handler, FunctionType):
            handler = type(handler).__call__
        if isinstance(handler, FunctionType):
            yield handler.__code__
