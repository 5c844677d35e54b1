"""Supervises the main task of a lab: waits for its end, cancels it on request, and cleans up after it."""

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
    """How a run ended: its outcome, the result or exception of main, and the tasks that were left."""

    outcome: Outcome
    value: object = None
    """The value that main returned."""
    exception: BaseException | None = None
    """The exception that main raised, a CancelledError if main was cancelled, or an exception from elsewhere that ended
    the run, such as a SystemExit in another task."""
    leaked: tuple[str, ...] = ()
    """The names of the tasks that were still pending when main ended."""
    unstoppable: tuple[str, ...] = ()
    """The names of the tasks that still run although they were cancelled; they continue outside the lab."""

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
    """The ending of a run whose main task is done.

    `raised` is the exception from elsewhere that ended the run, or the CancelledError of main.
    """
    error = None if main.cancelled() else main.exception()  # always called: otherwise asyncio complains
    if raised is not None and (main.cancelled() or not isinstance(raised, Exception)):
        error = raised
    if isinstance(error, CancelledError):
        return Ending("cancelled", exception=error, leaked=leaked, unstoppable=unstoppable)
    if error is not None:
        return Ending("failed", exception=error, leaked=leaked, unstoppable=unstoppable)
    return Ending("done", value=main.result(), leaked=leaked, unstoppable=unstoppable)


def cancellation_of(task: Task[Any]) -> CancelledError:
    """The CancelledError of a cancelled task, with its message and traceback.

    The frames in the traceback are cleared. So objects in them are destroyed now, and complain now if they complain at
    all, such as a session that nobody has closed.
    """
    try:
        task.exception()
    except CancelledError as error:
        own = error.__traceback__
        found = error.with_traceback(None if own is None else own.tb_next)  # without this function
    traceback.clear_frames(found.__traceback__)
    return found


class Supervision:
    """Supervises one run, from the creation of its main task to its `Ending`."""

    def __init__(
        self,
        tracer: Tracer,
        main: Task[Any],
        context: Context,
        *,
        resume: Callable[[], None],
        end: Callable[[Ending], None],
    ) -> None:
        """Prepare the supervision; call `start` next.

        Args:
            resume: Resumes the lab if it is paused.
            end: Called once with the ending, after all clean-up.
        """
        self.was_asked_to_end = False
        self._tracer = tracer
        self._main = main
        self._context = context
        self._resume = resume
        self._end = end
        self._clean_up = CleanUp(tracer, context)
        self._exit: BaseException | None = None
        """The exception that ended the run, if it comes from outside the main task."""
        self._loop: AbstractEventLoop = asyncio.get_running_loop()
        self._closing: asyncio.Future[None] = self._loop.create_future()
        """Done as soon as the lab is to be closed."""
        self._supervisor: Task[None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether main has ended, or the lab is being closed. From then on the lab can't be paused."""
        return self._main.done() or self._closing.done()

    def start(self) -> None:
        """Begin to supervise."""
        # Not in the lab, and not observed as a child of the calling task: it has to outlive both.
        self._supervisor = outside_context().run(asyncio.ensure_future, self._supervise())

    async def wait(self) -> None:
        """Wait until the run has ended. Cancelling the wait doesn't end the run."""
        assert self._supervisor is not None
        await asyncio.shield(self._supervisor)

    async def close(self) -> None:
        """Cancel the tasks that still run, and wait for them, at most `GRACE` real seconds."""
        assert self._supervisor is not None
        self._begin_to_close()
        await asyncio.wait([self._supervisor])

    def cancel(self) -> None:
        """Ask the main task to end."""
        self._note_request()
        self._resume()
        cancel(self._tracer, [self._main])

    def end_run(self, error: BaseException) -> None:
        """End the run because of an exception that was raised somewhere in the lab.

        SystemExit and KeyboardInterrupt cancel all tasks at once, as in asyncio.run. The run then ends with this
        exception, whatever main does when it is cancelled.
        """
        if self._loop.is_closed():
            self._abandon()
        elif not isinstance(error, Exception):
            self._exit = self._exit or error
            self._note_request()
            self._resume()
            self._clean_up.cancel_all()
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
            # If the run was asked to end, main had no chance to wait for its tasks: they aren't leaks.
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
        """End the run at once, because the lab's loop was closed."""
        supervisor = self._supervisor
        if supervisor is not None and not supervisor.done():
            cpython.expect_destruction(supervisor)
            cast("Coroutine[Any, Any, None]", supervisor.get_coro()).close()

    async def _outlast_main(self) -> None:
        """Wait until main has ended, or until `GRACE` seconds after the lab was asked to close."""
        try:
            await asyncio.wait([self._main, self._closing], return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:  # the loop shuts down, and may have cancelled main itself
            if self._main.cancelling() > 0:
                self._note_request()
            self._begin_to_close()
        if not self._main.done():
            await asyncio.wait([self._main], timeout=GRACE)

    async def _conclude(self, leaked: tuple[str, ...]) -> Ending:
        """Clean up after main, and return how the run ended."""
        if not self._main.done():
            names = names_of_tasks(self._tracer)
            return Ending("cancelled", leaked=names, unstoppable=names)
        unstoppable = await self._clean_up.finish(self._exit)
        cancellation = self._context.run(cancellation_of, self._main) if self._main.cancelled() else None
        if not unstoppable:
            self._tracer.external.let_go()
        return ending_of(self._main, self._exit or cancellation, leaked, unstoppable)
