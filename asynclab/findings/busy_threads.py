"""Finds threads that block tasks or the end of the program."""

from __future__ import annotations

from collections.abc import Iterator

from asynclab.findings.rule import Finding, Rule, finding_of, incidents_of
from asynclab.findings.wait_graph import AWAITING
from asynclab.model.events import ExecutorFull, ScheduledFromThread, Wait
from asynclab.model.state import LabState
from asynclab.model.tasks import place_in, place_of
from asynclab.model.text import one_line
from asynclab.model.wording.full_wait import thread_told
from asynclab.model.wording.grammar import agreeing, named, quoted
from asynclab.model.wording.outcome import how_ended
from asynclab.model.wording.places import at_line
from asynclab.model.wording.quantities import measured, plural

_SHUTDOWN = "shutdown_default_executor"


def find_full_executors(state: LabState) -> Iterator[Finding]:
    """Name lookups, and calls that others wait for, for which the executor has no free thread."""
    for incident, event in incidents_of(state, ExecutorFull):
        if not (event.holds_up and any(find_executor_deadlocks(state))):
            who = "" if event.task is None else f" of {quoted(state, event.task)}"
            busy = "; ".join(map(thread_told, event.busy))
            uses = "; what they wait for needs it" if event.holds_up else ""
            uses = "; it was given up before it had begun" if event.never_begun else uses
            uses = "; nobody waits for these calls any more, but they keep running" if event.given_up else uses
            queued = f"{plural(event.queued, 'call')} {agreeing('wait', event.queued)}"
            threads = "the only thread of the executor is"
            threads = threads if event.workers == 1 else f"all {event.workers} threads of the executor are"
            text = (
                f"{one_line(event.function)}(){who} has waited {measured(event.seconds)} for a thread: {threads} busy, "
                f"and {queued}; {busy}{uses}"
            )
            yield finding_of("executor-full", text, incident, event.task)


def find_executor_deadlocks(state: LabState) -> Iterator[Finding]:
    """Executors whose threads all wait for tasks or calls that need one of these threads themselves."""
    told = state.outside
    if told is None or not told.queued or not state.is_starved:
        return
    waits = [task for task in state.tasks.values() if _waits_for_thread(task.waits_for)]
    if not waits:
        return
    they = f"{named(state, [task.id for task in waits])} {agreeing('wait', len(waits))}"
    text = (
        f"all threads of the executor wait themselves, and {plural(told.queued, 'call')} for one of them: "
        f"{'; '.join(map(thread_told, told.held))}; {they} for them"
    )
    yield Finding("executor-deadlock", text, state.now, (state.version,), waits[-1].id, place_of(waits[-1]))


def _waits_for_thread(wait: Wait | None) -> bool:
    """Whether a task waits for one or more calls in threads: a wait in gather() or similar names only tasks."""
    return wait is not None and (wait.kind == "thread" or (wait.kind in AWAITING and not wait.tasks))


def find_foreign_calls(state: LabState) -> Iterator[Finding]:
    """Code in other threads or signal handlers that schedules callbacks on the loop, for example by a future."""
    for incident, event in incidents_of(state, ScheduledFromThread):
        what = "scheduled a callback" if event.task is None else f"made {quoted(state, event.task)} ready"
        what = "called stop() of the loop" if event.stops else what
        who = f"thread '{one_line(event.thread)}'" if event.thread else "a signal handler"
        text = (
            f"{who} {what}{at_line(incident.place)} at {measured(incident.at)}, without call_soon_threadsafe(): "
            f"that does not wake the loop"
        )
        yield finding_of("wrong-thread", text, incident, event.task)


def find_endless_shutdowns(state: LabState) -> Iterator[Finding]:
    """Programs whose main task has ended, but that wait for a thread that nothing can release."""
    told = state.outside
    main = next(iter(state.tasks.values()), None)
    if told is None or not state.is_idle or not told.held or main is None or not main.has_ended:
        return
    waits = [task for task in state.tasks.values() if not task.has_ended]
    if told.io or told.processes or told.signals or not all(_SHUTDOWN in task.coroutine for task in waits):
        return
    if not waits and state.outcome is None:
        return
    thread = next((each for each in told.held if each.function or each.waits_in), told.held[0])
    waiter = f"asyncio.run() waits in {_SHUTDOWN}() for the threads of its executor"
    waiter = waiter if waits else "the process waits for all its threads but daemons"
    text = (
        f"{quoted(state, main.id)} {how_ended(main)}, and {waiter}: {thread_told(thread)}, and nobody is left to "
        f"release it"
    )
    yield Finding("shutdown-hangs", text, state.now, (state.version,), main.id, place_in(thread))


RULES = (
    Rule(
        "wrong-thread",
        "Code in another thread or a signal handler set a future or event, filled a queue, made a task, or stopped the "
        "loop.",
        "The loop is not woken: the task runs late or never, and the loop's own data may break.",
        "Use loop.call_soon_threadsafe() or asyncio.run_coroutine_threadsafe(); for signals loop.add_signal_handler().",
        find_foreign_calls,
    ),
    Rule(
        "executor-full",
        "A lookup of a host's name, or a call that others wait for, gets no thread: all of the executor's are busy, "
        "perhaps with calls that were given up.",
        "asyncio.to_thread() and lookups share the same few threads: connecting takes long, or the calls time out.",
        "Give slow calls an executor of their own: loop.run_in_executor(executor, function). A timeout ends no thread: "
        "hand it to the call itself.",
        find_full_executors,
    ),
    Rule(
        "executor-deadlock",
        "All threads of an executor wait for calls or tasks that need one of these threads.",
        "The calls that wait for a thread never begin.",
        "Wait for a coroutine or call in a thread of another executor, or await it in a task.",
        find_executor_deadlocks,
    ),
    Rule(
        "shutdown-hangs",
        "The main task has ended, but a thread never does.",
        "asyncio.run() waits for the threads of its executor, and Python for all others but daemons. So it hangs.",
        "A thread can't be cancelled: end it through what it waits for, such as a last item in its queue, and close "
        "objects that own a thread, such as a connection of aiosqlite.",
        find_endless_shutdowns,
    ),
)
