"""Finds tasks that nothing can wake, if no other rule explains why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from asynclab.findings.busy_threads import find_endless_shutdowns, find_executor_deadlocks
from asynclab.findings.deadlocks import find_cycles, find_joins, find_kept, find_left_generators
from asynclab.findings.lost_cancels import find_ignored
from asynclab.findings.lost_wakes import (
    find_dropped_sources,
    find_gone_sources,
    find_lost_handovers,
)
from asynclab.findings.lost_work import find_unseen_failures
from asynclab.findings.rule import Certainty, Finding, Rule
from asynclab.findings.stuck_queues import find_drained_pools, find_lone_producers
from asynclab.findings.wait_graph import AWAITING
from asynclab.model.events import TasksStranded, Wait, Waker
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState, place_in, place_of
from asynclab.model.wording.full_wait import doing, full_wait, missing_waker, thread_told
from asynclab.model.wording.grammar import NAMES_LISTED, each_does, quoted
from asynclab.model.wording.outcome import unexpected_end
from asynclab.model.wording.places import in_brackets
from asynclab.model.wording.quantities import measured

ODD_ENDS_NAMED = 3
"""How many failed or unexpectedly cancelled tasks are named in the report of a standstill."""

_OFTEN_WOKEN = frozenset({"event", "future", "condition"})
"""For these kinds of waits, the function is named that would have ended them."""


def find_standstills(state: LabState) -> Iterator[Finding]:
    """A finding if all tasks wait, nothing can wake any of them, and no other rule proves the reason."""
    if not state.is_stuck or _only_waits_for_interrupt(state):
        return
    causes = find_executor_deadlocks, find_endless_shutdowns
    if any(each.certainty == "proved" for each in _causes(state)) or any(any(find(state)) for find in causes):
        return
    tasks = [task for task in state.tasks.values() if task.state == "waiting"]
    if not tasks:
        return
    last = max(tasks, key=lambda task: task.since)
    tasks.sort(key=lambda task: _is_consequence(task, task.waits_for))
    wakers = () if state.outside is None else state.outside.wakers
    does = (
        f"{doing(task, state)}{in_brackets(task.place)}{_waker_of(state, task.id, task.waits_for, wakers)}"
        for task in tasks
    )
    said = each_does(state, zip((task.id for task in tasks), does, strict=True))
    said += _odd_ends(state, ("failed", "cancelled", "done"), state.now)
    said += [thread_told(thread) for thread in (() if state.outside is None else state.outside.held[:NAMES_LISTED])]
    text = f"since {measured(last.since)} nothing can wake any task: no timer, I/O, thread, process or signal is left; "
    text += "; ".join(said)
    yield Finding("standstill", text, state.now, (state.version,), tasks[0].id, place_of(tasks[0]))


def _waker_of(state: LabState, number: int, wait: Wait | None, wakers: Iterable[Waker]) -> str:
    """Names the function that would have woken a task, and how the last task that ran it ended."""
    waker = next((each for each in wakers if each.task == number), None)
    if wait is None or waker is None or wait.kind not in _OFTEN_WOKEN:
        return ""
    primitive = state.named_primitives.get((wait.kind, wait.number))
    is_said = primitive is not None and primitive.sources  # the wait's description names the task that last woke others
    return "" if is_said else missing_waker(number, wait, waker, state)


def _causes(state: LabState) -> Iterator[Finding]:
    """The findings of other rules about tasks that nothing wakes."""
    causes = (find_cycles, find_left_generators, find_kept, find_joins, find_lost_handovers, find_gone_sources)
    queues = find_drained_pools, find_lone_producers, find_dropped_sources, find_unseen_failures
    yield from (finding for find in (*causes, *queues) for finding in find(state))
    yield from (finding for finding in find_ignored(state) if finding.certainty == "proved")


def find_partial_deadlocks(state: LabState) -> Iterator[Finding]:
    """Tasks that nothing can wake though others still run, if no other rule explains why."""
    incident = next((each for each in reversed(state.incidents) if isinstance(each.event, TasksStranded)), None)
    if incident is None or not isinstance(incident.event, TasksStranded) or state.is_stuck:
        return
    tasks = [state.tasks[number] for number in incident.event.tasks if number in state.tasks]
    waits = {task.id: wait for task in tasks if (wait := _wait_at(task, incident.at)) is not None}
    roots = [task for task in tasks if task.id in waits and waits[task.id].kind not in AWAITING]
    if not roots or any(each.certainty == "proved" or not incident.is_sure for each in _causes(state)):
        return
    roots.sort(key=lambda task: _is_consequence(task, waits[task.id]))
    victims = dict.fromkeys([*(task.id for task in roots), *waits])
    wakers = incident.event.wakers
    does = (
        f"{full_wait(task, wait, state)}{in_brackets(place_in(wait))}{_waker_of(state, task, wait, wakers)}"
        for task, wait in ((task, waits[task]) for task in victims)
    )
    said = each_does(state, zip(victims, does, strict=True))
    said += _odd_ends(state, ("cancelled", "done"), incident.at)
    text = f"nothing that still runs can wake these tasks: {'; '.join(said)}"
    if incident.event.serves:
        text += ", unless it is there to keep a server running"
    elif not incident.is_sure:
        text += ", unless another task of a group fails"
    place = place_in(waits[roots[0].id]) or place_of(roots[0])
    certainty: Certainty = "proved" if incident.is_sure else "likely"
    yield Finding("partial-deadlock", text, incident.at, (incident.version,), roots[0].id, place, certainty)


def _is_consequence(task: TaskState, wait: Wait | None) -> tuple[bool, bool]:
    """A sort key: tasks that wait for other tasks come later, and the main task, which waits for results, last."""
    return wait is None or wait.kind in AWAITING, task.parent is None


def _wait_at(task: TaskState, at: float) -> Wait | None:
    """What a task waited for at a time, and still waits for, or waited for until it was cancelled."""
    if task.state == "cancelled":
        return task.last_wait if task.last_wait_began <= at else None
    return task.waits_for if task.since <= at else None


def _odd_ends(state: LabState, kinds: Collection[str], until: float) -> list[str]:
    """Names the last tasks that failed or were unexpectedly cancelled up to a time: others may wait for their work."""
    ended = [task for task in state.tasks.values() if task.state in kinds and (task.ended_at or 0.0) <= until]
    odd = [(task, why) for task in ended if (why := unexpected_end(state, task))]
    unasked = [each for each in odd if not each[0].cancel_requested]
    named = [f"{quoted(state, task.id)} {how}" for task, how in unasked or odd] or list(_expired_timeouts(state, until))
    return named[-ODD_ENDS_NAMED:]


def _expired_timeouts(state: LabState, until: float) -> Iterator[str]:
    """Names the timeouts that expired up to a time: others may wait for items that their tasks had taken."""
    for timeout in state.timeouts.values():
        at = timeout.ended_at
        if timeout.outcome == "expired" and at is not None and at <= until and timeout.task in state.tasks:
            yield f"a timeout of {quoted(state, timeout.task)} expired at {measured(at)}"


def _only_waits_for_interrupt(state: LabState) -> bool:
    """Whether the only task ever waits for an event or future: such a program runs until ctrl+c."""
    tasks = list(state.tasks.values())
    if len(tasks) != 1 or state.dropped.tasks or tasks[0].waits_for is None:
        return False
    return tasks[0].waits_for.kind in ("event", "future") and not (state.outside is not None and state.outside.held)


RULES = (
    Rule(
        "standstill",
        "All tasks wait, and nothing can wake any of them.",
        "The program hangs, and uses no CPU time.",
        "Look at what each task waits for: the task that should bring it has ended, or waits as well.",
        find_standstills,
    ),
    Rule(
        "partial-deadlock",
        "Tasks wait for something that no running code can bring.",
        "A part of the program hangs while the rest keeps running, so that nothing seems wrong.",
        "Let the code that should bring it wake its waiters in a finally, even if it fails or is cancelled.",
        find_partial_deadlocks,
    ),
)
