"""Runs programs that inspect their interpreter, one after another, and prints what they find."""

import asyncio
import atexit
import copy
import gc
import io
import os
import pickle
import re
import signal
import sys
import traceback
import warnings
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any
from unittest import mock

PROGRAMS: list[Callable[[], object]] = []


def program(function: Callable[[], object]) -> Callable[[], object]:
    PROGRAMS.append(function)
    return function


def tell(*values: object) -> None:
    """Print values without the parts that differ between runs."""
    print(re.sub(r"0x[0-9a-f]+", "0x", " ".join(map(str, values))))


def tell_error(error: BaseException) -> None:
    """Print a traceback, with its lines and underlines."""
    tell("".join(traceback.format_exception(error)))


def callers() -> list[tuple[str, int | None, str]]:
    """The callers of the calling function, up to the loop: files, lines and function names."""
    found: list[tuple[str, int | None, str]] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_name not in ("_run_once", "_bootstrap_inner"):
        found.append((os.path.basename(frame.f_code.co_filename), frame.f_lineno, frame.f_code.co_qualname))
        frame = frame.f_back
    return found


class Dies:
    """Prints when it is destroyed."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __del__(self) -> None:
        os.write(1, f"destroyed {self._name}\n".encode())


async def fails() -> None:
    await asyncio.sleep(0)
    raise KeyError("on purpose")


@program
def whoever_is_called_looks_at_the_stack() -> None:
    class Pool(ThreadPoolExecutor):
        def submit(self, function: Any, /, *args: Any, **options: Any) -> Any:
            tell("handed in", callers()[1:])
            return super().submit(function, *args, **options)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: tell(context["message"][:21], callers()))
        loop.add_signal_handler(signal.SIGUSR2, lambda: tell("signal", callers()))
        for schedule in loop.call_soon, loop.call_soon_threadsafe:
            schedule(lambda: tell("callback", callers()))
            schedule(lambda: 1 / 0)
            await asyncio.sleep(0)
        loop.call_later(0, lambda: tell("timer", callers()))
        await asyncio.sleep(0.001)
        os.kill(os.getpid(), signal.SIGUSR2)
        await asyncio.sleep(0.001)
        loop.remove_signal_handler(signal.SIGUSR2)
        with Pool(1) as pool:
            tell(await loop.run_in_executor(pool, callers))
        tell(await asyncio.to_thread(callers))

    asyncio.run(main())


@program
def errors_show_the_lines_that_they_come_through() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        misuses: list[Callable[[], Any]] = [
            lambda: loop.call_at(None, print),  # type: ignore[arg-type]
            lambda: loop.call_later("soon", print),  # type: ignore[arg-type]
            lambda: loop.call_soon(),  # type: ignore[call-arg]
            lambda: loop.run_until_complete(loop.create_future()),
            lambda: asyncio.Queue[int]().get_nowait(),
            lambda: loop.set_task_factory(3),  # type: ignore[arg-type]
            lambda: loop.set_exception_handler(3),  # type: ignore[arg-type]
        ]
        for misuse in misuses:
            try:
                misuse()
            except Exception as error:
                tell_error(error)
        for awaitable in (
            asyncio.create_task(fails()),
            asyncio.wait_for(asyncio.sleep(9), 0.001),
            asyncio.create_subprocess_exec("/no/such/program"),
            loop.run_in_executor(None, int, "x"),
        ):
            try:
                await awaitable
            except Exception as error:
                tell_error(error)

    asyncio.run(main())
    for asks in asyncio.all_tasks, asyncio.current_task:
        try:
            asks()
        except RuntimeError as error:
            tell_error(error)


@program
def failures_that_are_read_late_show_the_lines_that_they_come_through() -> None:
    async def main() -> list[Any]:
        loop = asyncio.get_running_loop()
        passed_on = [asyncio.run_coroutine_threadsafe(fails(), loop) for _ in range(2)]
        silenced = [asyncio.create_task(fails()) for _ in range(2)]
        await asyncio.sleep(0.01)
        for task in silenced:
            task.cancel()
        return [*passed_on, *silenced]

    for read in "result", "exception":
        failed = asyncio.run(main())
        for method in [getattr(each, read) for each in failed]:
            tell(type(method.__self__), method.__name__, method)
            try:
                tell(repr(method()))
                method("too", "many")
            except Exception as error:
                tell_error(error)
        method = getattr(asyncio.run(main())[0], read)  # all that is kept of it
        try:
            tell(repr(method()))
        except Exception as error:
            tell(repr(error))


@program
def what_ends_a_run_shows_the_lines_that_it_comes_through() -> None:
    async def main(prepare: Callable[[asyncio.AbstractEventLoop], object]) -> None:
        prepare(asyncio.get_running_loop())
        await asyncio.sleep(9)

    def exits_in_handler(loop: asyncio.AbstractEventLoop) -> None:
        loop.set_exception_handler(lambda *_: sys.exit(5))
        loop.call_soon(int, "x")

    for prepare in (
        lambda loop: loop.call_soon(sys.exit, 3),
        lambda loop: loop.call_later(0.001, sys.exit, 4),
        lambda loop: os.kill(os.getpid(), signal.SIGINT),
        exits_in_handler,
    ):
        try:
            asyncio.run(main(prepare))
        except (SystemExit, KeyboardInterrupt) as error:
            tell_error(error)


@program
def handles_and_primitives_are_copied_pickled_and_printed() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.slow_callback_duration = 60
        things: tuple[Any, ...] = (
            loop.call_soon(print),
            loop.call_later(9, print),
            asyncio.Event(),
            asyncio.Lock(),
            asyncio.Queue(),
        )
        for thing in things:
            for copies in pickle.dumps, copy.copy:
                try:
                    tell(copies.__name__, type(thing), type(copies(thing)))
                except Exception as error:
                    tell(copies.__name__, type(thing), repr(error))
        event = asyncio.Event()
        twin = copy.copy(event)
        event.set()
        tell(event, twin, sorted(vars(event)) == sorted(vars(twin)))
        loop.set_debug(True)
        for made in loop.call_soon(int), loop.call_later(9, int), asyncio.create_task(asyncio.sleep(0)):
            lines = [(frame.name, frame.lineno) for frame in made._source_traceback]  # type: ignore[union-attr]
            tell(re.sub(r"when=[\d.]+", "when", repr(made)), lines[-4:])

    asyncio.run(main())


@program
def a_loop_overrides_what_is_replaced() -> None:
    class Loop(asyncio.SelectorEventLoop):
        def call_exception_handler(self, context: dict[str, Any]) -> None:
            tell("complains", callers())
            super().call_exception_handler(context)

        def default_exception_handler(self, context: dict[str, Any]) -> None:
            tell("by default", callers())

        def create_task(self, *args: Any, **options: Any) -> Any:
            tell("makes", len(callers()))
            return super().create_task(*args, **options)

        def time(self) -> float:
            return super().time() + 100

    async def main() -> None:
        asyncio.get_running_loop().call_soon(int, "x")
        async with asyncio.timeout(9), asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0.001))

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(main())


@program
def a_test_mocks_what_is_replaced() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        with mock.patch("asyncio.base_events.logger") as logger:
            loop.call_soon(int, "x")
            await asyncio.sleep(0)
            tell(logger.error.call_count)
        with mock.patch.object(loop, "call_exception_handler") as handler:
            loop.call_soon(int, "x")
            await asyncio.sleep(0)
            tell(handler.call_count)
        with mock.patch("warnings.warn") as warn:
            asyncio.sleep(1)  # type: ignore[unused-coroutine]
            tell(warn.call_count)
        with mock.patch.object(loop, "time", return_value=5.0):
            tell(loop.time())

    asyncio.run(main())


@program
def tasks_start_eagerly() -> None:
    if sys.version_info < (3, 12):
        return

    async def at_once() -> str:
        tell("eager", callers()[1:])
        raise ValueError("at once")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)
        for options in {}, {"eager_start": True} if sys.version_info >= (3, 14) else {}:
            task = loop.create_task(at_once(), **options)
            tell(task.done())
            tell_error(task.exception() or KeyError())
            loop.set_task_factory(None)
            await asyncio.sleep(0)
            if sys.version_info < (3, 14):
                break

    asyncio.run(main())


@program
def things_are_destroyed_in_their_order() -> None:
    async def generates() -> AsyncGenerator[int]:
        try:
            yield 1
        finally:
            tell("closed", callers()[1:3])

    async def main() -> None:
        loop = asyncio.get_running_loop()
        await asyncio.create_task(asyncio.sleep(0, Dies("result")))
        loop.call_later(9, print, Dies("argument of a cancelled timer")).cancel()
        loop.call_soon(repr, Dies("argument of a callback"))
        await asyncio.sleep(0)
        kept = Dies("variable")
        async with asyncio.timeout(9), asyncio.Lock():
            await asyncio.sleep(0.001)
        del kept
        queue: asyncio.Queue[Dies] = asyncio.Queue()
        queue.put_nowait(Dies("item"))
        await queue.get()
        async for _ in generates():
            break
        await asyncio.sleep(0)
        print("end")

    gc.disable()
    asyncio.run(main())
    gc.enable()


@program
def warnings_name_the_lines_that_they_are_of() -> None:
    async def main() -> None:
        asyncio.sleep(1)  # type: ignore[unused-coroutine]
        await asyncio.sleep(0)

    for filters in "always", "error":
        sys.set_coroutine_origin_tracking_depth(2)
        with warnings.catch_warnings(record=True) as seen, mock.patch.object(sys, "unraisablehook") as hook:
            warnings.simplefilter(filters)
            asyncio.run(main())
        tell([(str(each.message), os.path.basename(each.filename), each.lineno) for each in seen])
        tell([traceback.format_tb(call.args[0].exc_traceback) for call in hook.call_args_list])
        sys.set_coroutine_origin_tracking_depth(0)


class Sub(asyncio.SelectorEventLoop):
    """A loop whose class is part of a reference cycle: it is collected with the module when the interpreter ends."""

    def close(self) -> None:
        super().close()


def main() -> None:
    assert isinstance(sys.stdout, io.TextIOWrapper)
    sys.stdout.reconfigure(line_buffering=True)
    for each in PROGRAMS:
        print("==", each.__name__)
        each()
    with asyncio.Runner(loop_factory=Sub) as runner:
        runner.run(asyncio.sleep(0))
    atexit.register(print, "== at the end")


if __name__ == "__main__":
    main()
    KEPT = Dies("module")
