"""Reads the stacks of suspended tasks, for the tasks that a view shows."""

from __future__ import annotations

from asyncio import Task
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from types import FrameType
from typing import Any

from asynclab.model.events import StackFrame, TaskStands
from asynclab.model.state import LabState
from asynclab.trace.reading.await_chain import Chain, first_line_of, follow
from asynclab.trace.recording.code_ownership import library_of
from asynclab.trace.recording.future_state import coroutine_of
from asynclab.trace.recording.recorder import Recorder
from asynclab.trace.recording.task_registry import TaskRegistry

PLACES_AT_ONCE = 500
"""The most tasks looked at in one call."""

OUTERMOST, INNERMOST = 10, 30
"""The frames reported of a longer stack; those between are reported as one frame."""


def report_places(
    recorder: Recorder, registry: TaskRegistry, state: LabState, tasks: Iterable[int], selected: int | None
) -> None:
    """Write the stacks of suspended tasks whose place isn't known yet, at most `PLACES_AT_ONCE`.

    For the task `selected`, the stack is also written if only its innermost place is known.
    """
    known = (state.tasks[number] for number in tasks if number in state.tasks)
    wanted = {task.id for task in known if task.is_suspended and task.place is None and task.stands is None}
    chosen = None if selected is None else state.tasks.get(selected)
    if chosen is not None and chosen.is_suspended and chosen.stands is None:
        wanted.add(chosen.id)
    if not wanted:
        return
    for number, task in islice(registry.some(wanted), PLACES_AT_ONCE):
        stands = place_of(number, task, recorder)
        if stands is not None:
            recorder.emit(stands)


def place_of(number: int, task: Task[Any], recorder: Recorder) -> TaskStands | None:
    """The event with the stack of a task; None while the task runs."""
    coroutine = coroutine_of(task)
    if getattr(coroutine, "cr_running", False) or getattr(coroutine, "gi_running", False):
        return None
    chain = follow(coroutine)
    return TaskStands(recorder.clock.now(), number, tuple(_shortened(_frames(chain, recorder))), chain.is_opaque)


def _frames(chain: Chain, recorder: Recorder) -> list[StackFrame]:
    """The frames of a chain; adjacent frames of the same library are merged into one."""
    folded: list[StackFrame] = []
    for library, group in groupby(chain.frames, lambda frame: _library_of(frame, recorder)):
        if library:
            first, *others = group
            folded.append(StackFrame(first.f_code.co_qualname, library=library, count=1 + len(others)))
        else:
            folded.extend(_users(frame, has_begun=chain.has_begun) for frame in group)
    return folded


def _users(frame: FrameType, *, has_begun: bool) -> StackFrame:
    code = frame.f_code
    line = frame.f_lineno if has_begun else first_line_of(code)
    return StackFrame(code.co_qualname, code.co_filename, line or 0)


def _library_of(frame: FrameType, recorder: Recorder) -> str:
    file = frame.f_code.co_filename
    return "" if recorder.code.owns(file) else library_of(file) or "a library"


def _shortened(frames: list[StackFrame]) -> Iterator[StackFrame]:
    between = len(frames) - OUTERMOST - INNERMOST
    if between <= 1:
        yield from frames
        return
    yield from frames[:OUTERMOST]
    first, *others = frames[OUTERMOST:-INNERMOST]
    yield StackFrame(first.function, count=first.count + sum(frame.count for frame in others))
    yield from frames[-INNERMOST:]
