"""Bugs that show when nothing else can happen: each coroutine is run by itself, and its docstring names the rule."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

LONG = 1.3
"""Seconds: long enough for the loop to be found idle."""


async def a_connection_is_given_to_a_cancelled_task() -> None:
    """lost-handover"""
    waiters: list[asyncio.Future[str]] = []

    async def take() -> str:
        waiters.append(asyncio.get_running_loop().create_future())
        return await waiters[-1]

    first, second = asyncio.create_task(take()), asyncio.create_task(take())
    await asyncio.sleep(0.5)  # for both waits to be looked at, also on a busy machine
    waiters[0].set_result("connection")
    first.cancel()
    await asyncio.wait({second}, timeout=LONG)


async def a_task_fails_with_a_permit() -> None:
    """never-released"""
    permits = asyncio.Semaphore(1)

    async def fail() -> None:
        await permits.acquire()
        raise ValueError

    assert await asyncio.gather(asyncio.create_task(fail()), return_exceptions=True)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(permits.acquire(), LONG)


async def a_generator_is_left_with_a_permit() -> None:
    """generator-not-closed"""
    permits = asyncio.Semaphore(1)

    async def rows() -> AsyncIterator[int]:
        async with permits:
            yield 1
            yield 2

    kept = rows()
    async for _ in kept:
        break
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LONG), permits:
            pass


async def a_loop_ends_as_its_request_is_cancelled() -> None:
    """cancel-of-another"""
    messages: asyncio.Queue[str] = asyncio.Queue()
    requests: list[asyncio.Task[str]] = []

    async def receive() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                requests.append(asyncio.create_task(asyncio.sleep(0.01, "message")))
                messages.put_nowait(await requests[-1])

    receiver = asyncio.create_task(receive())
    await messages.get()
    requests[-1].cancel()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(messages.get(), LONG)
    await receiver


async def each_task_has_one_permit_and_wants_two() -> None:
    """deadlock"""
    permits = asyncio.Semaphore(2)

    async def nested() -> None:
        async with permits:
            await asyncio.sleep(0.01)
            async with asyncio.timeout(LONG), permits:
                pass

    assert await asyncio.gather(nested(), nested(), return_exceptions=True)


async def a_task_fails_with_a_connection_of_the_pool() -> None:
    """pool-drained"""
    pool: asyncio.Queue[str] = asyncio.Queue()
    pool.put_nowait("connection")

    async def use(fails: bool) -> None:
        connection = await asyncio.wait_for(pool.get(), LONG)
        if fails:
            raise ValueError
        pool.put_nowait(connection)

    for fails in (False, False, True, False):
        await asyncio.wait({task := asyncio.create_task(use(fails))})
        task.exception()


async def the_only_consumer_fails() -> None:
    """consumer-gone"""
    queue: asyncio.Queue[int] = asyncio.Queue(1)

    async def consume() -> None:
        raise ValueError(await queue.get())

    async def produce() -> None:
        for number in range(3):
            await queue.put(number)

    assert await asyncio.gather(consume(), asyncio.wait_for(produce(), LONG), return_exceptions=True)


async def all_who_take_from_a_full_queue_wait_to_put_into_it() -> None:
    """deadlock"""
    queue: asyncio.Queue[int] = asyncio.Queue(2)

    async def crawl() -> None:
        while True:
            page = await queue.get()
            for link in range(3):
                await queue.put(page + link)

    queue.put_nowait(1)
    workers = [asyncio.create_task(crawl()) for _ in range(2)]
    await asyncio.wait(workers, timeout=LONG)
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)


async def a_shielded_acquire_takes_a_permit_for_nobody() -> None:
    """never-released"""
    permits = asyncio.Semaphore(1)

    async def admit() -> None:
        await asyncio.shield(asyncio.ensure_future(permits.acquire()))
        permits.release()

    await permits.acquire()
    given_up = asyncio.create_task(admit())
    await asyncio.sleep(0.3)
    given_up.cancel()
    await asyncio.sleep(0)
    permits.release()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(permits.acquire(), LONG)


async def a_child_waits_for_a_write_that_nobody_reads() -> None:
    """pipe-full"""
    child = await asyncio.create_subprocess_exec("head", "-c", "1000000", "/dev/zero", stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(child.wait(), LONG)
    await child.communicate()


async def a_permit_is_given_back_though_none_was_had() -> None:
    """released-too-often"""
    permits = asyncio.Semaphore(1)

    async def work() -> None:
        try:
            async with asyncio.timeout(0.02):
                await permits.acquire()
            await asyncio.sleep(0.1)
        except TimeoutError:
            pass
        finally:
            permits.release()

    await asyncio.gather(*(work() for _ in range(3)))


async def a_permit_is_given_back_twice_while_others_wait_for_one() -> None:
    """released-too-often"""
    permits = asyncio.Semaphore(1)

    async def work(fails: bool) -> None:
        await permits.acquire()
        try:
            await asyncio.sleep(0.01)
            if fails:
                raise ValueError
        except ValueError:
            permits.release()
        finally:
            permits.release()

    await asyncio.gather(*(work(not number) for number in range(3)))


async def a_done_callback_stops_at_a_failure_before_it_is_through() -> None:
    """callback-failed"""

    async def fail() -> None:
        raise ValueError

    def go_on(task: asyncio.Task[None]) -> None:
        task.result()
        done.set()

    done = asyncio.Event()
    asyncio.create_task(fail()).add_done_callback(go_on)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(done.wait(), 0.1)


async def a_task_is_let_in_by_its_event_and_cancelled() -> None:
    """lost-handover"""

    async def enter(line: list[asyncio.Event]) -> None:
        event = asyncio.Event()
        line.append(event)
        await event.wait()
        line.pop(0).set()

    line: list[asyncio.Event] = []
    first, second = asyncio.create_task(enter(line)), asyncio.create_task(enter(line))
    await asyncio.sleep(0.01)
    line.pop(0).set()
    first.cancel()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(second, 1)


async def a_loop_that_is_to_connect_ends_as_its_pause_is_cut_short() -> None:
    """cancel-of-another"""

    async def connect(connected: asyncio.Event, pauses: list[asyncio.Task[None]]) -> None:
        while not connected.is_set():
            pauses.append(asyncio.create_task(asyncio.sleep(30)))
            try:
                await pauses[-1]
            except asyncio.CancelledError:
                return
        connected.set()

    async def request(connected: asyncio.Event) -> None:
        await connected.wait()

    connected, pauses = asyncio.Event(), list[asyncio.Task[None]]()
    connector, asking = asyncio.create_task(connect(connected, pauses)), asyncio.create_task(request(connected))
    await asyncio.sleep(0.01)
    pauses[0].cancel()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asking, 1)
    assert connector.done()
