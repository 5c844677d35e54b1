"""Detects that a timeout ends a function after it has taken an item from a queue, and before it used or returned it.

`wait_for(next_message(), 1)` loses a message if next_message() has it and then waits again. The bytecode shows that:
the item is only in a variable that wasn't used yet, no exception handler is around the `await`, and no loop repeats it.
"""

from __future__ import annotations

import asyncio
import dis
import gc
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from types import CodeType

from asynclab.model.events import ItemLost
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.reading.closable import is_closable
from asynclab.trace.reading.code_flow import AWAITED, handles_cancel, line_of, reached_from
from asynclab.trace.recording.code_ownership import is_asyncio
from asynclab.trace.recording.future_state import cancel_requests_of, coroutine_of
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.values import short_repr

_WAIT_FOR = asyncio.wait_for.__code__
_ACCESS = re.compile("(STORE|LOAD)_(?:FAST|DEREF)")


def lost_items(recorder: Recorder, record: TaskRecord, *, by_timer: bool) -> Iterator[ItemLost]:
    """The events for the item that a waiting task loses because a timeout cancels it."""
    task, taken = record(), recorder.taken.get(record.id)
    if task is None or taken is None or not (by_timer or _is_timed_out(recorder)):
        return
    chain = follow(coroutine_of(task))
    for link, frame in zip(chain.links, chain.frames, strict=True):
        items = () if is_asyncio(frame.f_code.co_filename) else gc.get_referents(link)
        item = next((each for each in items if id(each) == taken), None)
        if item is not None and _has_unused(frame.f_code, frame.f_lasti):
            file, line = frame.f_code.co_filename, frame.f_lineno or 0
            is_leaked = is_closable(type(item))
            yield ItemLost(recorder.clock.now(), record.id, short_repr(item), file, line, is_leaked)
            return


def _is_timed_out(recorder: Recorder) -> bool:
    """Whether a wait_for() cancels its inner task at its timeout, which it does by itself up to Python 3.11."""
    waker = None if recorder.current is None else recorder.current()
    frame = None if waker is None or cancel_requests_of(waker) else sys._getframe()
    while frame is not None and frame.f_code is not _WAIT_FOR:
        frame = frame.f_back
    return frame is not None


@lru_cache(1_000)
def _has_unused(code: CodeType, at: int) -> bool:
    """Whether a function that awaits at an instruction has an unused variable with the result of an earlier await."""
    steps = list(dis.get_instructions(code))
    line = next(line_of(each) for each in steps if each.offset >= at)
    if handles_cancel(code, at):
        return False
    stored, used = dict[str, int](), set[str]()
    for before, each in pairwise(steps):
        is_later = each.offset > at or line_of(each) == line
        for how, name in _accesses(each):
            if how == "LOAD" and is_later:
                used.add(name)
            elif how == "STORE" and each.offset < at and before.opname in AWAITED:
                stored[name] = each.offset
            else:  # used before, or set again
                stored.pop(name, None)
    again = reached_from(code, at)
    return any(name in used and offset not in again for name, offset in stored.items())


def _accesses(instruction: dis.Instruction) -> Iterator[tuple[str, str]]:
    """How an instruction uses variables, STORE or LOAD, with their names; some instructions use two."""
    names = instruction.argval if isinstance(instruction.argval, tuple) else (instruction.argval,)
    return zip(_ACCESS.findall(instruction.opname), names, strict=False)
