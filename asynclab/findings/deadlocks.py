"""Finds tasks that wait for each other, or for what can't come any more."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial

from asynclab.findings.busy_threads import find_endless_shutdowns, find_executor_deadlocks
from asynclab.findings.lost_wakes import (
    awaits_any,
    find_dropped_sources,
    find_gone_sources,
    find_lost_handovers,
    have_waited,
    wait_for_long,
    waits_at,
)
from asynclab.findings.lost_work import find_unseen_failures
from asynclab.findings.phrases import NAMED, how_ended, in_brackets, listed, listed_deeds, quoted, thread_told
from asynclab.findings.rule import Certainty, Finding, Rule, incidents_of, place_of
from asynclab.findings.stuck_queues import find_drained_pools, find_lone_producers
from asynclab.findings.told_waits import doing, waiting
from asynclab.findings.wait_graph import AWAITING, WaitGraph
from asynclab.model.events import GeneratorLeft, GeneratorStands, TasksStranded, Wait
from asynclab.model.fold.births_and_ends import ACQUIRES
from asynclab.model.resources import PrimitiveState, QueueState
from asynclab.model.state import LabState
from asynclab.model.tasks import Place, TaskState
from asynclab.model.text import one_line
from asynclab.model.wording.quantities import measured, plural

ODD_ENDS_NAMED = 3
"""How many tasks that failed, or were cancelled unasked, the report of a standstill names."""


def find_cycles(state: LabState) -> Iterator[Finding]:
    """Tasks that wait for each other in a circle, by locks, permits and awaits; told once for each circle."""
    told: set[object] = set()
    for members, certainty in WaitGraph(state).circles():
        first = members[0]
        primitive = _waited(state, first)
        if primitive is not None and _generator_in(state, primitive) is not None:
            continue
        own = primitive is not None and all(_waited(state, task) is primitive for task in members)
        if own and primitive is not None:
            if primitive.label in told:
                continue
            told.add(primitive.label)
            text = _own(state, primitive)
        else:
            waits = [
                f"{quoted(state, task.id)} waits for {_target(state, task)}{in_brackets(task.place)}"
                for task in members[:NAMED]
            ]
            left = len(members) - len(waits)
            text = "; ".join([*waits, f"{plural(left, 'task')} more"] if left else waits)
        yield Finding("deadlock", text, state.now, (state.version,), first.id, place_of(first), certainty)


def _waited(state: LabState, task: TaskState) -> PrimitiveState | None:
    """The lock or semaphore that a task waits for."""
    wait = task.waits_for
    return None if wait is None else state.named_primitives.get((wait.kind, wait.number))


def _own(state: LabState, primitive: PrimitiveState) -> str:
    """Tasks wait for what they hold themselves."""
    holders = [state.tasks[number] for number in primitive.holders if number in state.tasks]
    behind = [number for number in primitive.waiters if number not in primitive.holders]
    name = primitive.label
    if len(holders) == 1:
        has = "which it holds itself" if primitive.kind == "lock" else "of which it has all permits itself"
        text = (
            f"{quoted(state, holders[0].id)} waits for {name}{in_brackets(holders[0].place)}, {has}: it waits for ever"
        )
    else:
        shown = [f"{quoted(state, task.id)}{in_brackets(task.place)}" for task in holders[:NAMED]]
        text = f"all permits of {name} are with tasks that wait for one more: {', '.join(shown)}"
    waits = "waits" if len(behind) == 1 else "wait"
    return f"{text}; {listed(state, behind)} {waits} behind it" if behind else text


def _target(state: LabState, task: TaskState) -> str:
    wait, primitive = task.waits_for, _waited(state, task)
    if primitive is not None:
        held = "held by" if primitive.kind == "lock" else "whose permits are with"
        return f"{primitive.label}, {held} {listed(state, primitive.holders)}"
    queue = state.queues.get(wait.number) if wait is not None and wait.kind == "queue.put" else None
    if queue is not None:
        return f"room in {queue.label}, from which only {listed(state, filter(None, queue.takers))} took"
    return listed(state, () if wait is None else wait.tasks)


def find_left_generators(state: LabState) -> Iterator[Finding]:
    """Async generators that were left at a yield, and keep a lock or permit from tasks that can't get it otherwise."""
    standing: dict[GeneratorStands, Certainty] = {
        event.generator: "likely" for _, event in incidents_of(state, GeneratorLeft)
    }
    standing |= dict.fromkeys(() if state.outside is None else state.outside.generators, "proved")
    for left, certainty in standing.items():
        primitive = state.named_primitives.get((left.kind, left.number))
        if primitive is None:
            continue
        victims = _victims(state, primitive)
        if not victims and certainty == "likely" and have_waited(state, primitive.waiters, 0.0):
            victims = list(primitive.waiters)
        if not victims:
            continue
        takers = primitive.holders
        by = f"; {listed(state, takers)} had begun it" if takers else ""
        place = (left.file, left.line)
        text = (
            f"async generator '{one_line(left.name)}' was left at its yield{in_brackets(place)} and not closed, with "
            f"{primitive.label}, which {listed(state, victims)} can't get{by}"
        )
        yield Finding("generator-not-closed", text, state.now, (state.version,), victims[0], place, certainty)


