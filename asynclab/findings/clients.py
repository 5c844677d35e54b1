"""Finds a client for each request, connections that are never closed, and objects that are shared by mistake."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain

from asynclab.findings.rule import Finding, Rule, finding_of, incidents_of
from asynclab.model.events import ChildLeft, ConnectionDropped, CoroutineCached, Misused
from asynclab.model.incidents import Incident
from asynclab.model.state import LabState
from asynclab.model.tasks import Place
from asynclab.model.text import one_line
from asynclab.model.wording.grammar import quoted
from asynclab.model.wording.places import at_line, in_brackets
from asynclab.model.wording.quantities import plural

MANY = 20
"""The fewest clients that are reported: a few may have their reasons."""

_SINGLE = 0.9
"""The share of the clients that must have only one connection each."""


def find_short_sessions(state: LabState) -> Iterator[Finding]:
    """Lines of code that connect to a host with a new client again and again. Each client may send several requests."""
    for (library, place, host), use in state.client_uses.items():
        clients = len(use.connections)
        if clients >= MANY and sum(count == 1 for count in use.connections.values()) >= _SINGLE * clients:
            text = (
                f"{clients:,} clients of {one_line(library)} have each opened a connection to {one_line(host)} of "
                f"their own{at_line(place)}: no connection is used again by the next one"
            )
            yield Finding("session-per-request", text, use.at, (use.version,), None, place, "likely")


def find_unclosed(state: LabState) -> Iterator[Finding]:
    """Connections and clients that were garbage-collected before they were closed; one finding per line of code."""
    by_place: defaultdict[Place | None, list[Incident]] = defaultdict(list)
    for incident in state.incidents:
        if isinstance(incident.event, ConnectionDropped):
            by_place[incident.place].append(incident)
    for place, found in by_place.items():
        first = found[0].event
        assert isinstance(first, ConnectionDropped)
        count = len({getattr(incident.event, "client", 0) or incident.version for incident in found})
        who = quoted(state, first.task)
        whose = f"that {who} opened{at_line(place)}" if first.line else f"of {who}{in_brackets(place)}"
        left = f"; it was cancelled at line {first.left_at}, and nothing refers to it any more" if first.left_at else ""
        times = f"; this happened {count:,} times" if count > 1 else ""
        text = f"nobody closed the {one_line(first.what)} {whose}{left}{times}"
        evidence = tuple(incident.version for incident in found)
        yield Finding("never-closed", text, found[0].at, evidence, first.task, place)


_MISUSES = {
    "coroutine": "awaited a coroutine{at} a second time, but it runs only once: a cache may have kept it",
    "loop": "waited for a lock, queue or future{at} that belongs to another event loop: one that was made before it",
    "stream": "read from a stream{at} from which another task was reading",
    "generator": "resumed an async generator{at} that another task was already running",
}


def find_misuses(state: LabState) -> Iterator[Finding]:
    """Tasks that failed because they used an object that allows only one task, only one use, or only its own loop."""
    for incident, event in incidents_of(state, Misused):
        if event.kind == "future":
            continue  # see find_never_retrieved and find_unseen_failures
        did = _MISUSES.get(event.kind, "misused something{at}").format(at=at_line(incident.place))
        yield finding_of("not-shareable", f"{quoted(state, event.task)} {did}", incident, event.task)


def find_cached_coroutines(state: LabState) -> Iterator[Finding]:
    """Async functions with functools.lru_cache, which keeps their coroutines instead of results."""
    for incident, event in incidents_of(state, CoroutineCached):
        text = (
            f"functools.lru_cache keeps the coroutine that {one_line(event.function)}{in_brackets(incident.place)} "
            f"returns, instead of its result, and gave one out again {plural(event.times, 'time')}: a coroutine runs "
            f"only once, and a second await of it fails"
        )
        yield finding_of("not-shareable", text, incident, None)


def find_left_children(state: LabState) -> Iterator[Finding]:
    """Child processes to which nothing refers any more; one finding for each line of code."""
    for incident, event in incidents_of(state, ChildLeft):
        text = (
            f"child process {event.child} still runs, and nobody has it any more: {quoted(state, event.task)}, which "
            f"had it, was cancelled{at_line(incident.place)}: that does not end the child"
        )
        yield finding_of("never-closed", text, incident, event.task)


RULES = (
    Rule(
        "session-per-request",
        "An HTTP client is made for each request (seen of aiohttp's ClientSession).",
        "Each request pays for a new connection, and for its encryption; ports and files may run out.",
        "Make one client at the start of the program, use it for all requests, and close it at the end.",
        find_short_sessions,
        demo="session",
    ),
    Rule(
        "not-shareable",
        "A task used an object that only one may use at a time, or only once, or only on its own loop.",
        "It fails with a RuntimeError, and so does each one after it: a coroutine runs only once, a stream or async "
        "generator has one reader, and a lock, queue or future belongs to the loop that first waited for it.",
        "Cache the result or a task, not the coroutine; let one task read and give to the others; make locks and "
        "queues in the coroutine that asyncio.run() runs.",
        lambda state: chain(find_misuses(state), find_cached_coroutines(state)),
    ),
    Rule(
        "never-closed",
        "A connection, client or child process was let go before anybody had closed or ended it.",
        "It stays open until it happens to be collected: the other side waits, and ports and files may run out.",
        "Close it in a finally, or use it in an `async with`; kill() a child whose time is up, and wait() for it.",
        lambda state: chain(find_unclosed(state), find_left_children(state)),
    ),
)
