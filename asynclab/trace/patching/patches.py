"""Replaces attributes, and puts back exactly what was there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_ABSENT = object()


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

    def undo(self) -> None:
        """Put everything back, the last replaced first; what somebody else has replaced since is left alone."""
        while self._undo:
            owner, name, before, value = self._undo.pop()
            if vars(owner).get(name, _ABSENT) is not value:
                continue
            if before is _ABSENT:
                (type.__delattr__ if isinstance(owner, type) else delattr)(owner, name)
            else:
                _setter(owner)(owner, name, before)


def _setter(owner: object) -> Callable[[Any, str, object], None]:
    """What sets an attribute; of a class that of all classes, as the program's metaclass may have one of its own."""
    return type.__setattr__ if isinstance(owner, type) else setattr
