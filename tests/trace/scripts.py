"""Programs that print all that they can find out about themselves; a lab must not change a letter of their output."""

import asyncio
import contextlib
import contextvars
import inspect
import itertools
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeAlias

Script: TypeAlias = Callable[[], Coroutine[Any, Any, Any]]

SCRIPTS: list[Script] = []


def script(function: Script) -> Script:
    SCRIPTS.append(function)
    return function


async def job(name: str, seconds: float = 0.0) -> str:
    print("begin", name)
    await asyncio.sleep(seconds)
    print("end", name)
    return name


async def failing(name: str, seconds: float = 0.0) -> None:
    await asyncio.sleep(seconds)
    raise ValueError(name)


def trace_of(error: BaseException) -> list[str]:
    """The functions of this file through which an exception passed."""
    found, traceback = [], error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == __file__:
            found.append(traceback.tb_frame.f_code.co_name)
        traceback = traceback.tb_next
    return found


def tell(error: BaseException) -> None:
    print(type(error).__name__, error.args, trace_of(error), repr(error.__cause__), repr(error.__context__))


@script
async def tasks_run_in_the_order_of_their_creation() -> None:
    tasks = [asyncio.create_task(job(str(number))) for number in range(3)]
    print("created", [task.done() for task in tasks])
    for task in tasks:
        print(await task)


@script
async def gather_lets_siblings_go_on() -> None:
    try:
        await asyncio.gather(failing("first", 1), job("second", 2))
    except ValueError as error:
        tell(error)
    await asyncio.sleep(2)


@script
async def a_task_group_cancels_siblings() -> None:
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(job("slow", 5), name="slow one")
            group.create_task(failing("one", 1))
            group.create_task(failing("two", 1))
    except* ValueError as group_error:
        for error in group_error.exceptions:
            tell(error)


@script
async def nested_timeouts() -> None:
    loop = asyncio.get_running_loop()
    begin = loop.time()
    try:
        async with asyncio.timeout(3) as outer:
            try:
                async with asyncio.timeout(1) as inner:
                    await asyncio.sleep(10)
            except TimeoutError as error:
                print(inner.expired(), outer.expired(), repr(error.__cause__))
            outer.reschedule(loop.time() + 5)
            await asyncio.sleep(10)
    except TimeoutError:
        print(outer.expired(), round(loop.time() - begin, 6))


@script
async def wait_for_returns_or_times_out() -> None:
    print(await asyncio.wait_for(job("quick", 1), 2))
    try:
        await asyncio.wait_for(job("slow", 5), 2)
    except TimeoutError as error:
        print(repr(error), trace_of(error))


@script
async def as_completed_gives_them_as_they_come() -> None:
    tasks = [asyncio.create_task(job(name, seconds)) for name, seconds in (("a", 3), ("b", 1), ("c", 2))]
    for earliest in asyncio.as_completed(tasks):
        print("next", await earliest)


@script
async def shield_outlives_its_waiter() -> None:
    inner = asyncio.create_task(job("protected", 2))

    async def waiter() -> None:
        await asyncio.shield(inner)

    outer = asyncio.create_task(waiter())
    await asyncio.sleep(1)
    print(outer.cancel("enough"))
    try:
        await outer
    except asyncio.CancelledError as error:
        print("outer", error.args, outer.cancelled(), inner.done())
    print(await inner)


@script
async def cancelling_runs_the_clean_up() -> None:
    async def worker() -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError as error:
            print("cleaning", error.args)
            await asyncio.sleep(1)
            print("cleaned", asyncio.current_task().cancelling())  # type: ignore[union-attr]
            raise
        finally:
            print("finally")

    task = asyncio.create_task(worker())
    await asyncio.sleep(1)
    task.cancel("stop it")
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled", task.cancelled(), task.cancelling())


@script
async def names_are_what_they_were() -> None:
    plain, named = asyncio.create_task(job("x")), asyncio.create_task(job("y"), name="why")
    print(named.get_name(), plain.get_name().startswith("Task-"), plain.get_name() != "None")
    async with asyncio.TaskGroup() as group:
        print(group.create_task(job("z"), name="zed").get_name())
        unnamed = group.create_task(job("u"))
    following = asyncio.create_task(job("v"))
    numbers = [int(task.get_name().removeprefix("Task-")) for task in (plain, unnamed, following)]
    print([b - a for a, b in itertools.pairwise(numbers)])
    plain.set_name("renamed")
    print(plain.get_name())
    await asyncio.gather(plain, named, following)


@script
async def coroutines_and_stacks_are_real() -> None:
    async def inner() -> None:
        await asyncio.sleep(1)

    async def outer() -> None:
        await inner()

    task = asyncio.create_task(outer())
    await asyncio.sleep(0)
    coroutine: Any = task.get_coro()
    print(inspect.iscoroutine(coroutine), coroutine.__qualname__, inspect.getcoroutinestate(coroutine))
    print([frame.f_code.co_name for frame in task.get_stack()], coroutine.cr_await.__qualname__)
    print(type(task) is asyncio.Task, sorted(vars(task)), isinstance(task, asyncio.Future))
    await task
    print(task.get_stack(), inspect.getcoroutinestate(coroutine))


@script
async def reprs_show_no_observer() -> None:
    loop = asyncio.get_running_loop()
    handle = loop.call_soon(print, "soon")
    timer = loop.call_later(1, print, "later")
    print(
        type(handle).__name__, repr(handle).split()[0], repr(timer).split()[0], isinstance(timer, asyncio.TimerHandle)
    )
    print(timer.when() - loop.time() <= 1, timer.cancelled(), isinstance(handle, asyncio.Handle))
    task = asyncio.create_task(job("r", 1), name="r")
    await asyncio.sleep(0)
    print("asynclab/trace" in repr(task), "cb=" in repr(task))
    await task
    await asyncio.sleep(1)


