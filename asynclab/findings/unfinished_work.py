"""Finds tasks that nobody waits for: they keep running on their own, or are cut off when the program ends."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from asynclab.findings.lost_work import never_began
from asynclab.findings.rule import Finding, Rule, finding_of, incidents_of
from asynclab.model.events import TaskCollected, TaskCutOff, TaskEnded, TaskReplaced
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState, place_in
from asynclab.model.text import one_line
from asynclab.model.waits_in_vain import LEFT_SECONDS
from asynclab.model.wording.grammar import named, quoted
from asynclab.model.wording.outcome import how_ended
from asynclab.model.wording.places import at_line, made_at
from asynclab.model.wording.quantities import measured, plural


def find_left_behind(state: LabState) -> Iterator[Finding]:
    """Tasks that kept running after nobody waited for them any more: their gather() failed or their waiter ended."""
    for incident, event in incidents_of(state, TaskEnded):
        if incident.kind not in ("left_behind", "left_by_wait"):
            continue
        (waiter,) = incident.others
        end = f"ended at {measured(incident.at)}: nobody waited for it"
        if event.outcome == "failed":
            end = f"{how_ended(state.tasks.get(event.task))}: nobody sees that"
        after = _after(state, waiter, by_wait=incident.kind == "left_by_wait")
        text = f"{quoted(state, event.task)} kept running {after}, and {end}"
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
        if task is not None and left.cause == "waiter cancelled" and state.now - left.since >= LEFT_SECONDS:
            text = f"{quoted(state, number)}{made_at(task)} still runs {_after(state, left.waiter)}"
            place = place_in(task)
            yield Finding("left-behind", text, state.now, (state.version,), number, place, "likely")


def _after(state: LabState, waiter: int, *, by_wait: bool = False) -> str:
    if by_wait:
        return f"after the wait() of {quoted(state, waiter)} had returned"
    task = state.task(waiter)
    if task is not None and task.state == "cancelled":
        return f"after {quoted(state, waiter)}, which had made it and waited for it in asyncio.wait(), was cancelled"
    return f"after the gather() of {quoted(state, waiter)} had failed"


def find_cut_off(state: LabState) -> Iterator[Finding]:
    """Tasks that nobody waited for, and that were still at work when asyncio.run() ended or their loop was closed."""
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
        if never_began(task) and collected.task not in told:
            text = f"{quoted(state, collected.task)}{made_at(task)} had not begun when its loop was closed"
            yield finding_of("cut-off", text, incident, collected.task, "likely")


def find_left_items(state: LabState) -> Iterator[Finding]:
    """Queues with items left when asyncio.run() ended and cancelled their consumers, after all producers had ended."""
    main = next((task for task in state.tasks.values() if task.parent is None), None)
    if main is None or main.state != "done" or main.ended_at is None:
        return
    for queue in state.queues.values():
        takers = [task for task in map(state.tasks.get, filter(None, queue.takers)) if task is not None]
        cut_off = [task for task in takers if _is_cut_off(task, main.ended_at)]
        is_fed = queue.gets > len(queue.takers) and not queue.returned  # otherwise it is a pool
        if queue.size and cut_off and is_fed and all(_has_put_all(state, main, each) for each in queue.sources):
            first, were = cut_off[0], "was" if len(cut_off) == 1 else "were"
            text = (
                f"{queue.label} had {plural(queue.size, 'item')} when the main task ended: "
                f"{named(state, (task.id for task in cut_off))}, which took from it, {were} cancelled by "
                f"asyncio.run(), and nobody had waited until all was done"
            )
            yield Finding("cut-off", text, main.ended_at, (state.version,), first.id, place_in(first), "likely")


def _is_cut_off(task: TaskState, main_ended_at: float) -> bool:
    """Whether a task was cancelled only because asyncio.run() ended."""
    is_late = task.ended_at is not None and task.ended_at >= main_ended_at
    return task.state == "cancelled" and is_late and task.cancel_requested_by is None


def _has_put_all(state: LabState, main: TaskState, number: int | None) -> bool:
    """Whether the producer with this number is the main task, or ended before it."""
    task = None if number is None else state.tasks.get(number)
    return task is not None and task.ended_at is not None and task.ended_at <= (main.ended_at or 0.0)


RULES = (
    Rule(
        "left-behind",
        "A task still runs that nobody waits for any more: its gather() has failed, its wait() has returned, its "
        "waiter was cancelled or only waits for a newer one, or another has taken its place.",
        "gather() raises the first exception, lets the other tasks run on unwatched, and hides what they raise. The "
        "cancel of a wait() does not reach its tasks.",
        "Use a TaskGroup, which cancels the others and waits for them; or gather(..., return_exceptions=True). "
        "Cancel what wait() leaves pending, in a finally, and a task before you put another in its place.",
        find_left_behind,
        demo="gather",
    ),
    Rule(
        "cut-off",
        "A task that nobody waited for was still at work, or had items left in its queue, when the program ended.",
        "asyncio.run() cancels it: its work stops half done. If the loop is just closed, no finally runs, either.",
        "Wait for it before the program ends, as a TaskGroup does; for a queue, await its join(). Use asyncio.run().",
        lambda state: chain(find_cut_off(state), find_left_items(state)),
    ),
)
