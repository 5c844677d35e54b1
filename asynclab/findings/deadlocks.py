"""Finds tasks that wait for each other, or for what can't come any more."""

from __future__ import annotations

from collections.abc import Iterator

from asynclab.findings.rule import Finding, Rule, place_of
from asynclab.model.events import Wait
from asynclab.model.frames import file_name
from asynclab.model.resources import PrimitiveState, label
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState
from asynclab.model.text import one_line
from asynclab.model.wording.quantities import measured, plural
from asynclab.model.wording.wait import NOT_RECORDED, plain_wait

NAMED = 6
"""How many waiting tasks a sentence names."""

_ONE = ("task", "wait_for", "gather", "task_group")
"""The waits that can't end before all of their tasks have."""


def find_cycles(state: LabState) -> Iterator[Finding]:
    """Tasks that wait for each other in a circle, by locks and by awaits, with no deadline that would break it."""
    locks = {each.number: each for each in state.primitives.values() if each.kind == "lock"}
    deadlines = {timeout.task for timeout in state.timeouts.values() if timeout.outcome == "running"}
    settled: set[int] = set()
    for start in list(state.tasks.values()):
        path: dict[int, None] = {}
        number: int | None = start.id
        while number is not None and number not in settled and number not in path:
            path[number] = None
            number = _waits_for(state, number, locks, deadlines)
        if number is not None and number in path:
            members = list(path)[list(path).index(number) :]
            yield _cycle(state, members, locks)
        settled.update(path)


def _waits_for(
    state: LabState, number: int, locks: dict[int, PrimitiveState], deadlines: set[int | None]
) -> int | None:
    """The one task that another has to wait for; None where there is none, or where a deadline ends the wait."""
    task = state.tasks.get(number)
    if task is None or task.state != "waiting" or number in deadlines or task.cancel_requested:
        return None
    wait = task.waits_for
    if wait is None or wait.deadline is not None:
        return None
    if wait.kind == "lock" and wait.number in locks:
        return locks[wait.number].holder  # a wait's own may be stale: the lock may have changed hands
    if wait.kind in _ONE:
        pending = [other for other in wait.tasks if other in state.tasks and not state.tasks[other].has_ended]
        return pending[0] if len(pending) == 1 else _in_circle(state, number, pending)
    return None


def _in_circle(state: LabState, number: int, pending: list[int]) -> int | None:
    """Of several tasks that all have to end: one that waits for the first task itself."""
    for other in pending:
        wait = state.tasks[other].waits_for
        if wait is not None and wait.kind in _ONE and number in wait.tasks:
            return other
    return None


def _cycle(state: LabState, members: list[int], locks: dict[int, PrimitiveState]) -> Finding:
    tasks = [state.tasks[number] for number in members]
    first = tasks[0]
    wait = first.waits_for
    if len(tasks) == 1 and wait is not None and wait.kind == "lock":
        name = label("lock", wait.number)
        text = f"'{state.task_name(first.id)}' waits for {name}{_line(first)}, which it holds itself: it waits for ever"
        behind = [
            other.id
            for other in state.tasks.values()
            if other is not first and other.waits_for is not None and _same_lock(other.waits_for, wait)
        ]
        text += f"; {_names(state, behind)} behind it" if behind else ""
    else:
        links = [f"'{state.task_name(task.id)}' waits for {_target(state, task, locks)}{_line(task)}" for task in tasks]
        text = "; ".join(links)
    return Finding("deadlock", text, state.now, (state.version,), first.id, place_of(first))


def _same_lock(wait: Wait, other: Wait) -> bool:
    return (wait.kind, wait.number) == (other.kind, other.number)


def _target(state: LabState, task: TaskState, locks: dict[int, PrimitiveState]) -> str:
    wait = task.waits_for
    assert wait is not None
    if wait.kind == "lock":
        return f"{label('lock', wait.number)}, held by '{state.task_name(locks[wait.number].holder)}'"
    return ", ".join(f"'{state.task_name(number)}'" for number in wait.tasks[:NAMED])


def find_joins(state: LabState) -> Iterator[Finding]:
    """A join() of an empty queue whose items were all taken, where nobody is left to call task_done()."""
    if not state.is_stuck:
        return
    for queue in state.queues.values():
        if queue.joiners and queue.unfinished > 0 and not queue.size:
            joiner = state.tasks[queue.joiners[0]]
            text = (
                f"'{state.task_name(joiner.id)}' waits in join() of {queue.label}{_line(joiner)}: {queue.puts:,} put, "
                f"{queue.gets:,} got, {queue.dones:,} task_done(); the queue is empty, and nobody is left to call it"
            )
            yield Finding("join-without-task-done", text, state.now, (state.version,), joiner.id, place_of(joiner))


def find_standstills(state: LabState) -> Iterator[Finding]:
    """All tasks wait, and nothing can wake any of them; said where no other rule says why."""
    if not state.is_stuck or any(find_cycles(state)) or any(find_joins(state)):
        return
    waiting = [task for task in state.tasks.values() if task.state == "waiting"]
    if not waiting:
        return
    last = max(waiting, key=lambda task: task.since)
    said = [f"'{state.task_name(task.id)}' {_doing(state, task)}{_line(task)}" for task in waiting[:NAMED]]
    more = [f"{plural(len(waiting) - NAMED, 'task')} more"] if len(waiting) > NAMED else []
    text = f"since {measured(last.since)} nothing can wake any task: no timer, I/O, thread, process or signal is left; "
    yield Finding(
        "standstill", text + "; ".join(said + more), state.now, (state.version,), waiting[0].id, place_of(waiting[0])
    )


def _doing(state: LabState, task: TaskState) -> str:
    """What a task waits for; of a semaphore who has its permits, as far as that is known."""
    wait = task.waits_for
    if wait is None:
        return f"waits ({NOT_RECORDED})"
    return plain_wait(wait, state)[0]


def _names(state: LabState, tasks: list[int]) -> str:
    named = ", ".join(f"'{state.task_name(number)}'" for number in tasks[:NAMED])
    more = f" and {len(tasks) - NAMED:,} more" if len(tasks) > NAMED else ""
    return f"{named}{more} {'waits' if len(tasks) == 1 else 'wait'}"


def _line(task: TaskState) -> str:
    place = task.place
    return "" if place is None else f" ({one_line(file_name(place[0]))}:{place[1]})"


RULES = (
    Rule(
        "deadlock",
        "Tasks wait for each other in a circle, or one waits for a lock that it holds.",
        "None of them can ever go on, nor can whoever waits for them.",
        "Take locks in the same order everywhere, and no lock twice: asyncio's locks are not reentrant.",
        "",
        find_cycles,
    ),
    Rule(
        "join-without-task-done",
        "join() waits for items that were taken, but task_done() was not called for them.",
        "join() never returns.",
        "Call task_done() in a finally after each get().",
        "",
        find_joins,
    ),
    Rule(
        "standstill",
        "All tasks wait, and nothing can wake any of them.",
        "The program hangs, and uses no CPU time.",
        "See what each task waits for: whoever was to bring it has ended, or waits as well.",
        "",
        find_standstills,
    ),
)
