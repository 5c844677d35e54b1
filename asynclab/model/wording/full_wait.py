"""Describes in detail what a task or thread waits for: also which tasks hold it or woke it last, and their ends."""

from __future__ import annotations

from collections.abc import Mapping

from asynclab.model.events import ThreadStands, Wait, Waker
from asynclab.model.resources import SOURCES_KEPT, PrimitiveState, QueueState
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState, place_in
from asynclab.model.text import one_line
from asynclab.model.wording.grammar import named, quoted
from asynclab.model.wording.outcome import how_ended
from asynclab.model.wording.places import in_brackets
from asynclab.model.wording.wait import NAMING, NOT_RECORDED, quoting_wait, waited_tasks
from asynclab.model.wording.wake import deed_of


def doing(task: TaskState, state: LabState) -> str:
    """What a task does now: "waits to get from queue#1, last put by 'feed', which failed at 0.200 s"."""
    if task.state != "waiting":
        return f"is {task.state}"
    return f"waits ({NOT_RECORDED})" if task.waits_for is None else full_wait(task.id, task.waits_for, state)


def full_wait(task: int, wait: Wait, state: LabState) -> str:
    """A task's wait, with the other tasks that hold the awaited object, or that last put, set or released it."""
    holders = waited_tasks(wait, state)
    queue = state.queues.get(wait.number) if wait.kind.startswith("queue.") else None
    primitive = state.named_primitives.get((wait.kind, wait.number))
    if queue is not None:
        return f"{quoting_wait(wait, state)}{_of_queue(task, wait, queue, state)}"
    if wait.kind in ("lock", "semaphore") and holders == (task,):
        held = "which it holds itself" if wait.kind == "lock" else "whose permits it holds itself"
        return f"{quoting_wait(Wait(wait.kind, wait.number), state)}, {held}"
    if wait.kind == "semaphore" and holders:
        return f"{quoting_wait(wait, state)}, whose permits are with {named(state, holders)}"
    if wait.kind == "lock":
        return quoting_wait(Wait("lock", wait.number, holders), state)
    if primitive is not None:
        return f"{quoting_wait(wait, state)}{_of_primitive(wait, primitive, state)}"
    members = f": {named(state, holders)}" if holders and wait.kind not in NAMING else ""
    return f"{quoting_wait(wait, state)}{members}"


def _of_primitive(wait: Wait, primitive: PrimitiveState, state: LabState) -> str:
    done = deed_of(wait).done
    if not done:
        return ""
    last = last_by(state, done, primitive.sources) if primitive.sources else f", which nobody has {done}"
    if primitive.kind == "semaphore" and primitive.sole_taker:
        last = f", whose permits were all taken by {quoted(state, primitive.sole_taker)}{last}"
    by = "" if primitive.cleared is None else f", and cleared by {quoted(state, primitive.cleared[0])} since"
    return last and f"{last}{by}"


def _of_queue(task: int, wait: Wait, queue: QueueState, state: LabState) -> str:
    if wait.kind != "queue.get":
        alive = all(taker is None or _is_pending(taker, state) for taker in queue.takers)
        if wait.kind == "queue.put" and alive and 0 < len(queue.takers) < SOURCES_KEPT:
            return f", from which only {named(state, queue.takers)} took"
        return last_by(state, "got", queue.takers)
    borrowers = dict.fromkeys(task for task in (queue.lent or {}).values() if task is not None)
    if queue.returned and borrowers:  # a pool: its items are put back
        return f", whose items are with {named(state, borrowers)}"
    got = "" if _latest(queue.takers) == task else last_by(state, "got", queue.takers)
    return last_by(state, "put", queue.sources) + got


def _is_pending(number: int, state: LabState) -> bool:
    task = state.tasks.get(number)
    return task is not None and not task.has_ended


def last_by(state: LabState, done: str, tasks: Mapping[int | None, float]) -> str:
    """The task that did something last, and how that task ended; empty if no task did it."""
    number = _latest(tasks)
    if number is None:
        return ""
    task = state.tasks.get(number)
    end = "" if task is None or not task.has_ended else f", which {how_ended(task)}"
    return f", last{done and f' {done}'} by {quoted(state, number)}{end}"


def _latest(tasks: Mapping[int | None, float]) -> int | None:
    return max(tasks, key=tasks.__getitem__, default=None)


def missing_waker(task: int, wait: Wait, waker: Waker, state: LabState) -> str:
    """The function that would wake a task, and how the latest task that ran it ended, such as ": App.start sets it"."""
    name = one_line(waker.function.rpartition("<locals>.")[2])
    said = f": {name} {deed_of(wait).does}{in_brackets(place_in(waker))}"
    ran = [each for each in state.tasks.values() if each.coroutine == waker.function and each.id != task]
    for each in ran[-1:]:
        end = f"which ran that, {how_ended(each)}" if each.has_ended else "which runs that, waits as well"
        said += f", and {quoted(state, each.id)}, {end}"
    return said


def thread_told(thread: ThreadStands) -> str:
    """Where a thread is: "thread 'asyncio_0' waits in Queue.get of read (app.py:7)"."""
    within = f" waits in {one_line(thread.waits_in)}" if thread.waits_in else ""
    called = f" {'of' if within else 'is in'} {one_line(thread.function)}" if thread.function else ""
    return f"thread '{one_line(thread.name)}'{within}{called}{in_brackets(place_in(thread))}"
