"""Finds wake-ups and items that reached no task, since the task was cancelled, or nothing refers to it any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from asynclab.findings.rule import Certainty, Finding, Rule, finding_of, incidents_of
from asynclab.model.events import ItemLost, ResultUnread, SourceDropped, TaskEnded, Wait
from asynclab.model.incidents import Incident
from asynclab.model.resources import PrimitiveState, QueueState
from asynclab.model.state import LabState
from asynclab.model.tasks import place_in
from asynclab.model.text import one_line
from asynclab.model.waits_in_vain import LostHandover, key_of
from asynclab.model.wording.grammar import named, quoted
from asynclab.model.wording.places import at_line, made_at
from asynclab.model.wording.quantities import measured
from asynclab.model.wording.wait import quoting_wait
from asynclab.model.wording.wake import deed_of

LONG = 1.0
"""Lab seconds within which a woken task should have run."""


def find_lost_handovers(state: LabState) -> Iterator[Finding]:
    """Wake-ups that a cancelled task never received, while similar tasks waited in vain from then on."""
    for lost in state.lost_handovers.values():
        certainty: Certainty = "proved"
        victims = _waiting_like(state, lost)
        if not victims:
            certainty, victims = "likely", _passed_by(state, lost)
        if victims:
            place = place_in(lost.wait)
            by = "" if lost.by is None else f" by {quoted(state, lost.by)}"
            woken = "was woken" if lost.result == "None" else f"was given {one_line(lost.result)}"
            woken = {"condition": "was notified", "event": "was woken"}.get(lost.wait.kind, woken)
            text = (
                f"{quoted(state, lost.task)} {woken}{by} at {measured(lost.at)}, and cancelled before it ran"
                f"{at_line(place)}: nobody got it, and {named(state, victims)} waited there in vain since"
            )
            yield Finding("lost-handover", text, lost.at, (lost.version,), lost.task, place, certainty)
    for incident, event in incidents_of(state, ResultUnread):
        for waiter in incident.others:
            brought = state.tasks.get(event.task)
            what = "something to be closed" if brought is None else one_line(brought.detail)
            text = (
                f"{quoted(state, waiter)} was cancelled{at_line(incident.place)} before it got {what} from "
                f"{quoted(state, event.task)}: nobody else has it, and nobody can close it"
            )
            yield finding_of("lost-handover", text, incident, waiter)


def _waiting_like(state: LabState, lost: LostHandover) -> list[int]:
    """The tasks that waited for the same thing while nothing else could have woken them."""
    key = key_of(lost.wait)
    waits = vain_waits(state)
    found = [task for task, wait, until in waits if until >= lost.at and task != lost.task and key_of(wait) == key]
    return list(dict.fromkeys(found))


def _passed_by(state: LabState, lost: LostHandover) -> list[int]:
    """The tasks that waited for the same thing when it was lost, and have waited long since."""
    key, event = key_of(lost.wait), lost.wait.number if lost.wait.kind == "event" else 0
    waiting = ((task, task.waits_for) for task in state.tasks.values() if task.since <= lost.at)
    found = [
        task.id for task, wait in waiting if wait is not None and key_of(wait) == key and event in (0, wait.number)
    ]
    return found if wait_for_long(state, found, lost.at) else []


def vain_waits(state: LabState) -> Iterator[tuple[int, Wait, float]]:
    """The waits that only a timeout can end; after the run, the waits that nothing else has ended."""
    is_over = state.outcome is not None
    for each in state.in_vain if is_over else ():
        yield each.task, each.wait, each.until
    is_starved = state.is_starved and not is_over
    numbers = state.tasks if is_over or is_starved else state.stranded
    for task in (state.tasks[number] for number in numbers if number in state.tasks):
        is_told = is_starved or (state.is_in_vain if is_over else state.is_stranded)(task.id, task.since)
        if task.waits_for is not None and is_told:
            yield task.id, task.waits_for, state.now


def find_gone_sources(state: LabState) -> Iterator[Finding]:
    """Tasks that mistook another task's cancel for their own, and ended, though only they woke other waiting tasks."""
    for incident, event in incidents_of(state, TaskEnded):
        if incident.kind != "cancel_of_another":
            continue
        for resource in state.resources():
            is_sure = event.task in resource.sources and ended_since(state, resource.sources) is not None
            if is_sure or _is_an_event_never_set(resource):
                kind, number = _waited(resource)
                victims = waits_at(state, kind, number, incident.at)
                if victims:
                    yield _gone_source(state, incident, resource, victims, "proved" if is_sure else "likely")


