"""Names the places that more than one task may reach, as a function's code does."""

from __future__ import annotations

import msgspec

_READS = {"get": "set", "load": "save", "pull": "push", "fetch": "store", "read": "write"}
"""The first words of functions that read a whole value, and of the functions that write it: `get_x` and `set_x`."""

CHANGES = frozenset({"append", "appendleft", "extend", "insert", "popleft", "pop", "remove", "add"})
"""The methods of collections that change the collection again when called twice."""

OF_KEYS = ("add", "remove", "pop")
"""The methods among them that change only the given item, if anything."""

_NOT_ALONE = ("read", "write")
"""Names that streams use alone; a stream gives each byte once."""


class SharedPlace(msgspec.Struct, frozen=True):
    """A place that more than one task may reach, such as `self.total`, `stock[name]` or a global variable."""

    root: str
    """The variable that it begins with."""
    attributes: tuple[str, ...] = ()
    key: str | int | None = None
    """The key in a dict, or the variable that holds it; or the argument of the functions that read and write."""
    is_variable: bool = False
    """Whether `key` is a variable."""
    reader: str = ""
    """The function that reads it, where that is unknown from its name."""

    @property
    def text(self) -> str:
        """The place as code writes it."""
        key = "" if self.key is None else str(self.key) if self.is_variable else repr(self.key)
        name = ".".join(filter(None, (self.root, *self.attributes, self.reader)))
        return f"{name}({key})" if self.reader else f"{name}[{key}]" if key else name


def reader_for(writer: str) -> str | None:
    """The name of the function that reads what the function `writer` writes; None if unknown."""
    for read, write in _READS.items():
        if writer.startswith(write) and writer not in _NOT_ALONE and writer[len(write) :][:1] in ("", "_"):
            return read + writer[len(write) :]
    return None


def is_reader(name: str) -> bool:
    """Whether a function reads something as a whole, as its name says."""
    return any(
        name.startswith(read) and name not in _NOT_ALONE and name[len(read) :][:1] in ("", "_") for read in _READS
    )
