"""In which words and marks a lab is described, the same in every view and in headless output."""

from __future__ import annotations

from asynclab.model.events import BLOCKED_AFTER, Outcome, Wait, WaitKind
from asynclab.model.resources import label
from asynclab.model.state import LabState
from asynclab.model.tasks import StateWord
from asynclab.model.text import one_line

GLYPHS: dict[StateWord, str] = {
    "ready": "▸",
    "running": "►",
    "waiting": "◌",
    "done": "✓",
    "failed": "✗",
    "cancelled": "⊘",
}
"""The mark of each state; all are one cell wide."""

_FIXED_WAITS: dict[WaitKind, str] = {
    "stream": "reads from a stream",
    "async_generator": "inside an async generator",
    "unknown": "can't tell",
}

_NAMES_LISTED = 5


def describe_wait(wait: Wait, state: LabState) -> str:
    """What a task waits for, in a few words.

    Returns:
        Such as "sleep 2.00 s", "queue.get on queue#1", "task brew-2", "gather of 3", "lock#1 held by brew-1".
    """
    match wait.kind:
        case "sleep":
            return f"sleep {length(wait.seconds)}" if wait.seconds is not None else "sleep"
        case "task":
            return f"task {names_of(wait.tasks, state)}" if wait.tasks else "task"
        case "gather" | "wait":
            return f"{wait.kind} of {wait.count or len(wait.tasks)}"
        case "task_group":
            return f"task group of {len(wait.tasks)}" if wait.tasks else "task group"
        case "wait_for":
            return f"task {names_of(wait.tasks, state)} in wait_for" if wait.tasks else "wait_for"
        case "queue.get" | "queue.put" | "queue.join":
            return _describe_queue_wait(wait, state)
        case "lock":
            held = f" held by {names_of(wait.tasks, state)}" if wait.tasks else ""
            return f"{_resource(wait)}{held}"
        case "library":
            return f"inside {_resource(wait)}"
        case kind:
            return _FIXED_WAITS.get(kind) or _resource(wait)


def wait_text(wait: Wait, state: LabState) -> str:
    """What is said of a task that begins to wait: "sleeps 1.00 s", "waits for queue.get on queue#1"."""
    match wait.kind:
        case "sleep":
            return "sleeps" if wait.seconds is None else f"sleeps {length(wait.seconds)}"
        case "stream":
            return describe_wait(wait, state)
        case "async_generator" | "library":
            return f"waits {describe_wait(wait, state)}"
        case "unknown":
            return "waits; can't tell for what"
        case "future" | "socket" | "process" | "thread":
            return f"waits for a {describe_wait(wait, state)}"
        case _:
            return f"waits for {describe_wait(wait, state)}"


def describe_ending(outcome: Outcome, detail: str) -> str:
    """How a task or a run ended: "returned 'tea'", "raised ValueError: boom", "cancelled"."""
    if outcome == "cancelled":
        return "cancelled"
    if not detail:
        return outcome
    return f"{'returned' if outcome == 'done' else 'raised'} {one_line(detail)}"


def length(seconds: float) -> str:
    """A chosen length of time, such as "2.00 s": with two decimals, more where two would lose something."""
    if 0 < abs(seconds) < 0.01:
        return f"{seconds:.6f}".rstrip("0").rstrip(".") + " s"
    decimals = 2 if abs(round(seconds, 2) - seconds) < 0.0005 else 3
    return f"{seconds:.{decimals}f} s"


def timeout_text(seconds: float | None) -> str:
    """A timeout by its length: "timeout of 2.00 s", "timeout without a deadline"."""
    return "timeout without a deadline" if seconds is None else f"timeout of {length(seconds)}"


def busy(late: float) -> str:
    """What the loop was while a timer should have fired that was so many seconds too late: "blocked" or "busy"."""
    return "blocked" if late >= BLOCKED_AFTER else "busy"


def measured(seconds: float) -> str:
    """A measured length or moment, in three decimals: "1.001 s"."""
    return f"{seconds:.3f} s"


def speed_text(speed: float) -> str:
    """A speed as it is chosen: "2×", "1/64×"."""
    whole = round(1 / speed) if 0.001 <= speed < 1 else 0
    return f"1/{whole}×" if whole > 1 and abs(whole * speed - 1) < 1e-9 else f"{speed:g}×"


def plural(count: int, noun: str) -> str:
    """A count and its noun: "1 task", "2 tasks"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def names_of(tasks: tuple[int, ...], state: LabState) -> str:
    """The names of some tasks, the first few of many: "a, b", "a, b, c, d, e and 7 more"."""
    listed = ", ".join(state.task_name(task) for task in tasks[:_NAMES_LISTED])
    more = len(tasks) - _NAMES_LISTED
    return f"{listed} and {more:,} more" if more > 0 else listed


def label_of(primitive: int, state: LabState) -> str:
    """The label of a primitive, such as "lock#1"; empty for one that is not kept."""
    known = state.primitives.get(primitive)
    return "" if known is None else known.label


def name_of_resource(wait: Wait) -> str:
    """The name of the queue, primitive or library that is waited for, such as "lock#1"; empty where it isn't known."""
    if not wait.number:
        return one_line(wait.library)
    return label("queue" if wait.kind.startswith("queue.") else wait.kind, wait.number)


def _resource(wait: Wait) -> str:
    return name_of_resource(wait) or wait.kind


def _describe_queue_wait(wait: Wait, state: LabState) -> str:
    on = f" on {name_of_resource(wait)}" if wait.number else ""
    queue = state.queues.get(wait.number)
    full = " (full)" if wait.kind == "queue.put" and queue is not None and queue.is_full else ""
    return f"{wait.kind}{on}{full}"
