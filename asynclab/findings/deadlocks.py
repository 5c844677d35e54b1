"""Finds tasks that wait for each other, or for a lock or task_done() that can't come any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from asynclab.findings.lost_wakes import (
    awaits_any,
    have_waited,
    wait_for_long,
    waits_at,
)
from asynclab.findings.rule import Certainty, Finding, Rule, incidents_of
from asynclab.findings.wait_graph import WaitGraph
from asynclab.model.events import GeneratorLeft, GeneratorStands, Wait
from asynclab.model.resources import PrimitiveState, QueueState
from asynclab.model.state import LabState
from asynclab.model.tasks import Place, TaskState, place_in, place_of
from asynclab.model.text import one_line
from asynclab.model.waits_in_vain import ACQUIRES
from asynclab.model.wording.full_wait import doing
from asynclab.model.wording.grammar import NAMES_LISTED, agreeing, each_does, named, quoted
from asynclab.model.wording.outcome import how_ended
from asynclab.model.wording.places import in_brackets, line_of
from asynclab.model.wording.wait import quoting_wait

GIVEN_UP_AFTER = 0.05
"""Lab seconds that a task must have waited after the holder's end: at the program's end, all are cancelled together."""


def find_cycles(state: LabState) -> Iterator[Finding]:
    """Tasks that wait for each other in a circle, at locks, semaphores and awaits; one finding for each circle."""
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
            text = _full(state, members) or _circle(state, members)
        yield Finding("deadlock", text, state.now, (state.version,), first.id, place_of(first), certainty)


def _waited(state: LabState, task: TaskState) -> PrimitiveState | None:
    """The lock or semaphore that a task waits for; None for other waits."""
    wait = task.waits_for
    return None if wait is None else state.named_primitives.get((wait.kind, wait.number))


def _circle(state: LabState, members: Sequence[TaskState]) -> str:
    """Says for each task what it waits for."""
    return "; ".join(
        each_does(state, ((task.id, f"{doing(task, state)}{in_brackets(task.place)}") for task in members))
    )


def _full(state: LabState, members: Sequence[TaskState]) -> str:
    """Says that tasks wait to put into a queue from which only they take items; empty in other cases."""
    waits = [task.waits_for for task in members]
    numbers = {wait.number if wait is not None and wait.kind == "queue.put" else 0 for wait in waits}
    queue = state.queues.get(numbers.pop()) if len(numbers) == 1 else None
    tasks = sorted(task.id for task in members)
    if queue is None or not {taker for taker in queue.takers if not _has_ended(state, taker or 0)}.issubset(tasks):
        return ""
    several = len(tasks) > 1
    does = quoting_wait(Wait("queue.put", queue.id), state, "wait" if several else "waits")
    who = "they themselves take" if several else "it itself takes"
    return f"{named(state, tasks)} {does}{in_brackets(members[0].place)}: only {who} from it"


def _own(state: LabState, primitive: PrimitiveState) -> str:
    """Says that tasks wait for a lock or permit that they hold themselves."""
    holders = [state.tasks[number] for number in primitive.holders if number in state.tasks]
    behind = [number for number in primitive.waiters if number not in primitive.holders]
    if len(holders) == 1:
        (holder,) = holders
        text = f"{quoted(state, holder.id)} {doing(holder, state)}{in_brackets(holder.place)}: it waits forever"
    else:
        shown = [f"{quoted(state, task.id)}{in_brackets(task.place)}" for task in holders[:NAMES_LISTED]]
        text = f"all permits of {primitive.label} are with tasks that wait for one more: {', '.join(shown)}"
    return f"{text}; {named(state, behind)} {agreeing('wait', len(behind))} behind it" if behind else text


def find_left_generators(state: LabState) -> Iterator[Finding]:
    """Async generators that were left at a yield, and hold a lock or permit for which other tasks wait in vain."""
    standing: dict[GeneratorStands, Certainty] = {
        event.generator: "likely" for _, event in incidents_of(state, GeneratorLeft)
    }
    standing |= dict.fromkeys(() if state.outside is None else state.outside.generators, "proved")
    for left, certainty in standing.items():
        primitive = state.named_primitives.get((left.kind, left.number))
        if primitive is None:
            continue
        victims = list(_waits_in_vain(state, primitive))
        if not victims and certainty == "likely" and have_waited(state, primitive.waiters, 0.0):
            victims = list(primitive.waiters)
        if not victims:
            continue
        takers = primitive.holders
        by = f"; {named(state, takers)} had begun it" if takers else ""
        place = (left.file, left.line)
        text = (
            f"async generator '{one_line(left.name)}' was left at its yield{in_brackets(place)} and not closed, with "
            f"{primitive.label}, which {named(state, victims)} can't get{by}"
        )
        yield Finding("generator-not-closed", text, state.now, (state.version,), victims[0], place, certainty)


def _generator_in(state: LabState, primitive: PrimitiveState) -> GeneratorStands | None:
    left = () if state.outside is None else state.outside.generators
    return next((each for each in left if (each.kind, each.number) == (primitive.kind, primitive.number)), None)


def find_kept(state: LabState) -> Iterator[Finding]:
    """Locks and permits whose holders have ended, while other tasks wait for them."""
    for primitive, holders in _left_behind(state):
        if _generator_in(state, primitive) is not None:
            continue
        certainty: Certainty = "proved"
        waits = _waits_in_vain(state, primitive)
        victims = list(waits)
        if not victims and _is_forgotten(state, primitive):
            certainty, victims = _waited_since_ends(state, primitive)
        elif not victims and _is_for_nobody(state, primitive):
            certainty, victims = "likely", _waited_since_ends(state, primitive)[1]
        if not victims:
            continue
        ends = _told_ends(state, primitive, holders[:NAMES_LISTED])
        text = f"nobody will release {primitive.label}, which {named(state, victims)} can't get: {ends}"
        place = _place_of(state, primitive, victims[0], waits.get(victims[0]))
        yield Finding("never-released", text, state.now, (state.version,), holders[0], place, certainty)


def _told_ends(state: LabState, primitive: PrimitiveState, holders: Sequence[int]) -> str:
    """Says how the holders of a lock or permits ended, and where a cancel or timeout interrupted them."""
    what = "the lock" if primitive.kind == "lock" else "a permit"
    ends = [f"{quoted(state, number)} took {what} and {how_ended(state.tasks.get(number))}" for number in holders]
    cuts = [_cut_short(state.tasks.get(number), primitive) for number in holders]
    if len(cuts) > 1 and cuts[0] and len(set(cuts)) == 1:
        return f"{'; '.join(ends)}, each after a cancel in its wait at {line_of(cuts[0])}"
    told = (f", after a cancel in its wait at {line_of(cut)}" if cut else "" for cut in cuts)
    return "; ".join(map("".join, zip(ends, told, strict=True)))


def _cut_short(task: TaskState | None, primitive: PrimitiveState) -> Place | None:
    """The place where a task was cancelled in a wait, unless the wait was for the lock or semaphore itself."""
    wait = None if task is None or task.cancelled_in is None else task.cancelled_in[0]
    return None if wait is None or (wait.kind, wait.number) == (primitive.kind, primitive.number) else place_in(wait)


def _left_behind(state: LabState) -> Iterator[tuple[PrimitiveState, list[int]]]:
    """Locks and semaphores whose holders have all ended, each with the holders."""
    tasks = state.tasks
    for primitive in state.primitives.values():
        task = None if primitive.holder is None else tasks.get(primitive.holder)
        if task is not None and task.ended_at is None:
            continue  # true of nearly all
        holders = primitive.holders
        if holders and all(_has_ended(state, holder) for holder in holders):
            yield primitive, holders


def _waits_in_vain(state: LabState, primitive: PrimitiveState) -> dict[int, Wait | None]:
    """The waits for a lock or semaphore, by task, that began or lasted when nothing else could end them."""
    return waits_at(state, primitive.kind, primitive.number, _last_end(state, primitive))


def _is_forgotten(state: LabState, primitive: PrimitiveState) -> bool:
    """Whether one of the last holders failed or was cancelled, and so couldn't release the lock or permit.

    True also for a lock's holder that ended normally, if it did more than acquire(): other tasks seldom release it.
    """
    tasks = [task for task in map(state.tasks.get, primitive.holders) if task is not None]
    is_odd = any(task.state in ("failed", "cancelled") for task in tasks)
    return is_odd or (primitive.kind == "lock" and any(task.coroutine not in ACQUIRES for task in tasks))


def _is_for_nobody(state: LabState, primitive: PrimitiveState) -> bool:
    """Whether the last holders are tasks that only ran acquire(), and succeeded after their creators had ended."""
    tasks = [task for task in map(state.tasks.get, primitive.holders) if task is not None]
    makers = [state.task(task.parent) for task in tasks if task.coroutine in ACQUIRES]
    ends = [None if maker is None else maker.ended_at for maker in makers]
    known = [at for at in ends if at is not None]
    return len(known) == len(tasks) and max(known, default=0.0) < min((t.ended_at or 0.0 for t in tasks), default=0.0)


def _waited_since_ends(state: LabState, primitive: PrimitiveState) -> tuple[Certainty, list[int]]:
    """The tasks that have waited long since the last holder ended; after the run, the tasks that gave up since then."""
    waiters, last_end = list(primitive.waiters), _last_end(state, primitive)
    holders = filter(None, map(state.tasks.get, primitive.holders))
    if state.outcome is not None and all(task.parent is not None for task in holders):  # not main: its end cancels all
        vain = primitive.given_up.values()
        return "proved", [each.task for each in vain if each.until - max(each.since, last_end) >= GIVEN_UP_AFTER]
    have_long = wait_for_long(state, waiters, last_end) or have_waited(state, waiters, last_end)
    return "likely", waiters if have_long else []


def _place_of(state: LabState, primitive: PrimitiveState, victim: int, wait: Wait | None) -> Place | None:
    """The place where a task waits for a lock or semaphore, or has waited."""
    task, vain = state.tasks.get(victim), primitive.given_up.get(victim)
    waited = vain.wait if wait is None and vain is not None else wait
    waited_at = None if waited is None else place_in(waited)
    return waited_at or place_of(task)


def _last_end(state: LabState, primitive: PrimitiveState) -> float:
    ended = [task.ended_at for task in map(state.tasks.get, primitive.holders) if task is not None]
    return max((at for at in ended if at is not None), default=0.0)


def find_joins(state: LabState) -> Iterator[Finding]:
    """A join() of an empty queue whose items were all taken, while no task is left to call task_done()."""
    for queue in state.queues.values():
        if not queue.joiners or queue.unfinished <= 0 or queue.size:
            continue
        joiner = state.tasks[queue.joiners[0]]
        is_sure = state.is_stuck or state.is_stranded(joiner.id, joiner.since)
        if not is_sure and not _all_have_come_back(state, queue):
            continue
        awaiting = (state.tasks[number] for number in state.awaiting if awaits_any(state, number, queue.joiners))
        timed = (task for task in awaiting if task.waits_for is not None and task.waits_for.kind == "wait_for")
        subject = next(timed, joiner)  # in Python 3.11, wait_for() makes a task for join()
        who = f"{quoted(state, subject.id)} waits in join() of {queue.label}{in_brackets(subject.place)}"
        counts = f"{queue.puts:,} put, {queue.gets:,} got, {queue.dones:,} task_done()"
        left = "nobody is left to call it" if is_sure else "whoever took an item waits for the next, or has ended"
        if is_sure and set(queue.takers) == {subject.id}:
            left = "only it itself has taken items: it waits for itself"
        text = f"{who}: {counts}; the queue is empty, and {left}"
        certainty: Certainty = "proved" if is_sure else "likely"
        rule = "join-without-task-done"
        yield Finding(rule, text, state.now, (state.version,), subject.id, place_of(subject), certainty)


def _all_have_come_back(state: LabState, queue: QueueState) -> bool:
    """Whether all consumers have waited long for the next item, and only they or the joining task put any."""
    left = {number for number in (*queue.takers, *queue.sources) if number is None or not _has_ended(state, number)}
    takers = left.intersection(queue.takers)
    awaiting = (number for number in left if number is not None and awaits_any(state, number, queue.joiners))
    waiters = *queue.getters, *queue.joiners, *awaiting
    return takers.issubset(queue.getters) and left.issubset(waiters) and wait_for_long(state, queue.getters, 0.0)


def _has_ended(state: LabState, number: int) -> bool:
    task = state.tasks.get(number)
    return task is None or task.has_ended


RULES = (
    Rule(
        "deadlock",
        "Tasks wait for each other in a circle, or one waits for a lock or permit that it holds.",
        "Neither they nor the tasks that wait for them can ever proceed.",
        "Take locks and permits in the same order everywhere, and none twice: asyncio's locks are not reentrant.",
        find_cycles,
    ),
    Rule(
        "generator-not-closed",
        "An async generator was left at a yield, and keeps a lock or permit that others wait for.",
        "Leaving a loop does not close its generator: its `finally` and `async with` blocks have not ended.",
        "Iterate over it inside `async with contextlib.aclosing(generator)`.",
        find_left_generators,
    ),
    Rule(
        "never-released",
        "A task has ended without releasing a lock or permit that others wait for.",
        "Nobody else releases it: the others wait in vain.",
        "Take it with `async with`, which releases it at a failure and at a cancel, too.",
        find_kept,
    ),
    Rule(
        "join-without-task-done",
        "join() waits for items that were taken, but task_done() was not called for them.",
        "join() never returns.",
        "Call task_done() in a finally after each get().",
        find_joins,
    ),
)
