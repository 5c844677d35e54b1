"""Finds data that keeps growing: queues, lines of waiting tasks, and unsent output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain, pairwise

from asynclab.findings.lost_wakes import awaits_any, ended_since
from asynclab.findings.rule import Certainty, Finding, Rule, finding_of, incidents_of
from asynclab.model.events import BACKLOG, WriteUndrained
from asynclab.model.resources import QueueState
from asynclab.model.state import LabState
from asynclab.model.wording.full_wait import last_by
from asynclab.model.wording.grammar import quoted
from asynclab.model.wording.places import at_line
from asynclab.model.wording.quantities import measured

GROWTH_SECONDS = 0.5
"""How long a queue must have grown, in lab seconds."""

LINE_SECONDS = 1.0
"""How long the waiting tasks must have been made, in lab seconds."""

_LINE = 50
"""The fewest waiting tasks that are reported."""

_FASTER = 1.5
"""How many times as many tasks must be made as get through."""

_FEWEST_TAKEN = 2

_SAMPLES = 64
"""How many tasks of a line are checked for their creation time."""

_PARTS = 8
"""The time is divided into as many parts. In each, the smallest size must be larger than in the one before."""

_PARTS_SEEN = 6
"""In how many of the parts something must have happened: on a busy machine, a process may pause."""


def find_growing_queues(state: LabState) -> Iterator[Finding]:
    """Queues without maxsize that keep growing while items are taken from them."""
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
    """Locks, semaphores and full queues with ever more waiting tasks: these are made faster than they get through."""
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
            f"more and more tasks wait {'to put into' if kind == 'queue' else 'for'} {label}: {count:,} were made"
            f"{at_line(place)} in {measured(seconds)}, but only some {rate:,.0f} a second get through; nothing slows "
            f"down the code that makes them"
        )
        # Producers should wait at a full queue; a task for each item defeats that if nobody awaits it.
        numbers = {task.id for task in made}
        awaiting = (number for number in state.awaiting if number in state.tasks)
        is_sure = kind == "queue" and not any(awaits_any(state, number, numbers) for number in awaiting)
        certainty: Certainty = "proved" if is_sure else "likely"
        yield Finding("growing-queue", text, state.now, (state.version,), None, place, certainty)


def _lines(state: LabState) -> Iterator[tuple[str, str, list[int], float]]:
    """For each line of waiting tasks: its label, its kind, the tasks, and how many get through per second."""
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
    """Tasks that write faster than the other side reads, and don't wait for that."""
    for incident, event in incidents_of(state, WriteUndrained):
        kept = f"{quoted(state, event.task)} kept writing{at_line(incident.place)}, in {event.steps:,} steps, though "
        text = kept + (
            "its connection was closed or lost: asyncio drops all of that, and no drain() told it so"
            if event.is_lost
            else f"the other side did not keep up: {event.size:,} bytes wait in memory, and no drain() made it wait"
        )
        yield finding_of("write-without-drain", text, incident, event.task)


def _grows(queue: QueueState) -> bool:
    """Whether a queue grew in each part of the recorded time."""
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
        "growing-queue",
        "A queue without maxsize, or the line of tasks at a lock or semaphore, grows all the time.",
        "Memory and waiting times grow with it until something breaks.",
        "Give the queue a maxsize, so that put() makes the producer wait; take a permit before you make its task.",
        lambda state: chain(find_growing_queues(state), find_growing_lines(state)),
        demo="queue",
    ),
    Rule(
        "write-without-drain",
        "A task writes to a stream that is lost, or faster than the other side reads, and never waits for it.",
        "Memory grows with the unsent data, and the other side gets it ever later, or never.",
        "Call `await writer.drain()` after each write().",
        find_undrained_writes,
    ),
)
