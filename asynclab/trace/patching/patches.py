"""Replaces attributes, and puts back exactly what was there."""

from __future__ import annotations

import gc
from collections.abc import Callable
from types import FunctionType
from typing import Any

_ABSENT = object()


class OnceUsed:
    """Stands for a method until somebody asks a class or an instance for it: only then its replacement is made."""

    def __init__(self, owner: type, name: str, make: Callable[[], FunctionType]) -> None:
        self._owner = owner
        self._name = name
        self._make = make
        self.made: FunctionType | None = None

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        if self.made is None:
            collects = gc.isenabled()
            gc.disable()  # where the program uses a method first is no moment for a collection
            try:
                self.made = self._make()
            finally:
                if collects:
                    gc.enable()
        if vars(self._owner).get(self._name) is self:
            type.__setattr__(self._owner, self._name, self.made)
        return self.made.__get__(instance, owner)


class Patches:
    """A stack of replaced attributes."""

    def __init__(self) -> None:
        self._undo: list[tuple[Any, str, object, object]] = []

    def __enter__(self) -> Patches:
        return self

    def __exit__(self, *_: object) -> None:
        self.undo()

    def set(self, owner: Any, name: str, value: object) -> None:
        """Replace an attribute of a module, class or object until `undo`."""
        before = vars(owner).get(name, _ABSENT)
        _setter(owner)(owner, name, value)
        self._undo.append((owner, name, before, value))

    def wrap(self, owner: Any, name: str, around: Callable[[Any], object]) -> None:
        """Replace a function by what `around` makes of it."""
        self.set(owner, name, around(getattr(owner, name)))

    def wrap_once_used(self, owner: type, name: str, around: Callable[[Any], Any]) -> None:
        """The same for a method that few programs use: it takes time to make another."""
        original = getattr(owner, name)
        self.set(owner, name, OnceUsed(owner, name, lambda: around(original)))

    def undo(self) -> None:
        """Put everything back, the last replaced first; what somebody else has replaced since is left alone."""
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
    """What sets an attribute; of a class that of all classes, as the program's metaclass may have one of its own."""
    return type.__setattr__ if isinstance(owner, type) else setattr
