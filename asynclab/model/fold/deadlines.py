"""Folds timeouts and scheduled callbacks into the state of a lab."""

from __future__ import annotations

from typing import Literal

from asynclab.model.events import (
    CallEnded,
    CallScheduled,
    TimeoutExpired,
    TimeoutMet,
    TimeoutRescheduled,
    TimeoutStarted,
)
from asynclab.model.resources import TimeoutOutcome, TimeoutState
from asynclab.model.state import LabState
from asynclab.model.wording import deed

ENDED_TIMEOUTS_KEPT = 200
"""The most ended timeouts that are kept; then the oldest are dropped."""


def timeout_started(state: LabState, event: TimeoutStarted, at: float) -> None:
    """Add a running timeout."""
    if event.timeout not in state.timeouts:
        state.timeouts[event.timeout] = TimeoutState(
            event.timeout, event.task, at, event.deadline, library=event.library
        )
        state.mark(event.task, "timeout", at, event)
        state.tell(at, event.task, "timeout", deed.timeout_started(event, state))


def timeout_rescheduled(state: LabState, event: TimeoutRescheduled, at: float) -> None:
    """Move the deadline of a running timeout."""
    timeout = _running(state, event.timeout)
    if timeout is not None:
        timeout.deadline = event.deadline
        state.mark(timeout.task, "moved", at, event)
        state.tell(at, timeout.task, "timeout", deed.timeout_moved(event, state))


def timeout_expired(state: LabState, event: TimeoutExpired, at: float) -> None:
    """End a timeout whose deadline came before its block ended."""
    timeout = _running(state, event.timeout)
    if timeout is not None:
        _end(state, timeout, "expired", at)
        task = state.task(timeout.task)
        if task is not None and task.waits_for is not None:
            task.cancelled_in = task.waits_for, task.since
        state.mark(timeout.task, "expired", at, event)
        state.tell(at, timeout.task, "expired", deed.timeout_expired(event, state))


def timeout_met(state: LabState, event: TimeoutMet, at: float) -> None:
    """End a timeout whose block ended in time, or late, but before the timer fired."""
    timeout = _running(state, event.timeout)
    if timeout is None:
        return
    outcome: Literal["late", "met"] = "late" if event.late > 0 else "met"
    _end(state, timeout, outcome, at)
    timeout.late = max(0.0, event.late)
    state.mark(timeout.task, outcome, at, event)
    state.tell(at, timeout.task, outcome, deed.timeout_met(event, state))


def call_scheduled(state: LabState, event: CallScheduled, at: float) -> None:
    """Add a scheduled callback."""
    state.calls[event.call] = event


def call_ended(state: LabState, event: CallEnded, at: float) -> None:
    """Remove a callback that has run or was cancelled."""
    state.calls.pop(event.call, None)


def _running(state: LabState, timeout: int) -> TimeoutState | None:
    known = state.timeouts.get(timeout)
    return known if known is not None and known.outcome == "running" else None


def _end(state: LabState, timeout: TimeoutState, outcome: TimeoutOutcome, at: float) -> None:
    timeout.outcome = outcome
    timeout.ended_at = at
    state.ended_timeouts.append(timeout.id)
    if len(state.ended_timeouts) > ENDED_TIMEOUTS_KEPT:
        del state.timeouts[state.ended_timeouts.popleft()]
        state.dropped.timeouts += 1
