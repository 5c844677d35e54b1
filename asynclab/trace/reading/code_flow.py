"""Control-flow analysis of bytecode: which instructions may follow each other, loop, or handle an exception."""

from __future__ import annotations

import builtins
import dis
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from types import CodeType

from asynclab.trace import cpython

_LOADS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_ATTR", "LOAD_METHOD")
_NEXT = ("STORE", "POP", "RESUME", "FOR_ITER", "JUMP", "END", "NOP")
"""The first words of the names of instructions after which a new statement may begin."""

AWAITED = ("END_SEND", "JUMP_BACKWARD_NO_INTERRUPT")
"""The last instruction of an await; the second one up to Python 3.11."""

_MAKES = ("create_task", "ensure_future")
_WRAPS = ("shield", "wait_for", "gather")
"""The functions that return the result of the task that they get."""

_JUMPS = frozenset(dis.hasjrel)
_LEAVES = ("JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT")
_BACKWARD = frozenset(code for name, code in dis.opmap.items() if "JUMP_BACKWARD" in name and "NO_INTER" not in name)
"""The jumps that make a loop; an await's jump does not."""

_ENDS = ("RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE")
"""The instructions that no other one follows."""


@lru_cache(1_000)
def reached_from(code: CodeType, at: int, *, by_errors: bool = True) -> frozenset[int]:
    """The offsets of all instructions that may run after the one at the offset `at`.

    If `by_errors`, any instruction may raise an exception. Otherwise only the one counts that ends an `async for`.
    """
    edges = _edges(code, by_errors=by_errors)
    found, left = set[int](), [at]
    while left:
        new = [each for each in edges.get(left.pop(), ()) if each not in found]
        found.update(new)
        left += new
    return frozenset(found)


def is_in_loop(code: CodeType, at: int) -> bool:
    """Whether an instruction may run again."""
    return _has_loop(code) and at in reached_from(code, at)


def _has_loop(code: CodeType) -> bool:
    """Whether a function has a backward jump. This is a thousand times faster than disassembling it."""
    return not _BACKWARD.isdisjoint(code.co_code[::2])


@lru_cache(1_000)
def comes_again(code: CodeType, at: int) -> bool:
    """Whether a function may reach the same `await` or call again, after the one at the offset `at`.

    It may be another instruction for the same source: Python compiles the condition of a `while` twice.
    """
    steps = {each.offset: each for each in dis.get_instructions(code)}
    here = steps[max(offset for offset in steps if offset <= at)]  # in Python 3.11 it may be in a call's cache
    does = here.opname if here.opname.startswith("CALL") else "GET_AWAITABLE"
    again = (steps[offset] for offset in reached_from(code, here.offset))
    return any(each.opname == does and each.positions == here.positions for each in again)


@lru_cache(1_000)
def may_salvage(code: CodeType, at: int) -> bool:
    """Whether a function may still read the result of the task that it awaits at `at` after this await has raised.

    That is so if code in or after its exception handler uses `result`, or awaits a variable.
    """
    steps, handlers = list(dis.get_instructions(code)), handlers_of(code)
    ends = {each.offset for each in steps if each.opname == "CLEANUP_THROW"}  # Python's own handler at each await
    handler = handlers.get(at)
    while handler in ends:
        handler = handlers.get(handler)
    if handler is None:
        return False
    after = {handler, *reached_from(code, handler)}
    return any(each.offset in after and each.argval == "result" for each in steps) or any(
        each.offset in after and _is_of_a_name(before, each) for before, each in pairwise(steps)
    )


def handlers_of(code: CodeType) -> dict[int, int]:
    """For each instruction's offset, the offset of its handler, at which a function continues if that raises."""
    ranges = ((range(each.start, each.end), each.target) for each in cpython.exception_handlers(code))
    return {offset: target for offsets, target in ranges for offset in offsets}


@lru_cache(1_000)
def handles_cancel(code: CodeType, at: int) -> bool:
    """Whether code of a function, such as a `finally`, may run when the instruction at `at` raises CancelledError."""
    handlers, steps = handlers_of(code), list(dis.get_instructions(code))
    numbers = {each.offset: number for number, each in enumerate(steps)}
    while at in handlers:
        at = handlers.pop(at)
        if steps[numbers[at]].opname == "PUSH_EXC_INFO":  # otherwise it is Python's own handler at each await
            passes = _passes_cancel_on(steps, numbers, at)
            if passes is None:
                return True
            at = passes
    return False