def _is_an_event_never_set(resource: QueueState | PrimitiveState) -> bool:
    return isinstance(resource, PrimitiveState) and resource.kind == "event" and not resource.sources


def _waited(resource: QueueState | PrimitiveState) -> tuple[str, int]:
    """The kind and number of waits for a queue's items, or for a primitive."""
    if isinstance(resource, QueueState):
        return "queue.get", resource.id
    return resource.kind, resource.number


def waits_at(state: LabState, kind: str, number: int, since: float) -> dict[int, Wait | None]:
    """The waits at a queue or primitive, by task, that were in vain and lasted until `since` or longer."""
    waits = vain_waits(state)
    return {task: wait for task, wait, until in waits if until >= since and (wait.kind, wait.number) == (kind, number)}


def ended_since(state: LabState, numbers: Iterable[int | None]) -> float | None:
    """When the last of some tasks ended; None if one hasn't ended or is unknown, or if there are no tasks."""
    tasks = [None if number is None else state.tasks.get(number) for number in numbers]
    ends = [None if task is None else task.ended_at for task in tasks]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def wait_for_long(state: LabState, numbers: Collection[int], since: float) -> bool:
    """Whether all tasks wait without a timeout, and have waited long since a time, or the loop is idle."""
    tasks = [state.tasks[number] for number in numbers]
    timed = {timeout.task for timeout in state.timeouts.values() if timeout.outcome == "running"}
    if not tasks or any(task.id in timed or task.waits_for is None or task.waits_for.deadline for task in tasks):
        return False
    return state.is_idle or have_waited(state, numbers, since)


def have_waited(state: LabState, numbers: Collection[int], since: float) -> bool:
    """Whether all tasks wait, perhaps with a timeout, and have waited long since a time."""
    tasks = [state.tasks[number] for number in numbers]
    waits = [task.since for task in tasks if task.waits_for is not None]
    return bool(waits) and len(waits) == len(tasks) and state.now - max(since, *waits) >= LONG


def awaits_any(state: LabState, number: int, others: Collection[int]) -> bool:
    """Whether a task waits for at least one of some other tasks."""
    wait = state.tasks[number].waits_for
    return wait is not None and not set(wait.tasks).isdisjoint(others)


def _gone_source(
    state: LabState,
    incident: Incident,
    resource: QueueState | PrimitiveState,
    victims: Iterable[int],
    certainty: Certainty,
) -> Finding:
    event = incident.event
    assert isinstance(event, TaskEnded)
    (cancelled,) = incident.others
    woke = f"fills {resource.label}" if isinstance(resource, QueueState) else f"wakes who waits for {resource.label}"
    nobody = f"nobody else {woke}" if resource.sources else f"nobody has ever set {resource.label}"
    text = (
        f"{quoted(state, event.task)} waited for {quoted(state, cancelled)}{at_line(incident.place)}, and ended at "
        f"{measured(incident.at)} when that was cancelled: it took that CancelledError for its own; {nobody}, "
        f"and {named(state, victims)} waited for that in vain"
    )
    return finding_of("cancel-of-another", text, incident, event.task, certainty)


