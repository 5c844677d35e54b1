"""Short texts for the program's values, made without running any code of the program.

A `__repr__` of the program may be slow, may raise and may have side effects. So only values of Python's own types are
written in full. Any other value is written as its type, and its number of items if it derives from a container type.
"""

from __future__ import annotations

import datetime
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from types import BuiltinFunctionType, FunctionType, MemberDescriptorType, MethodType, WrapperDescriptorType
from typing import Any, TypeGuard

from asynclab.model.text import one_line

LIMIT = 200
"""The most characters of a value or an error."""

_ITEMS = 12
"""How many items of a container are written."""

_DEPTH = 6
"""How many levels of nested containers are written."""

_SMALL = 10**12
"""Integers below this need no shortening."""

_BITS = 2_000
"""Integers with more bits than this aren't written: Python may refuse to convert more than 640 digits."""

_NAME = type.__dict__["__name__"].__get__
_QUALNAME = type.__dict__["__qualname__"].__get__
_ARGS = BaseException.__dict__["args"].__get__

BASES_OF: Callable[[type], tuple[type, ...]] = vars(type)["__mro__"].__get__
SPACE_OF: Callable[[type], Mapping[str, Any]] = vars(type)["__dict__"].__get__
"""These read a type's bases and namespace, even if its metaclass overrides these attributes."""

_TIMES = (datetime.date, datetime.timedelta, datetime.timezone)
_SIZED = (str, bytes, bytearray, list, tuple, dict, set, frozenset, deque)
"""Types with a length. For an instance of a subclass, the base class's `__len__` runs no code of the subclass."""


def short_repr(value: object) -> str:
    """A text for `value` in at most `LIMIT` characters. Never raises, and runs no code of the program."""
    kind = type(value)
    if value is None or kind is bool or (kind is int and -_SMALL < value < _SMALL):  # type: ignore[operator]
        return repr(value)
    if kind is str and len(value) < LIMIT:  # type: ignore[arg-type]
        return _cut(repr(value))
    try:
        return _cut(_told(value, _DEPTH))
    except RecursionError:
        return f"<{type_name(value)}>"


def short_error(error: BaseException) -> str:
    """An exception in one line, like the last line of a traceback. As safe as `short_repr`."""
    kind = type(error)
    try:
        message = _message(error)
    except Exception:  # an incomplete built-in exception, such as a UnicodeError without arguments
        message = ""
    name = _QUALNAME(kind)
    return one_line(f"{name}: {message}" if message else name, LIMIT)


def type_name(value: object) -> str:
    """The name of a value's type. Runs no code of the type, even if its metaclass overrides `__name__`."""
    return str(_NAME(type(value)))


def qualified_type_name(value: object) -> str:
    """The name of a value's type, after the names of the classes and functions in which that is defined."""
    return str(_QUALNAME(type(value)))


def is_a(value: object, kinds: Any) -> TypeGuard[Any]:
    """Whether a value is an instance of a type, of one of several, or of a subclass.

    `isinstance` would also ask the value for its `__class__`, which runs code of the program: a proxy makes its object.
    """
    return issubclass(type(value), kinds)


def has_type(value: object, kinds: Collection[type]) -> bool:
    """Whether the type of a value is one of some types of Python's own, whose metaclass is `type`.

    A type of the program's is neither compared nor hashed: its metaclass may define both.
    """
    kind = type(value)
    return type(kind) is type and kind in kinds


def function_in(callback: object) -> object:
    """The function inside a callback's partials and bound method; the callback itself if there is none."""
    while type(callback) is partial:
        callback = callback.func
    return callback.__func__ if type(callback) is MethodType else callback


def callable_name(value: object) -> str:
    """The name of a callback, or of its type if the callback isn't a function. Runs no code of the callback."""
    value = function_in(value)
    # Methods in C that need their class, such as Future.set_result, have a subtype of BuiltinFunctionType.
    if type(value) is FunctionType or issubclass(type(value), BuiltinFunctionType):
        return str(value.__qualname__)  # type: ignore[attr-defined]
    return type_name(value)


def _cut(text: str) -> str:
    return text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"


