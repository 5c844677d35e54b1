"""Finds coroutines, tasks and exceptions that went away unseen, and queues that only grow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain, pairwise

from asynclab.findings.lost_wakes import awaits_any, ended_since
from asynclab.findings.phrases import at_line, how_ended, in_brackets, listed, made_at, quoted
from asynclab.findings.rule import Certainty, Finding, Rule, finding_of, incidents_of
from asynclab.findings.told_waits import doing, last_by
from asynclab.model.events import (
    BACKLOG,
    CallbackFailed,
    CoroutineDropped,
    ExceptionDropped,
    FailureUnseen,
    Misused,
    TaskCollected,
    TaskCutOff,
    TaskEnded,
    TaskReplaced,
    TasksStranded,
    Wait,
    WriteUndrained,
)
from asynclab.model.resources import QueueState
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState, place_in
from asynclab.model.text import one_line
from asynclab.model.waits_in_vain import LEFT_SECONDS
from asynclab.model.wording.quantities import measured, plural

GROWTH_SECONDS = 0.5
"""Lab seconds for which a queue must have grown."""

LINE_SECONDS = 1.0
"""Lab seconds over which the waiting tasks must have been made."""

_LINE = 50
"""How many tasks in a line are many."""

_FASTER = 1.5
"""How many times as many tasks are made as get through."""

_FEWEST_TAKEN = 2
_SAMPLES = 64
"""How many tasks of a line are sampled for the time of their creation."""

_PARTS = 8
"""In each of as many parts of the time its smallest size must be larger than in the one before."""

_PARTS_SEEN = 6
"""In how many of them something must have happened: on a busy machine a process may stand still for a while."""


def find_collected(state: LabState) -> Iterator[Finding]:
    """Tasks that were destroyed while they were pending."""
    for incident in state.incidents:
        if isinstance(incident.event, TaskCollected):
            task = state.tasks.get(incident.event.task)
            if _never_began(task):
                continue
            name = f"{quoted(state, incident.event.task)}{made_at(task)}"
            text = f"{name} was garbage-collected while it waited{at_line(incident.place)}"
            yield finding_of("task-collected", text, incident, incident.event.task)


def _never_began(task: TaskState | None) -> bool:
    """Whether a collected task had not taken its first step: until then its loop keeps it."""
    return task is not None and task.steps == 0


def find_never_awaited(state: LabState) -> Iterator[Finding]:
    """Coroutines that were made and never awaited."""
    for incident in state.incidents:
        if isinstance(incident.event, CoroutineDropped):
            text = f"coroutine '{one_line(incident.event.coroutine)}' was never awaited{in_brackets(incident.place)}"
            yield finding_of("never-awaited", text, incident, incident.event.task)


def find_never_retrieved(state: LabState) -> Iterator[Finding]:
    """Tasks and futures that failed, and nobody has looked at their exception."""
    for incident in state.incidents:
        if isinstance(incident.event, ExceptionDropped):
            number = incident.event.task
            task = None if number is None else state.tasks.get(number)
            where = f", raised{at_line(incident.place)}" if incident.place else ""
            text = f"a future failed with {one_line(incident.event.error)}{where}, and nobody looked at its exception"
            if number is not None:
                when = "" if task is None or task.ended_at is None else f" at {measured(task.ended_at)}"
                how = "" if task is None else f" with {one_line(task.detail)}"
                name = f"{quoted(state, number)}{made_at(task)}"
                text = f"{name} failed{when}{how}, and nobody looked at its exception"
                if incident.event.is_passed_on:
                    text = f"{name}, run by run_coroutine_threadsafe(), failed{when}{how}{where}, and no thread asked "
                    text += "its future for the result"
            text += _set_too_late(state, number)
            if incident.event.ignored_by is not None:
                where = at_line(place_in(incident.event))
                text += f": {quoted(state, incident.event.ignored_by)} dropped the results of its gather(){where}"
            yield finding_of("never-retrieved", text, incident, number)


def find_unseen_failures(state: LabState) -> Iterator[Finding]:
    """Tasks that have failed unseen, while others still wait for what their code would have brought."""
    for incident, event in incidents_of(state, FailureUnseen):
        tasks = [state.tasks[number] for number in dict.fromkeys(event.waiting) if number in state.tasks]
        waiting = [task for task in tasks if task.since <= incident.at and _is_unexplained(state, task.waits_for)]
        if not waiting:
            continue
        task = state.tasks.get(event.task)
        woken = "; ".join(
            f"{quoted(state, each.id)}, which {doing(each, state)}{in_brackets(each.place)}" for each in waiting
        )
        text = (
            f"{quoted(state, event.task)} {how_ended(task)}{at_line(incident.place)}, and nobody has looked at its "
            f"exception since{_set_too_late(state, event.task)}; its code would have woken {woken}"
        )
        is_sure = state.is_starved or all(_is_stranded(state, each) for each in waiting)
        certainty: Certainty = "proved" if is_sure else "likely"
        yield finding_of("unseen-failure", text, incident, event.task, certainty)


def _set_too_late(state: LabState, number: int | None) -> str:
    """Whose future it was that a task, or one that it has made, has set though it had been cancelled, if it did."""
    for incident, event in incidents_of(state, Misused):
        task = state.tasks.get(event.task)
        if event.waiter is not None and number in (event.task, None if task is None else task.parent):
            return (
                f"; the future that it set{at_line(incident.place)} had been cancelled at {measured(event.since)}, "
                f"with {quoted(state, event.waiter)}, which had waited for it"
            )
    return ""


def _is_stranded(state: LabState, task: TaskState) -> bool:
    """Whether no code that still runs can wake a task, one beside a server, too: it was not to wait in vain."""
    told = [event for _, event in incidents_of(state, TasksStranded)][-1:]
    beside = [task.id for event in told if event.is_sure and event.at >= task.since for task.id in event.tasks]
    return state.is_stranded(task.id, task.since) or task.id in beside


def find_failed_callbacks(state: LabState) -> Iterator[Finding]:
    """Callbacks that raised: the rest of their work is not done, and a chain of them has ended."""
    for incident, event in incidents_of(state, CallbackFailed):
        text = (
            f"callback {one_line(event.function)} raised {one_line(event.error)}{at_line(incident.place)} at "
            f"{measured(incident.at)}: asyncio only logs that, and the rest of its work is not done"
        )
        yield finding_of("callback-failed", text, incident, None)


def _is_unexplained(state: LabState, wait: Wait | None) -> bool:
    """Whether a task waits, and no other rule says more of why: see consumer-gone."""
    queue = state.queues.get(wait.number) if wait is not None and wait.kind == "queue.put" else None
    return wait is not None and (queue is None or ended_since(state, queue.takers) is None)


def find_left_behind(state: LabState) -> Iterator[Finding]:
    """Tasks that kept running after their gather() had failed, or the task that waited for them was cancelled."""
    for incident, event in incidents_of(state, TaskEnded):
        if incident.kind != "left_behind":
            continue
        (waiter,) = incident.others
        text = f"{quoted(state, event.task)} kept running {_after(state, waiter)}, and "
        if event.outcome == "failed":
            text += f"failed at {measured(incident.at)} with {one_line(event.detail)}: nobody sees that"
        else:
            text += f"ended at {measured(incident.at)}: nobody waited for it"
        yield finding_of("left-behind", text, incident, event.task)
    for incident, replaced in incidents_of(state, TaskReplaced):
        task = state.task(replaced.task)
        text = (
            f"{quoted(state, replaced.task)}{made_at(task)} runs in an endless loop, and nobody has it any more to "
            f"cancel it or to wait for it: {quoted(state, replaced.by)} has taken its place in "
            f"{one_line(replaced.name)}"
        )
        if replaced.count:
            text = (
                f"{quoted(state, None if task is None else task.parent)} makes a task{at_line(incident.place)} again "
                f"and again, and waits for the newest only: {replaced.count:,} that it made before are still pending, "
                f"and nobody has them any more"
            )
        yield finding_of("left-behind", text, incident, replaced.task)
    for number, left in state.left_behind.items():
        task = state.tasks.get(number)
        if task is not None and left.since is not None and state.now - left.since >= LEFT_SECONDS:
            text = f"{quoted(state, number)}{made_at(task)} still runs {_after(state, left.waiter)}"
            place = place_in(task)
            yield Finding("left-behind", text, state.now, (state.version,), number, place, "likely")


def _after(state: LabState, waiter: int) -> str:
    task = state.task(waiter)
    if task is not None and task.state == "cancelled":
        return f"after {quoted(state, waiter)}, which had made it and waited for it in asyncio.wait(), was cancelled"
    return f"after the gather() of {quoted(state, waiter)} had failed"


def find_cut_off(state: LabState) -> Iterator[Finding]:
    """Tasks whose work was not done as asyncio.run() ended or their loop was closed, and that nobody had waited for."""
    told = set()
    for incident, event in incidents_of(state, TaskCutOff):
        told.add(event.task)
        task = state.tasks.get(event.task)
        name, where = f"{quoted(state, event.task)}{made_at(task)}", at_line(incident.place)
        text = f"{name} was still at work{where} when the main task ended, and nobody waited for it: it was cancelled"
        if event.by_close:
            did = "was cancelled, but had not ended" if task is not None and task.cancel_requested else "had not ended"
            rest = "not even its finally or except blocks run any more" if event.cleans_up else "its rest never runs"
            text = f"{name} {did}{where} when its loop was closed: {rest}"
        yield finding_of("cut-off", text, incident, event.task)
    for incident, collected in incidents_of(state, TaskCollected):
        task = state.tasks.get(collected.task)
        if _never_began(task) and collected.task not in told:
            text = f"{quoted(state, collected.task)}{made_at(task)} had not begun when its loop was closed"
            yield finding_of("cut-off", text, incident, collected.task, "likely")


def find_left_items(state: LabState) -> Iterator[Finding]:
    """Queues that still had items when asyncio.run() ended and cancelled their consumers, and had no other producer."""
    main = next((task for task in state.tasks.values() if task.parent is None), None)
    if main is None or main.state != "done" or main.ended_at is None:
        return
    for queue in state.queues.values():
        takers = [task for task in map(state.tasks.get, filter(None, queue.takers)) if task is not None]
        cut_off = [task for task in takers if _is_cut_off(task, main.ended_at)]
        is_fed = queue.gets > len(queue.takers) and not queue.returned  # else it is a pool
        if queue.size and cut_off and is_fed and all(_has_put_all(state, main, each) for each in queue.sources):
            first, were = cut_off[0], "was" if len(cut_off) == 1 else "were"
            text = (
                f"{queue.label} had {plural(queue.size, 'item')} when the main task ended: "
                f"{listed(state, (task.id for task in cut_off))}, which took from it, {were} cancelled by "
                f"asyncio.run(), and nobody had waited until all was done"
            )
            yield Finding("cut-off", text, main.ended_at, (state.version,), first.id, place_in(first), "likely")


def _is_cut_off(task: TaskState, main_ended_at: float) -> bool:
    """Whether a task was cancelled only as asyncio.run() ended."""
    is_late = task.ended_at is not None and task.ended_at >= main_ended_at
    return task.state == "cancelled" and is_late and task.cancel_requested_by is None


def _has_put_all(state: LabState, main: TaskState, number: int | None) -> bool:
    """Whether who has put into a queue is the main task, or had ended before it."""
    task = None if number is None else state.tasks.get(number)
    return task is not None and task.ended_at is not None and task.ended_at <= (main.ended_at or 0.0)


def find_growing_queues(state: LabState) -> Iterator[Finding]:
    """Queues without a bound that grow all the time, while items are taken from them."""
    for queue in state.queues.values():
        if queue.maxsize == 0 and queue.size >= BACKLOG and queue.gets and _grows(queue):
            (begin, size, gets), (end, last) = queue.lows[0], queue.depth[-1]
            seconds, taken = end - begin, queue.gets - gets
            ended = ended_since(state, queue.takers)
            by = "" if ended is None or ended >= end else last_by(state, "", queue.takers)
            ahead = f"; an item put now waits for some {measured(last * seconds / taken)}" if taken else ""
            text = (
                f"{queue.label} has no maxsize and only grew for {measured(seconds)}, from {size:,} to {last:,} items: "
                f"{queue.puts:,} put{at_line(queue.filled_at)}, {queue.gets:,} got{by}; "
                f"put() never made anybody wait{ahead}"
            )
            yield Finding("growing-queue", text, end, (state.version,), None, queue.filled_at)


def find_growing_lines(state: LabState) -> Iterator[Finding]:
    """Locks, semaphores and full queues at which ever more tasks wait, as they are made faster than they get through.

    In a steady line as many tasks wait as get through while one of them waits (Little's law).
    """
    for label, kind, waiters, rate in _lines(state):
        count = len(waiters)
        made = [state.tasks[number] for number in waiters[:: max(1, count // _SAMPLES)]]
        first = min((task.created_at for task in made), default=state.now)
        seconds = state.now - first
        if count < _LINE or seconds < LINE_SECONDS or count < _FASTER * rate * seconds:
            continue
        parts = {int(_PARTS * (task.created_at - first) / seconds) for task in made}
        if len(parts) < _PARTS:
            continue
        places = Counter((task.file, task.line) for task in made)
        place = next((place for place, _ in places.most_common(1) if place[1]), None)
        text = (
            f"ever more tasks wait {'to put into' if kind == 'queue' else 'for'} {label}: {count:,} that were made"
            f"{at_line(place)} in {measured(seconds)}, and some {rate:,.0f} get through in a second; nothing makes "
            f"their maker wait"
        )
        # A queue has a bound so that its producers wait: who has no part in that defeats it.
        numbers = {task.id for task in made}
        awaiting = (number for number in state.awaiting if number in state.tasks)
        is_sure = kind == "queue" and not any(awaits_any(state, number, numbers) for number in awaiting)
        certainty: Certainty = "proved" if is_sure else "likely"
        yield Finding("growing-queue", text, state.now, (state.version,), None, place, certainty)


def _lines(state: LabState) -> Iterator[tuple[str, str, list[int], float]]:
    """What tasks wait at, its kind, these, and how many get through in a second."""
    for primitive in state.primitives.values():
        if len(primitive.waiters) < _LINE:
            continue
        taken_at = primitive.taken_at
        if len(taken_at) >= _FEWEST_TAKEN:
            rate = len(taken_at) / max(state.now - taken_at[0], 1e-9)
            yield primitive.label, primitive.kind, list(primitive.waiters), rate
    for queue in state.queues.values():
        if queue.is_full and len(queue.putters) >= _LINE and queue.lows:
            begin, _, gets = queue.lows[0]
            yield queue.label, "queue", queue.putters, (queue.gets - gets) / max(state.now - begin, 1e-9)


def find_undrained_writes(state: LabState) -> Iterator[Finding]:
    """Tasks that write faster than the other side reads, and don't wait for it."""
    for incident, event in incidents_of(state, WriteUndrained):
        kept = f"{quoted(state, event.task)} kept writing{at_line(incident.place)}, in {event.steps:,} steps, though "
        text = kept + (
            "its connection was closed or lost: asyncio drops all of that, and no drain() told it so"
            if event.is_lost
            else f"the other side did not keep up: {event.size:,} bytes wait in memory, and no drain() made it wait"
        )
        yield finding_of("write-without-drain", text, incident, event.task)


def _grows(queue: QueueState) -> bool:
    """Whether the queue grew in each part of the time that is remembered."""
    begin, end = queue.lows[0][0], queue.lows[-1][0]
    if end - begin < GROWTH_SECONDS:
        return False
    lows: dict[int, int] = {}
    for at, size, _ in queue.lows:
        part = min(int(_PARTS * (at - begin) / (end - begin)), _PARTS - 1)
        lows[part] = min(size, lows.get(part, size))
    return all(earlier < later for earlier, later in pairwise(lows.values())) and len(lows) >= _PARTS_SEEN


RULES = (
    Rule(
        "task-collected",
        "A task was garbage-collected before it had ended.",
        "Its work stops half done, whenever the collector happens to run: asyncio refers only weakly to tasks.",
        "Keep a reference to each task until it is done, such as in a set or a TaskGroup.",
        "",
        find_collected,
    ),
    Rule(
        "never-awaited",
        "A coroutine was made and never awaited.",
        "None of its code has run.",
        "Await it, or make a task of it.",
        "",
        find_never_awaited,
    ),
    Rule(
        "never-retrieved",
        "A task or future failed, and nobody looked at its exception.",
        "The failure stays unseen, and the rest of the task's work is not done.",
        "Await it, use a TaskGroup, or look for exceptions among the results of gather(..., return_exceptions=True).",
        "",
        find_never_retrieved,
    ),
    Rule(
        "unseen-failure",
        "A task failed, nobody looked at its exception, and others wait for what its code would have brought.",
        "The program hangs, or does half of its work, though nothing was reported.",
        "Await the task as well as its result, as a TaskGroup does, or wake its waiters in a finally.",
        "",
        find_unseen_failures,
    ),
    Rule(
        "callback-failed",
        "A callback raised an exception.",
        "asyncio only logs it: the rest of the callback's work is not done, and whoever waits for that waits in vain.",
        "Catch the exception in the callback, or do its work in a task that somebody awaits.",
        "",
        find_failed_callbacks,
    ),
    Rule(
        "left-behind",
        "A task still runs that nobody waits for any more: its gather() has failed, its waiter in wait() was "
        "cancelled or only waits for a newer one, or another has taken its place.",
        "gather() raises the first exception, lets the other tasks run on unwatched, and hides what they raise. The "
        "cancel of a wait() does not reach its tasks.",
        "Use a TaskGroup, which cancels the others and waits for them; or gather(..., return_exceptions=True). "
        "Cancel what wait() leaves pending, in a finally, and a task before you put another in its place.",
        "gather",
        find_left_behind,
    ),
    Rule(
        "cut-off",
        "A task that nobody waited for was still at work, or had items left in its queue, when the program ended.",
        "asyncio.run() cancels it: its work stops half done. If the loop is just closed, no finally runs, either.",
        "Wait for it before the program ends, as a TaskGroup does; for a queue, await its join(). Use asyncio.run().",
        "",
        lambda state: chain(find_cut_off(state), find_left_items(state)),
    ),
    Rule(
        "growing-queue",
        "A queue without maxsize, or the line of tasks at a lock or semaphore, grows all the time.",
        "Memory and waiting times grow with it until something breaks.",
        "Give the queue a maxsize, so that put() makes the producer wait; take a permit before you make its task.",
        "queue",
        lambda state: chain(find_growing_queues(state), find_growing_lines(state)),
    ),
    Rule(
        "write-without-drain",
        "A task writes to a stream faster than the other side reads, or that is lost, and never waits for it.",
        "Memory grows with the unsent data, and the other side gets it ever later, or never.",
        "Call `await writer.drain()` after each write().",
        "",
        find_undrained_writes,
    ),
)
