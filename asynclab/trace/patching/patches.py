"""Patches attributes of modules, classes and objects, and restores them exactly."""

from __future__ import annotations

import gc
from collections.abc import Callable
from types import FunctionType
from typing import Any

_ABSENT = object()


class OnceUsed:
    """A placeholder for a method, which makes the method's replacement only when the method is first accessed."""

    def __init__(self, owner: type, name: str, make: Callable[[], FunctionType]) -> None:
        self._owner = owner
        self._name = name
        self._make = make
        self.made: FunctionType | None = None

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        if self.made is None:
            collects = gc.isenabled()
            gc.disable()  # our work must not start a collection when the program first uses a method
            try:
                self.made = self._make()
            finally:
                if collects:
                    gc.enable()
        if vars(self._owner).get(self._name) is self:
            type.__setattr__(self._owner, self._name, self.made)
        return self.made.__get__(instance, owner)


class Patches:
    """A stack of patched attributes, undone in reverse order."""

    def __init__(self) -> None:
        self._undo: list[tuple[Any, str, object, object]] = []

    def __enter__(self) -> Patches:
        return self

    def __exit__(self, *_: object) -> None:
        self.undo()

    def set(self, owner: Any, name: str, value: object) -> None:
        """Set an attribute of a module, class or object until `undo`."""
        before = vars(owner).get(name, _ABSENT)
        _setter(owner)(owner, name, value)
        self._undo.append((owner, name, before, value))

    def wrap(self, owner: Any, name: str, around: Callable[[Any], object]) -> None:
        """Replace a function by `around(function)`."""
        self.set(owner, name, around(getattr(owner, name)))

    def wrap_once_used(self, owner: type, name: str, around: Callable[[Any], Any]) -> None:
        """Replace a method by `around(method)`, but make that only when the method is first used, to save time."""
        original = getattr(owner, name)
        self.set(owner, name, OnceUsed(owner, name, lambda: around(original)))

    def undo(self) -> None:
        """Restore all attributes, the latest first. An attribute that somebody else has set since is left alone."""
        while self._undo:
            owner, name, before, value = self._undo.pop()
            if isinstance(value, OnceUsed) and value.made is not None:
                value = value.made
            if vars(owner).get(name, _ABSENT) is not value:
                continue
            if before is _ABSENT:
                (type.__delattr__ if isinstance(owner, type) else delattr)(owner, name)
            else:
                _setter(owner)(owner, name, before)


def _setter(owner: object) -> Callable[[Any, str, object], None]:
    """The function that sets an attribute; for a class `type.__setattr__`, because a metaclass may override it."""
    return type.__setattr__ if isinstance(owner, type) else setattr
