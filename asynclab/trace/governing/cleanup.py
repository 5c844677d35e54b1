"""What a main task leaves behind, and how that is ended: as asyncio.run does it, with a limit."""

from __future__ import annotations

import asyncio
from asyncio import Task
from collections.abc import Sequence
from contextvars import Context
from typing import TYPE_CHECKING, Any

from asynclab.trace.governing.await_cycles import break_await_cycles

if TYPE_CHECKING:
    from asynclab.trace.recording.recorder import Tracer

GRACE = 2.0
"""Real seconds that tasks get to clean up after they were cancelled, before they are left to themselves."""


def cancel(tracer: Tracer, tasks: Sequence[Task[Any]]) -> bool:
    """Ask tasks to end, in the name of the person at the keyboard; whether any took it."""
    alive = [task for task in tasks if not task.done()]
    break_await_cycles(alive)
    taken = False
    for task in alive:
        record = tracer.census.known(task)
        if task.done():  # it was in a circle, and chosen to break it
            taken = True
        elif record is not None:
            taken = tracer.cancels.ask(record, task) or taken
    return taken


def leaked_by_main(tracer: Tracer) -> list[tuple[int, str]]:
    """The numbers and names of the tasks that go on without main; not those of libraries."""
    return [
        (record.id, task.get_name())
        for record, task in tracer.census.tasks()
        if record.created is not None and not record.created.internal
    ]


async def clean_up(tracer: Tracer, context: Context) -> tuple[str, ...]:
    """Cancel what is left, and close the asynchronous generators that were begun.

    Args:
        tracer: The lab's.
        context: The one that the lab's code runs in.

    Returns:
        The names of the tasks that did not end within `GRACE`.
    """
    clock = asyncio.get_running_loop().time
    until = clock() + GRACE
    tracer.timers.jumps = True
    asked: set[Task[Any]] = set()
    while (left := [task for _, task in tracer.census.tasks()]) and clock() < until:
        cancel(tracer, [task for task in left if task not in asked])
        asked.update(left)  # cleaning up may make tasks of its own, which are asked in their turn
        await asyncio.wait(left, timeout=until - clock())
    if tracer.asyncgens and tracer.loop is not None:
        create = tracer.loop.create_task
        closing = [context.run(create, _close(generator)) for generator in list(tracer.asyncgens)]
        await asyncio.wait(closing, timeout=GRACE)
    return names_of_tasks(tracer)


def names_of_tasks(tracer: Tracer) -> tuple[str, ...]:
    """The names of the tasks that have not ended."""
    return tuple(task.get_name() for _, task in tracer.census.tasks())


async def _close(generator: Any) -> None:
    await generator.aclose()
