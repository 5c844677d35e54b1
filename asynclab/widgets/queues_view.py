"""Shows queues with the tasks that wait for them, timeouts, and locks and other primitives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TypeAlias

from rich.cells import cell_len

from asynclab.model.resources import PrimitiveState, QueueState, TimeoutState
from asynclab.model.state import NOTHING_YET, LabState
from asynclab.model.text import one_line, shorten_middle
from asynclab.model.wording.quantities import length, measured, plural
from asynclab.widgets.line_view import LineView
from asynclab.widgets.spans import Line, Span, bar, fit, joined, left, sparkline, width_of

Draw: TypeAlias = Callable[[int], Line]
"""A function that draws one line in a number of cells."""

ROOMY = 6
"""From this height on, each queue gets all its lines and an empty line, even if not all queues fit."""


def lines_of_queues(state: LabState) -> int:
    """How many lines the queues, timeouts and primitives of a lab need, including empty lines between queues."""
    queues, others = 4 * len(state.queues), len(_running(state)) + len(_ended(state)) + len(state.primitives)
    return queues + others - (1 if queues and not others else 0)


class QueuesView(LineView):
    """The queues, timeouts and primitives of a lab."""

    BORDER_TITLE = "Queues and deadlines"
    _state = NOTHING_YET
    _now = 0.0
    entries: Sequence[Draw] = ()

    def show(self, state: LabState, now: float) -> None:
        """Show a lab at lab time `now`, in seconds."""
        if not self.is_news(id(state), state.version, now):
            return
        self._state, self._now = state, now
        self.set_subtitle(self.summary())
        self.repaint()

    def summary(self) -> Line:
        """The number of queues, timeouts and primitives, such as "1 queue · 1 timeout"."""
        state = self._state
        counts = ((len(state.queues), "queue"), (len(_running(state)), "timeout"), (len(state.primitives), "primitive"))
        said = [plural(count, noun) for count, noun in counts if count]
        gone = state.dropped.queues + state.dropped.primitives + state.dropped.timeouts
        if gone:
            said.append(f"{gone:,} dropped")
        return joined(((text, "past"),) for text in said)

    def repaint(self) -> None:
        """Lay out the lines again, and refresh those that changed."""
        self.entries = tuple(self._lay_out())
        super().repaint()

    def compose_line(self, index: int, width: int) -> Line:
        """A line, after a blank cell."""
        return ((" ", ""), *self.entries[index](width - 2))

    def _lay_out(self) -> Iterator[Draw]:
        state = self._state
        if not lines_of_queues(state):
            yield lambda width: (("no queues, locks or timeouts yet", "past"),)
            return
        others: list[Draw] = [
            *(partial(timeout_line, timeout, state, self._now) for timeout in _running(state)),
            *(partial(primitive_line, primitive, state) for primitive in state.primitives.values()),
            *(partial(timeout_line, timeout, state, self._now) for timeout in _ended(state)),
        ]
        is_roomy = self.page_height >= min(ROOMY, lines_of_queues(state))
        for number, queue in enumerate(state.queues.values(), start=1):
            yield from self._queue(queue, state, is_roomy, number == len(state.queues) and not others)
        yield from others

    def _queue(self, queue: QueueState, state: LabState, is_roomy: bool, is_last: bool) -> Iterator[Draw]:
        yield partial(queue_items, queue)
        yield partial(queue_waiters, queue, state)
        if is_roomy:
            yield partial(queue_depth, queue)
            if not is_last:
                yield lambda width: ()


def _running(state: LabState) -> list[TimeoutState]:
    return [timeout for timeout in state.timeouts.values() if timeout.outcome == "running"]


def _ended(state: LabState) -> list[TimeoutState]:
    """The ended timeouts, latest first, without those of libraries that were met."""
    ended = [timeout for timeout in state.timeouts.values() if timeout.outcome != "running"]
    return [timeout for timeout in reversed(ended) if not (timeout.library and timeout.outcome == "met")]


LABEL, SHORT_LABEL = 13, 10
"""The width of the labels at the left in a wide and in a narrow view, in cells."""

ITEM = 14
"""The most cells of one item of a queue."""

ITEMS = 48
"""The most cells of all items of a queue, so that the numbers beside them don't move."""

NAMES = 12
"""The most tasks that are named."""

WIDE = 68
"""The width from which on nothing is abbreviated, in cells."""

JOINED = 48
"""The width from which on the number of unfinished items is shown, if a task waits in join(), in cells."""


def queue_items(queue: QueueState, width: int) -> Line:
    """The line with a queue's label, its items from the oldest on, and how full it is."""
    counts = width >= (JOINED if queue.joiners else WIDE)
    unfinished: Line = (("  unfinished ", "past"), (f"{queue.unfinished:,}", "")) if counts else ()
    size = _size(queue)
    label = _label(queue.label, width)
    room = min(ITEMS, width - len(label) - width_of(unfinished) - max(16, width_of(size) + 2))
    items = _items(queue, room)
    gap = " " * (room - width_of(items) + 2)
    return ((label, "strong"), *items, (gap, ""), *size, *unfinished)


def queue_waiters(queue: QueueState, state: LabState, width: int) -> Line:
    """The line with the tasks that wait in put(), in get() and in join()."""
    to_put, to_get = ("waiting to put  ", "waiting to get  ") if width >= WIDE else ("to put  ", "to get  ")
    half = min(26, (width - len(to_put) - len(to_get)) // 2)
    putters = fit(_names(queue.putters, state), half - 2)
    joiners: Line = (("  in join()  ", "past"), *_names(queue.joiners, state)) if queue.joiners else ()
    gap = " " * (half - width_of(putters))
    return ((to_put, "past"), *putters, (gap, ""), (to_get, "past"), *fit(_names(queue.getters, state), half), *joiners)


def queue_depth(queue: QueueState, width: int) -> Line:
    """The line with a queue's size after each of its latest changes, and the numbers of items put, got and done."""
    counts = _counts(queue)
    label = _label("depth", width)
    room = max(0, min(ITEMS, width - len(label) - width_of(counts) - 3))
    sizes = [size for _, size in islice(reversed(queue.depth), room)][::-1]
    drawn = sparkline(sizes, len(sizes), queue.maxsize or max(queue.peak, 1))
    return ((label, "past"), (drawn, "waiting"), (" " * (room - len(sizes) + 3), ""), *counts)


def timeout_line(timeout: TimeoutState, state: LabState, now: float, width: int) -> Line:
    """The line of a timeout: the time elapsed and left at lab time `now`, or how it ended."""
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
    """The line of a primitive: its value, and the tasks that wait for it."""
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
    """The items that fit, and the number of the others."""
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
    """The names of tasks, or "nobody"."""
    if not tasks:
        return (("nobody", "past"),)
    named = ", ".join(state.task_name(task) for task in tasks[:NAMES])
    more = len(tasks) - NAMES
    return ((named, "waiting"), (f" and {more:,} more", "past")) if more > 0 else ((named, "waiting"),)
