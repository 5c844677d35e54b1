"""Waits for the end of a main task, asks it to end, and cleans up after it."""

from __future__ import annotations

import asyncio
import traceback
from asyncio import AbstractEventLoop, CancelledError, Task
from collections.abc import Callable, Coroutine
from contextvars import Context
from dataclasses import dataclass
from typing import Any, cast

from asynclab.model.events import EndRequested, Outcome, RunEnded
from asynclab.trace import cpython
from asynclab.trace.governing.cleanup import GRACE, CleanUp, cancel, leaked_by_main, names_of_tasks
from asynclab.trace.governing.tracer import Tracer
from asynclab.trace.recording.scope import outside_context
from asynclab.trace.recording.values import short_error, short_repr


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended, in a form that a program can use."""

    outcome: Outcome
    value: object = None
    """What main returned."""
    exception: BaseException | None = None
    """What main raised, the CancelledError where it was cancelled; or what ended the run from elsewhere, such as a
    SystemExit in another task."""
    leaked: tuple[str, ...] = ()
    """The names of the tasks that were still pending when main ended."""
    unstoppable: tuple[str, ...] = ()
    """Those names whose tasks still run although they were cancelled; they continue outside the lab."""

    @property
    def detail(self) -> str:
        """The repr of the value, or the exception in one line."""
        if self.outcome == "done":
            return short_repr(self.value)
        return short_error(self.exception) if self.outcome == "failed" and self.exception else ""

    def __str__(self) -> str:
        verb = {"done": f"returned {self.detail}", "failed": f"raised {self.detail}", "cancelled": "was cancelled"}
        count = len(self.leaked)
        leak = f", leaked {count} task{'s' if count > 1 else ''}: {', '.join(self.leaked)}" if count else ""
        return verb[self.outcome] + leak


def ending_of(
    main: Task[Any], raised: BaseException | None, leaked: tuple[str, ...], unstoppable: tuple[str, ...]
) -> Ending:
    """How a run ended whose main task has; `raised` is what ended it from elsewhere, or how main was cancelled."""
    error = None if main.cancelled() else main.exception()  # asked for in any case: else asyncio complains
    if raised is not None and (main.cancelled() or not isinstance(raised, Exception)):
        error = raised
    if isinstance(error, CancelledError):
        return Ending("cancelled", exception=error, leaked=leaked, unstoppable=unstoppable)
    if error is not None:
        return Ending("failed", exception=error, leaked=leaked, unstoppable=unstoppable)
    return Ending("done", value=main.result(), leaked=leaked, unstoppable=unstoppable)


def cancellation_of(task: Task[Any]) -> CancelledError:
    """The CancelledError with which a cancelled task ended, with its message and its traceback.

    The frames in the traceback forget their variables. An object in them may complain when it is destroyed, such as a
    session that nobody has closed: it does so now.
    """
    try:
        task.exception()
    except CancelledError as error:
        own = error.__traceback__
        found = error.with_traceback(None if own is None else own.tb_next)  # without this function
    traceback.clear_frames(found.__traceback__)
    return found


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
        """Begin to wait; `start` has to follow. `end` is called with how the run ended, once all is cleaned up."""
        self.was_asked_to_end = False
        self._tracer = tracer
        self._main = main
        self._context = context
        self._resume = resume
        self._end = end
        self._clean_up = CleanUp(tracer, context)
        self._exit: BaseException | None = None
        """What ended the run from elsewhere than the main task."""
        self._loop: AbstractEventLoop = asyncio.get_running_loop()
        self._closing: asyncio.Future[None] = self._loop.create_future()
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
        """Wait until the run has ended; to cancel the wait doesn't stop it."""
        assert self._supervisor is not None
        await asyncio.shield(self._supervisor)

    async def close(self) -> None:
        """Cancel what still runs and wait for it, at most `GRACE` real seconds."""
        assert self._supervisor is not None
        self._begin_to_close()
        await asyncio.wait([self._supervisor])

    def cancel(self) -> None:
        """Ask the main task to end."""
        self._note_request()
        self._resume()
        cancel(self._tracer, [self._main])

    def end_run(self, error: BaseException) -> None:
        """End the run with an exception that asks for it, wherever in the lab it was raised.

        SystemExit and KeyboardInterrupt end all tasks at once, as they do in asyncio.run, and are what the run ends
        with whatever main makes of its cancellation.
        """
        if self._loop.is_closed():
            self._abandon()
        elif not isinstance(error, Exception):
            self._exit = self._exit or error
            self._note_request()
            self._resume()
            self._clean_up.ask_all()
        elif not self._main.done():
            self._exit = self._exit or error
            self.cancel()

    def _note_request(self) -> None:
        if not self.was_asked_to_end:
            self.was_asked_to_end = True
            self._tracer.emit(EndRequested(self._tracer.clock.now()))

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
            # A run that was asked to stop in the middle has not forgotten anything.
            leaked = [] if self.was_asked_to_end else leaked_by_main(self._tracer)
            ending = await self._conclude(tuple(name for _, name in leaked))
        except GeneratorExit:  # see _abandon; or the loop was dropped
            ending = Ending("cancelled" if self._exit is None else "failed", exception=self._exit)
            raise
        finally:
            self._tracer.attend()
            numbers = tuple(number for number, _ in leaked)
            self._tracer.emit(RunEnded(self._tracer.clock.now(), ending.outcome, ending.detail, numbers))
            self._end(ending)

    def _abandon(self) -> None:
        """End at once, since the loop that the lab runs on was closed."""
        supervisor = self._supervisor
        if supervisor is not None and not supervisor.done():
            cpython.expect_destruction(supervisor)
            cast("Coroutine[Any, Any, None]", supervisor.get_coro()).close()

    async def _outlast_main(self) -> None:
        """Wait until main has ended, or had its time to do so since the lab was to be closed."""
        try:
            await asyncio.wait([self._main, self._closing], return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:  # the whole loop comes to its end, and may have cancelled main itself
            if self._main.cancelling() > 0:
                self._note_request()
            self._begin_to_close()
        if not self._main.done():
            await asyncio.wait([self._main], timeout=GRACE)

    async def _conclude(self, leaked: tuple[str, ...]) -> Ending:
        """Clean up after main, and see how the run ended."""
        if not self._main.done():
            names = names_of_tasks(self._tracer)
            return Ending("cancelled", leaked=names, unstoppable=names)
        unstoppable = await self._clean_up.finish(self._exit)
        cancellation = self._context.run(cancellation_of, self._main) if self._main.cancelled() else None
        if not unstoppable:
            self._tracer.external.let_go()
        return ending_of(self._main, self._exit or cancellation, leaked, unstoppable)