def _generator_in(state: LabState, primitive: PrimitiveState) -> GeneratorStands | None:
    left = () if state.outside is None else state.outside.generators
    return next((each for each in left if (each.kind, each.number) == (primitive.kind, primitive.number)), None)


def find_kept(state: LabState) -> Iterator[Finding]:
    """Locks and permits with tasks that have ended, which others wait for."""
    has_ended = partial(_has_ended, state)
    for primitive in state.primitives.values():
        holders = primitive.holders
        if not holders or not all(map(has_ended, holders)):
            continue
        if _generator_in(state, primitive) is not None:
            continue
        certainty: Certainty = "proved"
        victims = _victims(state, primitive)
        if not victims and _wait_since_ends(state, primitive):
            certainty, victims = "likely", list(primitive.waiters)
        if not victims:
            continue
        what = "the lock" if primitive.kind == "lock" else "a permit"
        ends = "; ".join(
            f"{quoted(state, number)} took {what} and {how_ended(state.tasks.get(number))}"
            for number in holders[:NAMED]
        )
        text = f"nobody will release {primitive.label}, which {listed(state, victims)} can't get: {ends}"
        last = state.tasks.get(victims[0])
        place = None if last is None else place_of(last)
        yield Finding("never-released", text, state.now, (state.version,), holders[0], place, certainty)


def _victims(state: LabState, primitive: PrimitiveState) -> list[int]:
    """The tasks that have waited for a lock or semaphore while nothing else could have happened, as it still stands."""
    return list(waits_at(state, primitive.kind, primitive.number, _last_end(state, primitive)))


def _wait_since_ends(state: LabState, primitive: PrimitiveState) -> bool:
    """Whether tasks have waited for long since the last holder ended, who was to give it back.

    That is so where one of the holders failed or was cancelled. One that did more than to take a lock, and ended with
    it, has forgotten it: locks are seldom released by others.
    """
    tasks = [task for task in map(state.tasks.get, primitive.holders) if task is not None]
    is_odd = any(task.state in ("failed", "cancelled") for task in tasks)
    has_forgotten = primitive.kind == "lock" and any(task.coroutine not in ACQUIRES for task in tasks)
    waiters, last_end = primitive.waiters, _last_end(state, primitive)
    have_long = wait_for_long(state, waiters, last_end) or have_waited(state, waiters, last_end)
    return have_long and (is_odd or has_forgotten)


def _last_end(state: LabState, primitive: PrimitiveState) -> float:
    ended = [task.ended_at for task in map(state.tasks.get, primitive.holders) if task is not None]
    return max((at for at in ended if at is not None), default=0.0)


