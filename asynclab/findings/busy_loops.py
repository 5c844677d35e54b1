"""Finds busy-waiting, which wastes CPU time, and timers that are decades away by mistake."""

from __future__ import annotations

from collections.abc import Iterator

from asynclab.findings.rule import Certainty, Finding, Rule, finding_of, incidents_of
from asynclab.model.events import ClockMistaken, LoopSpun
from asynclab.model.state import LabState
from asynclab.model.text import one_line
from asynclab.model.wording.grammar import named, quoted
from asynclab.model.wording.places import at_line
from asynclab.model.wording.quantities import measured

SHORT_STEP = 20e-6
"""Seconds of real time. A step that only polls takes less; a step that computes mostly takes more."""

_MANY_STEPS = 2_000
_YEAR = 365.25 * 86_400
"""Seconds in a year."""


def find_busy_waits(state: LabState) -> Iterator[Finding]:
    """Tasks and callbacks that ask for another turn of the loop again and again; proved if their code only polls."""
    for incident, event in incidents_of(state, LoopSpun):
        if not (event.only_waits or _seems_to_wait(state, event)):
            continue
        if event.tasks:
            who = named(state, event.tasks)
            what = "have woken each other" if len(event.tasks) > 1 else "has asked for another turn"
        else:
            who, what = f"callback {one_line(event.function)}", "has asked to be called again"
        if event.is_reader:
            what = "of add_reader(), which reads what has ended, has been called"
        text = (
            f"{who} {what} all the time for {measured(event.seconds)}{at_line(incident.place)}: "
            f"that takes a processor, and nothing has changed"
        )
        if event.attempts:
            text = (
                f"{who} has tried to connect {event.attempts:,} times in {measured(event.seconds)}"
                f"{at_line(incident.place)}, each time in vain, and did not wait before the next attempt"
            )
        task = event.tasks[0] if event.tasks else None
        certainty: Certainty = "proved" if event.only_waits else "likely"
        yield finding_of("busy-wait", text, incident, task, certainty)


def find_wrong_clocks(state: LabState) -> Iterator[Finding]:
    """Deadlines given as time of day: a loop's clock usually starts with the machine, so they are decades away."""
    for incident, event in incidents_of(state, ClockMistaken):
        what = f"call of {one_line(event.name)}" if event.name else "timeout"
        text = (
            f"a {what} that {quoted(state, event.task)} has set{at_line(incident.place)} is due in "
            f"{event.seconds / _YEAR:.0f} years: its deadline is one of time.time(), but timers go by the loop's clock"
        )
        yield finding_of("wrong-clock", text, incident, event.task)


def _seems_to_wait(state: LabState, event: LoopSpun) -> bool:
    """Whether tasks made only short steps, and used no queue."""
    for number in event.tasks:
        task = state.tasks.get(number)
        if task is None or task.steps < _MANY_STEPS or task.running_seconds > task.steps * SHORT_STEP:
            return False
        since = event.at - event.seconds
        queues = state.queues.values()
        if any({**queue.sources, **queue.takers}.get(number, -1.0) >= since for queue in queues):
            return False
    return True


RULES = (
    Rule(
        "busy-wait",
        "A task or callback checks again and again whether it may proceed, with a turn of the loop each time.",
        "It takes a whole processor, and the loop never rests.",
        "Wait for an asyncio.Event, a Condition or a future that whoever changes the state sets; call remove_reader() "
        "once there is no more to read.",
        find_busy_waits,
    ),
    Rule(
        "wrong-clock",
        "A deadline was told by time.time(), but timers go by the clock of their loop.",
        "It is decades away: the timeout never expires, and the callback is never called.",
        "Use loop.time(), or tell how long: asyncio.timeout(5), loop.call_later(5, function).",
        find_wrong_clocks,
    ),
)
