"""Tells which instructions of a function may follow one another, so also what is in a loop."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from types import CodeType

from asynclab.trace import cpython

_JUMPS = frozenset(dis.hasjrel)
_LEAVES = ("JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT")
_OWN_ENDS = ("RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS")
_ENDS = (*_OWN_ENDS, "RERAISE")
"""What no instruction follows."""


@lru_cache(1_000)
def reached_from(code: CodeType, at: int) -> frozenset[int]:
    """The offsets of the instructions that may run after the one at an offset, also where that raises an exception."""
    edges = _edges(code)
    found, left = set[int](), [at]
    while left:
        new = [each for each in edges.get(left.pop(), ()) if each not in found]
        found.update(new)
        left += new
    return frozenset(found)


def is_in_loop(code: CodeType, at: int) -> bool:
    """Whether an instruction may run again."""
    return at in reached_from(code, at)


def handlers_of(code: CodeType) -> dict[int, int]:
    """Where a function goes on if an instruction raises, by the offset of that."""
    ranges = ((range(each.start, each.end), each.target) for each in cpython.exception_handlers(code))
    return {offset: target for offsets, target in ranges for offset in offsets}


@lru_cache(1_000)
def is_endless(code: CodeType, at: int) -> bool:
    """Whether an instruction is in a loop out of which only an exception leads that the function does not raise."""
    reached = reached_from(code, at)
    ends = (each.offset for each in dis.get_instructions(code) if each.opname in _OWN_ENDS)
    return at in reached and reached.isdisjoint(ends)


def is_in_try_or_with(code: CodeType, at: int) -> bool:
    """Whether an exception raised at an instruction goes through an except, a finally, or the end of a with."""
    return next(_caught(code, at), None) is not None


def handler_at(code: CodeType, at: int) -> int | None:
    """Where an except, finally or suppress() begins that gets an exception raised at an instruction."""
    steps = list(dis.get_instructions(code))
    leaves = {
        each.offset: after for each, then, after in zip(steps, steps[1:], steps[2:], strict=False) if _leaves(then)
    }
    for found in _caught(code, at):
        after = leaves.get(found)
        if after is None or (after.opname != "GET_AWAITABLE" and "suppress" in code.co_names):
            return found
        raises = next((each.offset for each in steps if each.offset > found and each.opname == "RERAISE"), None)
        return None if raises is None else handler_at(code, raises)
    return None


def _leaves(step: dis.Instruction) -> bool:
    """Whether an instruction calls what leaves the block of a with."""
    return step.opname == "WITH_EXCEPT_START"


def _caught(code: CodeType, at: int) -> Iterator[int]:
    """Where code of the program's gets an exception raised at an instruction; what else there is only passes it on."""
    handlers, names = handlers_of(code), {each.offset: each.opname for each in dis.get_instructions(code)}
    while at in handlers:
        at = handlers[at]
        if names[at] == "PUSH_EXC_INFO":
            yield at


@lru_cache(1_000)
def _edges(code: CodeType) -> dict[int, tuple[int, ...]]:
    steps = list(dis.get_instructions(code))
    handlers, ends = handlers_of(code), {each.offset: each.argval for each in steps if each.opname == "SEND"}

    def follow(step: dis.Instruction, then: dis.Instruction | None) -> Iterator[int]:
        if step.opcode in _JUMPS and step.opname != "END_ASYNC_FOR":  # since 3.14 that tells where its loop begins
            is_again = step.opname == "JUMP_BACKWARD_NO_INTERRUPT"
            yield ends.get(step.argval, step.argval) if is_again else step.argval  # an await is no loop
        if then is not None and step.opname not in (*_LEAVES, *_ENDS):
            yield then.offset
        if step.offset in handlers:
            yield handlers[step.offset]

    return {step.offset: tuple(follow(step, then)) for step, then in pairwise([*steps, None]) if step is not None}
