"""The tasks of a run: begun one by one, and none of them is left when the run is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self


class Crew:
    """What `asyncio.TaskGroup` is, with one callback for each task instead of two: of thousands of tasks that is felt.

    A task that fails has the block cancelled, and is what the block raises. The block ends when all tasks have.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._left = asyncio.Event()
        self._owner: asyncio.Task[Any] | None = None
        self._error: BaseException | None = None
        self._is_cancelled = False

    async def __aenter__(self) -> Self:
        self._owner = asyncio.current_task()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait for all tasks; a cancellation meanwhile cancels them, and goes on when they have ended."""
        cancellation: asyncio.CancelledError | None = None
        if error is not None:
            self._cancel()
        while self._tasks:
            self._left.clear()
            try:
                await self._left.wait()
            except asyncio.CancelledError as cancelled:
                cancellation = cancelled
                self._cancel()
        if self._error is not None:
            if self._owner is not None:
                self._owner.uncancel()  # as asked for when the task failed
            raise self._error
        if cancellation is not None:
            raise cancellation

    def begin(
        self, coroutine: Coroutine[Any, Any, None], name: str, on_end: Callable[[], object]
    ) -> asyncio.Task[None]:
        """Start a task; `on_end` is called when it has ended, also where it was cancelled before its first step."""

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            if not self._tasks:
                self._left.set()
            if not task.cancelled() and (error := task.exception()) is not None:
                self._fail(error)
            on_end()

        task = asyncio.create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(ended)
        return task

    def _fail(self, error: BaseException) -> None:
        if self._error is None and self._owner is not None:
            self._error = error
            self._owner.cancel()

    def _cancel(self) -> None:
        """Ask all tasks to end, once: to be asked again would break their cleaning up."""
        if not self._is_cancelled:
            self._is_cancelled = True
            for task in self._tasks:
                task.cancel()
