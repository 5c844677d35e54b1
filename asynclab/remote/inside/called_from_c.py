"""Does something before and after a function that is written in C, and leaves no frame of ours around the call."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any


class CalledFromC:
    """Stands in for a function of a module.

    Its `__call__` is worked out before the call, and then C calls the function. So an error that comes out of it, and a
    warning in it, show the program's frames alone. Like the function, it stays what it is as an attribute of a class,
    and can be pickled.
    """

    def __init__(self, original: Callable[..., Any], module: str, begin: Callable[[], object]) -> None:
        """Stand in for `original`, which is found in a module.

        Args:
            begin: Called before each call. What it returns is dropped as soon as the call is over.
        """
        update_wrapper(self, original)
        self.__module__ = module
        self._original = original
        self._begin = begin

    @property
    def __call__(self) -> Callable[..., Any]:
        """The function, for one call."""
        call = partial(self._original)
        call.kept = self._begin()  # type: ignore[attr-defined]
        return call

    def __reduce__(self) -> str:
        return self._original.__name__

    def __repr__(self) -> str:
        return repr(self._original)
