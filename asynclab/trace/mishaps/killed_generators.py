"""Detects that a timeout around `anext()` ended an async generator, and the program continues to ask it for items.

The timeout's CancelledError passes through the generator, which ends it. The next `anext()` raises StopAsyncIteration,
so the program believes that there are no more items.
"""

from __future__ import annotations

import dis
from asyncio import Task, Timeout
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from types import AsyncGeneratorType, CodeType
from typing import Any
from weakref import ref

from asynclab.model.events import GeneratorKilled
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.reading.code_flow import handler_at, line_of, reached_from
from asynclab.trace.reading.entered_blocks import entered
from asynclab.trace.recording.code_ownership import is_asyncio
from asynclab.trace.recording.future_state import coroutine_of
from asynclab.trace.recording.recorder import Recorder

_LOADS = ("LOAD_FAST", "LOAD_DEREF", "LOAD_GLOBAL", "LOAD_NAME", "LOAD_ATTR", "LOAD_METHOD")
_USES = ("LOAD_FAST", "LOAD_DEREF", "STORE_FAST", "STORE_DEREF", "STORE_GLOBAL", "STORE_NAME", "STORE_ATTR")
"""The instructions that may rebind a variable, or call something that rebinds its attributes."""


def struck_generator(recorder: Recorder, number: int, task: Task[Any], timeout: Timeout) -> Callable[[], None] | None:
    """A function to call after the block of an expired timeout has ended. It reports a generator that this ended.

    None if there is no such generator, or the program doesn't ask it for another item.
    """
    if not getattr(recorder.loop, "_asyncgens", None):
        return None
    chain = follow(coroutine_of(task))
    within = next((index for index, link in enumerate(chain.links) if timeout in entered(link)), len(chain.links))
    struck = [link for link in chain.links[within + 1 :] if type(link) is AsyncGeneratorType]
    own = [frame for frame in chain.frames[: within + 1] if not is_asyncio(frame.f_code.co_filename)]
    if not struck or not own or not _tries_again(own[-1].f_code, own[-1].f_lasti):
        return None
    name, file, line = struck[0].__qualname__, own[-1].f_code.co_filename, own[-1].f_lineno or 0
    return partial(_report, recorder, GeneratorKilled(0.0, number, name, file, line), ref(struck[0]))


def _report(recorder: Recorder, event: GeneratorKilled, generator: ref[Any]) -> None:
    found = generator()
    if found is not None and found.ag_frame is None:
        event.at = recorder.clock.now()
        recorder.emit(event)


@lru_cache(1_000)
def _tries_again(code: CodeType, at: int) -> bool:
    """Whether a function may reach the same `await` again after an exception there, with the same generator.

    It is taken as the same if the variables of this line are used nowhere else on the way.
    """
    handler = handler_at(code, at)
    if handler is None or at not in reached_from(code, handler):
        return False
    steps = {each.offset: each for each in dis.get_instructions(code)}
    line = line_of(steps[at])
    used = {name for each in steps.values() if line_of(each) == line for name in _names(each, _LOADS)}
    again = [steps[each] for each in reached_from(code, handler) if at in reached_from(code, each)]
    elsewhere = (name for each in again if line_of(each) != line for name in _names(each, _USES))
    return used.isdisjoint(elsewhere)


def _names(step: dis.Instruction, kinds: tuple[str, ...]) -> Iterator[str]:
    """The variables and attributes that an instruction loads or stores; some instructions use two."""
    names = step.argval if isinstance(step.argval, tuple) else (step.argval,)
    parts = [part for part in step.opname.replace("STORE", "\nSTORE").replace("LOAD", "\nLOAD").split("\n") if part]
    for part, name in zip(parts, names, strict=False):
        if part.rstrip("_").startswith(kinds):
            yield str(name)
