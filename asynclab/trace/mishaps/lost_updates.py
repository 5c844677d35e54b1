"""Detects that several tasks have read the same value, wait, and will write it: one overwrites another's update."""

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
"""How many places are remembered with the tasks that hold their values, and how many functions."""

_AT_ONCE = 0.03
"""Seconds that the threads of loops read functions at once, in all; what comes later is left to another thread."""

_MOST_PUT_OFF = 50
"""How many tasks wait to be compared until that thread comes to them; the others are not."""

_Where: TypeAlias = Hashable
"""A place in memory: an object, and the name or key of what it has."""

_Holds: TypeAlias = dict[_Where, tuple[Held, FrameType]]
"""What a suspended task holds, and the frame that will write it."""


class ReadFunctions:
    """What was read of the functions of this process, whose loops may be many, as in a suite of tests."""

    def __init__(self) -> None:
        self.values = HeldValues()
        self.left = _AT_ONCE
        """Seconds for which the threads of loops may still read."""
        self._writes: dict[int, tuple[CodeType, bool]] = {}
        """Whether a function may hold anything, by the id() of its code, which is kept, too."""

    def may_write(self, code: CodeType, owns: Callable[[str], bool]) -> bool:
        """Whether a function of the program's own may hold anything."""
        known = self._writes.get(id(code))
        if known is None:
            if len(self._writes) >= _KEPT:
                self._writes.clear()
            known = self._writes[id(code)] = code, owns(code.co_filename) and writes(code)
        return known[1]


read_functions = ReadFunctions()


class LostUpdates:
    """The tasks that wait while they hold values."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._holding: dict[_Where, tuple[TaskRecord, ...]] = {}
        self._told: set[tuple[CodeType, int]] = set()
        self._put_off: dict[int, TaskRecord] = {}
        """Tasks that wait in functions which have not been read yet."""

    def begins(self, record: TaskRecord, chain: Chain) -> float:
        """A task begins to wait.

        Returns:
            The seconds of CPU time that it took to read functions. Each function is read once.
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
        """Read the functions that were put off; call this several times a second, on any thread but the loop's."""
        while self._put_off:
            record = self._put_off.pop(next(iter(self._put_off)))
            chain = _chain_of(record)
            if chain is not None:
                self._compare(record, chain, self._recorder.write)

    def _may_write(self, frame: FrameType) -> bool:
        return read_functions.may_write(frame.f_code, self._recorder.code.owns)

    def _compare(self, record: TaskRecord, chain: Chain, tell: Callable[[UpdateLost], None]) -> None:
        """Compare the values that a task holds with the values of the other waiting tasks."""
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
        """Whether another task still waits with what it had there."""
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
    """The coroutines of a task that waits."""
    task = record()
    return None if task is None or is_done(task) or awaited_by(task) is None else follow(coroutine_of(task))


def _where(frame: FrameType, link: object, target: SharedPlace, variables: Mapping[str, Any]) -> _Where | None:
    """The place in memory that a function's name for it means; None if code of the program's would have to tell."""
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
    """An object's own attributes, where no code of the program's is asked for them."""
    kind: Any = type(value)
    space = getattr(value, "__dict__", None) if kind.__getattribute__ is object.__getattribute__ else None
    return space if type(space) is dict else {}


def _of_variable(frame: FrameType, link: object, name: str) -> int:
    """What has a variable that several functions use: a cell, or their module."""
    free = frame.f_code.co_freevars
    if name not in free:
        return id(frame.f_globals)
    cells = [each for each in gc.get_referents(link) if type(each) is CellType]  # its own ones come first
    return id(cells[free.index(name) - len(free)])