def _told(value: Any, depth: int) -> str:
    kind = type(value)
    if type(kind) is not type:  # no type of Python's own that is told here; a metaclass may define how it is compared
        return _error(value, depth) if issubclass(kind, BaseException) else _by_type(value)
    if kind is str or kind is bytes or kind is bytearray:
        return repr(value) if len(value) <= LIMIT else repr(value[:LIMIT])[: LIMIT - 1] + "…"
    if kind is int:
        return repr(value) if value.bit_length() <= _BITS else f"<int of {value.bit_length():,} bits>"
    if kind in _BRACKETS or kind is dict or kind is OrderedDict:
        return _container(value, depth)
    if value is None or kind in (bool, float, complex) or value is ... or value is NotImplemented or kind in _TIMES:
        return repr(value)
    if kind is type:
        return f"<class {_QUALNAME(value)!r}>"
    if kind is FunctionType:
        return f"<function {value.__qualname__}>"
    return _error(value, depth) if issubclass(kind, BaseException) else _by_type(value)


def _error(error: BaseException, depth: int) -> str:
    return f"{_QUALNAME(type(error))}({_joined(_ARGS(error), depth)})" if depth else f"<{type_name(error)}>"


_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
    deque: ("deque([", "])"),
}


def _container(value: Any, depth: int) -> str:
    kind = type(value)
    if not value and kind in (set, frozenset, OrderedDict):
        return f"{kind.__name__}()"
    try:
        if kind in _BRACKETS:
            opening, closing = _BRACKETS[kind]
            inner = _joined(value, depth)
            return f"{opening}{inner}{',' if kind is tuple and len(value) == 1 else ''}{closing}"
        text = "{" + _listed((f"{_told(k, depth - 1)}: {_told(v, depth - 1)}" for k, v in value.items()), depth) + "}"
    except RuntimeError:  # another thread changes it
        return _by_type(value)
    return text if kind is dict else f"OrderedDict({text})"


def _joined(items: Iterable[object], depth: int) -> str:
    return _listed((_told(item, depth - 1) for item in items), depth)


def _listed(texts: Iterator[str], depth: int) -> str:
    """The first texts, separated by commas, as many as `_ITEMS` and `LIMIT` allow."""
    if not depth:
        return "…"
    told, room = [], LIMIT
    for text in islice(texts, _ITEMS):
        told.append(text)
        room -= len(text)
        if room < 0:
            return ", ".join(told)  # the caller cuts it
    if next(texts, None) is not None:
        told.append("…")
    return ", ".join(told)


def _by_type(value: Any) -> str:
    for kind in _SIZED:
        if issubclass(type(value), kind):
            length: int = kind.__len__(value)
            unit = "character" if kind is str else "byte" if kind in (bytes, bytearray) else "item"
            return f"<{type_name(value)}: {length:,} {unit}{'' if length == 1 else 's'}>"
    return f"<{type_name(value)}>"


def _message(error: BaseException) -> str:
    """The message of an exception: its `str()` if that is Python's own code, otherwise its arguments."""
    kind = type(error)
    args = _ARGS(error)
    teller = next(SPACE_OF(base)["__str__"] for base in BASES_OF(kind) if "__str__" in SPACE_OF(base))
    if type(teller) is WrapperDescriptorType:
        if teller is KeyError.__str__ and len(args) == 1:
            return short_repr(args[0])
        if teller is BaseExceptionGroup.__str__:
            count = len(_GROUP_MEMBERS(error))
            return f"{_text(_GROUP_MESSAGE(error))} ({count} sub-exception{'' if count == 1 else 's'})"
        if teller not in (BaseException.__str__, KeyError.__str__) and _is_plain_inside(error, teller.__objclass__):
            return str(teller(error))
    return _text(args[0]) if len(args) == 1 else short_repr(args) if args else ""


_GROUP_MESSAGE = BaseExceptionGroup.__dict__["message"].__get__
_GROUP_MEMBERS = BaseExceptionGroup.__dict__["exceptions"].__get__


def _text(value: Any) -> str:
    """The `str()` of a string, or the `short_repr` of any other value."""
    return str(value[: LIMIT + 1]) if type(value) is str else short_repr(value)


def _is_plain_inside(error: BaseException, kind: type) -> bool:
    """Whether Python's own text for an exception is short and uses no objects of the program."""
    inside = [member.__get__(error) for member in vars(kind).values() if type(member) is MemberDescriptorType]
    return all(_is_plain(value) for value in (*_ARGS(error), *inside))


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is int:
        return bool(-_SMALL < value < _SMALL)
    if kind is tuple:  # the place of a SyntaxError
        return len(value) < _ITEMS and all(type(item) is not tuple and _is_plain(item) for item in value)
    return value is None or kind is bool or ((kind is str or kind is bytes) and len(value) < 10_000)
