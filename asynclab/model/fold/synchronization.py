"""Folds the holders of locks and semaphores, and the values of all primitives, into the state of a lab."""

from __future__ import annotations

from asynclab.model.activity import ActivityKind
from asynclab.model.events import ConditionNotified, PrimitiveChanged, PrimitiveCreated
from asynclab.model.resources import SOURCES_KEPT, LockHold, PrimitiveState, make_room
from asynclab.model.state import LabState
from asynclab.model.tasks import place_in
from asynclab.model.wording import deed

PERMITS_KEPT = 10_000
"""The most tasks for which a semaphore's permits are counted."""


def primitive_created(state: LabState, event: PrimitiveCreated, at: float) -> None:
    """Add a primitive, unless it is known; if there are too many, drop old ones."""
    if event.primitive not in state.primitives:
        gone, state.primitive_room = make_room(state.primitives, state.primitive_room)
        state.dropped.primitives += len(gone)
        for each in gone:
            state.named_primitives.pop((each.kind, each.number), None)
        primitive = PrimitiveState(event.primitive, event.kind, event.number, event.value, event.holder)
        primitive.is_passed_on = not event.value  # created without permits: each release is a signal to another task
        if event.holder is not None:
            primitive.in_block.add(event.holder)
        state.primitives[event.primitive] = state.named_primitives[event.kind, event.number] = primitive


def primitive_changed(state: LabState, event: PrimitiveChanged, at: float) -> None:
    """Note the new value of a primitive, and which task changed it."""
    primitive = state.primitives.get(event.primitive)
    if primitive is None:
        state.mark(event.task, "changed", at, event)
        return
    before, primitive.value = primitive.value, event.value
    rises = event.value > before or 0 < event.value == before
    state.mark(event.task, "raised" if rises else "lowered", at, event)
    if (event.value > before) == (primitive.kind == "lock") and primitive.kind in ("lock", "semaphore"):
        primitive.taken_at.append(at)
    if primitive.kind == "lock":
        _lock_changed(state, primitive, event, at)
    elif primitive.kind == "semaphore":
        _permits_changed(state, primitive, event, at, event.value - before)
        if event.value > before:
            _add_source(primitive, event.task, at)
    elif primitive.kind == "event":
        primitive.cleared = (event.task, at) if before and not event.value else None
        if event.value:
            _add_source(primitive, event.task, at)
    primitive.given_up.clear()
    kind: ActivityKind = "lock" if primitive.kind in ("lock", "semaphore") else "event"
    state.tell(at, event.task, kind, deed.changed(event, state, before))


def _lock_changed(state: LabState, lock: PrimitiveState, event: PrimitiveChanged, at: float) -> None:
    """Note which task holds a lock. Add an incident if another task or a callback releases the holder's lock."""
    holder, task = lock.holder, event.task
    if event.value:
        lock.held_since = at
        lock.gave_up.discard(task or 0)
    elif holder is not None and holder == task and (lock.waiters or lock.given_up):
        _compare_holds(state, lock, holder, at)
    lock.holder, has_block = task if event.value else None, holder in lock.in_block
    lock.in_block = {task} if event.value and event.in_block and task is not None else set()
    if event.value or holder is None or (task is None and not has_block):
        return
    robber, by = lock.robbed.pop(task or 0, None), () if task is None else (task,)
    if task == holder or (robber is None and event.in_block):  # the end of the holder's block, or a wait() in it
        return
    if robber is not None:  # its own lock was released by others, so the end of its block releases another task's
        state.remember(event, at, robber[1], (*robber[0], holder))
    elif task in lock.gave_up:
        state.remember(event, at, place_in(event), (*by, holder), "given_up")
    elif has_block:
        state.remember(event, at, place_in(event), (*by, holder), "block_robbed")
    lock.robbed[holder] = by, place_in(event)


def _compare_holds(state: LabState, lock: PrimitiveState, holder: int, at: float) -> None:
    """Keep a finished hold if it made another task wait longer than any hold before."""
    waits = [(state.tasks[number].since, at) for number in lock.waiters if number in state.tasks]
    waits += [(vain.since, vain.until) for vain in lock.given_up.values()]
    seconds = max((until - max(lock.held_since, since) for since, until in waits), default=0.0)
    task = state.tasks.get(holder)
    if task is None or task.cancel_requested or state.is_stranded(holder, task.last_wait_began):
        return  # the hold ended by a cancel or in a deadlock, so its length says nothing about the holder
    if lock.longest_hold is None or seconds > lock.longest_hold.seconds:
        lock.longest_hold = LockHold(
            holder, task.last_wait, seconds, (*lock.given_up, *lock.waiters), at, state.version
        )


def _permits_changed(state: LabState, semaphore: PrimitiveState, event: PrimitiveChanged, at: float, by: int) -> None:
    """Note which tasks hold a semaphore's permits, and which task releases a permit that it doesn't hold."""
    takers = semaphore.takers
    who = event.task if event.taker is None else event.taker
    if by < 0 and who != semaphore.sole_taker:
        semaphore.sole_taker = None if semaphore.sole_taker != 0 else who
    if who is None or len(takers) > PERMITS_KEPT:
        semaphore.is_passed_on = True
        if event.line and semaphore.gave_back:  # a callback releases permits that the tasks have released themselves
            state.remember(event, at, place_in(event), is_sure=False)
    elif by < 0:
        (semaphore.in_block.add if event.in_block else semaphore.in_block.discard)(who)
        takers[who] = takers.get(who, 0) - by
    elif takers.get(who, 0) > by:
        takers[who] -= by
    elif takers.pop(who, None) is None:
        semaphore.is_passed_on = True
        if event.line or semaphore.extra is None:
            _note_extra(state, semaphore, event, who)
    else:
        semaphore.in_block.discard(who)
        if len(semaphore.gave_back) < SOURCES_KEPT:
            semaphore.gave_back.add(who)
    if event.line and who is not None and semaphore.extra is not None:  # it now has more permits than ever before
        who, place, has_given_up = semaphore.extra
        state.remember(event, at, place, (who,), "given_up" if has_given_up else "told", is_sure=False)


def _note_extra(state: LabState, semaphore: PrimitiveState, event: PrimitiveChanged, who: int) -> None:
    """Note that a task releases a permit that it doesn't hold, if it held one before, or its last wait was for one."""
    task = state.tasks.get(who)
    wait = None if task is None else task.last_wait
    helpers = () if wait is None else map(state.tasks.get, wait.tasks)  # the inner task of wait_for(), up to 3.11
    waits = (wait, *(helper.last_wait for helper in helpers if helper is not None))
    wanted = any(each is not None and (each.kind, each.number) == (semaphore.kind, semaphore.number) for each in waits)
    if wanted or who in semaphore.gave_back:
        source = wait if wait is not None and not event.line else event
        place = place_in(source)
        semaphore.extra = who, place, who in semaphore.given_up


def condition_notified(state: LabState, event: ConditionNotified, at: float) -> None:
    """Log that a task notified waiters of a condition."""
    state.mark(event.task, "changed", at, event)
    condition = state.primitives.get(event.primitive)
    if condition is not None:
        _add_source(condition, event.task, at)
        state.tell(at, event.task, "event", deed.notified(event, state))


def _add_source(primitive: PrimitiveState, task: int | None, at: float) -> None:
    if task in primitive.sources or len(primitive.sources) < SOURCES_KEPT:
        primitive.sources[task] = at
