"""Bugs that show after a while, though others go on: each coroutine is run by itself, its docstring names the rule."""

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import aiohttp


async def a_task_is_made_of_each_message_and_few_get_a_permit() -> None:
    """growing-queue"""
    permits = asyncio.Semaphore(1)

    async def handle() -> None:
        async with permits:
            await asyncio.sleep(0.05)

    tasks = []
    for _ in range(180):
        tasks.append(asyncio.create_task(handle()))
        await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def a_generator_is_left_with_a_permit_while_others_go_on() -> None:
    """generator-not-closed"""
    permits = asyncio.Semaphore(1)

    async def rows() -> AsyncIterator[int]:
        async with permits:
            yield 1
            yield 2

    async def beat() -> None:
        while True:
            await asyncio.sleep(0.05)

    async def first() -> int | None:
        kept.append(rows())
        async for row in kept[-1]:
            return row
        return None

    kept: list[AsyncIterator[int]] = []
    beating = asyncio.create_task(beat())
    await first()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(first(), 1.6)
    beating.cancel()


async def both_sides_write_all_before_they_read() -> None:
    """unread-stream"""

    async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(100):
            writer.write(bytes(200_000))
            await writer.drain()
        await reader.readexactly(100 * 200_000)

    server = await asyncio.start_server(exchange, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2.2):
            await exchange(reader, writer)
    writer.transport.abort()
    server.close()


async def responses_are_kept_unread_until_the_pool_has_no_connection() -> None:
    """unread-stream"""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + bytes(9_000_000))
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    connector = aiohttp.TCPConnector(limit=2)
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with aiohttp.ClientSession(connector=connector) as session:
        url = "http://{}:{}".format(*server.sockets[0].getsockname())
        kept = [await session.get(url) for _ in range(2)]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2.2):
                await session.get(url)
        for response in kept:
            response.close()
    server.close()
    await asyncio.sleep(0.05)


async def each_call_leaves_a_task_that_waits_for_the_close() -> None:
    """left-behind"""
    closed = asyncio.Event()

    async def call() -> None:
        tasks = [asyncio.ensure_future(asyncio.sleep(0.005)), asyncio.ensure_future(closed.wait())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)

    for _ in range(240):
        await call()
    for _ in range(10):  # for the rules to look once more
        await asyncio.sleep(0.05)
    closed.set()
    await asyncio.sleep(0.01)


async def calls_that_timed_out_keep_all_threads() -> None:
    """executor-full"""
    with ThreadPoolExecutor(2) as threads:
        loop = asyncio.get_running_loop()
        for _ in range(2):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(loop.run_in_executor(threads, time.sleep, 1.5), 0.02)
        await loop.run_in_executor(threads, time.monotonic)


async def a_child_is_killed_and_its_own_child_keeps_its_pipe() -> None:
    """pipe-kept-open"""
    process = await asyncio.create_subprocess_exec("/bin/sh", "-c", "sleep 2 & echo; wait", stdout=-1)
    assert process.stdout is not None
    await process.stdout.readline()
    process.kill()
    await process.communicate()


async def a_callback_stays_registered_for_what_has_ended() -> None:
    """busy-wait"""

    def read() -> None:
        os.read(source, 100)

    source, target = os.pipe()
    asyncio.get_running_loop().add_reader(source, read)
    os.close(target)
    await asyncio.sleep(2.5)
    asyncio.get_running_loop().remove_reader(source)
    os.close(source)


async def a_child_waits_for_the_end_of_its_input() -> None:
    """pipe-kept-open"""

    async def sort(child: asyncio.subprocess.Process) -> None:
        assert child.stdin is not None
        child.stdin.write(b"b\na\n")
        assert child.stdout is not None
        try:
            await child.stdout.read()
        finally:
            child.kill()

    sorting = asyncio.create_task(sort(await asyncio.create_subprocess_exec("sort", stdin=-1, stdout=-1)))
    await asyncio.sleep(2.5)
    sorting.cancel()
    await asyncio.wait([sorting])


