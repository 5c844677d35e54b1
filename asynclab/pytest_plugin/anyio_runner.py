"""Explains the waits of anyio's test runner, where one task calls a test and another runs it."""

from __future__ import annotations

from collections.abc import Sequence

from asynclab.model.events import Event, TaskCreated, TaskWaiting, Wait

_RUNNER, _CALLER = "TestRunner._run_tests_and_fixtures", "TestRunner._call_in_runner_task"
"""The coroutines of the two, in anyio 4."""


class AnyioRunner:
    """Follows the tasks of one loop.

    They share a bare future, which doesn't show who will set it. So a test that blocks the loop would seem to delay the
    caller, though the caller only waits for the test's end.
    """

    def __init__(self) -> None:
        self._runner: int | None = None
        self._callers: set[int] = set()

    def explained(self, events: Sequence[Event]) -> Sequence[Event]:
        """The events, with each wait of a caller turned into one for the runner."""
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
