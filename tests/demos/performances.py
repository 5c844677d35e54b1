"""Runs a demo on plain asyncio, without the tracer and without real waits, and records what it did."""

import asyncio
import contextlib
import gc
import io
import warnings
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

from asynclab.curriculum.catalogue import Demo, find
from asynclab.curriculum.demo_parameters import Value, fill_urls, wants_pages
from asynclab.practice.server import PracticeServer
from tests.fast_loop import FastLoop

PATIENCE = 10_000.0
"""Virtual seconds after which a demo counts as hanging."""

LEAVES_TASKS_WHEN_CANCELLED = {"create_task"}
"""Demos whose main awaits one task after the other: if main is cancelled, the other task is left, as they teach."""


@dataclass
class Performance:
    """What a demo did."""

    lines: list[tuple[float, str]] = field(default_factory=list)
    """The printed lines, each with its time."""
    seconds: float = 0.0
    """Virtual seconds that main took."""
    error: BaseException | None = None
    """The exception that main raised."""
    cancelled: bool = False
    hung: bool = False
    """Whether the demo was cancelled because it did not end."""
    leftovers: list[str] = field(default_factory=list)
    """The names of the tasks that outlived main."""
    complaints: list[str] = field(default_factory=list)
    """The messages to the event loop's exception handler."""
    warnings: list[str] = field(default_factory=list)

    @property
    def printed(self) -> list[str]:
        return [text for _, text in self.lines]

    @property
    def times(self) -> list[float]:
        return [round(at, 3) for at, _ in self.lines]

    @property
    def is_clean(self) -> bool:
        return not (self.leftovers or self.complaints or self.warnings)


class _Printed(io.TextIOBase):
    """A stdout that records the time of each printed line."""

    def __init__(self, performance: Performance, now: Callable[[], float]) -> None:
        self._lines, self._now, self._started, self._text = performance.lines, now, now(), ""

    def write(self, text: str) -> int:
        *lines, self._text = (self._text + text).split("\n")
        self._lines.extend((self._now() - self._started, line) for line in lines)
        return len(text)


def perform(
    name: str, *, cancel_at: float | None = None, cancel_after_turns: int | None = None, **values: Value
) -> Performance:
    """Run a demo to its end, with values for some of its parameters.

    Main can be cancelled at a virtual second, where 0 is before its first step. For demos that wait for a server
    instead of a timer, it can be cancelled after some turns of the loop.
    """
    demo = find(name)
    performance = Performance()
    with _noted_warnings(performance.warnings), asyncio.Runner(loop_factory=FastLoop) as runner:
        runner.run(_perform(demo, demo.arguments({}) | values, performance, cancel_at, cancel_after_turns))
        gc.collect()
    return performance


@contextlib.contextmanager
def _noted_warnings(notes: list[str]) -> Iterator[None]:
    """Record warnings. pytest's own recorder would keep alive the object that was not closed."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_, **__: notes.append(str(message))
        yield


async def _perform(
    demo: Demo, values: dict[str, Value], performance: Performance, cancel_at: float | None, turns: int | None
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: performance.complaints.append(context["message"]))
    async with contextlib.AsyncExitStack() as stack:
        if wants_pages(demo.parameters, values):
            server = await stack.enter_async_context(PracticeServer(pace=0))
            values = fill_urls(demo.parameters, values, server.pages)
        stack.enter_context(contextlib.redirect_stdout(_Printed(performance, loop.time)))
        started = loop.time()
        main = asyncio.create_task(demo.load()(**values), name="main")
        if cancel_at is not None:
            _cancel_later(main, cancel_at)
        if turns is not None:
            _cancel_after(main, turns)
        performance.hung = not await _ends(main)
        performance.seconds = loop.time() - started
        await _note_the_end(demo, main, performance)


async def _ends(main: asyncio.Task[None]) -> bool:
    done, _ = await asyncio.wait([main], timeout=PATIENCE)
    if not done:
        main.cancel()
        await asyncio.wait([main])
    return bool(done)


def _cancel_later(task: asyncio.Task[None], seconds: float) -> None:
    if seconds:
        asyncio.get_running_loop().call_later(seconds, task.cancel)
    else:
        task.cancel()


def _cancel_after(task: asyncio.Task[None], turns: int) -> None:
    if turns:
        asyncio.get_running_loop().call_soon(_cancel_after, task, turns - 1)
    else:
        task.cancel()


async def _note_the_end(demo: Demo, main: asyncio.Task[None], performance: Performance) -> None:
    performance.cancelled = main.cancelled()
    performance.error = None if main.cancelled() else main.exception()
    leftovers = sorted(
        (task for task in asyncio.all_tasks() if _belongs_to(demo, task.get_coro())), key=asyncio.Task.get_name
    )
    performance.leftovers = [task.get_name() for task in leftovers]
    for task in leftovers:
        task.cancel()
    await asyncio.gather(*leftovers, return_exceptions=True)


def _belongs_to(demo: Demo, coroutine: Coroutine[Any, Any, Any] | Any) -> bool:
    code = getattr(coroutine, "cr_code", None)
    return code is not None and code.co_filename == str(demo.path)
