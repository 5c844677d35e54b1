"""Finds tasks that went on although they were cancelled."""

from __future__ import annotations

from collections.abc import Iterator

from asynclab.findings.phrases import at_line, quoted
from asynclab.findings.rule import Certainty, Finding, Rule
from asynclab.model.events import CancelIgnored, TaskEnded, TimeoutDropped
from asynclab.model.frames import file_name
from asynclab.model.incidents import Incident
from asynclab.model.state import LabState
from asynclab.model.text import one_line
from asynclab.model.wording.quantities import measured

LONG = 1.0
"""Lab seconds in which a task has cleaned up."""


def find_ignored(state: LabState) -> Iterator[Finding]:
    """Tasks that dropped their CancelledError and went on to wait, which may be meant."""
    for incident in state.incidents:
        event = incident.event
        if not isinstance(event, CancelIgnored):
            continue
        if not event.by_group and _asked_by_its_group(state, event):
            continue
        if not incident.is_sure and not _goes_on_for_long(state, incident):
            continue
        place = incident.place
        where = "" if place is None else f" at {one_line(file_name(place[0]))}:{place[1]}"
        name = state.task_name(event.task)
        by = "somebody" if event.by is None else f"'{state.task_name(event.by)}'"
        asked = f"a timeout around '{name}' expired" if event.by_timeout else f"'{name}' was cancelled by {by}"
        asked = f"a task group that '{name}' is in has failed, and cancelled it" if event.by_group else asked
        text = (
            f"{asked}, but the CancelledError was caught and not raised again: since {measured(incident.at)} "
            f"the task has gone on, and waited{where}"
        )
        certainty: Certainty = "proved" if incident.is_sure else "likely"
        yield Finding("ignored-cancel", text, incident.at, (incident.version,), event.task, place, certainty)


def find_dropped_timeouts(state: LabState) -> Iterator[Finding]:
    """Blocks that ended as if in time. What they bring may be meant to be what there was until then."""
    for incident in state.incidents:
        event = incident.event
        if isinstance(event, TimeoutDropped) and not _is_told_otherwise(state, event):
            text = (
                f"a timeout around {quoted(state, event.task)} expired, but the CancelledError was caught and not "
                f"raised again: at {measured(incident.at)} its block ended{at_line(incident.place)} without a "
                f"TimeoutError, as if in time"
            )
            place = incident.place
            yield Finding("timeout-dropped", text, incident.at, (incident.version,), event.task, place, "likely")


def _is_told_otherwise(state: LabState, event: TimeoutDropped) -> bool:
    """Whether the task waited for another one, which ignored that it was cancelled for the timeout's sake."""
    events = (incident.event for incident in state.incidents)
    return any(isinstance(each, CancelIgnored) and each.by == event.task for each in events)


def find_shared(state: LabState) -> Iterator[Finding]:
    """Tasks that nobody had asked to end: they waited for the same as another, whose cancel has hit that."""
    for incident in state.incidents:
        event = incident.event
        if incident.kind == "cancel_shared" and isinstance(event, TaskEnded):
            shared, asked = incident.others
            text = (
                f"{quoted(state, asked)} was cancelled while it waited for {quoted(state, shared)}, and that with it; "
                f"{quoted(state, event.task)} waited for the same task{at_line(incident.place)}, and ended cancelled "
                f"at {measured(incident.at)} though nobody had asked for that"
            )
            yield Finding("shared-cancel", text, incident.at, (incident.version,), event.task, incident.place)


def _goes_on_for_long(state: LabState, incident: Incident) -> bool:
    """Whether a task has not ended long after it dropped its cancel: it doesn't only clean up."""
    assert isinstance(incident.event, CancelIgnored)
    task = state.tasks.get(incident.event.task)
    return task is not None and not task.has_ended and state.now - incident.at >= LONG


def _asked_by_its_group(state: LabState, event: CancelIgnored) -> bool:
    """Whether a child of the task asked, as a task group's does: before Python 3.13 that request may stay."""
    by = None if event.by is None else state.tasks.get(event.by)
    return by is not None and by.parent == event.task


RULES = (
    Rule(
        "ignored-cancel",
        "A task caught its CancelledError, did not raise it again, and went on.",
        "Timeouts have no effect, and whoever waits for the task's end waits in vain.",
        "Catch Exception instead of BaseException, and raise CancelledError again after cleaning up.",
        "timeout",
        find_ignored,
    ),
    Rule(
        "timeout-dropped",
        "A timeout expired, but its block ended without a TimeoutError, since the CancelledError was caught in it.",
        "Nobody learns that there was a timeout: what is missing, such as None, is taken for the result.",
        "Let the CancelledError pass, and catch the TimeoutError around the block.",
        "timeout",
        find_dropped_timeouts,
    ),
    Rule(
        "shared-cancel",
        "Several tasks wait for the same one, and the cancel of one of them has hit all.",
        "Callers fail that nobody has cancelled: a cancel goes on to the task that is awaited.",
        "Wait for a shared task with `await asyncio.shield(task)`.",
        "",
        find_shared,
    ),
)
