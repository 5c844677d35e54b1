"""Draws one queue, one primitive or one timeout."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from rich.cells import cell_len

from asynclab.model.resources import PrimitiveState, QueueState, TimeoutState
from asynclab.model.state import LabState
from asynclab.model.text import one_line, shorten_middle
from asynclab.model.wording.quantities import length, measured, plural
from asynclab.widgets.lines import Line, Span, bar, fit, left, sparkline, width_of

LABEL, SHORT_LABEL = 13, 10
"""Cells for the labels at the left: in a wide pane, and in a narrow one."""

ITEM = 14
"""The most cells for one item of a queue."""

ITEMS = 48
"""The most cells for all items of a queue, so that the figures beside them stay in place."""

NAMES = 12
"""The most tasks listed by name."""

WIDE = 68
"""The width at which nothing has to be abbreviated."""


def queue_items(queue: QueueState, width: int) -> Line:
    """A queue's label, its items as cells, oldest first, and how full it is."""
    unfinished: Line = (("  unfinished ", "past"), (f"{queue.unfinished:,}", "")) if width >= WIDE else ()
    size = _size(queue)
    label = _label(queue.label, width)
    room = min(ITEMS, width - len(label) - width_of(unfinished) - max(16, width_of(size) + 2))
    items = _items(queue, room)
    gap = " " * (room - width_of(items) + 2)
    return ((label, "strong"), *items, (gap, ""), *size, *unfinished)