@script
async def callbacks_keep_their_order() -> None:
    loop = asyncio.get_running_loop()
    loop.call_later(2, print, "two")
    loop.call_later(1, print, "one")
    loop.call_at(loop.time() + 1.5, print, "one and a half")
    cancelled = loop.call_later(1, print, "never")
    loop.call_soon(print, "soon")
    cancelled.cancel()
    print(cancelled.cancelled(), repr(cancelled).split(" when=")[0])
    await asyncio.sleep(3)


@script
async def an_unbounded_queue() -> None:
    queue: asyncio.Queue[int | None] = asyncio.Queue()

    async def consume() -> None:
        while (item := await queue.get()) is not None:
            print("got", item, queue.qsize())
            queue.task_done()
        queue.task_done()

    consumer = asyncio.create_task(consume())
    for number in range(3):
        await queue.put(number)
        await asyncio.sleep(1)
    await queue.put(None)
    await queue.join()
    await consumer
    try:
        queue.get_nowait()
    except asyncio.QueueEmpty as error:
        tell(error)
    try:
        queue.task_done()
    except ValueError as error:
        tell(error)


@script
async def queues_with_other_orders() -> None:
    for kind in (asyncio.LifoQueue, asyncio.PriorityQueue):
        queue: asyncio.Queue[int] = kind()
        for number in (2, 3, 1):
            queue.put_nowait(number)
        print(kind.__name__, [queue.get_nowait() for _ in range(3)], repr(queue).split(" at ")[0])


@script
async def the_other_primitives() -> None:
    semaphore, event, condition = asyncio.BoundedSemaphore(2), asyncio.Event(), asyncio.Condition()
    barrier = asyncio.Barrier(3)

    async def worker(name: str) -> None:
        async with semaphore:
            print(name, "in", semaphore.locked())
            await asyncio.sleep(1)
        await event.wait()
        async with condition:
            await condition.wait()
        print(name, await barrier.wait())

    tasks = [asyncio.create_task(worker(name)) for name in "abc"]
    await asyncio.sleep(3)
    event.set()
    await asyncio.sleep(1)
    async with condition:
        condition.notify(1)
        condition.notify_all()
    await asyncio.gather(*tasks)
    print(event.is_set(), semaphore.locked(), barrier.n_waiting, repr(event).endswith("[set]>"))
    try:
        semaphore.release()
    except ValueError as error:
        tell(error)


@script
async def an_async_generator_is_closed_at_the_end() -> None:
    async def count() -> AsyncIterator[int]:
        try:
            for number in itertools.count():
                yield number
                await asyncio.sleep(1)
        finally:
            print("closed")

    async for number in count():
        print(number)
        if number == 2:
            break
    async with contextlib.aclosing(count()) as numbers:  # type: ignore[type-var]
        print(await anext(numbers))
    global kept
    kept = count()
    print("kept", await anext(kept))


kept: Any = None


@script
async def context_variables_are_copied_to_tasks() -> None:
    who = contextvars.ContextVar("who", default="nobody")

    async def child(name: str) -> None:
        print("sees", who.get())
        who.set(name)

    who.set("parent")
    await asyncio.create_task(child("task"))
    print(who.get())
    await child("plain")
    print(who.get())
    context = contextvars.Context()
    await asyncio.create_task(child("own"), context=context)
    print(context.get(who), who.get())


@script
async def an_eager_factory_starts_at_once() -> None:
    loop = asyncio.get_running_loop()
    print(loop.get_task_factory())
    factory = getattr(asyncio, "eager_task_factory", None)
    if factory is None:
        return
    loop.set_task_factory(factory)
    print(loop.get_task_factory() is factory)

    async def at_once(name: str) -> str:
        print("eagerly", name, asyncio.current_task().get_coro().__qualname__)  # type: ignore[union-attr]
        return name

    finished, suspended = asyncio.create_task(at_once("x")), asyncio.create_task(job("y", 1))
    print(finished.done(), suspended.done())
    async with asyncio.TaskGroup() as group:
        group.create_task(at_once("z"))
        group.create_task(asyncio.sleep(0))
    print(await finished, await suspended)
    loop.set_task_factory(None)
    lazy = asyncio.create_task(at_once("later"))
    print("not yet", await lazy)


@script
async def a_factory_of_the_users_own() -> None:
    class Marked(asyncio.Task[Any]):
        pass

    def factory(loop: asyncio.AbstractEventLoop, coroutine: Any, **kwargs: Any) -> Marked:
        print("makes", coroutine.__name__)
        return Marked(coroutine, loop=loop, **kwargs)

    loop = asyncio.get_running_loop()
    loop.set_task_factory(factory)
    task = asyncio.create_task(job("marked"))
    print(type(task).__name__, loop.get_task_factory() is factory)
    await asyncio.gather(task, job("gathered"))
    try:
        loop.set_task_factory("no factory")  # type: ignore[arg-type]
    except TypeError as error:
        print(error)
    loop.set_task_factory(None)


@script
async def streams_talk_over_loopback() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line.upper())
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"hello\n")
        print(await reader.readline())
        writer.close()
        await writer.wait_closed()


@script
async def what_is_printed_in_pieces_stays_whole() -> None:
    print("a", end="")
    await asyncio.sleep(1)
    print("b", "c", sep="-", end="!")
    await asyncio.sleep(1)
    print()
    sys.stdout.write("no newline at the end")