def find_abandoned_gets(state: LabState) -> Iterator[Finding]:
    """Items that were taken from a queue but never used: by a task whose result was not read, or that was cancelled."""
    made_last: dict[tuple[int | None, str, int], float] = {}
    for incident in state.incidents:
        event = incident.event
        task = state.tasks.get(event.task) if isinstance(event, ResultUnread) else None
        if isinstance(event, ResultUnread) and incident.others:
            continue  # see find_lost_handovers
        if task is not None:
            made_last = made_last or {
                (each.parent, each.file, each.line): each.created_at for each in state.tasks.values()
            }
            text = (
                f"{quoted(state, task.id)}{made_at(task)} got {one_line(task.detail)} from its queue at "
                f"{measured(task.ended_at or 0.0)}, and nobody has read its result"
            )
            # The same code has taken more items since, so it didn't just stop with items left.
            ended_at = task.ended_at or 0.0
            takers = [queue.takers for queue in state.queues.values() if task.id in queue.takers]
            goes_on = made_last[task.parent, task.file, task.line] > ended_at
            goes_on = goes_on or any(at > ended_at for times in takers for at in times.values())
            yield finding_of("abandoned-get", text, incident, task.id, "proved" if goes_on else None)
        elif isinstance(event, ItemLost):
            text = (
                f"{quoted(state, event.task)} had got {one_line(event.item)} from a queue, but its time was up at "
                f"{measured(incident.at)}, as it waited{at_line(incident.place)} and had neither used nor returned "
                f"that: nobody else has it"
            )
            takes = [queue.id for queue in state.queues.values() if event.task in queue.takers]
            victims = {task: None for queue in takes for task in waits_at(state, "queue.get", queue, incident.at)}
            text += f", and {named(state, victims)} waited for it in vain since" if victims else ""
            yield finding_of("abandoned-get", text, incident, event.task, "proved" if victims else None)


def find_dropped_sources(state: LabState) -> Iterator[Finding]:
    """Tasks that wait for an event, future, item or notification of an object to which nothing else refers any more."""
    for incident, event in incidents_of(state, SourceDropped):
        wait = Wait("event", event.event) if event.event else Wait("future")
        wait = Wait("queue.get", event.queue) if event.queue else wait
        wait = Wait("condition", event.condition) if event.condition else wait
        text = (
            f"{quoted(state, event.task)} {quoting_wait(wait, state, 'waited')}{at_line(incident.place)}, and nothing "
            f"else has referred to that since {measured(incident.at)}: nobody could {deed_of(wait).do} any more"
        )
        yield finding_of("dropped-event", text, incident, event.task)


RULES = (
    Rule(
        "lost-handover",
        "A task was handed a connection, permit or notification, but cancelled before it ran: nobody else got that.",
        "Nobody has it from then on, and others wait for it in vain.",
        "Catch the CancelledError where the task waits, and pass on what has come: future.done() tells whether it has.",
        find_lost_handovers,
    ),
    Rule(
        "cancel-of-another",
        "A task took the CancelledError of a task that it awaited for a cancel of its own, and ended.",
        "Its work stops in silence, and whoever depends on it waits in vain.",
        "End only if the task itself was cancelled: asyncio.current_task().cancelling() is more than 0 then.",
        find_gone_sources,
    ),
    Rule(
        "abandoned-get",
        "An item was taken from a queue, and nobody got it: no code read the result of the task that took it, or a "
        "timeout ended the function that did.",
        "The item is lost: no code has used it.",
        "If you give up a get(), check whether it got an item. If you wait while you hold one, put it back when "
        "you are cancelled.",
        find_abandoned_gets,
    ),
    Rule(
        "dropped-event",
        "A task waits for an event, future or condition, or at a queue, that nobody else refers to any more.",
        "The code that should set or fill it has replaced or dropped it: the task waits in vain.",
        "Set an event before you replace it, or clear() it and keep it; end the readers of a queue before you drop it.",
        find_dropped_sources,
    ),
)
