"""Functions by which the user's code reports the progress of a task; the lab's views show it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from asynclab.model.events import Progressed
from asynclab.trace.governing.owners import observer

Item = TypeVar("Item")


def progress(done: float, total: float | None = None, unit: str = "") -> None:
    """Report the progress of the current task. Does nothing outside a lab.

    Args:
        done: How much is done.
        total: How much there is to do, if that is known.
        unit: What is counted, such as "pages".

    Raises:
        TypeError: `done` or `total` is not a number.
        ValueError: One of them is a string that isn't a number.
    """
    done, total = float(done), None if total is None else float(total)  # a wrong value fails here, not in a view
    tracer = observer()
    number = None if tracer is None else tracer.current_number()
    if tracer is not None and number is not None:
        tracer.emit(Progressed(tracer.clock.now(), number, done, total, unit))


def track(items: Iterable[Item], total: float | None = None, unit: str = "") -> Iterator[Item]:
    """Iterate over `items`, and report the progress of the current task after each.

    Args:
        items: The items to iterate over.
        total: The number of items; by default the length of `items`, if it has one.
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
