"""Finds waits in vain at queues, pipes and streams: pools without items, and output that nobody reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from asynclab.findings.lost_wakes import awaits_any, ended_since, have_waited, wait_for_long, waits_at
from asynclab.findings.rule import Certainty, Finding, Rule, finding_of, incidents_of
from asynclab.model.events import PipeFull, PipeKeptOpen, StreamUnread, Wait
from asynclab.model.resources import QueueState
from asynclab.model.state import LabState
from asynclab.model.tasks import Place, TaskState, place_in, place_of
from asynclab.model.text import one_line
from asynclab.model.wording.grammar import NAMES_LISTED, named, quoted
from asynclab.model.wording.outcome import how_ended
from asynclab.model.wording.places import at_line


def find_drained_pools(state: LabState) -> Iterator[Finding]:
    """Queues used as pools, for whose items tasks wait while no task is left to put the items back."""
    for queue in state.queues.values():
        lent = queue.lent
        takers = {task: state.tasks.get(task or 0) for task in (lent or {}).values()}
        if not lent or queue.size or not _is_pool(queue, len(lent), takers.values()):
            continue
        since = ended_since(state, takers)
        waits, certainty = _waits_for_pool(state, queue, takers.values(), since)
        # A task that holds an item and waits for one may keep its item on purpose: a worker its last job, for example.
        is_sure = since is not None
        if not waits or not (is_sure or _each_has_one(state, queue, takers, waits)):
            continue
        ends = "; ".join(
            f"{quoted(state, task)} took {one_line(item)} and {_does(takers[task])}"
            for item, task in list(lent.items())[:NAMES_LISTED]
        )
        place = _place(state, *next(iter(waits.items())))
        text = (
            f"nobody will put back what was taken from {queue.label}, where {named(state, waits)} waited in vain"
            f"{at_line(place)}: {ends}"
        )
        certainty = certainty if is_sure else "likely"
        yield Finding("pool-drained", text, state.now, (state.version,), next(iter(lent.values())), place, certainty)


def _each_has_one(state: LabState, queue: QueueState, takers: Collection[int | None], waits: Collection[int]) -> bool:
    """Whether each task with an item of a pool waits for one more, after all items were put back several times."""
    lent = len(queue.lent or ())
    waiting = {task for task in takers if task in waits or (task in state.tasks and awaits_any(state, task, waits))}
    return queue.returned >= 2 * lent and len(takers) == lent and waiting.issuperset(takers)


def _waits_for_pool(
    state: LabState, queue: QueueState, takers: Collection[TaskState | None], since: float | None
) -> tuple[dict[int, Wait | None], Certainty]:
    """The tasks that wait in vain for an item of a pool, or have waited long since the tasks with the items ended.

    Returns:
        The wait of each of these tasks, and "proved" if nothing could have woken them.
    """
    waits = waits_at(state, "queue.get", queue.id, since or 0.0)
    is_odd = since is not None and any(task is not None and task.state in ("failed", "cancelled") for task in takers)
    getters, begin = queue.getters, since or 0.0
    if waits or not (is_odd and (wait_for_long(state, getters, begin) or have_waited(state, getters, begin))):
        return waits, "proved"
    return {task: state.tasks[task].waits_for for task in getters}, "likely"


def _is_pool(queue: QueueState, lent: int, takers: Iterable[TaskState | None]) -> bool:
    """Whether a queue's items are put back after use. In a queue of jobs this is rare, and task_done() is called."""
    enough = 1 if any(task is not None and task.state in ("failed", "cancelled") for task in takers) else 2
    return not queue.dones and queue.returned >= max(enough, lent)


def _does(task: TaskState | None) -> str:
    """Says how a task ended, or that it waits itself."""
    return how_ended(task) if task is None or task.has_ended else "waits for one itself"


def find_lone_producers(state: LabState) -> Iterator[Finding]:
    """Tasks that wait to put into a full queue, while all tasks that took items from it have ended."""
    for queue in state.queues.values():
        since = ended_since(state, queue.takers) if queue.is_full else None
        if since is None:
            continue
        tasks = [state.tasks.get(task) for task in queue.takers if task is not None]
        # A consumer may take as many items as it needs, and leave the cancel to others; but not if nobody is left.
        if not state.is_stuck and all(task is None or task.state == "done" for task in tasks):
            continue
        certainty: Certainty = "proved"
        waits = waits_at(state, "queue.put", queue.id, since)
        if not waits and _is_unnoticed(state, queue, since):
            certainty, waits = "likely", {task: state.tasks[task].waits_for for task in queue.putters}
        if waits:
            ends = ", ".join(f"{quoted(state, task.id)} {how_ended(task)}" for task in tasks[:NAMES_LISTED] if task)
            victim, wait = next(iter(waits.items()))
            place = _place(state, victim, wait)
            text = (
                f"nobody takes from {queue.label}, which is full with {queue.size:,} items: {ends}; "
                f"{named(state, waits)} waited to put into it in vain{at_line(place)}"
            )
            yield Finding("consumer-gone", text, state.now, (state.version,), victim, place, certainty)


