"""Finds abandoned async generators: suspended at a yield, they hold a lock or semaphore that tasks wait for."""

from __future__ import annotations

import asyncio
import dis
import gc
from asyncio import AbstractEventLoop
from collections.abc import Iterator
from functools import lru_cache
from types import AsyncGeneratorType, CodeType, CoroutineType
from typing import Any, Literal

from asynclab.model.events import GeneratorLeft, GeneratorStands
from asynclab.trace.reading.code_flow import reached_from
from asynclab.trace.reading.entered_blocks import entered
from asynclab.trace.reading.standing_generators import AnyGenerator, at_a_yield, is_manager, place_of_yield
from asynclab.trace.recording.recorder import Recorder
from asynclab.trace.recording.values import is_a
from asynclab.trace.watching.resource_registry import Resources

LEFT_AFTER = 0.5
"""Real seconds for which a generator must have been at the same yield while the loop runs."""

_LATEST_AFTER = 30.0


class GeneratorLooks:
    """Reports each abandoned generator once."""

    def __init__(self) -> None:
        self._since: dict[GeneratorStands, float] = {}
        """The real time at which each generator was first seen there."""
        self._told: set[GeneratorStands] = set()
        self._next_look = 0.0
        self._seen_step = 0.0
        """The start of the loop's latest step at the latest check: if it is the same, the loop hasn't run."""
        self._patience = LEFT_AFTER

    def look(self, recorder: Recorder, resources: Resources) -> None:
        """Check the loop's generators. Call this several times a second, on any thread but the loop's."""
        now, loop, latest_step = recorder.clock.real_time(), recorder.loop, recorder.step_started
        if loop is None or now < self._next_look or latest_step == self._seen_step:
            return
        self._seen_step = latest_step
        found = {left: generator for generator, left in _standing(loop, resources) if left not in self._told}
        self._since = {left: self._since.get(left, now) for left in found}
        due = [left for left, since in self._since.items() if now - since >= LEFT_AFTER]
        for left in due:
            if not _is_in_use(found[left]):
                self._told.add(left)
                recorder.write(GeneratorLeft(recorder.clock.now(), left))
        # To find the referrers of a generator takes long in a large program, so check less and less often.
        self._patience = min(2 * self._patience, _LATEST_AFTER) if due else LEFT_AFTER
        self._next_look = now + self._patience


def left_generators(loop: AbstractEventLoop, resources: Resources) -> Iterator[GeneratorStands]:
    """A loop's abandoned generators, each with a lock or semaphore that it holds and a task waits for."""
    return (left for generator, left in _standing(loop, resources) if not _is_in_use(generator))


def _standing(loop: AbstractEventLoop, resources: Resources) -> Iterator[tuple[AnyGenerator, GeneratorStands]]:
    """The generators at a yield, whether in use or not, with a lock or semaphore that tasks wait for."""
    for generator in at_a_yield(loop):
        for manager in entered(generator):
            known = resources.known.get(id(manager))
            if known is None or not known.number or not _is_wanted(manager):
                continue
            kind: Literal["lock", "semaphore"] = "lock" if issubclass(type(manager), asyncio.Lock) else "semaphore"
            left = GeneratorStands(generator.__qualname__, *place_of_yield(generator), kind, known.of_its_kind)
            yield generator, left


def _is_wanted(manager: Any) -> bool:
    if not issubclass(type(manager), (asyncio.Lock, asyncio.Semaphore)):
        return False
    return bool(vars(manager).get("_waiters"))


def _is_in_use(generator: AnyGenerator) -> bool:
    """Whether a generator is in use: by an `asynccontextmanager` whose block runs, or by an `async for`."""
    users = [each for each in gc.get_referrers(generator) if each is not generator]
    return any(is_manager(each) or _is_in_async_for(each) for each in users)


def _is_in_async_for(user: object) -> bool:
    """Whether a coroutine or generator is inside an `async for`. That may iterate over any object it refers to."""
    if is_a(user, CoroutineType):
        code, frame = user.cr_code, user.cr_frame
    elif is_a(user, AsyncGeneratorType):
        code, frame = user.ag_code, user.ag_frame
    else:
        return False
    return frame is not None and _is_between_items(code, frame.f_lasti)


@lru_cache(1_000)
def _is_between_items(code: CodeType, at: int) -> bool:
    heads = (each.offset for each in dis.get_instructions(code) if each.opname == "GET_ANEXT")
    return any(head in reached_from(code, at) and at in reached_from(code, head) for head in heads)
