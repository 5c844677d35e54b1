"""Finds locks that were released from under the task that held them."""

from __future__ import annotations

from collections.abc import Iterator

from asynclab.findings.phrases import quoted
from asynclab.findings.rule import Finding, Rule
from asynclab.model.events import PrimitiveChanged
from asynclab.model.state import LabState
from asynclab.model.wording.quantities import measured


def find_robbed_locks(state: LabState) -> Iterator[Finding]:
    """Locks that another task released: two tasks were inside then, and the first has released that of the second."""
    for incident in state.incidents:
        event = incident.event
        if isinstance(event, PrimitiveChanged) and event.primitive in state.primitives:
            name = state.primitives[event.primitive].label
            robber, inside = incident.others
            text = (
                f"{quoted(state, robber)} released {name} while {quoted(state, event.task)} held it, and "
                f"{quoted(state, inside)} took it: both were inside until {measured(incident.at)}, when "
                f"{quoted(state, event.task)} released it from under {quoted(state, inside)}"
            )
            yield Finding("released-by-another", text, incident.at, (incident.version,), robber)


RULES = (
    Rule(
        "released-by-another",
        "A task released a lock that another one held.",
        "Two tasks are then in what the lock was to keep apart.",
        "Release a lock only after acquire() has returned: `async with lock` does so.",
        "",
        find_robbed_locks,
    ),
)
