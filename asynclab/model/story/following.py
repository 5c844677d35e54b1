"""What each event means for the life of one task."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from asynclab.model.events import (
    BLOCKED_AFTER,
    ClockChanged,
    Event,
    LoopBlocked,
    Output,
    Progressed,
    StepEnded,
    Stepped,
    StepStarted,
    TaskCancelRequested,
    TaskChosen,
    TaskCollected,
    TaskCreated,
    TaskEnded,
    TaskReady,
    TaskWaiting,
    Warned,
)
from asynclab.model.story import doings
from asynclab.model.story.life import Life
from asynclab.model.story.turns import Request, Turn
from asynclab.model.tasks import MAIN

COMPLAINTS_KEPT = 3
"""How many complaints about a task that has ended are kept."""

Handlers: TypeAlias = Mapping[type[Event], Callable[[Life, Any], None]]


def follow(life: Life, events: Iterable[Event]) -> None:
    """Take more events of the run into a task's life, in their order."""
    find = HANDLERS.get
    for event in events:
        handle = find(type(event))
        if handle is not None:
            handle(life, event)


def task_created(life: Life, event: TaskCreated) -> None:
    """The task is born, or makes another."""
    if event.task == life.task and life.created is None and life.phase == "unknown":
        life.created = event
        life.is_main = not life.anybody_created and event.parent is None
        follows = event.parent is None
        life.turn = Turn(event.at, is_first=True, ready=event.at, cause="created", follows_step_of_parent=follows)
        life.phase = "ready"
    elif event.parent == life.task and life.phase == "running" and not event.internal:
        life.did("created", thing=event.task)
    life.anybody_created = True


def task_ready(life: Life, event: TaskReady) -> None:
    """The task is put in the ready queue, or puts another there."""
    if event.task != life.task:
        if event.waker == life.task and event.cause == "task":
            _wakes(life, event.task)
    elif life.phase == "running":
        if life.woken_in_step is None:
            life.woken_in_step = Turn(event.at, cause=event.cause, waker=event.waker)
    elif life.phase in ("waiting", "unknown"):
        turn = life.turn = life.turn or Turn(event.at, is_cut=True)
        turn.ready, turn.cause, turn.waker = event.at, event.cause, event.waker
        if event.cause == "task" and event.waker == life.task:
            turn.cause = "callback"  # something that it had set off itself has come back, from a thread say
        turn.reason = _reason(life, turn)
        life.phase = "ready"


def task_chosen(life: Life, event: TaskChosen) -> None:
    """The person lets the task go out of turn."""
    if event.task == life.task and life.phase == "ready" and life.turn is not None:
        life.turn.chosen_before = event.ahead_of


def step_started(life: Life, event: StepStarted | Stepped) -> None:
    """The task runs, or another does while this one is ready."""
    if event.task == life.task:
        _start(life, event.at)
    elif life.phase == "ready" and life.turn is not None:
        life.turn.went_ahead(event.task)


def step_ended(life: Life, event: StepEnded | Stepped, at: float | None = None) -> None:
    """The task gives control back, or another does."""
    if event.task == life.task:
        _stop(life, event.at if at is None else at, event.seconds, is_ready=event.ready, ends=event.ends)
        return
    if life.just_expired:
        life.just_expired.pop(event.task, None)
    if life.phase == "ready" and life.turn is not None and life.created is not None:
        life.turn.follows_step_of_parent |= event.task == life.created.parent


def stepped(life: Life, event: Stepped) -> None:
    """A whole step, of the task or of another."""
    step_started(life, event)
    step_ended(life, event, at=event.at + event.seconds * life.speed)


def clock_changed(life: Life, event: ClockChanged) -> None:
    """Steps take other lengths of lab time from here on."""
    life.speed = 0.0 if event.paused else event.speed


def task_waiting(life: Life, event: TaskWaiting) -> None:
    """What the task waits for is known."""
    if event.task == life.task and life.phase == "waiting" and life.turn is not None:
        life.turn.wait = event.wait


