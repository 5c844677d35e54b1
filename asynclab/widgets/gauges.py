"""Shows queues and their waiters, timeouts, and locks and other primitives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeAlias

from asynclab.model.resources import QueueState, TimeoutState
from asynclab.model.state import NOTHING_YET, LabState
from asynclab.model.wording.quantities import plural
from asynclab.widgets.gauge_lines import primitive_line, queue_depth, queue_items, queue_waiters, timeout_line
from asynclab.widgets.line_view import LineView
from asynclab.widgets.lines import Line, joined

Draw: TypeAlias = Callable[[int], Line]
"""Draws one line in the given number of cells."""

ROOMY = 6
"""The height from which queues have all their lines and space between them, even if they don't all fit."""


def lines_of_gauges(state: LabState) -> int:
    """How many lines the queues, timeouts and primitives of a lab take with space between them."""
    queues, others = 4 * len(state.queues), len(_running(state)) + len(_ended(state)) + len(state.primitives)
    return queues + others - (1 if queues and not others else 0)


class Gauges(LineView):
    """The queues, timeouts and primitives of a lab."""

    BORDER_TITLE = "Queues and deadlines"
    _state = NOTHING_YET
    _now = 0.0
    entries: Sequence[Draw] = ()

    def show(self, state: LabState, now: float) -> None:
        """Show a lab at a lab time, in seconds, and repaint the lines that changed."""
        if not self.is_news(id(state), state.version, now):
            return
        self._state, self._now = state, now
        self.set_subtitle(self.summary())
        self.repaint()

    def summary(self) -> Line:
        """The number of each, such as "1 queue · 1 timeout"."""
        state = self._state
        counts = ((len(state.queues), "queue"), (len(_running(state)), "timeout"), (len(state.primitives), "primitive"))
        said = [plural(count, noun) for count, noun in counts if count]
        gone = state.dropped.queues + state.dropped.primitives + state.dropped.timeouts
        if gone:
            said.append(f"{gone:,} dropped")
        return joined(((text, "past"),) for text in said)

    def repaint(self) -> None:
        """Lay out the gauges again, and refresh the lines that changed."""
        self.entries = tuple(self._lay_out())
        super().repaint()

    def compose_line(self, index: int, width: int) -> Line:
        """One line of a gauge, after a blank cell."""
        return ((" ", ""), *self.entries[index](width - 2))

    def _lay_out(self) -> Iterator[Draw]:
        state = self._state
        if not lines_of_gauges(state):
            yield lambda width: (("no queues, locks or timeouts yet", "past"),)
            return
        others: list[Draw] = [
            *(partial(timeout_line, timeout, state, self._now) for timeout in _running(state)),
            *(partial(primitive_line, primitive, state) for primitive in state.primitives.values()),
            *(partial(timeout_line, timeout, state, self._now) for timeout in _ended(state)),
        ]
        is_roomy = self.page_height >= min(ROOMY, lines_of_gauges(state))
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
    """The timeouts that have ended, the latest first; not those that a library has met, as nothing came of them."""
    ended = [timeout for timeout in state.timeouts.values() if timeout.outcome != "running"]
    return [timeout for timeout in reversed(ended) if not (timeout.library and timeout.outcome == "met")]
