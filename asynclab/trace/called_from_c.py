"""Callables that run code of ours before a program's call, and leave no frame of asynclab in its stack.

A traceback or a warning then looks as it does without asynclab.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial, update_wrapper
from typing import Any
from weakref import ref


class CalledFromC:
    """Replaces a function of a module.

    Its `__call__` is a property: the property runs our code and returns a `partial`, which then calls the function
    from C. So errors and warnings from the function show only the program's frames. Like a function written in C, it
    isn't bound as a method when it is an attribute of a class. `pickle` stores it by the function's name.
    """

    def __init__(self, original: Callable[..., Any], module: str, begin: Callable[[], object]) -> None:
        """Replace `original`, a function of `module`.

        Args:
            begin: Called before each call. Its result is kept until the call is over.
        """
        update_wrapper(self, original)
        self.__module__ = module
        self._original = original
        self._begin = begin

    @property
    def __call__(self) -> Callable[..., Any]:
        """A `partial` of the function, for one call."""
        call = partial(self._original)
        call.kept = self._begin()  # type: ignore[attr-defined]
        return call

    def __reduce__(self) -> str:
        return self._original.__name__

    def __repr__(self) -> str:
        return repr(self._original)


class NoticedMethod:
    """Replaces a method of one task or future that has ended, and notices each call. It is set on the instance.

    It refers to its owner only weakly, to avoid a reference cycle. If the program keeps the method but not the owner,
    the method returns or raises the outcome that it was made with.
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
        """Replace a method of the owner's class.

        Args:
            notice: Called before each call.
            error: The exception of the owner; None if the owner has a value.
            value: The result of the owner.
        """
        update_wrapper(self, method)
        self._method = method
        self._owner = ref(owner)
        self._notice = notice
        self._error = error
        self._value = value

    @property
    def __call__(self) -> Callable[..., Any]:
        """The bound method, for one call. An error from it shows only the program's frames."""
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
