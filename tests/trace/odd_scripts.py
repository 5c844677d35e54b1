"""More programs that a lab must not change: rare features of asyncio, threads, sockets, signals, and odd code."""

import asyncio
import contextlib
import contextvars
import gc
import io
import math
import os
import sys
import threading
import traceback
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.trace.scripts import SCRIPTS, Script, failing, job, script, tell

__all__ = ["SCRIPTS", "Script"]


@script
async def tokens_belong_to_their_context() -> None:
    variable = contextvars.ContextVar("variable", default=0)
    token = variable.set(1)

    async def child() -> None:
        try:
            variable.reset(token)
        except ValueError:
            print("created in another context", variable.get())

    await asyncio.create_task(child())
    variable.reset(token)
    print(variable.get())


@script
async def a_loop_in_a_thread_is_its_own() -> None:
    async def inner() -> list[str]:
        async with asyncio.timeout(10):
            await asyncio.sleep(0.001)
        async with asyncio.Lock() as nothing:
            print("inner", nothing)
        return [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    def work() -> None:
        with asyncio.Runner() as runner:
            print(runner.run(inner()))
        print(asyncio.run(inner()))

    await asyncio.to_thread(work)


@script
async def pools_print() -> None:
    loop = asyncio.get_running_loop()
    variable = contextvars.ContextVar("variable", default="not inherited")
    variable.set("inherited")
    await loop.run_in_executor(None, print, "from the default pool")
    with ThreadPoolExecutor(1) as pool:
        await loop.run_in_executor(pool, print, "from a pool")
        await loop.run_in_executor(pool, lambda: print(variable.get()))


@script
async def threads_hand_coroutines_to_the_loop() -> None:
    loop = asyncio.get_running_loop()

    async def child() -> str:
        print("child", asyncio.current_task() in asyncio.all_tasks())
        return await job("of a thread")

    def work() -> None:
        print("thread")
        print(asyncio.run_coroutine_threadsafe(child(), loop).result())
        loop.call_soon_threadsafe(done.set)

    done = asyncio.Event()
    thread = threading.Thread(target=work)
    thread.start()
    await done.wait()
    await asyncio.to_thread(thread.join)
    print(sorted(vars(thread)) == sorted(vars(threading.Thread())))


@script
async def primitives_of_the_users_own() -> None:
    class Lock(asyncio.Lock):
        async def acquire(self) -> Any:
            print("acquire")
            return await super().acquire()

        def release(self) -> None:
            print("release")
            super().release()

    class Semaphore(asyncio.Semaphore):
        @property
        def left(self) -> int:
            return self._value

    async with Lock() as nothing:
        print(nothing)
    semaphore = Semaphore(3)
    async with semaphore:
        print(semaphore.left, sorted(vars(semaphore)))
    print(asyncio.Semaphore(math.inf).locked(), asyncio.Queue(math.inf).full())  # type: ignore[arg-type]
    for value in (-1, "x"):
        try:
            asyncio.Semaphore(value)  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            tell(error)


@script
async def deadlines_in_the_past() -> None:
    loop = asyncio.get_running_loop()
    for when in (loop.time() - 1, loop.time()):
        try:
            async with asyncio.timeout_at(when) as timeout:
                print("inside")
                await asyncio.sleep(1)
        except TimeoutError:
            print(timeout.expired(), timeout)
    async with asyncio.timeout(0):  # noqa: ASYNC100 - this is the point
        print("nothing is awaited")
    try:
        async with asyncio.timeout(10) as timeout:
            timeout.reschedule(loop.time() - 5)
            await asyncio.sleep(1)
    except TimeoutError:
        print("rescheduled to the past")
    async with asyncio.timeout(1) as timeout:
        timeout.reschedule(None)
        await asyncio.sleep(3)
    print(timeout.when(), timeout.expired())


@script
async def no_time_at_all() -> None:
    ready = asyncio.get_running_loop().create_future()
    ready.set_result("ready")
    for awaitable, seconds in ((job("x"), 0), (job("y"), -1), (ready, 0)):
        try:
            print(await asyncio.wait_for(awaitable, seconds))
        except TimeoutError:
            print("timeout")
    done, pending = await asyncio.wait([asyncio.create_task(job("w", 1))], timeout=0)
    print(len(done), len(pending))
    await asyncio.wait(pending)
    print(await asyncio.sleep(-1, "negative"), await asyncio.sleep(0, "zero"))


@script
async def endless_and_odd_delays() -> None:
    loop = asyncio.get_running_loop()
    endless = asyncio.create_task(asyncio.sleep(math.inf))
    never = loop.call_later(math.inf, print, "never")
    much_later = loop.call_later(1e9, print, "much later")
    loop.call_at(loop.time() - 100, print, "past")
    loop.call_soon(print, "soon")
    await asyncio.sleep(0)
    print("first")
    await asyncio.sleep(0)
    print("second", await asyncio.wait([endless], timeout=5) == (set(), {endless}))
    for handle in (never, much_later, endless):
        handle.cancel()
    for set_timer in (loop.call_at, loop.call_later):
        try:
            set_timer(None, print)  # type: ignore[arg-type]
        except TypeError as error:
            print(error)


@script
async def a_task_group_whose_parent_is_cancelled() -> None:
    async def parent() -> str:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(job("one", 10))
                group.create_task(job("two", 10))
        except asyncio.CancelledError:
            task = asyncio.current_task()
            assert task is not None
            print("cancelled", task.cancelling(), task.uncancel())
        await asyncio.sleep(1)
        return "went on"

    task = asyncio.create_task(parent())
    await asyncio.sleep(0.5)
    task.cancel()
    print(await task, task.cancelling())


@script
async def an_exception_handler_of_the_users_own() -> None:
    loop = asyncio.get_running_loop()
    print(loop.get_exception_handler())

    def handler(of: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        print(of is loop, sorted(context), repr(context["exception"]))

    loop.set_exception_handler(handler)
    print(loop.get_exception_handler() is handler)
    loop.call_soon(lambda: 1 / 0)
    loop.call_later(1, lambda: [][1])
    await asyncio.sleep(2)
    try:
        loop.set_exception_handler("no handler")  # type: ignore[arg-type]
    except TypeError as error:
        print(error)
    loop.set_exception_handler(None)


@script
async def pipes_are_read_and_written() -> None:
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    reads, writes = os.pipe()

    def readable() -> None:
        print("read", os.read(reads, 10), loop.remove_reader(reads))
        done.set()

    def writable(data: bytes) -> None:
        print("written", os.write(writes, data), loop.remove_writer(writes))

    loop.add_reader(reads, readable)
    loop.add_writer(writes, writable, b"through a pipe"[:9])
    await done.wait()
    os.close(reads)
    os.close(writes)


@script
async def processes_of_several_kinds() -> None:
    process = await asyncio.create_subprocess_shell("cat; exit 3", stdin=-1, stdout=-1)
    print(await process.communicate(b"through cat"), process.returncode)
    process = await asyncio.create_subprocess_shell("exec sleep 100")
    process.kill()
    print(await process.wait())
    try:
        await asyncio.create_subprocess_exec("/no/such/program")
    except FileNotFoundError as error:
        print(error.filename)


@script
async def exceptions_that_are_no_errors() -> None:
    class Odd(BaseException):
        pass

    async def raises(error: BaseException) -> None:
        raise error

    def odd_callback() -> None:
        raise Odd("callback")

    for error in (Odd("odd"), GeneratorExit("exit"), asyncio.CancelledError("cancelled")):
        task = asyncio.create_task(raises(error))
        try:
            await task
        except BaseException as caught:
            print(type(caught).__name__, caught.args, task.cancelled())
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: print(repr(context.get("exception"))))
    loop.call_soon(odd_callback)
    loop.call_later(1, odd_callback)
    await asyncio.sleep(2)


@script
async def standard_output_is_replaced() -> None:
    class Prints:
        def __del__(self) -> None:
            print("from __del__")

    with contextlib.redirect_stdout(io.StringIO()) as kept:
        print("kept")
        await asyncio.sleep(1)
    print(repr(kept.getvalue()), flush=True)
    Prints()
    sys.stdout.writelines(text for text in ("in ", "pieces\n"))
    try:
        sys.stdout.write(5)  # type: ignore[arg-type]
    except TypeError as error:
        print(type(error).__name__)
    print(sys.stdout.writable(), sys.stdout.closed, hasattr(sys.stdout, "no such thing"))


@script
async def generators_are_finalised() -> None:
    async def count() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            print("closed")

    async for _ in count():
        break
    gc.collect()
    await asyncio.sleep(1)
    generator: Any = count()
    print(await generator.asend(None))
    try:
        await generator.athrow(ValueError("thrown"))
    except ValueError as error:
        tell(error)


@script
async def debug_mode_checks() -> None:
    loop = asyncio.get_running_loop()

    def from_another_thread() -> None:
        for set_callback in (loop.call_soon, lambda callback: loop.call_later(1, callback)):
            try:
                set_callback(print)
            except RuntimeError as error:
                print(error)

    async def no_callback() -> None: ...

    was = loop.get_debug()
    loop.set_debug(True)
    for handle in (loop.call_soon(print, "soon"), loop.call_later(1, print, "later")):
        source: Any = handle._source_traceback  # type: ignore[attr-defined]
        print([frame.name for frame in source][-2:], "created at" in repr(handle))

    def deep(frames: int) -> Any:
        return deep(frames - 1) if frames else loop.call_soon(print, "from deep down")

    print(len(deep(20)._source_traceback))
    for set_callback in (loop.call_soon, lambda callback: loop.call_later(1, callback)):
        try:
            set_callback(no_callback)
        except TypeError as error:
            print(error)
    await asyncio.to_thread(from_another_thread)
    print(await asyncio.create_task(job("checked", 2)))
    loop.set_debug(was)


@script
async def a_loop_that_is_closed_takes_nothing() -> None:
    other = type(asyncio.get_running_loop())()
    other.close()
    try:
        other.call_soon(print)
    except RuntimeError as error:
        tell(error)


@script
async def tasks_of_the_users_own_class() -> None:
    class Slotted(asyncio.Task[Any]):
        __slots__ = ("extra",)
        extra: str

    loop = asyncio.get_running_loop()
    task = Slotted(job("slotted"), loop=loop)
    task.extra = "extra"
    print(await task, task.extra)
    if sys.version_info >= (3, 12):

        async def who() -> None:
            task = asyncio.current_task()
            print(type(task).__name__, task in asyncio.all_tasks())

        loop.set_task_factory(asyncio.create_eager_task_factory(Slotted))
        await asyncio.create_task(who(), name="eager")
        loop.set_task_factory(None)


@script
async def callbacks_belong_to_no_task() -> None:
    loop = asyncio.get_running_loop()
    for set_callback in (loop.call_soon, lambda callback: loop.call_later(1, callback)):
        set_callback(lambda: print(asyncio.current_task(), asyncio.get_running_loop() is loop))
    await asyncio.sleep(2)


@script
async def a_callback_that_answers_to_any_name() -> None:
    class Answers:
        def __getattr__(self, name: str) -> list[str]:
            print("asked for", name)
            return [name]

        def __call__(self) -> None:
            print("called")

    asyncio.get_running_loop().call_soon(Answers())
    await asyncio.sleep(1)


@script
async def garbage_is_collected_in_steps() -> None:
    async def tree(depth: int) -> int:
        gc.collect(0)
        await asyncio.sleep(0)
        return 1 if depth == 0 else sum(await asyncio.gather(tree(depth - 1), tree(depth - 1)))

    print(await tree(4))
    print(await asyncio.gather(failing("x"), job("y"), return_exceptions=True))


@script
async def a_failing_callback_has_the_loops_traceback() -> None:
    def fails() -> None:
        raise ValueError("on purpose")

    def told(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        frames = traceback.extract_tb(context["exception"].__traceback__)
        print([(os.path.basename(frame.filename), frame.name) for frame in frames])

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(told)
    loop.call_soon(fails)
    loop.call_later(0.1, fails)
    await asyncio.sleep(1)


@script
async def a_loops_methods_are_called_by_whatever_name() -> None:
    loop = asyncio.get_running_loop()
    create, set_factory, now = loop.create_task, loop.set_task_factory, loop.time
    began = now()
    print(await create(job("bound")), loop.get_task_factory())
    set_factory(lambda loop, coro, **kwargs: asyncio.Task(coro, loop=loop, **kwargs))
    print(await loop.create_task(job("by a factory")), loop.get_task_factory() is not None)
    set_factory(None)
    print(await loop.create_task(job("again")), type(loop).time is not None, round(now() - began, 3))
