"""Apps on a loop on which nobody waits: each wait takes as long as it says, in a time that jumps."""

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
"""Loop seconds that a pilot waits twice after each key: more than a frame, so that what it did is on the screen."""

PATIENCE = 30.0
"""Loop seconds after which something that should come to be is missed."""

REAL_PATIENCE = 5.0
"""The same in real seconds, which must have passed as well: a thread takes some, while the loop's time jumps."""


class IdleSelector(JumpingSelector):
    """Tells when the loop has nothing to do but wait."""

    def __init__(self) -> None:
        super().__init__()
        self.idle: list[asyncio.Future[None]] = []
        """Done as soon as the loop is idle."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout == 0 or not self.idle:
            return super().select(timeout)
        for future in self.idle:
            if not future.done():
                future.set_result(None)
        self.idle.clear()
        return super().select(0)


class AppLoop(FastLoop):
    """A loop for apps. While sockets are open or threads work its time is real; `until_idle` matters then."""

    Selector = IdleSelector

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        future = super().run_in_executor(executor, func, *args)
        self.jumps.calls_in_threads += 1
        future.add_done_callback(self._thread_answered)
        return future

    def _thread_answered(self, _: object) -> None:
        self.jumps.calls_in_threads -= 1

    async def until_idle(self) -> None:
        """Wait until nothing is ready to run."""
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
"""The rules of each style sheet, which all apps have: to parse them takes a twelfth of the time of a test."""


def _parse_once(sheet: Stylesheet, css: str, **options: Any) -> Any:
    key = css, *options.items(), *sheet._variables.items()
    if key not in _parsed:
        _parsed[key] = _parse(sheet, css, **options)
    return _parsed[key]


@contextmanager
def apps_on_jumping_time() -> Iterator[None]:
    """Let new loops be ones whose time jumps, and Textual go by their time alone.

    Its pilot waits until the process is idle by the CPU's time, which is later, or never, on a busy machine.
    """

    def new_loop() -> AppLoop:
        loop = AppLoop()
        textual._time.get_time = loop.time  # not by the patch, which would keep all loops that there have been
        # Else it keeps the last thousand widgets with all that they painted, and each full collection takes seconds.
        StylesCache.get_inner_outer.cache_clear()
        return loop

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(textual._time, "get_time", textual._time.get_time)
        patch.setattr(asyncio.events, "new_event_loop", new_loop)
        patch.setattr(Stylesheet, "_parse_rules", _parse_once)
        # Nobody sees what changes on a screen without a terminal. Its first frame is painted, and so is each picture.
        patch.setattr(Compositor, "render_partial_update", lambda screen: screen._dirty_regions.clear())
        # To count the objects that are exempt from collection, as conftest has all exempted, takes 10 ms.
        patch.setattr(RareCollections, "start", lambda _: None)
        patch.setattr(textual.app, "wait_for_idle", _wait_for_idle)
        patch.setattr(textual.pilot, "wait_for_idle", _wait_for_idle)
        # Notices go when the timer of their toast has passed, and not by the clock on the wall of a busy machine.
        patch.setattr(Notification, "time_left", property(lambda notice: notice.timeout))
        yield


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is so."""
    now = loop_time()
    deadline, real_deadline = now() + PATIENCE, monotonic() + REAL_PATIENCE
    while not condition():
        assert now() < deadline or monotonic() < real_deadline, "it never came to be"
        await asyncio.sleep(0.01)


def loop_time() -> Callable[[], float]:
    """What tells the time of the running loop to everybody, also to the tasks of a lab."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, FastLoop)
    return partial(getattr, loop.jumps, "now")
