"""Cancels the tasks that a lab's main task leaves behind, as asyncio.run does, but with a time limit."""

from __future__ import annotations

import asyncio
from asyncio import Task
from collections.abc import Sequence
from contextvars import Context
from typing import Any

from asynclab.trace.governing.tracer import Tracer
from asynclab.trace.reading.await_cycles import break_await_cycles

GRACE = 2.0
"""Real seconds for which a lab waits for cancelled tasks to clean up. Afterwards they continue outside the lab."""


def cancel(tracer: Tracer, tasks: Sequence[Task[Any]]) -> bool:
    """Cancel tasks because the user asked for it. Returns whether any of them accepted the request."""
    alive = [task for task in tasks if not task.done()]
    break_await_cycles(alive)
    taken = False
    for task in alive:
        record = tracer.registry.known(task)
        if task.done():  # break_await_cycles has ended it
            taken = True
        elif record is not None:
            taken = tracer.cancels.ask(record, task) or taken
    return taken


def leaked_by_main(tracer: Tracer) -> list[tuple[int, str]]:
    """The numbers and names of the tasks that still run after main has ended, without those of libraries."""
    return [
        (record.id, task.get_name())
        for record, task in tracer.registry.tasks()
        if record.created is not None and not record.created.internal
    ]


class CleanUp:
    """Cancels the tasks and closes the async generators that main leaves behind, as asyncio.run does.

    It also reports their failures to the program's exception handler.
    """

    def __init__(self, tracer: Tracer, context: Context) -> None:
        self._tracer = tracer
        self._context = context
        self._asked: dict[Task[Any], None] = {}
        """The tasks that were asked to end, in this order. None is asked twice."""

    def cancel_all(self) -> list[Task[Any]]:
        """Cancel all tasks of the lab that were not asked before. Returns all tasks that have not ended."""
        left = [task for _, task in self._tracer.registry.tasks()]
        cancel(self._tracer, [task for task in left if task not in self._asked])
        self._asked.update(dict.fromkeys(left))
        return left

    async def finish(self, exit: BaseException | None) -> tuple[str, ...]:
        """Cancel the remaining tasks, wait for them at most `GRACE`, and close async generators.

        Args:
            exit: The exception that ended the run, if the run did not end by itself.

        Returns:
            The names of the tasks that still run.
        """
        clock = asyncio.get_running_loop().time
        until = clock() + GRACE
        self._tracer.timers.jumps = True
        while (left := self.cancel_all()) and clock() < until:  # tasks may create others while they clean up
            await asyncio.wait(left, timeout=until - clock())
        for task in self._asked:
            if task.done() and not task.cancelled() and task.exception() is not exit:
                self._report("unhandled exception during asyncio.run() shutdown", task.exception(), task=task)
        await self._close_generators()
        return names_of_tasks(self._tracer)

    async def _close_generators(self) -> None:
        loop = self._tracer.loop
        generators = list(self._tracer.asyncgens)
        if not generators or loop is None:
            return
        closing = [self._context.run(loop.create_task, _close(generator)) for generator in generators]
        await asyncio.wait(closing, timeout=GRACE)
        for task, generator in zip(closing, generators, strict=True):
            if task.done() and not task.cancelled() and isinstance(task.exception(), Exception):
                message = f"an error occurred during closing of asynchronous generator {generator!r}"
                self._report(message, task.exception(), asyncgen=generator)

    def _report(self, message: str, error: BaseException | None, **about: object) -> None:
        """Call the program's exception handler as asyncio.run would, with asyncio's message."""
        loop = self._tracer.loop
        if error is None or loop is None:
            return
        try:
            context = {"message": message, "exception": error, **about}
            self._context.run(loop.call_exception_handler, context)
        except (SystemExit, KeyboardInterrupt) as reaction:  # raised by the handler; it must not end a shared loop
            self._tracer.end_run(reaction)


def names_of_tasks(tracer: Tracer) -> tuple[str, ...]:
    """The names of the tasks that have not ended."""
    return tuple(task.get_name() for _, task in tracer.registry.tasks())


async def _close(generator: Any) -> None:
    await generator.aclose()
