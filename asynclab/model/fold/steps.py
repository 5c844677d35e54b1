"""Folds steps into the state of a lab. In a busy lab, nearly all events are of the four types here."""

from __future__ import annotations

from asynclab.model.events import BLOCKED_AFTER, StepEnded, Stepped, StepStarted, TaskReady
from asynclab.model.fold.waits import TELLING, leave_place, leave_wait, tell_woke, wait_ended
from asynclab.model.lanes import READY, RUNNING, WAITING
from asynclab.model.state import Block, LabState
from asynclab.model.tasks import StateWord, TaskState
from asynclab.model.wording import deed


def task_ready(state: LabState, event: TaskReady, at: float) -> None:
    """Put a task in the ready queue. If its own step still runs, that happens at the end of the step."""
    task = state.tasks.get(event.task)
    if task is None:
        return
    timeline = state.timeline
    word = task.state
    if word == "waiting":
        waited = at - task.since
        task.waiting_seconds += waited
        task.state = "ready"
        task.last_wait_began, task.since = task.since, at
        state.ready_queue[event.task] = None
        counts = state.counts
        counts["waiting"] -= 1
        counts["ready"] += 1
        if timeline is not None:
            timeline.begin(event.task, READY, at, state.version, event)
        wait = task.last_wait = task.waits_for
        if wait is not None:
            if event.cause == "cancel" or wait.kind in TELLING or state.lost_handovers or state.dropped_tasks:
                wait_ended(state, task, event, at)
            tell_woke(state, task, waited, at)
            leave_wait(state, task, at)
    elif word == "running":
        if task.woken_in_step is None:
            task.woken_in_step = event
    elif word != "ready":
        return
    task.wake_cause = event.cause
    task.waker = event.waker
    if event.cause == "task" and event.waker != event.task:
        state.mark(event.waker, "woke", at, event)


def stepped(state: LabState, event: Stepped, at: float) -> None:
    """Do the same as `step_started` and then `step_ended`, but without changes that cancel each other."""
    clock = state.clock
    end = event.at if clock.paused else event.at + event.seconds * clock.speed
    if end > at:
        state.now = end
    else:
        end = at
    task = state.tasks.get(event.task)
    if task is None:
        return
    if state.held:
        state.held.pop(event.task, None)
    if event.ends:
        step_started(state, event, at)
        step_ended(state, event, end)
        return
    before = task.state
    if before == "ready":
        task.ready_seconds += at - task.since
        del state.ready_queue[event.task]
    elif before == "waiting":
        task.waiting_seconds += at - task.since
        if task.waits_for is not None:
            leave_wait(state, task, at)
    else:
        step_ended(state, event, end)
        return
    timeline = state.timeline
    if timeline is not None:
        timeline.begin(event.task, RUNNING, at, state.version)
    task.place = task.stands = None  # like leave_place, but without the cost of a call
    task.steps += 1
    task.running_seconds += event.seconds
    if event.seconds >= BLOCKED_AFTER or state.is_blocking:
        _stop_blocking(state, event, at, end)
    task.since = end
    after: StateWord = "waiting"
    if event.ready:
        after = "ready"
        state.ready_queue[event.task] = None
    if timeline is not None:
        timeline.begin(event.task, READY if event.ready else WAITING, end, state.version)
    if after != before:
        task.state = after
        state.counts[before] -= 1
        state.counts[after] += 1


def step_started(state: LabState, event: StepStarted | Stepped, at: float) -> None:
    """Note that a task runs. If this interrupts another task's step, that step resumes when this one ends."""
    task = state.tasks.get(event.task)
    if task is None:
        return
    if state.held:
        state.held.pop(event.task, None)
    word = task.state
    if word == "ready":
        task.ready_seconds += at - task.since
        del state.ready_queue[event.task]
    elif word == "waiting":
        task.waiting_seconds += at - task.since
        leave_wait(state, task, at)
    else:
        return
    if state.timeline is not None:
        state.timeline.begin(event.task, RUNNING, at, state.version)
    leave_place(task)
    task.state = "running"
    task.since = at
    task.steps += 1
    counts = state.counts
    counts[word] -= 1
    counts["running"] += 1
    if state.running is not None:
        state.outer_steps.append(state.running)
    state.running = event.task


def step_ended(state: LabState, event: StepEnded | Stepped, at: float) -> None:
    """Note that a step ended. The task is ready again if it yielded or was woken in its step; otherwise it waits.

    If the task ended too, it counts as running until its TaskEnded, which comes next. In old recordings, which lack
    `ends`, it counts as waiting until then.
    """
    task = state.tasks.get(event.task)
    if task is None:
        return
    task.running_seconds += event.seconds
    if event.seconds >= BLOCKED_AFTER or state.is_blocking:
        _stop_blocking(state, event, task.since, at)
    if task.state != "running" or event.ends:
        return
    leave_step(state, task)
    task.since = at
    counts = state.counts
    counts["running"] -= 1
    woken, task.woken_in_step = task.woken_in_step, None
    is_ready = event.ready or woken is not None
    if state.timeline is not None:
        state.timeline.begin(event.task, READY if is_ready else WAITING, at, state.version, woken)
    if is_ready:
        task.state = "ready"
        counts["ready"] += 1
        state.ready_queue[event.task] = None
    else:
        task.state = "waiting"
        counts["waiting"] += 1


def leave_step(state: LabState, task: TaskState) -> None:
    """Note that a task's step doesn't run any more."""
    if state.running == task.id:
        state.running = state.outer_steps.pop() if state.outer_steps else None
    else:
        state.outer_steps.remove(task.id)


def _stop_blocking(state: LabState, event: StepEnded | Stepped, begin: float, at: float) -> None:
    report = state.blocked if state.is_blocking else None
    state.is_blocking = False
    if event.seconds >= BLOCKED_AFTER:
        kept_others = report is not None and state.keeps_others
        state.block(Block(event.task, begin, at, event.seconds, report, kept_others, state.version))
        state.mark(event.task, "long_step", at, event)
        state.tell(at, event.task, "blocked", deed.blocked_loop(event.seconds))
