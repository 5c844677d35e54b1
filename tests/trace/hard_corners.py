"""Programs that use rare features of a loop: contexts, executors, copies, tracebacks, timers and clocks."""

import asyncio
import contextlib
import contextvars
import copy
import gc
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import Any

from tests.trace.hard_scripts import Odd, frames_of, program

# Contexts


@program
async def callbacks_in_contexts_of_their_own_keep_their_turn() -> None:
    loop = asyncio.get_running_loop()
    seen: list[Any] = []
    for number in range(6):
        context = (None, contextvars.Context(), contextvars.copy_context())[number % 3]
        loop.call_soon(seen.append, ("soon", number), context=context)
        loop.call_later(1, seen.append, ("later", number), context=context)
        loop.call_at(loop.time() + 0.5, seen.append, ("at", number), context=context)
    await asyncio.sleep(2)
    print(seen)


@program
async def an_empty_context_sees_the_same_loop() -> None:
    loop, empty = asyncio.get_running_loop(), contextvars.Context()
    print(round(empty.run(loop.time) - loop.time(), 3), empty.run(asyncio.current_task) is asyncio.current_task())
    print(len(empty.run(asyncio.all_tasks)), empty.run(asyncio.get_running_loop) is loop)
    loop.set_exception_handler(lambda _, context: print(context["message"]))
    empty.run(loop.call_exception_handler, {"message": "from an empty context"})
    print(empty.run(loop.get_exception_handler) is loop.get_exception_handler())
    loop.set_exception_handler(None)
    handle = empty.run(loop.call_later, 1, print, "too late")
    empty.run(loop.call_later, 0.5, handle.cancel)
    await asyncio.sleep(2)


@program
async def tasks_made_in_an_empty_context_belong_here() -> None:
    async def child() -> str:
        print("child prints", asyncio.current_task() in asyncio.all_tasks())
        await asyncio.sleep(1)
        return "child"

    empty = contextvars.Context()
    tasks = [empty.run(asyncio.create_task, child()), contextvars.Context().run(asyncio.ensure_future, child())]
    print(len(asyncio.all_tasks()), await asyncio.gather(*tasks))


# Executors


@program
async def an_executor_refuses_what_plain_python_refuses() -> None:
    async def coroutine_function() -> None: ...

    loop = asyncio.get_running_loop()
    was = loop.get_debug()
    loop.set_debug(True)
    wrongs: tuple[Any, ...] = (coroutine_function, coroutine_function(), "no function")
    for wrong in wrongs:
        try:
            await loop.run_in_executor(None, wrong)
        except (TypeError, RuntimeError) as error:
            print(type(error).__name__, str(error).split(" at 0x")[0].split("<locals>")[0])
        if asyncio.iscoroutine(wrong):
            wrong.close()
    loop.set_debug(was)


@program
async def functions_that_hide_their_names_run_in_threads() -> None:
    class Nameless:
        def __getattribute__(self, name: str) -> Any:
            raise Odd(name)

        def __call__(self) -> str:
            return threading.current_thread().name.split("_")[0]

        def __repr__(self) -> str:
            raise Odd

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "pool") as pool:
        print(await loop.run_in_executor(pool, Nameless()))
    print(await loop.run_in_executor(None, Nameless()))


# Attributes, copies and tracebacks of asyncio's own objects


@program
async def copies_are_like_what_they_copy() -> None:
    event, lock, queue = asyncio.Event(), asyncio.Lock(), asyncio.PriorityQueue[int](3)
    event.set()
    await lock.acquire()
    queue.put_nowait(3)
    for each in (event, lock, queue):
        twin: Any = copy.copy(each)
        print(type(twin) is type(each), sorted(vars(twin)), sorted(vars(twin)) == sorted(vars(each)))
    print(event.is_set(), lock.locked(), queue.qsize())