def _passes_cancel_on(steps: list[dis.Instruction], numbers: dict[int, int], handler: int) -> int | None:
    """The offset at which an `except` raises CancelledError again because no clause catches it; None if one may."""
    number, named = numbers[handler] + 1, list[str]()
    while steps[number].opname in (*_LOADS, "BUILD_TUPLE", "CHECK_EXC_MATCH"):
        step, number = steps[number], number + 1
        if step.opname == "CHECK_EXC_MATCH":
            if not all(map(_is_no_cancel, named)):
                return None
            number, named = numbers[steps[number].argval], []
        elif step.opname != "BUILD_TUPLE":
            named = [*(named[:-1] if step.opname == "LOAD_ATTR" else named), step.argval]
    return None if named or steps[number].opname != "RERAISE" else steps[number].offset


def _is_no_cancel(name: str) -> bool:
    """Whether an exception class with this name can't be CancelledError or its base, judging by the name."""
    known = getattr(builtins, name, None)
    if isinstance(known, type):
        return issubclass(known, Exception)
    return name.endswith(("Error", "Exception")) and "Cancel" not in name


@lru_cache(1_000)
def is_endless(code: CodeType, at: int) -> bool:
    """Whether an instruction is in a loop that only an exception from outside the function can end."""
    if not _has_loop(code):
        return False
    reached = reached_from(code, at, by_errors=False)
    ends = (each.offset for each in dis.get_instructions(code) if each.opname in _ENDS)
    return at in reached and reached.isdisjoint(ends)


def is_in_try_or_with(code: CodeType, at: int) -> bool:
    """Whether an exception at an instruction reaches an `except`, a `finally`, or the exit of a `with`."""
    return next(_caught(code, at), None) is not None


def handler_at(code: CodeType, at: int) -> int | None:
    """The offset of the `except`, `finally` or `suppress()` that gets an exception of the instruction at `at`."""
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
    """Whether an instruction calls the `__exit__` of a `with` after an exception."""
    return step.opname == "WITH_EXCEPT_START"


def _caught(code: CodeType, at: int) -> Iterator[int]:
    """The offsets of the program's handlers for an exception at an instruction, without Python's own handlers."""
    handlers, names = handlers_of(code), {each.offset: each.opname for each in dis.get_instructions(code)}
    while at in handlers:
        at = handlers[at]
        if names[at] == "PUSH_EXC_INFO":
            yield at


@lru_cache(1_000)
def returns_what_it_awaits(code: CodeType) -> bool:
    """Whether a function returns only the result of an `await`, as in `return await queue.get()`.

    It may first store the result in a variable, if it does nothing else with that.
    """
    steps = [each for each in dis.get_instructions(code) if each.opname != "NOP"]
    ends = [steps[:at] for at, each in enumerate(steps) if each.opname in ("RETURN_VALUE", "RETURN_CONST")]
    return bool(ends) and all(_without_naming(before).opname in AWAITED for before in ends)


def _without_naming(steps: list[dis.Instruction]) -> dis.Instruction:
    """The last instruction, after removing a store to a variable and the load of the same variable."""
    *_, store, load = steps
    if load.opname == "STORE_FAST_LOAD_FAST" and len(set(load.argval)) == 1:
        return store
    is_named = store.opname == "STORE_FAST" and load.opname.startswith("LOAD_FAST") and store.argval == load.argval
    return steps[-3] if is_named else load


@lru_cache(1_000)
def awaits_a_name(code: CodeType, made_at: int | None = None, *, also_of_calls_before: bool = True) -> bool:
    """Whether a function awaits something other than a call's direct result: it may be the task made at `made_at`.

    A variable doesn't count if the function only stores tasks in it that are made at other lines. Without
    `also_of_calls_before`, a variable doesn't count either if only the task of that line is stored in it: then each
    call of the function awaits its own task.
    """
    steps = list(dis.get_instructions(code))
    made = {} if made_at is None else _lines_that_make(steps)
    for parameter in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
        made.pop(parameter, None)
    for name in _awaited_names(steps):
        lines = made.get(name)
        if lines is None or None in lines or (made_at in lines and (also_of_calls_before or len(lines) > 1)):
            return True
    return False


