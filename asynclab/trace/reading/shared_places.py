"""Describes places that more than one task may read and write, such as attributes, dict items and global variables."""

from __future__ import annotations

import msgspec

_READS = {"get": "set", "load": "save", "pull": "push", "fetch": "store", "read": "write"}
"""The first words in the names of functions that read a value, and of those that write it, as `get_x` and `set_x`."""

CHANGES = frozenset({"append", "appendleft", "extend", "insert", "popleft", "pop", "remove", "add"})
"""The methods of collections that change the collection again if they are called a second time."""

OF_KEYS = ("add", "remove", "pop")
"""Those of them that change only the given item."""

_NOT_ALONE = ("read", "write")
"""Names that streams use for their methods: these don't read or write a shared value."""


class SharedPlace(msgspec.Struct, frozen=True):
    """A place that more than one task may use, such as `self.total`, `stock[name]` or a global variable."""

    root: str
    """The variable that the expression begins with."""
    attributes: tuple[str, ...] = ()
    key: str | int | None = None
    """The key in a dict, or the name of the variable with the key; or the argument of the reading function."""
    is_variable: bool = False
    """Whether `key` is the name of a variable."""
    reader: str = ""
    """The name of the function that reads the place, if it is read by a function."""

    @property
    def text(self) -> str:
        """The place as it is written in code."""
        key = "" if self.key is None else str(self.key) if self.is_variable else repr(self.key)
        name = ".".join(filter(None, (self.root, *self.attributes, self.reader)))
        return f"{name}({key})" if self.reader else f"{name}[{key}]" if key else name


def reader_for(writer: str) -> str | None:
    """The name of the function that reads the value that the function `writer` writes; None if unknown."""
    for read, write in _READS.items():
        if writer.startswith(write) and writer not in _NOT_ALONE and writer[len(write) :][:1] in ("", "_"):
            return read + writer[len(write) :]
    return None


def is_reader(name: str) -> bool:
    """Whether a function reads a whole value, judging by its name."""
    return any(
        name.startswith(read) and name not in _NOT_ALONE and name[len(read) :][:1] in ("", "_") for read in _READS
    )