async def a_timeout_ends_the_wait_for_a_child_and_not_the_child() -> None:
    """never-closed"""

    async def probe() -> None:
        child = await asyncio.create_subprocess_exec("sleep", "3")
        await asyncio.wait_for(child.wait(), 0.05)

    with contextlib.suppress(TimeoutError):
        await probe()
    await asyncio.sleep(1.5)


async def a_child_is_left_by_a_task_that_had_yet_to_wait_for_it() -> None:
    """never-closed"""

    async def scan(turn: asyncio.Event) -> None:
        child = await asyncio.create_subprocess_exec("sleep", "3")
        await turn.wait()
        await child.wait()

    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(scan(asyncio.Event()), 0.2)
    await asyncio.sleep(1.5)


async def a_task_that_has_ended_is_among_those_that_are_waited_for() -> None:
    """busy-wait"""

    async def serve(tasks: list[asyncio.Task[None]]) -> None:
        while not tasks[1].done():
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)

    await serve([asyncio.create_task(asyncio.sleep(seconds)) for seconds in (0.01, 3.5)])


async def a_task_takes_the_place_of_one_that_goes_on() -> None:
    """left-behind"""

    class Poller:
        def start(self) -> None:
            self.task = asyncio.create_task(self.poll())

        async def poll(self) -> None:
            while True:
                await asyncio.sleep(0.05)

    poller = Poller()
    poller.start()
    await asyncio.sleep(0.1)
    poller.start()
    await asyncio.sleep(1.5)
    poller.task.cancel()


async def whoever_waits_for_a_task_is_cancelled() -> None:
    """left-behind"""

    async def fetch() -> None:
        for _ in range(20):
            await asyncio.sleep(0.05)

    async def respond() -> None:
        await asyncio.wait({asyncio.create_task(fetch())})

    responds = asyncio.create_task(respond())
    await asyncio.sleep(0.05)
    responds.cancel()
    await asyncio.sleep(1.2)


async def whoever_waits_for_a_task_is_cancelled_and_that_never_ends() -> None:
    """left-behind"""

    async def respond() -> None:
        await asyncio.wait({asyncio.create_task(asyncio.sleep(60))})

    responds = asyncio.create_task(respond())
    await asyncio.sleep(0.05)
    responds.cancel()
    await asyncio.sleep(0.7)


async def a_task_is_made_of_each_event_for_a_full_queue() -> None:
    """growing-queue"""
    events: asyncio.Queue[int] = asyncio.Queue(10)
    tasks = set[asyncio.Task[None]]()
    for number in range(300):
        tasks.add(asyncio.create_task(events.put(number)))
        await asyncio.sleep(0.005)
    for task in tasks:
        task.cancel()


async def a_call_is_given_up_before_a_thread_begins_it() -> None:
    """executor-full"""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as threads:
        slow = [loop.run_in_executor(threads, time.sleep, 0.7) for _ in range(2)]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await loop.run_in_executor(threads, time.monotonic)
        await asyncio.wait(slow)


async def a_task_connects_again_at_once() -> None:
    """busy-wait"""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()

    async def connect() -> None:
        while True:
            with contextlib.suppress(OSError):
                await asyncio.open_connection("127.0.0.1", port)

    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(connect(), 1.5)


async def another_thread_stops_the_loop() -> None:
    """wrong-thread"""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        time.sleep(0.1)
        loop.stop()

    threading.Thread(target=stop).start()
    await asyncio.sleep(0.8)


async def a_child_waits_for_the_end_of_its_line() -> None:
    """pipe-kept-open"""

    async def ask(child: asyncio.subprocess.Process) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(b"no end of line")
        await child.stdout.readline()

    child = await asyncio.create_subprocess_exec("sort", stdin=-1, stdout=-1)
    asking = asyncio.create_task(ask(child))
    asyncio.get_running_loop().call_later(2.5, asking.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await asking
