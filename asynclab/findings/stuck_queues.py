"""Finds queues at which tasks wait in vain: pools that lack items, and full queues from which nobody takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from asynclab.findings.lost_wakes import vain_waits
from asynclab.findings.phrases import NAMED, at_line, how_ended, listed, quoted
from asynclab.findings.rule import Finding, Rule, place_of
from asynclab.model.events import Wait, WaitKind
from asynclab.model.resources import QueueState
from asynclab.model.state import LabState
from asynclab.model.tasks import Place
from asynclab.model.text import one_line


def find_drained_pools(state: LabState) -> Iterator[Finding]:
    """Queues whose items are put back after use, where tasks have ended with those that others wait for."""
    for queue in state.queues.values():
        lent = queue.lent
        # What is taken from a queue of work is seldom put back, and reported as done.
        if not lent or queue.size or queue.dones or queue.returned < 2 or 2 * queue.returned < queue.gets:
            continue
        since = _since_all_have_ended(state, lent.values())
        waits = [] if since is None else _victims(state, queue, "queue.get", since)
        if waits:
            ends = "; ".join(
                f"{quoted(state, task)} took {one_line(item)} and {how_ended(state.tasks.get(task or 0))}"
                for item, task in list(lent.items())[:NAMED]
            )
            victims = [task for task, _ in waits]
            place = _place(state, *waits[0])
            text = (
                f"nobody will put back what was taken from {queue.label}, where {listed(state, victims)} waited in "
                f"vain{at_line(place)}: {ends}"
            )
            yield Finding("pool-drained", text, state.now, (state.version,), next(iter(lent.values())), place)


def find_lone_producers(state: LabState) -> Iterator[Finding]:
    """Tasks that wait to put into a full queue, where all tasks that took from it have ended."""
    for queue in state.queues.values():
        since = _since_all_have_ended(state, queue.takers) if queue.is_full else None
        waits = [] if since is None else _victims(state, queue, "queue.put", since)
        tasks = [state.tasks.get(task) for task in queue.takers if task is not None]
        # Who has taken enough may leave the producer to be cancelled; not so where nobody is left who could do that.
        if waits and (state.is_stuck or any(task is not None and task.state != "done" for task in tasks)):
            ends = ", ".join(f"{quoted(state, task.id)} {how_ended(task)}" for task in tasks[:NAMED] if task)
            victims = [task for task, _ in waits]
            place = _place(state, *waits[0])
            text = (
                f"nobody takes from {queue.label}, which is full with {queue.size:,} items: {ends}; "
                f"{listed(state, victims)} waited to put into it in vain{at_line(place)}"
            )
            yield Finding("consumer-gone", text, state.now, (state.version,), victims[0], place)


def _since_all_have_ended(state: LabState, numbers: Iterable[int | None]) -> float | None:
    """When the last of some tasks has ended; None where one hasn't, isn't known, or there are none."""
    tasks = [None if number is None else state.tasks.get(number) for number in numbers]
    ends = [None if task is None else task.ended_at for task in tasks]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def _victims(state: LabState, queue: QueueState, kind: WaitKind, since: float) -> list[tuple[int, Wait]]:
    """Who has waited at a queue from some moment on while nobody could have ended that."""
    found = [
        (task, wait)
        for task, wait, until in vain_waits(state)
        if (wait.kind, wait.number) == (kind, queue.id) and until >= since and task in state.tasks
    ]
    return list(dict(found).items())


def _place(state: LabState, task: int, wait: Wait) -> Place | None:
    """Where a task waited; where it was made if only Python's own code waits in it."""
    return (wait.file, wait.line) if wait.line else place_of(state.tasks[task])


RULES = (
    Rule(
        "pool-drained",
        "A task has ended without putting back what it had taken from a pool, and others wait for it.",
        "The pool has one item less from then on; in the end nobody gets any.",
        "Put it back in a finally, or lend it with an async context manager.",
        "",
        find_drained_pools,
    ),
    Rule(
        "consumer-gone",
        "A task waits to put into a full queue, and all tasks that took from it have ended.",
        "The producer waits for ever, and what is in the queue is lost.",
        "Let the consumer's end cancel the producer, as in a TaskGroup, or shut the queue down (Python 3.13).",
        "queue",
        find_lone_producers,
    ),
)
