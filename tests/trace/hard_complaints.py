"""Programs that handle asyncio's error messages themselves, or use threads. Observing must not change them."""

import asyncio
import contextlib
import gc
import logging
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

from tests.trace.hard_endings import exits, interrupts, tell_complaints
from tests.trace.hard_scripts import outcome_of, program

# Exception handlers and loggers of the program's own


@contextlib.contextmanager
def logged() -> Iterator[list[str]]:
    """The messages that asyncio logs, as the program's own handler gets them."""
    lines: list[str] = []

    class Keeps(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kind = record.exc_info[0] if record.exc_info else None
            lines.append(f"{record.levelname} {record.getMessage()[:30]!r} {kind and kind.__name__}")

    logger, handler = logging.getLogger("asyncio"), Keeps()
    propagates, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagates


@program
async def complaints_are_logged_where_no_handler_is_set() -> None:
    loop = asyncio.get_running_loop()
    with logged() as lines:
        loop.call_soon(lambda: 1 / 0)
        loop.call_exception_handler({"message": "made up", "exception": KeyError("k"), "extra": 1})
        loop.default_exception_handler({"message": "by default"})
        await asyncio.sleep(1)
    print(lines)


@program
async def a_handler_passes_on_to_the_default_one() -> None:
    loop = asyncio.get_running_loop()

    def passes_on(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        print("passed on", asyncio.current_task() is None)
        loop.default_exception_handler(context)

    with logged() as lines:
        loop.set_exception_handler(passes_on)
        loop.call_later(1, lambda: [][1])
        await asyncio.sleep(2)
    print(lines)


@program
async def exceptions_that_nobody_retrieves() -> None:
    tell_complaints()

    async def fails() -> None:
        raise ValueError("unseen")

    task: Any = asyncio.create_task(fails())
    await asyncio.sleep(0)
    del task
    await asyncio.sleep(0)
    gc.collect()
    future: Any = asyncio.get_running_loop().create_future()
    future.set_exception(LookupError("unseen, too"))
    del future
    gc.collect()
    print("end of main")


@program
async def a_frame_is_let_go_as_soon_as_its_callback_has_run() -> None:
    class Told:
        def __del__(self) -> None:
            print("let go")

    def fails(told: Told) -> None:
        raise ValueError("with a frame")

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: print(context["exception"]))
    gc.disable()
    try:
        loop.call_soon(fails, Told())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        print("after the callback")
    finally:
        gc.enable()
    gc.collect()


@program
async def a_task_is_destroyed_while_it_waits() -> None:
    tell_complaints()

    async def waits() -> None:
        await asyncio.get_running_loop().create_future()

    task: Any = asyncio.create_task(waits(), name="lost")
    await asyncio.sleep(0)
    del task
    gc.collect()
    await asyncio.sleep(0)
    print("end of main")


# Threads


@program
async def threads_are_what_they_would_be() -> None:
    loop = asyncio.get_running_loop()
    seen: list[Any] = []

    class Worker(threading.Thread):
        def run(self) -> None:
            seen.append((type(self).__name__, self.name, threading.current_thread() is self, sorted(vars(self))[:3]))
            loop.call_soon_threadsafe(seen.append, "handed over")

    worker = Worker(name="worker", daemon=True)
    worker.start()
    await asyncio.to_thread(worker.join)
    await asyncio.sleep(0)
    print(seen, worker.is_alive())


@program
async def a_thread_fails_and_its_hook_tells() -> None:
    def tell(failed: Any) -> None:
        print(failed.exc_type.__name__, failed.thread is thread)

    original, threading.excepthook = threading.excepthook, tell
    try:
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        await asyncio.to_thread(thread.join)
    finally:
        threading.excepthook = original
    print(await outcome_of(asyncio.to_thread(exits)), await outcome_of(asyncio.to_thread(interrupts)))


@program
async def code_looks_at_the_stack_that_it_runs_on() -> None:
    def tell(what: str) -> None:
        frame: FrameType | None = sys._getframe(1)
        names: list[str] = []
        while frame is not None and frame.f_code.co_name != "_run_once":
            names.append(f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_code.co_name}")
            frame = frame.f_back
        print(what, *names)

    loop = asyncio.get_running_loop()
    tell("step")
    loop.call_soon(tell, "callback")
    loop.call_soon_threadsafe(tell, "from a thread")
    loop.call_later(0, tell, "timer")
    future = loop.create_future()
    future.add_done_callback(lambda _: tell("done"))
    future.set_result(None)
    await asyncio.sleep(0.01)


def callers() -> list[tuple[str, int | None, str]]:
    """The callers of the calling function, up to the loop: files, lines and function names."""
    found: list[tuple[str, int | None, str]] = []
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_name not in ("_run_once", "_worker"):
        found.append((os.path.basename(frame.f_code.co_filename), frame.f_lineno, frame.f_code.co_qualname))
        frame = frame.f_back
    return found


@program
async def who_handles_complaints_and_works_in_a_pool_looks_who_has_called() -> None:
    loop = asyncio.get_running_loop()

    def handler(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        print(context["message"][:20], callers())
        raise LookupError("in the handler")

    loop.set_exception_handler(handler)
    with logged() as lines:
        loop.call_exception_handler({"message": "in a task"})
        loop.call_soon(lambda: 1 / 0)
        loop.call_later(0.1, lambda: 1 / 0)
        await asyncio.sleep(1)
        print(lines)

    class Pool(ThreadPoolExecutor):
        def submit(self, function: Any, /, *args: Any, **options: Any) -> Any:
            print("handed in", callers())
            return super().submit(function, *args, **options)

    with Pool(1) as pool:
        print(await loop.run_in_executor(pool, callers))
        print(traceback.format_exception(pool.submit(int, "one").exception()))