def task_cancel_requested(life: Life, event: TaskCancelRequested) -> None:
    """The task is asked to end, or asks another."""
    if event.task != life.task:
        if event.by == life.task and life.phase == "running":
            life.did("asked", thing=event.task)
        return
    if life.phase == "ended":
        return
    life.last_cancel, life.steps_since_cancel = event.at, 0
    if life.phase == "running":
        life.did("asked", thing=event.task)
        return
    turn = life.turn = life.turn or Turn(event.at, is_cut=True)
    if turn.cancel is None:
        timed_out = None if event.by is None else life.just_expired.get(event.by)
        is_waiting, has_failed = life.phase == "waiting", event.by in life.failed
        turn.cancel = Request(event.at, event.by, is_waiting, timed_out, life.main_has_ended, has_failed)


def task_ended(life: Life, event: TaskEnded | TaskCollected) -> None:
    """The task has ended, or another has."""
    if event.task == life.task:
        if life.ended is None:
            life.ended, life.phase = event, "ended"
    elif isinstance(event, TaskCollected) or event.outcome == "failed":
        life.failed.add(event.task)
    if event.task == MAIN:
        life.main_has_ended = True


def output(life: Life, event: Output) -> None:
    """Something was printed."""
    if event.task == life.task:
        for line in event.text.removesuffix("\n").split("\n"):
            life.lines_printed += 1
            life.did("printed", thing=line[: doings.TEXT_KEPT])


def progressed(life: Life, event: Progressed) -> None:
    """The task reported how far it is."""
    if event.task == life.task:
        life.progress = event


def warned(life: Life, event: Warned) -> None:
    """There was a complaint."""
    if event.task != life.task:
        return
    text = event.text[: doings.TEXT_KEPT]
    if life.phase != "ended":
        life.did("warned", thing=text)
    elif len(life.complaints) < COMPLAINTS_KEPT:
        life.complaints.append((event.at, text))


def loop_blocked(life: Life, event: LoopBlocked) -> None:
    """The task's step keeps the loop from running."""
    if event.task == life.task and life.phase == "running":
        life.blocking = event


def _wakes(life: Life, other: int) -> None:
    if life.phase == "running":
        life.did("woke", thing=other)
    elif life.phase == "ended":
        life.end.did("woke", thing=other)


def _start(life: Life, at: float) -> None:
    if life.phase in ("running", "ended"):
        return
    turn = life.turn or Turn(at, is_cut=True)
    turn.ran = at
    life.turn, life.phase = turn, "running"
    life.come_to(turn)
    life.steps_since_cancel += 1


def _stop(life: Life, at: float, seconds: float, *, is_ready: bool, ends: bool) -> None:
    turn = life.turn
    if life.phase != "running" or turn is None:
        return
    turn.is_over, turn.seconds = True, seconds
    if seconds >= BLOCKED_AFTER:
        doings.blocked(turn, seconds, life.blocking)
    life.blocking = None
    if turn.is_plain:
        _merge(life, turn)
    if ends:
        return  # there is no other turn to come
    following = Turn(at, yielded=is_ready)
    life.phase = "waiting"
    woken, life.woken_in_step = life.woken_in_step, None
    if is_ready or woken is not None:
        following.ready = at
        life.phase = "ready"
    if woken is not None:
        following.cause, following.waker = woken.cause, woken.waker
    life.turn = following


def _merge(life: Life, turn: Turn) -> None:
    """Count a turn that was only given away together with the one before, where that was, too."""
    turns = life.turns
    turn.ready_total = turn.was_ready
    before = turns[-2] if len(turns) > 1 and turns[-1] is turn else None
    if before is not None and before.is_plain and before.is_over:
        turns.pop()
        before.times += 1
        before.ready_total += turn.was_ready
        before.ran = turn.ran


def _reason(life: Life, turn: Turn) -> Event | None:
    """What the waker did that woke the task, as far as the order of events tells."""
    if turn.waker is None:
        return None
    deed = life.last_deed
    return deed if deed is not None and getattr(deed, "task", None) == turn.waker else None


HANDLERS: Handlers = {
    TaskCreated: task_created,
    TaskReady: task_ready,
    TaskChosen: task_chosen,
    Stepped: stepped,
    StepStarted: step_started,
    StepEnded: step_ended,
    TaskWaiting: task_waiting,
    TaskCancelRequested: task_cancel_requested,
    TaskEnded: task_ended,
    TaskCollected: task_ended,
    Output: output,
    Progressed: progressed,
    Warned: warned,
    LoopBlocked: loop_blocked,
    ClockChanged: clock_changed,
    **doings.HANDLERS,
}