def find_joins(state: LabState) -> Iterator[Finding]:
    """A join() of an empty queue whose items were all taken, where nobody is left to call task_done()."""
    for queue in state.queues.values():
        if not queue.joiners or queue.unfinished <= 0 or queue.size:
            continue
        joiner = state.tasks[queue.joiners[0]]
        is_sure = state.is_stuck or state.is_stranded(joiner.id, joiner.since)
        if not is_sure and not _all_have_come_back(state, queue):
            continue
        awaiting = (state.tasks[number] for number in state.awaiting if awaits_any(state, number, queue.joiners))
        subject = next(awaiting, joiner)  # up to Python 3.11 wait_for() makes a task of join()
        who = f"{quoted(state, subject.id)} waits in join() of {queue.label}{in_brackets(subject.place)}"
        counts = f"{queue.puts:,} put, {queue.gets:,} got, {queue.dones:,} task_done()"
        left = "nobody is left to call it" if is_sure else "whoever took an item waits for the next, or has ended"
        text = f"{who}: {counts}; the queue is empty, and {left}"
        certainty: Certainty = "proved" if is_sure else "likely"
        rule = "join-without-task-done"
        yield Finding(rule, text, state.now, (state.version,), subject.id, place_of(subject), certainty)


def _all_have_come_back(state: LabState, queue: QueueState) -> bool:
    """Whether all who took items have waited for the next for long, where only they, or who joins, have put any."""
    left = {number for number in (*queue.takers, *queue.sources) if number is None or not _has_ended(state, number)}
    takers = left.intersection(queue.takers)
    awaiting = (number for number in left if number is not None and awaits_any(state, number, queue.joiners))
    waiters = *queue.getters, *queue.joiners, *awaiting
    return takers.issubset(queue.getters) and left.issubset(waiters) and wait_for_long(state, queue.getters, 0.0)


def _has_ended(state: LabState, number: int) -> bool:
    task = state.tasks.get(number)
    return task is None or task.has_ended


def find_standstills(state: LabState) -> Iterator[Finding]:
    """All tasks wait, and nothing can wake any of them; said where no other rule says why."""
    if not state.is_stuck or _only_waits_for_interrupt(state):
        return
    causes = find_executor_deadlocks, find_endless_shutdowns
    if next(_causes(state), None) is not None or any(any(find(state)) for find in causes):
        return
    tasks = [task for task in state.tasks.values() if task.state == "waiting"]
    if not tasks:
        return
    last = max(tasks, key=lambda task: task.since)
    said = listed_deeds(state, ((task.id, f"{doing(task, state)}{in_brackets(task.place)}") for task in tasks))
    said += _odd_ends(state, ("failed", "cancelled", "done"), state.now)
    said += [thread_told(thread) for thread in (() if state.outside is None else state.outside.held[:NAMED])]
    text = f"since {measured(last.since)} nothing can wake any task: no timer, I/O, thread, process or signal is left; "
    text += "; ".join(said)
    yield Finding("standstill", text, state.now, (state.version,), tasks[0].id, place_of(tasks[0]))


def _causes(state: LabState) -> Iterator[Finding]:
    """What other rules say of tasks that nothing wakes."""
    causes = (find_cycles, find_left_generators, find_kept, find_joins, find_lost_handovers, find_gone_sources)
    queues = find_drained_pools, find_lone_producers, find_dropped_sources, find_unseen_failures
    return (finding for find in (*causes, *queues) for finding in find(state))


def find_partial_deadlocks(state: LabState) -> Iterator[Finding]:
    """Tasks that nothing can wake though others go on; said where no other rule says why."""
    incident = next((each for each in reversed(state.incidents) if isinstance(each.event, TasksStranded)), None)
    if incident is None or not isinstance(incident.event, TasksStranded) or state.is_stuck:
        return
    tasks = [state.tasks[number] for number in incident.event.tasks if number in state.tasks]
    waits = {task.id: wait for task in tasks if (wait := _wait_at(task, incident.at)) is not None}
    roots = [task for task, wait in waits.items() if wait.kind not in AWAITING]
    if not roots or any(each.certainty == "proved" or not incident.is_sure for each in _causes(state)):
        return
    victims = dict.fromkeys([*roots, *waits])
    deeds = ((task, f"{waiting(waits[task], state)}{in_brackets(_line(waits[task]))}") for task in victims)
    said = listed_deeds(state, deeds)
    said += _odd_ends(state, ("cancelled", "done"), incident.at)
    text = f"nothing that still runs can wake these tasks: {'; '.join(said)}"
    text += "" if incident.is_sure else ", unless another task of a group fails"
    place = _line(waits[roots[0]]) or place_of(state.tasks[roots[0]])
    certainty: Certainty = "proved" if incident.is_sure else "likely"
    yield Finding("partial-deadlock", text, incident.at, (incident.version,), roots[0], place, certainty)


