"""Finds locks that don't keep other tasks out, are released by a task that isn't their holder, or are held too long."""

from __future__ import annotations

from collections.abc import Iterator

from asynclab.findings.rule import Finding, Rule, finding_of, incidents_of
from asynclab.model.events import LocksPrivate, PrimitiveChanged, UpdateLost
from asynclab.model.resources import LockHold, PrimitiveState
from asynclab.model.state import LabState
from asynclab.model.tasks import place_in
from asynclab.model.text import one_line
from asynclab.model.wording.grammar import agreeing, named, quoted
from asynclab.model.wording.places import at_line
from asynclab.model.wording.quantities import measured

LONG_HOLD = 2.0
"""How long, in lab seconds, another task must have waited for a lock."""


def find_robbed_locks(state: LabState) -> Iterator[Finding]:
    """Locks that a task released while another task held them.

    Either the task had given up waiting for the lock, or it interrupted the holder's `async with`, or its release let a
    second task in. The last case shows when the first holder releases the second holder's lock.
    """
    sure = [each for each in incidents_of(state, PrimitiveChanged) if each[0].is_sure]
    shown = {(*incident.others[:-1], event.task) for incident, event in sure if incident.kind == "told"}
    for incident, event in sure:
        if event.primitive not in state.primitives or (incident.kind != "told" and incident.others in shown):
            continue
        *robbers, other = incident.others
        robber = next(iter(robbers), None)
        released = (
            f"{quoted(state, robber)} released {state.primitives[event.primitive].label}{at_line(incident.place)}"
        )
        text = (
            f"{released} while {quoted(state, event.task)} held it, and {quoted(state, other)} took it: both were "
            f"inside until {measured(incident.at)}, when {quoted(state, event.task)} released it from under "
            f"{quoted(state, other)}"
        )
        if incident.kind != "told":
            why = (
                "it had waited for the lock itself, and been cancelled before it got it"
                if incident.kind == "given_up"
                else "that will fail to release it at the end of its own `async with`"
            )
            text = f"{released} at {measured(incident.at)}, while {quoted(state, other)} held it: {why}"
        yield finding_of("released-by-another", text, incident, robber)


def find_extra_permits(state: LabState) -> Iterator[Finding]:
    """Semaphores with extra permits: a task released a permit that it didn't have."""
    for incident, event in incidents_of(state, PrimitiveChanged):
        if event.primitive in state.primitives and not incident.is_sure:
            who = next(iter(incident.others), None)
            why = ", as its acquire() was cancelled" if incident.kind == "given_up" else ""
            text = (
                f"{quoted(state, who)} released {state.primitives[event.primitive].label}{at_line(incident.place)} "
                f"without having a permit of it{why}: at {measured(incident.at)} there were {event.value}, more than "
                f"ever before"
            )
            yield finding_of("released-too-often", text, incident, who, "proved" if why else None)


def find_private_locks(state: LabState) -> Iterator[Finding]:
    """Locks and semaphores that each task makes for itself, or that were replaced while a task held them."""
    for incident, event in incidents_of(state, LocksPrivate):
        text = (
            f"{named(state, event.tasks)} are inside at once: each has made the lock or semaphore that it took"
            f"{at_line(incident.place)} in the same function, and nobody else has it"
        )
        if event.lock and len(event.tasks) > 1:
            holder, taker = event.tasks[:2]
            text = (
                f"{quoted(state, holder)} holds lock#{event.lock}, but another lock has taken its place: "
                f"{quoted(state, taker)} took that one{at_line(incident.place)} at {measured(incident.at)}, and "
                f"whoever takes it now is inside beside {quoted(state, holder)}"
            )
        yield finding_of("private-lock", text, incident, event.tasks[0])


def find_lost_updates(state: LabState) -> Iterator[Finding]:
    """Tasks that write a value computed from an old one, which another task changes in the meantime."""
    for incident, event in incidents_of(state, UpdateLost):
        who, name, place = named(state, event.tasks), one_line(event.name), at_line(incident.place)
        text = (
            f"{who} have both read {name} and wait: each will write{place} what it computes from the same old value, "
            f"so that the later write undoes the earlier one"
        )
        if event.is_checked:
            text = (
                f"{who} have both checked {name} and wait: each found that there is something to do and will change "
                f"{name}{place}, so that it is done twice"
            )
        yield finding_of("lost-update", text, incident, event.tasks[-1])


def find_long_holds(state: LabState) -> Iterator[Finding]:
    """Locks that a task held for long while others waited. This may be intended, for example to space calls."""
    long_ago = state.now - LONG_HOLD
    for lock in state.primitives.values():
        hold, now = lock.longest_hold, None
        if lock.holder is not None and lock.waiters and lock.held_since <= long_ago:
            now = _hold_now(state, lock, lock.holder)
            hold = now if hold is None or (now is not None and now.seconds > hold.seconds) else hold
        if hold is None or hold.seconds < LONG_HOLD:
            continue
        place = None if hold.wait is None else place_in(hold.wait)
        waits = "waits" if hold is now else "waited"
        text = (
            f"{quoted(state, hold.holder)} {'has' if hold is now else 'had'} {lock.label} for "
            f"{measured(hold.seconds)}, and {waits} itself{at_line(place)}; {named(state, hold.waiters)} "
            f"{agreeing('wait', len(hold.waiters)) if hold is now else 'waited'} for the lock meanwhile"
        )
        yield Finding("lock-held-long", text, hold.at, (hold.version,), hold.holder, place, "likely")


def _hold_now(state: LabState, lock: PrimitiveState, number: int) -> LockHold | None:
    """The current hold of a lock whose holder waits for something that may come, but not from the lock's waiters."""
    holder = state.tasks.get(number)
    wait = None if holder is None else holder.waits_for
    if holder is None or wait is None or state.is_starved or state.is_stranded(number, holder.since):
        return None
    if wait.kind in ("lock", "semaphore") or not lock.waiters.keys().isdisjoint(wait.tasks):
        return None
    waits = [state.tasks[waiter].since for waiter in lock.waiters if waiter in state.tasks]
    seconds = state.now - max(lock.held_since, min(waits, default=state.now))
    return LockHold(number, wait, seconds, tuple(lock.waiters), state.now, state.version)


RULES = (
    Rule(
        "released-by-another",
        "A task released a lock that another one held.",
        "Two tasks are then inside the section that the lock protects.",
        "Release a lock only after acquire() has returned: `async with lock` does so.",
        find_robbed_locks,
    ),
    Rule(
        "released-too-often",
        "A task released a semaphore more often than it had acquired it.",
        "The semaphore has more permits from then on: more tasks are inside than it was made for.",
        "Release it only after acquire() has returned, and once: `async with semaphore` does so.",
        find_extra_permits,
    ),
    Rule(
        "private-lock",
        "Each task makes the lock or semaphore that it takes, or another lock took the place of one that is held.",
        "It keeps nobody out: all are inside at once, and no limit holds.",
        "Make it once, in a place that all its users share, and keep it there as long as anybody uses it.",
        find_private_locks,
    ),
    Rule(
        "lost-update",
        "Tasks read the same value, wait, and write back what they have computed from it.",
        "Each overwrites what the others have written meanwhile; what is checked before a wait need not hold after it.",
        "Read and write without an `await` between, or take an asyncio.Lock around both.",
        find_lost_updates,
    ),
    Rule(
        "lock-held-long",
        "A task holds a lock that others wait for, and waits for something slow itself.",
        "What was meant to run at once runs one by one, each as long as the slowest.",
        "Hold a lock only while you change what it protects; do slow work before or after.",
        find_long_holds,
    ),
)
