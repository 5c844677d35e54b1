"""Outlasts a main task: waits for its end, has it asked to end, and cleans up what it leaves behind."""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop, Task
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from typing import Any

from asynclab.model.events import RunEnded
from asynclab.trace.governing.cleanup import GRACE, cancel, clean_up, leaked_by_main, names_of_tasks
from asynclab.trace.governing.run_ending import Ending, ending_of
from asynclab.trace.recording.recorder import Tracer
from asynclab.trace.recording.scope import outside_context


class Supervision:
    """One run, from the birth of its main task to its ending."""

    def __init__(
        self,
        tracer: Tracer,
        main: Task[Any],
        context: Context,
        *,
        resume: Callable[[], None],
        end: Callable[[Ending], None],
    ) -> None:
        """Begin to wait; `start` has to follow.

        Args:
            tracer: The lab's.
            main: The main task.
            context: The one that the lab's code runs in.
            resume: Lets a paused lab go on.
            end: Called with how the run ended, once all is cleaned up.
        """
        self.was_asked_to_end = False
        self._tracer = tracer
        self._main = main
        self._context = context
        self._resume = resume
        self._end = end
        self._exit: BaseException | None = None
        """What ended the run from elsewhere than the main task."""
        loop: AbstractEventLoop = asyncio.get_running_loop()
        self._closing: asyncio.Future[None] = loop.create_future()
        """Done as soon as somebody has asked for the lab to be closed."""
        self._supervisor: Task[None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether main has ended, or the lab is being closed: from then on nothing may hold it."""
        return self._main.done() or self._closing.done()

    def start(self) -> None:
        """Begin to supervise."""
        # Outside the lab, and not a child of the task that happens to call: it has to outlive both.
        self._supervisor = outside_context().run(asyncio.ensure_future, self._supervise())

    async def wait(self) -> None:
        """Wait until the run has ended; to cancel the wait lets it go on."""
        assert self._supervisor is not None
        await asyncio.shield(self._supervisor)

    async def close(self) -> None:
        """Cancel what still runs and wait for it, at most `GRACE` real seconds."""
        assert self._supervisor is not None
        self._begin_to_close()
        await asyncio.wait([self._supervisor])

    def cancel(self) -> None:
        """Ask the main task to end."""
        self.was_asked_to_end = True
        self._resume()
        cancel(self._tracer, [self._main])

    def end_run(self, error: BaseException) -> None:
        """End the run with an exception that came up elsewhere than in the main task."""
        self._exit = error
        if not self._main.done():
            self.cancel()

    def _begin_to_close(self) -> None:
        if not self._closing.done():
            self._closing.set_result(None)
        self._resume()
        if not self.was_asked_to_end:
            self.cancel()

    async def _supervise(self) -> None:
        ending = Ending("cancelled")
        leaked: list[tuple[int, str]] = []
        try:
            await self._outlast_main()
            self._resume()
            # What was told to stop in the middle has not forgotten anything.
            leaked = [] if self.was_asked_to_end else leaked_by_main(self._tracer)
            ending = await self._clean_up(tuple(name for _, name in leaked))
        finally:
            self._tracer.attend()
            numbers = tuple(number for number, _ in leaked)
            self._tracer.emit(RunEnded(self._tracer.clock.now(), ending.outcome, ending.detail, numbers))
            self._end(ending)

    async def _outlast_main(self) -> None:
        """Wait until main has ended, or had its time to do so since the lab was to be closed."""
        try:
            await asyncio.wait([self._main, self._closing], return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:  # the whole loop comes to its end, and may have told main itself
            self.was_asked_to_end |= self._main.cancelling() > 0
            self._begin_to_close()
        if not self._main.done():
            await asyncio.wait([self._main], timeout=GRACE)

    async def _clean_up(self, leaked: tuple[str, ...]) -> Ending:
        if not self._main.done():
            names = names_of_tasks(self._tracer)
            return Ending("cancelled", leaked=names, unstoppable=names)
        unstoppable = await clean_up(self._tracer, self._context)
        self._context.run(_let_frames_go, self._main)
        if not unstoppable:
            self._tracer.world.let_go()
        return ending_of(self._main, self._exit, leaked, unstoppable)


def _let_frames_go(task: Task[Any]) -> None:
    """Let a cancelled task forget in which frames it was, as it does when it is asked how it ended.

    What is in them may complain when it is destroyed, such as a session that nobody has closed: it does so in the lab.
    """
    if task.cancelled():
        with suppress(asyncio.CancelledError):
            task.exception()
