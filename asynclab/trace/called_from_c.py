"""Runs code around a function's call without a frame of asynclab in the call's stack."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial, update_wrapper
from typing import Any
from weakref import ref


class CalledFromC:
    """Stands in for a function of a module.

    Its `__call__` is worked out before the call, and then C calls the function. So an error from the function, and a
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


class NoticedMethod:
    """Stands in for a method of a task or future that has ended: an attribute of the one whose calls are noticed.

    It refers to that weakly, since each would keep the other. So where only the method is kept, it gives the outcome
    that it was made with.
    """

    def __init__(
        self,
        method: Callable[..., Any],
        owner: object,
        notice: Callable[[], object],
        *,
        error: BaseException | None = None,
        value: object = None,
    ) -> None:
        """Stand in for a method of the owner's class.

        Args:
            notice: Called before each call.
            error: What the owner failed with; where it is None, it has a value.
        """
        update_wrapper(self, method)
        self._method = method
        self._owner = ref(owner)
        self._notice = notice
        self._error = error
        self._value = value

    @property
    def __call__(self) -> Callable[..., Any]:
        """The method, for one call: an error that comes out of it shows the program's frames alone."""
        self._notice()
        return self._bound()

    @property
    def __self__(self) -> object:
        return self._owner()

    def __repr__(self) -> str:
        return repr(self._bound())

    def _bound(self) -> Callable[..., Any]:
        owner = self._owner()
        if owner is not None:
            # Without a class, Python 3.11 to 3.13 crash for methods in C that get their class.
            return self._method.__get__(owner, type(owner))  # type: ignore[no-any-return]
        kept = Future[Any]()
        if self._error is None:
            kept.set_result(self._value)
        else:
            kept.set_exception(self._error)
        return getattr(kept, self._method.__name__)  # type: ignore[no-any-return]
