"""Runs apps on a loop whose time jumps to the next timer, so that no test waits for a timer."""

import asyncio
import selectors
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import Any

import pytest
import textual._time
import textual.app
import textual.pilot
from textual._compositor import Compositor
from textual._styles_cache import StylesCache
from textual.css.stylesheet import Stylesheet
from textual.notifications import Notification

from asynclab.collector import RareCollections
from tests.fast_loop import FastLoop, JumpingSelector

PAUSE = 0.03
"""Loop seconds that a pilot waits twice after each key: more than a frame, so that its effect is on the screen."""

PATIENCE = 30.0
"""Loop seconds after which `until` fails."""

REAL_PATIENCE = 5.0
"""Real seconds that must also have passed before `until` fails: threads need real time while the loop's time jumps."""


class IdleSelector(JumpingSelector):
    """Notices when the loop has nothing to do but wait."""

    def __init__(self) -> None:
        super().__init__()
        self.idle: list[asyncio.Future[None]] = []
        """Futures that get a result as soon as the loop is idle."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout == 0 or not self.idle:
            return super().select(timeout)
        for future in self.idle:
            if not future.done():
                future.set_result(None)
        self.idle.clear()
        return super().select(0)


class AppLoop(FastLoop):
    """A loop for apps. Its time is real while sockets are open or threads work; then `until_idle` is needed."""

    Selector = IdleSelector

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        future = super().run_in_executor(executor, func, *args)
        self.jumps.calls_in_threads += 1
        future.add_done_callback(self._thread_answered)
        return future

    def _thread_answered(self, _: object) -> None:
        self.jumps.calls_in_threads -= 1

    async def until_idle(self) -> None:
        """Wait until no callback is ready to run."""
        assert isinstance(self.jumps, IdleSelector)
        future = self.create_future()
        self.jumps.idle.append(future)
        await future


async def _wait_for_idle(*_: float) -> None:
    await asyncio.sleep(PAUSE)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, AppLoop)
    await loop.until_idle()


_parse = Stylesheet._parse_rules
_parsed: dict[object, Any] = {}
"""The parsed rules of each style sheet, for all apps: parsing takes a twelfth of the time of a test."""


def _parse_once(sheet: Stylesheet, css: str, **options: Any) -> Any:
    key = css, *options.items(), *sheet._variables.items()
    if key not in _parsed:
        _parsed[key] = _parse(sheet, css, **options)
    return _parsed[key]


@contextmanager
def apps_on_jumping_time() -> Iterator[None]:
    """Make new loops have a time that jumps, and make Textual use only this time.

    Textual's pilot waits until the process is idle by its CPU time. On a busy machine that takes long or never happens.
    """

    def new_loop() -> AppLoop:
        loop = AppLoop()
        textual._time.get_time = loop.time  # not through the patch, which would keep all loops alive
        # Otherwise it keeps the last thousand widgets with their strips, and each full collection takes seconds.
        StylesCache.get_inner_outer.cache_clear()
        return loop

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(textual._time, "get_time", textual._time.get_time)
        patch.setattr(asyncio.events, "new_event_loop", new_loop)
        patch.setattr(Stylesheet, "_parse_rules", _parse_once)
        # Without a terminal, changes on the screen are invisible. The first frame is drawn, and so is each snapshot.
        patch.setattr(Compositor, "render_partial_update", lambda screen: screen._dirty_regions.clear())
        # Counting the objects that conftest has exempted from garbage collection takes 10 ms.
        patch.setattr(RareCollections, "start", lambda _: None)
        patch.setattr(textual.app, "wait_for_idle", _wait_for_idle)
        patch.setattr(textual.pilot, "wait_for_idle", _wait_for_idle)
        # Notifications end with the timer of their toast, not by the real clock of a busy machine.
        patch.setattr(Notification, "time_left", property(lambda notice: notice.timeout))
        yield


async def until(condition: Callable[[], object]) -> None:
    """Wait until a condition is true; fail if it doesn't become true in time."""
    now = loop_time()
    deadline, real_deadline = now() + PATIENCE, monotonic() + REAL_PATIENCE
    while not condition():
        assert now() < deadline or monotonic() < real_deadline, "it never came to be"
        await asyncio.sleep(0.01)


def loop_time() -> Callable[[], float]:
    """The clock of the current loop, for all code, also in the tasks of a lab."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, FastLoop)
    return partial(getattr, loop.jumps, "now")