def _wait_at(task: TaskState, at: float) -> Wait | None:
    """What a task waited for at some time, and has done until the run was ended."""
    if task.state == "cancelled":
        return task.last_wait if task.last_wait_began <= at else None
    return task.waits_for if task.since <= at else None


def _line(wait: Wait) -> Place | None:
    return (wait.file, wait.line) if wait.line else None


def _odd_ends(state: LabState, kinds: Collection[str], until: float) -> list[str]:
    """The latest tasks that failed or were cancelled until some time: others may wait for what they left undone."""
    ended = [task for task in state.tasks.values() if task.state in kinds and (task.ended_at or 0.0) <= until]
    odd = [(task, why) for task in ended if (why := _odd_end(state, task))]
    unasked = [each for each in odd if not each[0].cancel_requested]
    return [f"{quoted(state, task.id)} {how}" for task, how in (unasked or odd)[-ODD_ENDS_NAMED:]]


def _odd_end(state: LabState, task: TaskState) -> str:
    """How a task ended that failed or was cancelled; empty where it did as it should."""
    how = how_ended(task)
    if task.state == "failed":
        return how
    if task.cancel_requested:
        stood = task.cancelled_in[0] if task.cancelled_in else task.last_wait
        if stood is None or task.cancelled_for is not None or task.coroutine in ACQUIRES:
            return ""
        by, place = quoted(state, task.cancel_requested_by), _line(stood)
        return f"was cancelled by {by}{in_brackets(place)} and ended at {measured(task.ended_at or 0.0)}"
    waker = None if task.waker is None else state.tasks.get(task.waker)
    if waker is not None and waker.state == "cancelled" and task.last_wait and waker.id in task.last_wait.tasks:
        return f"{how}, as {quoted(state, waker.id)} was cancelled"
    return f"{how}, though nobody had asked for that" if task.state == "cancelled" else ""


def _only_waits_for_interrupt(state: LabState) -> bool:
    """Whether there has never been more than one task, which waits for an event or future: until ctrl+c."""
    tasks = list(state.tasks.values())
    if len(tasks) != 1 or state.dropped.tasks or tasks[0].waits_for is None:
        return False
    return tasks[0].waits_for.kind in ("event", "future") and not (state.outside is not None and state.outside.held)


RULES = (
    Rule(
        "deadlock",
        "Tasks wait for each other in a circle, or one waits for a lock or permit that it holds.",
        "None of them can ever go on, nor can whoever waits for them.",
        "Take locks and permits in the same order everywhere, and none twice: asyncio's locks are not reentrant.",
        "",
        find_cycles,
    ),
    Rule(
        "generator-not-closed",
        "An async generator was left at a yield, and keeps a lock or permit that others wait for.",
        "Leaving a loop does not close its generator: its `finally` and `async with` blocks have not ended.",
        "Iterate over it inside `async with contextlib.aclosing(generator)`.",
        "",
        find_left_generators,
    ),
    Rule(
        "never-released",
        "A task has ended without releasing a lock or permit that others wait for.",
        "Nobody else releases it: the others wait in vain.",
        "Take it with `async with`, which releases it at a failure and at a cancel, too.",
        "",
        find_kept,
    ),
    Rule(
        "join-without-task-done",
        "join() waits for items that were taken, but task_done() was not called for them.",
        "join() never returns.",
        "Call task_done() in a finally after each get().",
        "",
        find_joins,
    ),
    Rule(
        "standstill",
        "All tasks wait, and nothing can wake any of them.",
        "The program hangs, and uses no CPU time.",
        "See what each task waits for: whoever was to bring it has ended, or waits as well.",
        "",
        find_standstills,
    ),
    Rule(
        "partial-deadlock",
        "Tasks wait for what no code that still runs can bring.",
        "A part of the program hangs while the rest goes on, so that nothing seems wrong.",
        "See who was to bring it: wake those who wait in a finally, also where that task fails, ends or is cancelled.",
        "",
        find_partial_deadlocks,
    ),
)