def _awaited_names(steps: list[dis.Instruction]) -> Iterator[str]:
    """The variables that a function awaits, directly or in `shield()` and similar; "" for attributes and the like."""
    for before, each in pairwise(steps):
        if _is_of_a_name(before, each):
            yield _names_in(before)[-1] if "FAST" in before.opname else ""
    for at, each in enumerate(steps):
        if each.opname in _LOADS and each.argval in _WRAPS:
            yield from _first_argument(steps[at + 1 :])


def _first_argument(steps: list[dis.Instruction]) -> Iterator[str]:
    """The variable in the first argument of a call, or ""; nothing if the argument is another call.

    `steps` are the instructions after the one that loads the function.
    """
    depth, name = 0, ""
    for number, each in enumerate(steps):
        if each.opname == "PUSH_NULL" and number == 0:
            continue
        effect = dis.stack_effect(each.opcode, each.arg, jump=False)
        if depth == 0 < effect:
            name = _names_in(each)[0] if "FAST" in each.opname else ""
        elif depth == 1 and effect == 0:  # an attribute of the variable
            name = ""
        depth += effect
        if each.opname.startswith("CALL") and depth < 2:
            if depth < 1:
                yield name
            return


def _is_of_a_name(before: dis.Instruction, step: dis.Instruction) -> bool:
    """Whether an instruction begins an `await` of anything but the result of the call just before."""
    return step.opname == "GET_AWAITABLE" and not step.arg and not before.opname.startswith("CALL")


def _lines_that_make(steps: list[dis.Instruction]) -> dict[str, set[int | None]]:
    """For each variable, the lines at which a function makes a task and stores it there; None for any other value."""
    found = defaultdict[str, set[int | None]](set)
    statement: list[dis.Instruction] = []
    for each in steps:
        if each.opname.startswith("STORE_FAST"):
            first, *others = _names_in(each)
            makes = any(step.argval in _MAKES for step in [each for each in statement if each.opname in _LOADS][:2])
            is_made = makes and statement[-1].opname.startswith("CALL")
            found[first].add(line_of(statement[0]) if is_made else None)
            for name in others if each.opname == "STORE_FAST_STORE_FAST" else ():
                found[name].add(None)
        statement = [] if each.opname.startswith(_NEXT) else [*statement, each]
    return found


def line_of(step: dis.Instruction) -> int | None:
    """The line of an instruction; None if unknown."""
    return None if step.positions is None else step.positions.lineno


def _names_in(step: dis.Instruction) -> tuple[str, ...]:
    """The variables that an instruction uses; since Python 3.13 some use two."""
    return step.argval if isinstance(step.argval, tuple) else (step.argval,)


@lru_cache(1_000)
def _edges(code: CodeType, *, by_errors: bool) -> dict[int, tuple[int, ...]]:
    steps = list(dis.get_instructions(code))
    names = {each.offset: each.opname for each in steps}
    handlers, ends = handlers_of(code), {each.offset: each.argval for each in steps if each.opname == "SEND"}

    def follow(step: dis.Instruction, then: dis.Instruction | None) -> Iterator[int]:
        if step.opcode in _JUMPS and step.opname != "END_ASYNC_FOR":  # since 3.14 its argument is the start of its loop
            is_again = step.opname == "JUMP_BACKWARD_NO_INTERRUPT"
            yield ends.get(step.argval, step.argval) if is_again else step.argval  # an await isn't a loop
        if then is not None and step.opname not in (*_LEAVES, *_ENDS):
            yield then.offset
        handler = handlers.get(step.offset)
        if not by_errors and handler is not None and names[handler] == "CLEANUP_THROW":
            handler = handlers.get(handler)
        if handler is not None and (by_errors or names[handler] == "END_ASYNC_FOR"):
            yield handler

    return {step.offset: tuple(follow(step, then)) for step, then in pairwise([*steps, None]) if step is not None}
