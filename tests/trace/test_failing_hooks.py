"""Tests that the program's output and end don't change, whatever hook of the tracer fails."""

import asyncio
import contextlib
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asynclab.model.events import Warned
from asynclab.trace.patching import loop_complaints, primitives, warning_hooks
from asynclab.trace.recording import task_registry
from asynclab.trace.recording.task_registry import TaskRegistry
from asynclab.trace.watching import looks, observer, resource_registry
from asynclab.trace.watching.cancel_requests import CancelRequests
from asynclab.trace.watching.eager_starts import EagerStarts
from asynclab.trace.watching.external_waits import ExternalWaits
from asynclab.trace.watching.looks import Looks
from asynclab.trace.watching.observer import Observer
from asynclab.trace.watching.printed_lines import PrintedLines
from asynclab.trace.watching.resource_registry import Resources
from asynclab.trace.watching.timeouts import Timeouts
from tests.fast_loop import run_fast
from tests.trace import odd_scripts  # noqa: F401 - adds to SCRIPTS
from tests.trace.fast_labs import fast_lab
from tests.trace.scripts import SCRIPTS, Script

WATCHERS: list[tuple[Any, str]] = [
    (Observer, "made_ready"),
    (Observer, "enter"),
    (Observer, "follow"),
    (Observer, "open_step"),
    (PrintedLines, "add"),
    (Looks, "look"),
    (TaskRegistry, "report_creation"),
    (TaskRegistry, "end"),
    (TaskRegistry, "enter"),
    (TaskRegistry, "notice_name"),
    (TaskRegistry, "settle_names"),
    (TaskRegistry, "strike_off"),
    (CancelRequests, "look"),
    (CancelRequests, "notice"),
    (EagerStarts, "begin"),
    (EagerStarts, "_settle"),
    (Resources, "queue"),
    (Resources, "put"),
    (Resources, "got"),
    (Resources, "task_done"),
    (Resources, "meet"),
    (Resources, "holder_of"),
    (Resources, "created"),
    (Resources, "changed"),
    (Resources, "notified"),
    (Resources, "hide"),
    (Timeouts, "armed"),
    (Timeouts, "expired"),
    (Timeouts, "met"),
    (ExternalWaits, "called_executor"),
    (looks, "describe_wait"),
    (observer, "timeout_of"),
    (task_registry, "place_from"),
    (task_registry, "short_repr"),
    (task_registry, "short_error"),
    (task_registry, "tree_of"),
    (resource_registry, "short_repr"),
    (primitives, "whole"),
    (warning_hooks, "_is_shown_as_ever"),
    (loop_complaints, "_report"),
    (loop_complaints, "_number"),
]
"""Whose failure must not be felt: a class or module, and the name of a function of it."""

ERRORS = (ValueError, SystemExit, asyncio.CancelledError, GeneratorExit, MemoryError, RecursionError)

_LEFT_OUT = {
    # It lets a GeneratorExit out of a task: in a coroutine that is awaited by another one, that closes it.
    "exceptions_that_are_no_errors",
}
PROGRAMS = {script.__name__: script for script in SCRIPTS if script.__name__ not in _LEFT_OUT}

CALLING_EVERY_HOOK = (
    "a_task_group_cancels_siblings",
    "an_eager_factory_starts_at_once",
    "an_exception_handler_of_the_users_own",
    "an_unbounded_queue",
    "deadlines_in_the_past",
    "names_are_what_they_were",
    "pools_print",
    "the_other_primitives",
)
"""Programs that use, together, all that is watched."""


@contextlib.contextmanager
def failing(owner: Any, name: str, at: int, error: type[BaseException]) -> Iterator[None]:
    """Let the call of a function raise, counted from 1, and each one after it."""
    original = getattr(owner, name)
    calls = 0

    def fails(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls >= at:
            raise error("a hook of ours")
        return original(*args, **kwargs)

    setattr(owner, name, fails)
    try:
        yield
    finally:
        setattr(owner, name, original)


def outcome(program: Callable[[], Any]) -> tuple[str, str]:
    """What is printed, and how it ends."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            ending = repr(program())
        except Exception as error:
            ending = repr(error)
    return printed.getvalue(), ending


async def within(context: contextlib.AbstractContextManager[None], script: Script) -> Any:
    """Run a script in a context; without a lab, too, as debug mode shows who awaits it."""
    with context:
        return await script()


def plainly(script: Script) -> tuple[str, str]:
    """The same without a lab."""
    return outcome(lambda: run_fast(within(contextlib.nullcontext(), script)))


def observed(script: Script, *failure: Any) -> tuple[str, str]:
    """The same in a lab, one of whose hooks fails."""

    async def main() -> Any:
        async with fast_lab(echo=True) as lab:
            ending = await lab.run(within, failing(*failure), script)
            if ending.exception is not None:
                raise ending.exception
            return ending.value

    return outcome(lambda: run_fast(main()))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    script=st.sampled_from([*PROGRAMS.values()]),
    watcher=st.sampled_from(WATCHERS),
    at=st.integers(1, 12),
    error=st.sampled_from(ERRORS),
)
def test_all_runs_as_if_unobserved(
    script: Script, watcher: tuple[Any, str], at: int, error: type[BaseException]
) -> None:
    assert observed(script, *watcher, at, error) == plainly(script)


@pytest.mark.parametrize(("owner", "name"), WATCHERS, ids=lambda value: getattr(value, "__name__", value))
def test_each_hook_may_fail_from_its_first_call_on(owner: Any, name: str) -> None:
    for script in map(PROGRAMS.__getitem__, CALLING_EVERY_HOOK):
        assert observed(script, owner, name, 1, ValueError) == plainly(script)


def test_a_failure_is_told_once() -> None:
    async def main() -> None:
        for _ in range(5):
            await asyncio.sleep(0.1)

    async def run() -> list[str]:
        seen: list[Any] = []
        async with fast_lab() as lab:
            lab.subscribe(seen.extend)
            with failing(looks, "describe_wait", 1, ValueError):
                await lab.run(main)
        return [event.text for event in seen if isinstance(event, Warned)]

    assert run_fast(run()) == ["asynclab stopped watching what tasks wait for: ValueError"]


@pytest.mark.parametrize(
    ("name", "owner", "hook"),
    [
        ("an_eager_factory_starts_at_once", EagerStarts, "_settle"),
        ("endless_and_odd_delays", Timeouts, "armed"),
        ("tasks_of_the_users_own_class", TaskRegistry, "enter"),
    ],
)
def test_no_timer_and_no_task_is_lost(name: str, owner: Any, hook: str) -> None:
    for at in (1, 3):
        assert observed(PROGRAMS[name], owner, hook, at, ValueError) == plainly(PROGRAMS[name])


def test_a_timer_fires_that_was_set_in_a_step_whose_end_could_not_be_seen_to() -> None:
    async def sleeps() -> str:
        await asyncio.sleep(1)
        return "slept"

    async def run() -> object:
        async with fast_lab() as lab:
            with failing(Observer, "follow", 1, ValueError):
                return (await lab.run(sleeps)).value

    assert run_fast(run()) == "slept"