def queue_waiters(queue: QueueState, state: LabState, width: int) -> Line:
    """The tasks that wait in put(), in get() and in join()."""
    to_put, to_get = ("waiting to put  ", "waiting to get  ") if width >= WIDE else ("to put  ", "to get  ")
    half = min(26, (width - len(to_put) - len(to_get)) // 2)
    putters = fit(_names(queue.putters, state), half - 2)
    joiners: Line = (("  in join()  ", "past"), *_names(queue.joiners, state)) if queue.joiners else ()
    gap = " " * (half - width_of(putters))
    return ((to_put, "past"), *putters, (gap, ""), (to_get, "past"), *fit(_names(queue.getters, state), half), *joiners)


def queue_depth(queue: QueueState, width: int) -> Line:
    """A queue's size after each of its last changes, and how many items went through it."""
    counts = _counts(queue)
    label = _label("depth", width)
    room = max(0, min(ITEMS, width - len(label) - width_of(counts) - 3))
    sizes = [size for _, size in islice(reversed(queue.depth), room)][::-1]
    drawn = sparkline(sizes, len(sizes), queue.maxsize or max(queue.peak, 1))
    return ((label, "past"), (drawn, "waiting"), (" " * (room - len(sizes) + 3), ""), *counts)


def timeout_line(timeout: TimeoutState, state: LabState, now: float, width: int) -> Line:
    """A timeout: the time elapsed and left at lab time `now`, or how it ended."""
    part = {"running": "ready", "expired": "cancelled", "met": "done", "late": "failed"}[timeout.outcome]
    remaining = timeout.left(now)
    over = _share_over(timeout, remaining)
    label = _label("timeout", width)
    room = max(4, min(44, width - len(label) - 40))
    return (
        (label, "strong" if timeout.outcome == "running" else "past"),
        *bar(over, room, part),
        ("  ", ""),
        *_verdict(timeout, remaining, part),
        (" for " if timeout.task is not None else "", "past"),
        (state.task_name(timeout.task), ""),
        (f" in {one_line(timeout.library)}" if timeout.library else "", "past"),
    )


def primitive_line(primitive: PrimitiveState, state: LabState, width: int) -> Line:
    """A lock, semaphore, event, condition or barrier: its value, and the tasks that wait for it."""
    waiters = list(primitive.waiters)
    waiting: Line = (("waiting  ", "past"), *_names(waiters, state)) if waiters else ()
    condition = () if primitive.kind == "condition" and waiters else _condition(primitive, state)
    condition = fit(condition, 28 if width >= WIDE else 18)
    gap = " " * ((30 if width >= WIDE else 20) - width_of(condition))
    return ((_label(primitive.label, width), "strong"), *condition, (gap, ""), *waiting)


def _label(text: str, width: int) -> str:
    return left(one_line(text), (LABEL if width >= WIDE else SHORT_LABEL) - 1) + " "


def _size(queue: QueueState) -> Line:
    size = f"{queue.size:,} / {queue.maxsize:,} " if queue.maxsize else f"{queue.size:,} "
    if queue.is_shut_down:
        return ((size, ""), ("shut down", "failed"))
    if queue.is_full:
        return ((f"{size}full", "strong ready"),)
    if not queue.size:
        return ((size, ""), ("empty", "past"))
    return ((size, ""), ("" if queue.maxsize else "items" if queue.size > 1 else "item", "past"))


def _items(queue: QueueState, room: int) -> Line:
    """The items that fit, and the number of those that don't."""
    spans: list[Span] = []
    used = 0
    for shown, item in enumerate(queue.items):
        text = f" {shorten_middle(one_line(item), ITEM)} "
        more = queue.size - shown
        if used + cell_len(text) > room - (len(f"+{more:,} ") if more > 1 else 0):
            return (*spans, (f"+{more:,}", "past"))
        spans += ((text, "cell"), (" ", ""))
        used += cell_len(text) + 1
    more = queue.size - len(queue.items)
    return (*spans, (f"+{more:,}", "past")) if more > 0 else tuple(spans)


def _counts(queue: QueueState) -> Line:
    return (
        ("put ", "past"),
        (f"{queue.puts:,}", ""),
        ("  got ", "past"),
        (f"{queue.gets:,}", ""),
        ("  done ", "past"),
        (f"{queue.dones:,}", ""),
    )


def _share_over(timeout: TimeoutState, remaining: float | None) -> float:
    if remaining is None or timeout.length is None:
        return 0.0
    return 1.0 if timeout.length <= 0 else 1 - remaining / timeout.length


def _verdict(timeout: TimeoutState, remaining: float | None, part: str) -> Line:
    if timeout.outcome == "expired":
        return ((f"expired at {measured(timeout.ended_at or 0.0)}", part),)
    if timeout.outcome == "late":
        return ((f"missed by {timeout.late:.2f} s", part),)
    if remaining is None or timeout.length is None:
        return (("no deadline" if timeout.outcome == "running" else "met", part),)
    if timeout.outcome == "running":
        return ((f"{remaining:.2f} s", f"strong {part}"), (f" left of {length(timeout.length)}", "past"))
    return ((f"met with {remaining:.2f} s to spare", part),)


def _condition(primitive: PrimitiveState, state: LabState) -> Line:
    match primitive.kind:
        case "lock" if primitive.value:
            return (("held by ", ""), (state.task_name(primitive.holder) or "other code", "ready"))
        case "lock":
            return (("free", "past"),)
        case "semaphore" if primitive.holders:
            return (("held by ", ""), *_names(primitive.holders, state))
        case "semaphore":
            return ((f"{plural(primitive.value, 'permit')} left", "" if primitive.value else "ready"),)
        case "event":
            return (("set", "done"),) if primitive.value else (("not set", "past"),)
        case "barrier":
            return ((f"{primitive.value:,} there", ""),)
        case "condition":
            return (("no waiters", "past"),)


def _names(tasks: Sequence[int], state: LabState) -> Line:
    """Tasks by name; the line is cut where they don't fit."""
    if not tasks:
        return (("nobody", "past"),)
    named = ", ".join(state.task_name(task) for task in tasks[:NAMES])
    more = len(tasks) - NAMES
    return ((named, "waiting"), (f" and {more:,} more", "past")) if more > 0 else ((named, "waiting"),)