@program
async def a_refusal_shows_the_programs_own_frames() -> None:
    full: asyncio.Queue[int] = asyncio.Queue(1)
    full.put_nowait(1)
    empty: asyncio.Queue[int] = asyncio.Queue()
    refused: list[Callable[[], Any]] = [lambda: full.put_nowait(2), empty.get_nowait, empty.task_done]
    refused += [asyncio.Lock().release, asyncio.BoundedSemaphore(1).release, asyncio.Condition().notify_all]
    wrong: tuple[Any, ...] = (lambda: asyncio.Queue(1, 2), lambda: asyncio.Condition(1), full.put_nowait)  # type: ignore[call-arg, arg-type]
    refused += [*wrong, lambda: asyncio.Barrier(0)]
    for refuse in refused:
        try:
            refuse()
        except Exception as error:
            print(type(error).__name__, frames_of(error))
    try:
        async with asyncio.timeout(1):
            await empty.get()
    except TimeoutError as timeout:
        cause = timeout.__cause__
        print(frames_of(timeout), frames_of(cause) if cause is not None else None)


@program
async def a_queue_of_its_own_kind_fails_in_the_middle() -> None:
    class Picky(asyncio.Queue[int]):
        def _put(self, item: int) -> None:
            if item < 0:
                raise ValueError(item)
            super()._put(item)

        def qsize(self) -> int:
            return super().qsize()

        def __len__(self) -> int:
            raise Odd

        __bool__ = __len__

    queue = Picky(2)
    for item in (1, -1, 2, 3):
        try:
            queue.put_nowait(item)
        except (ValueError, asyncio.QueueFull) as error:
            print(type(error).__name__, frames_of(error))
    print(queue.qsize(), queue.get_nowait(), await queue.get(), queue.empty())


# Timers


@program
async def delays_that_are_hardly_numbers() -> None:
    class Soon:
        """A delay that can only be added to a time, and is no number."""

        def __radd__(self, time: float) -> float:
            return time + 1

        def __le__(self, other: object) -> bool:
            return False

        def __gt__(self, other: object) -> bool:
            return True

    loop = asyncio.get_running_loop()
    began = loop.time()
    delay: Any = Soon()
    loop.call_later(delay, print, "called")
    await asyncio.sleep(1.5)
    half: Any = Fraction(1, 2)
    print(round(loop.time() - began, 3), await asyncio.sleep(half, "a half"))
    wrongs: tuple[Any, ...] = ("1", [], None)
    for wrong in wrongs:
        try:
            loop.call_later(wrong, print)
        except TypeError as error:
            print(error)


@program
async def equal_deadlines_keep_the_order_of_the_heap() -> None:
    loop = asyncio.get_running_loop()
    seen: list[Any] = []
    now = loop.time()
    handles = [loop.call_at(now + when, seen.append, (when, number)) for number in range(9) for when in (2, 1, 2)]
    for handle in handles[::4]:
        handle.cancel()
    await asyncio.sleep(3)
    print(seen)


@program
async def timers_of_the_past_and_of_no_time() -> None:
    loop = asyncio.get_running_loop()
    seen: list[Any] = []
    loop.call_later(-1, seen.append, "past")
    loop.call_soon(seen.append, "soon")
    loop.call_later(0, seen.append, "now")
    never = loop.call_later(float("inf"), seen.append, "never")
    loop.call_at(loop.time() - 5, seen.append, "long past")
    await asyncio.sleep(0)
    await asyncio.sleep(0.1)
    print(seen, never.when() == float("inf"), never.cancelled())
    never.cancel()


@program
async def timers_can_be_compared_and_kept() -> None:
    loop = asyncio.get_running_loop()
    now = loop.time()
    first, second = loop.call_at(now + 1, print, "first"), loop.call_at(now + 2, print, "second")
    twin = loop.call_at(first.when(), print, "twin")
    print(first < second, first <= twin, second > first, first == twin, first == first, type(first).__name__)
    print(sorted([second, first], key=asyncio.TimerHandle.when)[0] is first, len({first, second}))
    gone = weakref.ref(second)
    second.cancel()
    print(second.cancelled(), isinstance(first, asyncio.TimerHandle), round(first.when() - now, 3))
    await asyncio.sleep(1.5)
    del second
    gc.collect()
    await asyncio.sleep(1)
    print(gone() is None)


@program
async def a_loop_is_given_a_time_of_its_own() -> None:
    loop: Any = asyncio.get_running_loop()
    original, ahead = loop.time, 1_000.0
    loop.time = lambda: original() + ahead
    try:
        began = loop.time()
        loop.call_later(2, print, "two")
        loop.call_at(began + 1, print, "one")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3):
                await asyncio.sleep(30)
        print(round(loop.time() - began, 3))
    finally:
        del loop.time
    print(round(loop.time() - began + ahead, 3))
