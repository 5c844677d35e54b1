"""Which deadlines and callbacks are to come, and how each deadline ended."""

from __future__ import annotations

from asynclab.model.events import (
    BLOCKED_AFTER,
    CallEnded,
    CallScheduled,
    TimeoutExpired,
    TimeoutMet,
    TimeoutRescheduled,
    TimeoutStarted,
)
from asynclab.model.fold.handler import Handlers
from asynclab.model.resources import CallState, TimeoutOutcome, TimeoutState
from asynclab.model.state import LabState
from asynclab.model.words import busy, measured, timeout_text

ENDED_TIMEOUTS_KEPT = 200
"""How many ended timeouts are kept; the oldest go first."""


def timeout_started(state: LabState, event: TimeoutStarted, at: float) -> None:
    """Add a deadline that runs."""
    if event.timeout not in state.timeouts:
        timeout = TimeoutState(event.timeout, event.task, at, event.deadline)
        state.timeouts[event.timeout] = timeout
        state.mark(event.task, "timeout", at, event)
        state.tell(at, event.task, "timeout", f"{timeout_text(timeout.length)} started")


def timeout_rescheduled(state: LabState, event: TimeoutRescheduled, at: float) -> None:
    """Move a deadline that runs."""
    timeout = _running(state, event.timeout)
    if timeout is not None:
        timeout.deadline = event.deadline
        state.mark(timeout.task, "moved", at, event)
        state.tell(at, timeout.task, "timeout", _moved(event.deadline))


def timeout_expired(state: LabState, event: TimeoutExpired, at: float) -> None:
    """The deadline came first."""
    timeout = _running(state, event.timeout)
    if timeout is not None:
        _end(state, timeout, "expired", at)
        state.mark(timeout.task, "expired", at, event)
        late = 0.0 if timeout.deadline is None else at - timeout.deadline
        after = f", {measured(late)} after its deadline" if late >= BLOCKED_AFTER else ""
        state.tell(at, timeout.task, "expired", f"timeout expired at {measured(at)}{after}")


def timeout_met(state: LabState, event: TimeoutMet, at: float) -> None:
    """The block ended first: in time, or late, while the timer had no chance to fire."""
    timeout = _running(state, event.timeout)
    if timeout is None:
        return
    if event.late > 0:
        _end(state, timeout, "late", at)
        state.mark(timeout.task, "late", at, event)
        timeout.late = event.late
        state.tell(at, timeout.task, "late", _missed(timeout.deadline, event.late))
    else:
        _end(state, timeout, "met", at)
        state.mark(timeout.task, "met", at, event)
        left = timeout.left(at)
        spare = "" if left is None else f" with {measured(left)} to spare"
        state.tell(at, timeout.task, "met", f"timeout met{spare}")


def call_scheduled(state: LabState, event: CallScheduled, at: float) -> None:
    """Add a callback that is to come."""
    state.calls[event.call] = CallState(event.call, event.name, event.task, at, event.deadline, event.library)


def call_ended(state: LabState, event: CallEnded, at: float) -> None:
    """It is not to come any more."""
    state.calls.pop(event.call, None)


def _moved(deadline: float | None) -> str:
    return "timeout has no deadline any more" if deadline is None else f"timeout moved to {measured(deadline)}"


def _missed(deadline: float | None, late: float) -> str:
    moment = "" if deadline is None else f" ({measured(deadline)})"
    return f"timeout missed by {measured(late)}: the loop was {busy(late)} at its deadline{moment}"


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


HANDLERS: Handlers = {
    TimeoutStarted: timeout_started,
    TimeoutRescheduled: timeout_rescheduled,
    TimeoutExpired: timeout_expired,
    TimeoutMet: timeout_met,
    CallScheduled: call_scheduled,
    CallEnded: call_ended,
}
