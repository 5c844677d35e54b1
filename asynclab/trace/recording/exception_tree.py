"""Draws an exception as a tree of text: with the members of its group, its causes and its contexts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from asynclab.trace.recording.code_ownership import is_asyncio
from asynclab.trace.recording.values import short_error

LINES = 24

LEVELS = 8
"""How many levels of nested groups are drawn."""

CHAIN = 5
"""How many exceptions in a chain of causes or contexts are drawn."""


# Taken from the base classes, because a class of the program may override these names.
_CAUSE = BaseException.__dict__["__cause__"].__get__
_TRACEBACK = BaseException.__dict__["__traceback__"].__get__
_CONTEXT = BaseException.__dict__["__context__"].__get__
_SUPPRESSES = BaseException.__dict__["__suppress_context__"].__get__
_EXCEPTIONS = BaseExceptionGroup.__dict__["exceptions"].__get__


def raised_at(error: BaseException, is_of_interest: Callable[[str], bool]) -> tuple[str, int]:
    """The file and line in an exception's traceback to show: the innermost one in a file of interest.

    If there is none, it is the innermost one that isn't asyncio's, or else ("", 0).
    """
    lines, traceback = [], _TRACEBACK(error)
    while traceback is not None:
        lines.append((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    lines.reverse()
    of_interest = next((line for line in lines if is_of_interest(line[0])), None)
    return of_interest or next((line for line in lines if not is_asyncio(line[0])), ("", 0))


def tree_of(error: BaseException) -> tuple[str, ...]:
    """The exceptions below `error` as the lines of a tree: "├ ValueError: boom", "└ caused by KeyError: 'x'".

    Empty if there are none. At most `LINES` lines. Runs no code of the exceptions.
    """
    if not _members(error) and _CAUSE(error) is None and _CONTEXT(error) is None:
        return ()
    lines = tuple(islice(_below(error, "", LEVELS), LINES + 1))
    return lines if len(lines) <= LINES else (*lines[: LINES - 1], "… and more")


def _below(error: BaseException, guide: str, levels: int) -> Iterator[str]:
    branches = [f"{word} {short_error(earlier)}" for word, earlier in _origins(error)]
    inner = _members(error)
    last = len(branches) + len(inner) - 1
    for index, text in enumerate(branches):
        yield f"{guide}{'└' if index == last else '├'} {text}"
    for index, member in enumerate(inner, len(branches)):
        yield f"{guide}{'└' if index == last else '├'} {short_error(member)}"
        deeper = f"{guide}{'  ' if index == last else '│ '}"
        if levels:
            yield from _below(member, deeper, levels - 1)
        elif _members(member):
            yield f"{deeper}…"


def _origins(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    """The causes and contexts of an exception, as a traceback shows them, each with its words."""
    seen = {id(error)}
    for _ in range(CHAIN):
        cause, context = _CAUSE(error), _CONTEXT(error)
        word, origin = ("caused by", cause) if cause is not None else ("while handling", context)
        if origin is None or id(origin) in seen or (cause is None and _SUPPRESSES(error)):
            return
        seen.add(id(origin))
        yield word, origin
        error = origin


def _members(error: BaseException) -> Sequence[BaseException]:
    """The exceptions in a group; empty for any other exception."""
    found: Sequence[BaseException] = _EXCEPTIONS(error) if issubclass(type(error), BaseExceptionGroup) else ()
    return found
