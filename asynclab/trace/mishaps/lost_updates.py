"""Detects lost updates: two tasks have read the same value, wait, and will both write it, so one update is lost."""

from __future__ import annotations

import gc
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from time import thread_time
from types import CellType, CodeType, FrameType
from typing import Any, TypeAlias

from asynclab.model.events import UpdateLost
from asynclab.trace.frame_variables import variables_if_unseen
from asynclab.trace.reading.await_chain import Chain, follow
from asynclab.trace.reading.held_values import Held, HeldValues, writes
from asynclab.trace.reading.shared_places import SharedPlace
from asynclab.trace.recording.future_state import awaited_by, coroutine_of, is_done
from asynclab.trace.recording.recorder import Recorder, TaskRecord

_KEPT = 1_000
"""How many places, and how many functions, are cached."""

_AT_ONCE = 0.03
"""Seconds in all for which the threads of loops may analyse functions. Later functions are left to another thread."""

_MOST_PUT_OFF = 50
"""The most tasks that are left to that thread; further tasks aren't compared."""

_Where: TypeAlias = Hashable
"""A place in memory: the id() of an object, and the name or key of a value in it."""

_Holds: TypeAlias = dict[_Where, tuple[Held, FrameType]]
"""The values that a suspended task holds, each with the frame that will write it."""


class ReadFunctions:
    """The analysed functions of this process, shared by all loops: a test suite may have many."""

    def __init__(self) -> None:
        self.values = HeldValues()
        self.left = _AT_ONCE
        """Seconds for which the threads of loops may still analyse functions."""
        self._writes: dict[int, tuple[CodeType, bool]] = {}
        """Whether a function may write a shared place, by the id() of its code; with the code, to keep it alive."""

    def may_write(self, code: CodeType, owns: Callable[[str], bool]) -> bool:
        """Whether a function is the program's own and may write a shared place."""
        known = self._writes.get(id(code))
        if known is None:
            if len(self._writes) >= _KEPT:
                self._writes.clear()
            known = self._writes[id(code)] = code, owns(code.co_filename) and writes(code)
        return known[1]


read_functions = ReadFunctions()


class LostUpdates:
    """Compares the values that waiting tasks hold."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._holding: dict[_Where, tuple[TaskRecord, ...]] = {}
        self._told: set[tuple[CodeType, int]] = set()
        self._put_off: dict[int, TaskRecord] = {}
        """The tasks that wait in functions that aren't analysed yet."""

    def begins(self, record: TaskRecord, chain: Chain) -> float:
        """Note that a task begins to wait, and compare its values.

        Returns:
            The seconds of CPU time that analysing functions took. Each function is analysed only once.
        """
        writing = [frame.f_code for frame in chain.frames if self._may_write(frame)]
        if all(map(read_functions.values.is_known, writing)):
            if writing:
                self._compare(record, chain, self._recorder.emit)
            return 0.0
        if read_functions.left <= 0:
            if len(self._put_off) < _MOST_PUT_OFF:
                self._put_off[record.id] = record
            return 0.0
        began = thread_time()
        self._compare(record, chain, self._recorder.emit)
        took = thread_time() - began
        read_functions.left -= took
        return took

    def look(self) -> None:
        """Compare the tasks that were left out. Call this several times a second, on any thread but the loop's."""
        while self._put_off:
            record = self._put_off.pop(next(iter(self._put_off)))
            chain = _chain_of(record)
            if chain is not None:
                self._compare(record, chain, self._recorder.write)

    def _may_write(self, frame: FrameType) -> bool:
        return read_functions.may_write(frame.f_code, self._recorder.code.owns)

    def _compare(self, record: TaskRecord, chain: Chain, tell: Callable[[UpdateLost], None]) -> None:
        """Compare the values that a task holds with those of the other waiting tasks, and report a lost update."""
        if len(self._holding) >= _KEPT:
            self._holding.clear()
        for where, (held, frame) in self._holds(chain).items():
            others = [each for each in self._holding.get(where, ()) if each is not record and self._still(each, where)]
            self._holding[where] = (*others[:1], record)
            line = frame.f_code, held.line
            if others and line not in self._told and len(self._told) < _KEPT:
                self._told.add(line)
                tasks, name, file = (others[0].id, record.id), held.target.text, frame.f_code.co_filename
                is_checked, is_computed = held.hold == "sets", held.hold == "computes" and not held.target.reader
                tell(UpdateLost(self._recorder.clock.now(), tasks, name, is_checked, is_computed, file, held.line))

    def _still(self, record: TaskRecord, where: _Where) -> bool:
        """Whether another task still waits and holds the value of this place."""
        chain = _chain_of(record)
        return chain is not None and where in self._holds(chain)

    def _holds(self, chain: Chain) -> _Holds:
        found: _Holds = {}
        sets: _Holds = {}
        links = [each for each in zip(chain.frames, chain.links, strict=True) if self._is_own(each[0])]
        for frame, link in links:
            if self._may_write(frame):
                for held, where in self._in_frame(frame, link, ("computes", "derives", "sets")):
                    (sets if held.hold == "sets" else found)[where] = held, frame
        if sets:
            checked = {where for frame, link in links for _, where in self._in_frame(frame, link, ("checks",))}
            found = {where: each for where, each in sets.items() if where in checked} | found
        return found

    def _is_own(self, frame: FrameType) -> bool:
        return self._recorder.code.owns(frame.f_code.co_filename)

    def _in_frame(self, frame: FrameType, link: object, holds: Sequence[str]) -> Iterator[tuple[Held, _Where]]:
        held = [each for each in read_functions.values.at(frame.f_code, frame.f_lasti) if each.hold in holds]
        variables = variables_if_unseen(frame) if held else None
        if variables is not None:
            for each in held:
                where = _where(frame, link, each.target, variables)
                if where is not None:
                    yield each, where


def _chain_of(record: TaskRecord) -> Chain | None:
    """The chain of coroutines of a task; None if the task doesn't wait."""
    task = record()
    return None if task is None or is_done(task) or awaited_by(task) is None else follow(coroutine_of(task))


def _where(frame: FrameType, link: object, target: SharedPlace, variables: Mapping[str, Any]) -> _Where | None:
    """The place in memory that an expression of a function refers to; None if finding it would run program code."""
    if not (target.attributes or target.reader or target.key is not None):
        return _of_variable(frame, link, target.root), target.root
    path, key = target.attributes, variables.get(str(target.key)) if target.is_variable else target.key
    last: Hashable = target.reader, key if type(key) in (str, int) else id(key)
    if not target.reader:
        path, last = (path, key) if target.key is not None else (path[:-1], path[-1])
        if type(last) not in (str, int):
            return None
    value = variables.get(target.root, frame.f_globals.get(target.root)) if target.root else frame.f_globals
    for name in path:
        value = _variables_in(value).get(name)
    return None if value is None or type(value) is ContextVar else (id(value), last)


def _variables_in(value: object) -> Mapping[Any, Any]:
    """An object's own attributes; empty if reading them would run code of the program."""
    kind: Any = type(value)
    space = getattr(value, "__dict__", None) if kind.__getattribute__ is object.__getattribute__ else None
    return space if type(space) is dict else {}


def _of_variable(frame: FrameType, link: object, name: str) -> int:
    """The id() of the object that has a shared variable: a closure's cell, or the module's namespace."""
    free = frame.f_code.co_freevars
    if name not in free:
        return id(frame.f_globals)
    cells = [each for each in gc.get_referents(link) if type(each) is CellType]  # cells of its own variables come first
    return id(cells[free.index(name) - len(free)])
