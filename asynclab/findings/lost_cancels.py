"""Finds cancels that went wrong: they were ignored, hit other code, or had effects that nobody noticed."""

from __future__ import annotations

from collections.abc import Iterator

from asynclab.findings.rule import Finding, Rule, finding_of, incidents_of
from asynclab.model.events import (
    CancelIgnored,
    CancelMisplaced,
    GeneratorKilled,
    ReplyUnread,
    TaskEnded,
    TimeoutDropped,
)
from asynclab.model.incidents import Incident
from asynclab.model.state import LabState
from asynclab.model.text import one_line
from asynclab.model.wording.grammar import named, quoted
from asynclab.model.wording.places import at_line
from asynclab.model.wording.quantities import measured

LONG = 1.0
"""Lab seconds within which a cancelled task should have cleaned up."""


def find_ignored(state: LabState) -> Iterator[Finding]:
    """Tasks that caught their CancelledError and waited again, which may be intended."""
    for incident, event in incidents_of(state, CancelIgnored):
        if not event.by_group and _asked_by_its_group(state, event):
            continue
        if not incident.is_sure and not _goes_on_for_long(state, incident):
            continue
        name = quoted(state, event.task)
        by = quoted(state, event.by) if event.by is not None else _unknown(state, incident.at)
        asked = f"a timeout around {name} expired" if event.by_timeout else f"{name} was cancelled by {by}"
        asked = f"a task group that {name} is in has failed, and cancelled it" if event.by_group else asked
        text = (
            f"{asked}, but the CancelledError was caught and not raised again: since {measured(incident.at)} "
            f"the task has kept running, and waited{at_line(incident.place)}"
        )
        yield finding_of("ignored-cancel", text, incident, event.task)


def _unknown(state: LabState, at: float) -> str:
    """The name of whatever cancelled a task, if no task did."""
    main = next((task for task in state.tasks.values() if task.parent is None), None)
    is_over = main is not None and main.ended_at is not None and main.ended_at <= at
    return "asyncio.run() at its end" if is_over else "somebody"


def find_dropped_timeouts(state: LabState) -> Iterator[Finding]:
    """Timeouts whose blocks ended as if in time. This may be intended: the code may return a partial result."""
    for incident, event in incidents_of(state, TimeoutDropped):
        if not _is_told_otherwise(state, event):
            text = (
                f"a timeout around {quoted(state, event.task)} expired, but the CancelledError was caught and not "
                f"raised again: at {measured(incident.at)} its block ended{at_line(incident.place)} without a "
                f"TimeoutError, as if in time"
            )
            yield finding_of("timeout-dropped", text, incident, event.task)


_AT_A_YIELD = {"timeout": ("expired", "TimeoutError"), "task group": ("failed", "exception group")}
"""For each kind of block, what happened to it, and the exception that its end should have raised."""


def find_misplaced_cancels(state: LabState) -> Iterator[Finding]:
    """Timeouts and task groups in async generators that cancel the iterating task while the generator is at a yield."""
    for incident, event in incidents_of(state, CancelMisplaced):
        did, error = _AT_A_YIELD.get(event.block, ("cancelled it", "exception of that"))
        hit = (
            f"it cancels {quoted(state, event.task)}, which had entered it and has ended: nobody else notices"
            if event.has_ended
            else f"the CancelledError hit {quoted(state, event.task)} in code outside of that block, and becomes no "
            f"{error}"
        )
        text = (
            f"a {one_line(event.block)} in async generator '{one_line(event.generator)}' {did} at "
            f"{measured(incident.at)}, while it stood at its yield{at_line(incident.place)}: {hit}"
        )
        yield finding_of("cancel-across-yield", text, incident, event.task)


def find_killed_generators(state: LabState) -> Iterator[Finding]:
    """Async generators that a timeout has ended, while the code around still asks for their next item."""
    for incident, event in incidents_of(state, GeneratorKilled):
        text = (
            f"a timeout of {quoted(state, event.task)} expired at {measured(incident.at)} as it waited for the next "
            f"item of async generator '{one_line(event.generator)}'{at_line(incident.place)}: the CancelledError has "
            f"ended the generator, so that the next try finds it at its end"
        )
        yield finding_of("killed-generator", text, incident, event.task)


def _is_told_otherwise(state: LabState, event: TimeoutDropped) -> bool:
    """Whether the task waited for another task that ignored the timeout's cancel: then another finding reports it."""
    events = (incident.event for incident in state.incidents)
    return any(isinstance(each, CancelIgnored) and each.by == event.task for each in events)


