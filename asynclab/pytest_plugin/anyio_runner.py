"""Corrects the waits of anyio's test runner, in which one task calls a test and another task runs it."""

from __future__ import annotations

from collections.abc import Sequence

from asynclab.model.events import Event, TaskCreated, TaskWaiting, Wait

_RUNNER, _CALLER = "TestRunner._run_tests_and_fixtures", "TestRunner._call_in_runner_task"
"""The coroutines of these two tasks, in anyio 4."""


class AnyioRunner:
    """Finds these two tasks on one loop, and shows that the caller waits for the runner.

    The caller waits for a plain future, which doesn't show who will set it. So if a test blocks the loop, the caller
    would seem to be delayed, although it only waits for the test's end.
    """

    def __init__(self) -> None:
        self._runner: int | None = None
        self._callers: set[int] = set()

    def explained(self, events: Sequence[Event]) -> Sequence[Event]:
        """The events, in which each wait of a caller is replaced by a wait for the runner task."""
        for event in events:
            if isinstance(event, TaskCreated):
                if event.coroutine == _RUNNER:
                    self._runner = event.task
                elif event.coroutine == _CALLER:
                    self._callers.add(event.task)
        if self._runner is None or not self._callers:
            return events
        return [self._explained(event, self._runner) for event in events]

    def _explained(self, event: Event, runner: int) -> Event:
        if isinstance(event, TaskWaiting) and event.task in self._callers:
            return TaskWaiting(event.at, event.task, Wait("task", tasks=(runner,)))
        return event
