"""Takes reports of how far a task is, from the user's code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from asynclab.model.events import Progressed
from asynclab.trace.governing.owners import observer

Item = TypeVar("Item")


def progress(done: float, total: float | None = None, unit: str = "") -> None:
    """Say how far the current task is; nothing happens outside a lab.

    Args:
        done: How much is done.
        total: How much there is to do, if that is known.
        unit: What is counted, such as "pages".

    Raises:
        TypeError: `done` or `total` is not a number.
        ValueError: One of them is a text that is no number.
    """
    done, total = float(done), None if total is None else float(total)  # what is wrong fails here, not in a view
    tracer = observer()
    number = None if tracer is None else tracer.current_number()
    if tracer is not None and number is not None:
        tracer.emit(Progressed(tracer.clock.now(), number, done, total, unit))


def track(items: Iterable[Item], total: float | None = None, unit: str = "") -> Iterator[Item]:
    """Go through `items`, and say how far the current task is after each.

    Args:
        items: What to go through.
        total: How many there are; taken from `items` where that knows its length.
        unit: What is counted, such as "pages".

    Yields:
        The items.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    progress(0, total, unit)
    for done, item in enumerate(items, start=1):
        yield item
        progress(done, total, unit)