def _is_unnoticed(state: LabState, queue: QueueState, since: float) -> bool:
    """Whether no task was woken by the end of the queue's consumers, and the producers have waited long since."""
    others = (task for task in state.tasks.values() if not task.has_ended and task.id not in queue.putters)
    wakers = {task.waker for task in others}
    return wakers.isdisjoint(queue.takers) and wait_for_long(state, queue.putters, since)


def find_full_pipes(state: LabState) -> Iterator[Finding]:
    """Tasks that wait for a child process, while nobody reads its output."""
    for incident, event in incidents_of(state, PipeFull):
        text = (
            f"{quoted(state, event.task)} waits for a child process{at_line(incident.place)}, which is blocked in "
            f"a write: its {one_line(event.stream)} is full, and nobody reads it ({event.held:,} bytes are held here)"
        )
        yield finding_of("pipe-full", text, incident, event.task)


def find_kept_pipes(state: LabState) -> Iterator[Finding]:
    """Tasks that wait for a child process whose pipe is kept open by another process, or by the waiting task itself."""
    for incident, event in incidents_of(state, PipeKeptOpen):
        place = incident.place
        why = (
            "waits for input itself: its stdin is open here, and nobody writes to it or closes it"
            if event.stream == "stdin"
            else f"has ended: another process, such as one that it has started, has its {one_line(event.stream)} open, "
            f"and asyncio waits until that is closed"
        )
        text = f"{quoted(state, event.task)} waits for a child process{at_line(place)} that {why}"
        yield finding_of("pipe-kept-open", text, incident, event.task)


def find_unread_streams(state: LabState) -> Iterator[Finding]:
    """Tasks that wait for the other side of a connection, while nobody reads the data that it has sent."""
    for incident, event in incidents_of(state, StreamUnread):
        place = incident.place
        what = (
            f"in drain(){at_line(place)} for the other side to read, which waits in drain() as well, and nobody reads "
            f"what that has sent"
        )
        if event.library:
            what = (
                f"for a connection of {one_line(event.library)}{at_line(place)}, and nobody reads the "
                f"responses ({event.streams:,}) that keep those in its pool busy"
            )
        text = f"{quoted(state, event.task)} waits {what} ({event.size:,} bytes are held here)"
        yield finding_of("unread-stream", text, incident, event.task)


def _place(state: LabState, task: int, wait: Wait | None) -> Place | None:
    """The place where a task waited; if only library code waits in it, the place where it was made."""
    return (None if wait is None else place_in(wait)) or place_of(state.tasks[task])


RULES = (
    Rule(
        "pool-drained",
        "Tasks wait for what was taken from a pool, and those who took it have ended, or wait as well.",
        "Each time the pool has one item fewer, and in the end nobody gets any.",
        "Put it back in a finally, or lend it with an async context manager.",
        find_drained_pools,
    ),
    Rule(
        "consumer-gone",
        "A task waits to put into a full queue, and all tasks that took from it have ended.",
        "The producer waits forever, and what is in the queue is lost.",
        "Let the consumer's end cancel the producer, as in a TaskGroup, or shut the queue down (Python 3.13).",
        find_lone_producers,
        demo="queue",
    ),
    Rule(
        "pipe-full",
        "A task waits for a child process whose output nobody reads.",
        "Once the pipe is full, the child waits in its next write, and never ends.",
        "Use communicate(), or read stdout and stderr in tasks of their own while you wait.",
        find_full_pipes,
    ),
    Rule(
        "pipe-kept-open",
        "A task waits for a child process whose pipe is kept open: its stdin, which the child reads to the end, or "
        "its output by another process, though the child has ended.",
        "A child that reads its input to the end waits until stdin is closed. communicate(), and wait() before Python "
        "3.14, return only once every process has closed the pipe: a child's child may never do that.",
        "Close stdin once all is written, as communicate() does; start the child with start_new_session=True, and end "
        "its group with os.killpg(), or give it no pipe.",
        find_kept_pipes,
    ),
    Rule(
        "unread-stream",
        "A task waits to write, or for a connection of a pool, and nobody reads what the other side has sent.",
        "The other side waits until that is read: both wait, and neither can proceed.",
        "Read in a task of its own while you write; use each response in an `async with`, or read it to its end.",
        find_unread_streams,
    ),
)