def find_shared(state: LabState) -> Iterator[Finding]:
    """Tasks that ended since another task was cancelled: both waited for the same future, which the cancel reached."""
    for incident, event in incidents_of(state, TaskEnded):
        if incident.kind == "cancel_shared":
            *shared, asked = incident.others
            where = at_line(incident.place)
            who, waiter = f"{quoted(state, asked)} was cancelled", quoted(state, event.task)
            hit = f"with it the future that {waiter} waited for{where}: {waiter}"
            if shared:
                who += f" while it waited for {named(state, shared)}"
                hit = f"that with it; {waiter} waited for the same task{where}, and"
            ended = "ended cancelled" if event.outcome == "cancelled" else "ended without its result"
            text = f"{who}, and {hit} {ended} at {measured(incident.at)} though nobody had asked for that"
            yield finding_of("shared-cancel", text, incident, event.task)
        elif incident.kind == "cancel_kept":
            kept, first = incident.others
            text = (
                f"{quoted(state, kept)} was cancelled with {quoted(state, first)}, which waited for it"
                f"{at_line(incident.place)}, and seems to be kept: {quoted(state, event.task)} ended cancelled at "
                f"{measured(incident.at)} though nobody had asked for that, as if it had awaited the same"
            )
            yield finding_of("shared-cancel", text, incident, event.task)
        elif incident.kind == "cancel_raised_again":
            text = (
                f"{named(state, incident.others)} was cancelled, or its time was up, and its CancelledError was "
                f"raised in {quoted(state, event.task)}, too, which waited{at_line(incident.place)} and ended "
                f"cancelled at {measured(incident.at)} though nobody had asked for that"
            )
            yield finding_of("shared-cancel", text, incident, event.task)


def find_unread_replies(state: LabState) -> Iterator[Finding]:
    """Tasks that read a reply from a stream or queue that still had to deliver the reply to a cancelled request."""
    for incident, event in incidents_of(state, ReplyUnread):
        who = "it" if event.of == event.task else quoted(state, event.task)
        text = (
            f"{quoted(state, event.of)} sent a request, and was cancelled before its reply had come; at "
            f"{measured(incident.at)} {who} read the reply to another request{at_line(incident.place)} from the same "
            f"{'queue' if event.is_queue else 'stream'}: the first reply there belongs to the cancelled request"
        )
        yield finding_of("reply-of-another", text, incident, event.task)


def _goes_on_for_long(state: LabState, incident: Incident) -> bool:
    """Whether a task ran for long after it caught its CancelledError, so it didn't just clean up."""
    assert isinstance(incident.event, CancelIgnored)
    task = state.tasks.get(incident.event.task)
    ended_at = None if task is None else task.ended_at
    return task is not None and (state.now if ended_at is None else ended_at) - incident.at >= LONG


def _asked_by_its_group(state: LabState, event: CancelIgnored) -> bool:
    """Whether a child of the task cancelled it, as task groups do: before Python 3.13 such a cancel may remain."""
    by = None if event.by is None else state.tasks.get(event.by)
    return by is not None and by.parent == event.task


RULES = (
    Rule(
        "ignored-cancel",
        "A task caught its CancelledError, did not raise it again, and kept running.",
        "Timeouts have no effect, and whoever waits for the task's end waits in vain.",
        "Catch Exception instead of BaseException, and raise CancelledError again after cleaning up.",
        find_ignored,
        demo="timeout",
    ),
    Rule(
        "timeout-dropped",
        "A timeout expired, but its block ended without a TimeoutError, since the CancelledError was caught in it.",
        "Nobody learns that there was a timeout: an incomplete result, such as None, passes for the real one.",
        "Let the CancelledError pass, and catch the TimeoutError around the block.",
        find_dropped_timeouts,
        demo="timeout",
    ),
    Rule(
        "cancel-across-yield",
        "A timeout expired, or a task group failed, in an async generator that stood at a yield.",
        "It cancels the code that iterates over the generator, outside its block: the task ends as if cancelled.",
        "Put the timeout or group around waits inside the generator, or around the loop over it; never around a yield.",
        find_misplaced_cancels,
    ),
    Rule(
        "killed-generator",
        "A timeout around the wait for an async generator's next item expired, and the code tries again.",
        "The CancelledError has ended the generator: the next try gets StopAsyncIteration, as if there were no more.",
        "Put the timeout inside the generator; or keep anext() in a task, and give asyncio.wait() the timeout.",
        find_killed_generators,
    ),
    Rule(
        "shared-cancel",
        "Several tasks wait for the same task or future, and the cancel of one of them has cancelled others, too.",
        "Callers fail that nobody has cancelled: a cancel is passed on to what is awaited.",
        "Run shared work in a task of its own, and wait for it with `await asyncio.shield(task)`.",
        find_shared,
    ),
    Rule(
        "reply-of-another",
        "A request was cancelled before its reply had been read, and the next one reads from the same stream or queue.",
        "It takes the reply to the former for its own, and so does each one after it: users get the data of others.",
        "Close a connection when a request on it is cancelled or times out.",
        find_unread_replies,
    ),
)
