"""In which words marks, moments and lengths of time on a timeline are told."""

from __future__ import annotations

from asynclab.model.events import (
    ConditionNotified,
    Event,
    LoopBlocked,
    Output,
    PrimitiveChanged,
    QueueGot,
    QueuePut,
    QueueShutDown,
    QueueTaskDone,
    TaskCancelRequested,
    TaskCollected,
    TaskEnded,
    TimeoutExpired,
    TimeoutMet,
    TimeoutStarted,
    Warned,
)
from asynclab.model.state import LabState
from asynclab.model.text import one_line
from asynclab.model.words import busy, describe_ending, label_of, measured

TEXT_LIMIT = 40
"""The most characters of an item or of printed text that are told."""

SHORT = 0.01
"""The bounds of what is shorter, in seconds, are told in microseconds."""


def duration(seconds: float) -> str:
    """A length of time in a unit that suits it: "80 µs", "0.3 ms", "240 ms", "1.001 s"."""
    if seconds >= 0.9995:
        return measured(seconds)
    if seconds >= 0.0000995:
        return f"{seconds * 1000:.3g} ms"
    return f"{seconds * 1e6:.3g} µs" if seconds > 0 else "0 s"


def bounds(begin: float, end: float | None) -> str:
    """From when to when something lasted, exactly enough to tell the two apart: "1.000 s to 2.001 s"."""
    decimals = 6 if end is not None and end - begin < SHORT else 3
    first = f"{begin:.{decimals}f} s"
    return f"since {first}" if end is None else f"{first} to {end:.{decimals}f} s"


def tell(event: Event, state: LabState) -> str:
    """What a mark says, of the task that it belongs to: "put 'A1' in queue#1", "printed “tea is ready”"."""
    match event:
        case QueuePut(queue=queue, item=item):
            return f"put {one_line(item, TEXT_LIMIT)} in queue#{queue}"
        case QueueGot(queue=queue, item=item):
            return f"got {one_line(item, TEXT_LIMIT)} from queue#{queue}"
        case QueueTaskDone(queue=queue):
            return f"task_done on queue#{queue}"
        case QueueShutDown(queue=queue):
            return f"shut down queue#{queue}"
        case Output(text=text):
            return f"printed “{one_line(text.strip(), TEXT_LIMIT)}”"
        case Warned(text=text):
            return one_line(text, 2 * TEXT_LIMIT)
        case LoopBlocked(function=function, line=line):
            return f"blocked the loop in {one_line(function, TEXT_LIMIT)}, line {line}"
        case TaskEnded(outcome=outcome, detail=detail):
            return describe_ending(outcome, one_line(detail, 2 * TEXT_LIMIT))
        case TaskCollected():
            return "garbage-collected while pending"
        case _:
            return _tell_of_control(event, state)


def _tell_of_control(event: Event, state: LabState) -> str:
    match event:
        case PrimitiveChanged():
            return _change(event, state)
        case ConditionNotified(count=count):
            return f"notified {count:,} on {label_of(event.primitive, state)}"
        case TimeoutStarted(deadline=deadline):
            return f"started a timeout, {'without a deadline' if deadline is None else f'due at {measured(deadline)}'}"
        case TimeoutExpired():
            return "its timeout expired"
        case TimeoutMet(late=late) if late > 0:
            return f"missed its timeout by {duration(late)}, as the loop was {busy(late)}"
        case TimeoutMet():
            return "met its timeout"
        case TaskCancelRequested(by=by):
            return "asked to cancel" + ("" if by is None else f" by {state.task_name(by)}")
        case _:
            return ""


def _change(event: PrimitiveChanged, state: LabState) -> str:
    primitive = state.primitives.get(event.primitive)
    kind, label = ("", "a primitive") if primitive is None else (primitive.kind, primitive.label)
    if kind == "lock":
        return f"{'took' if event.value else 'released'} {label}"
    if kind == "event":
        return f"{'set' if event.value else 'cleared'} {label}"
    return f"changed {label} to {event.value:,}"
