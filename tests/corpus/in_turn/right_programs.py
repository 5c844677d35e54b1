"""Programs that look wrong and are right: each coroutine is run by itself, and nothing is to be found in it."""

import asyncio
import contextlib
import contextvars
import functools
import gc
import io
import os
import queue as thread_queue
import signal
import socket
import threading
import time
import weakref
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import aiohttp

IDLE = 0.7
"""Seconds: long enough for the loop to be found idle."""

LONG = 1.0
"""Seconds: long enough for what leads to a task to be looked at."""


async def a_server_waits_for_clients_that_send_nothing() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    await asyncio.wait({asyncio.create_task(server.serve_forever())}, timeout=IDLE)
    writer.close()
    await asyncio.sleep(0.1)  # up to Python 3.12.1 a server that is closed waits for its connections


async def threads_signals_and_processes_may_wake_the_loop() -> None:
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def answer() -> None:
        time.sleep(IDLE)
        loop.call_soon_threadsafe(future.set_result, None)

    threading.Thread(target=answer).start()
    await future
    received = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, received.set)
    child = await asyncio.create_subprocess_exec("sh", "-c", f"sleep {IDLE}; kill -USR1 {os.getpid()}")
    await received.wait()
    await child.wait()
    loop.remove_signal_handler(signal.SIGUSR1)


async def a_thread_waits_for_the_loop_and_the_loop_for_it() -> None:
    loop = asyncio.get_running_loop()

    def call() -> None:
        asyncio.run_coroutine_threadsafe(asyncio.sleep(IDLE), loop).result()

    await asyncio.to_thread(call)


async def a_thread_waits_for_an_item_that_a_task_will_put() -> None:
    items: thread_queue.Queue[int] = thread_queue.Queue()
    getting = asyncio.create_task(asyncio.to_thread(items.get))
    await asyncio.sleep(IDLE)
    items.put(1)
    await getting


async def a_cancel_only_skips_the_job_at_hand() -> None:
    async def work() -> None:
        for _ in range(3):
            try:
                await asyncio.sleep(0.03)
            except asyncio.CancelledError:
                asyncio.current_task().uncancel()  # type: ignore[union-attr]

    worker = asyncio.create_task(work())
    asyncio.get_running_loop().call_later(0.045, worker.cancel)
    await worker


async def a_service_waits_for_the_children_that_it_cancels() -> None:
    async def service() -> None:
        while True:
            child = asyncio.create_task(asyncio.sleep(1))
            await asyncio.sleep(0.01)
            child.cancel()
            await asyncio.wait({child})

    served = asyncio.create_task(service())
    await asyncio.sleep(0.025)
    served.cancel()
    await asyncio.wait({served})


async def threads_wait_for_items_and_other_calls_for_threads() -> None:
    executor, items = ThreadPoolExecutor(2), thread_queue.Queue[int]()
    loop = asyncio.get_running_loop()
    taken = [loop.run_in_executor(executor, items.get, True, 5) for _ in range(2)]
    added = loop.run_in_executor(executor, sum, (1, 2))
    await asyncio.sleep(0.8)
    items.put(1)
    items.put(2)
    await asyncio.gather(*taken, added)


async def a_lock_is_released_by_the_callback_of_the_work_that_it_was_taken_for() -> None:
    lock = asyncio.Lock()

    async def begin() -> asyncio.Task[None]:
        await lock.acquire()
        work = asyncio.create_task(asyncio.sleep(0.01))
        work.add_done_callback(lambda _: lock.release())
        return work

    for _ in range(2):
        work = await begin()
        async with lock:
            assert work.done()


async def a_script_ends_as_its_handshake_times_out() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.02):
            address = server.sockets[0].getsockname()
            transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, *address)
            await asyncio.sleep(1)
            transport.close()
    server.close()  # and does not wait for it: the connection is still open


async def the_item_of_a_getter_that_is_kept_over_a_cancel_goes_to_the_next_call() -> None:
    items: asyncio.Queue[int] = asyncio.Queue()
    getters = list[asyncio.Task[int]]()

    async def receive() -> int:
        if not getters:
            getters.append(asyncio.create_task(items.get()))
        item = await asyncio.shield(getters[0])
        getters.clear()
        return item

    first = asyncio.create_task(receive())
    await asyncio.sleep(0.01)
    items.put_nowait(1)
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait({first})
    assert await receive() == 1
    items.put_nowait(2)
    assert await receive() == 2


async def permits_are_released_by_callbacks() -> None:
    permits = asyncio.Semaphore(2)
    jobs: set[asyncio.Task[None]] = set()
    for _ in range(3):
        await permits.acquire()
        job = asyncio.create_task(asyncio.sleep(IDLE))
        jobs.add(job)
        job.add_done_callback(lambda _: permits.release())
    await asyncio.gather(*jobs)


async def a_semaphore_counts_signals() -> None:
    signals = asyncio.Semaphore(0)

    async def notify() -> None:
        signals.release()

    await asyncio.create_task(notify())
    with contextlib.suppress(TimeoutError):
        while True:
            await asyncio.wait_for(signals.acquire(), IDLE)


async def a_helper_releases_the_lock() -> None:
    lock = asyncio.Lock()
    helpers = []

    async def release_later() -> None:
        await asyncio.sleep(IDLE)
        lock.release()

    for _ in range(2):
        await lock.acquire()
        helpers.append(asyncio.create_task(release_later()))
        await asyncio.sleep(0)
    await asyncio.gather(*helpers)


async def what_came_too_late_is_passed_on() -> None:
    waiters: list[asyncio.Future[int]] = []

    async def take() -> None:
        waiters.append(future := asyncio.get_running_loop().create_future())
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                give()
            raise

    def give() -> None:
        next(waiter for waiter in waiters if not waiter.done()).set_result(1)

    first, second = asyncio.create_task(take()), asyncio.create_task(take())
    await asyncio.sleep(0.01)
    give()
    first.cancel()
    await asyncio.wait({first, second})


async def a_consumer_waits_until_nothing_has_come_for_a_while() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    producer = asyncio.create_task(queue.put(1))
    with contextlib.suppress(TimeoutError):
        while True:
            await asyncio.wait_for(queue.get(), IDLE)
    await producer


async def workers_are_left_to_be_cancelled() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()

    async def work() -> None:
        while True:
            await queue.get()
            queue.task_done()

    workers = [asyncio.create_task(work()) for _ in range(3)]
    queue.put_nowait(1)
    await queue.join()
    await asyncio.sleep(IDLE)
    assert not any(worker.done() for worker in workers)


async def a_get_is_kept_from_turn_to_turn() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    getting = asyncio.create_task(queue.get())
    await asyncio.wait({getting}, timeout=0.01)
    queue.put_nowait(1)
    await asyncio.sleep(0.01)
    assert getting.result() == 1


async def a_shared_task_is_shielded_or_cancelled_on_purpose() -> None:
    lookup = asyncio.create_task(asyncio.sleep(1))

    async def call() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await lookup

    callers = [asyncio.create_task(call()) for _ in range(2)]
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(lookup), 0.01)
    lookup.cancel()
    await asyncio.gather(*callers)


async def those_whose_gather_failed_are_looked_after() -> None:
    async def fail(seconds: float) -> None:
        await asyncio.sleep(seconds)
        raise ValueError

    tasks = [asyncio.create_task(fail(seconds)) for seconds in (0.01, 0.1)]
    with contextlib.suppress(ValueError):
        await asyncio.gather(*tasks)
    await asyncio.gather(*tasks, return_exceptions=True)


async def a_generator_is_closed_and_another_is_in_use() -> None:
    permits = asyncio.Semaphore(1)

    async def rows() -> AsyncIterator[int]:
        async with permits:
            yield 1
            yield 2

    @contextlib.asynccontextmanager
    async def permit() -> AsyncIterator[None]:
        async with permits:
            yield

    async def use(seconds: float) -> None:
        async with permit():
            await asyncio.sleep(seconds)

    async def read_slowly() -> None:
        async for _ in rows():
            await asyncio.sleep(IDLE)

    async def beat() -> None:
        while True:
            await asyncio.sleep(0.05)

    async with contextlib.aclosing(rows()) as generator:  # type: ignore[type-var]
        async for _ in generator:
            break
    await asyncio.gather(use(IDLE), use(0))
    beating = asyncio.create_task(beat())
    await asyncio.gather(read_slowly(), use(0))
    beating.cancel()


async def cancelled_tasks_clean_up() -> None:
    async def in_finally() -> None:
        try:
            await asyncio.sleep(9)
        finally:
            await asyncio.sleep(0.02)

    async def in_handler() -> None:
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            await asyncio.sleep(0.02)
            raise

    async def keeps() -> None:
        kept = None
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError as error:
            kept = error
        await asyncio.sleep(0.02)
        if kept is not None:
            raise kept

    async def takes_back() -> None:
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            asyncio.current_task().uncancel()  # type: ignore[union-attr]
        await asyncio.sleep(0.02)

    async def fails() -> None:
        await asyncio.sleep(0.01)
        raise ValueError

    tasks = [asyncio.create_task(each()) for each in (in_finally, in_handler, keeps, takes_back)]
    await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.02):
            await in_finally()
    with contextlib.suppress(ExceptionGroup):
        async with asyncio.TaskGroup() as group:
            group.create_task(fails())
            group.create_task(in_finally())
    await asyncio.sleep(0.02)  # before Python 3.13 the group's request is still counted


async def futures_are_kept_by_a_weak_set() -> None:
    waiters: weakref.WeakSet[asyncio.Future[None]] = weakref.WeakSet()

    async def wait() -> None:
        future = asyncio.get_running_loop().create_future()
        waiters.add(future)
        await future

    task = asyncio.create_task(wait())
    await asyncio.sleep(0.01)
    gc.collect()
    for future in list(waiters):
        future.set_result(None)
    await task


async def a_long_step_keeps_nobody_waiting_and_many_items_are_put_at_once() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    time.sleep(0.6)
    for number in range(500):
        queue.put_nowait(number)
    while not queue.empty():
        await queue.get()
        await asyncio.sleep(0)


async def a_failed_item_is_tried_again_and_idle_workers_are_cancelled() -> None:
    queue: asyncio.Queue[str] = asyncio.Queue()
    for item in ("a", "b", "c"):
        queue.put_nowait(item)

    async def work() -> None:
        for number in range(9):
            item = await queue.get()
            if not number:
                queue.put_nowait(item)

    workers = [asyncio.create_task(work()) for _ in range(3)]
    await asyncio.wait(workers, timeout=IDLE)
    for worker in workers:
        worker.cancel()


async def a_consumer_takes_what_it_needs_and_the_producer_is_cancelled() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue(1)

    async def produce() -> None:
        for number in range(9):
            await queue.put(number)

    producer = asyncio.create_task(produce())
    await asyncio.create_task(queue.get())
    await asyncio.wait({producer}, timeout=IDLE)
    producer.cancel()


async def a_cancelled_task_first_sends_what_is_left() -> None:
    async def send_all() -> None:
        left = 3
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(9)
        while left:
            await asyncio.sleep(0.01)
            left -= 1

    async def cannot_be_interrupted() -> None:
        work = asyncio.create_task(asyncio.sleep(0.05))
        while not work.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(work)

    tasks = [asyncio.create_task(send_all()), asyncio.create_task(cannot_be_interrupted())]
    await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def a_computation_lets_others_run() -> None:
    ends = time.monotonic() + 1.3
    while time.monotonic() < ends:
        sum(range(10_000))
        await asyncio.sleep(0)


async def a_task_waits_for_what_only_it_has_until_it_is_cancelled() -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    async def wait_for_a_callback(event: asyncio.Event) -> None:
        await event.wait()

    event = asyncio.Event()
    waiters = [asyncio.create_task(wait()), asyncio.create_task(wait_for_a_callback(event))]
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.3, event.set)
    del event
    await asyncio.wait(waiters, timeout=0.4)
    waiters[0].cancel()


async def a_long_step_keeps_only_those_waiting_that_wait_for_it() -> None:
    done, items = asyncio.Event(), asyncio.Queue[int]()

    async def compute() -> None:
        await asyncio.sleep(0.01)
        time.sleep(0.6)
        items.put_nowait(1)
        done.set()

    computing = asyncio.create_task(compute())
    await asyncio.gather(done.wait(), items.get())
    await computing


async def a_session_is_used_for_all_requests() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server, aiohttp.ClientSession() as session:
        host, port = server.sockets[0].getsockname()
        for _ in range(25):
            async with session.get(f"http://{host}:{port}/"):
                pass


async def timeouts_are_noticed_or_taken_back() -> None:
    async def fail() -> None:
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            raise ValueError from None

    for fails in (asyncio.sleep(9), fail()):
        with contextlib.suppress(TimeoutError, ValueError):
            async with asyncio.timeout(0.02):
                await fails
    async with asyncio.timeout(0.02) as timeout:
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            asyncio.current_task().uncancel()  # type: ignore[union-attr]
    assert timeout.expired()


async def a_stream_of_events_is_read_with_timeouts() -> None:
    connection, events = io.BytesIO(), asyncio.StreamReader()

    async def read() -> bytes:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.02):
                    return await events.readline()
            connection.write(b"ping\n")

    for _ in range(2):
        asyncio.get_running_loop().call_later(0.1, events.feed_data, b"event\n")
        await read()


async def failures_are_looked_at_later() -> None:
    def fail() -> None:
        raise OSError

    loop, seen = asyncio.get_running_loop(), list[BaseException | None]()
    first, second = loop.run_in_executor(None, fail), loop.run_in_executor(None, fail)
    first.add_done_callback(lambda future: seen.append(future.exception()))
    await asyncio.wait({first, second})
    with contextlib.suppress(OSError):
        await second


async def a_group_in_a_context_manager_fails() -> None:
    @contextlib.asynccontextmanager
    async def children() -> AsyncIterator[asyncio.TaskGroup]:
        async with asyncio.TaskGroup() as group:
            yield group

    async def fail() -> None:
        raise ValueError

    for _ in range(2):
        with contextlib.suppress(BaseExceptionGroup):
            async with children() as group:
                group.create_task(fail())
                await asyncio.sleep(9)
        await asyncio.sleep(0.01)


async def a_lock_is_tried_for_a_while_and_given_back() -> None:
    async def both(first: asyncio.Lock, second: asyncio.Lock) -> None:
        await asyncio.sleep(0)
        async with first:
            await asyncio.sleep(0.01)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(second.acquire(), IDLE)
                second.release()

    locks = asyncio.Lock(), asyncio.Lock()
    await asyncio.gather(both(*locks), both(*reversed(locks)))


async def a_signal_handler_wakes_the_loop_itself() -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def end(*_: object) -> None:
        stop.set()
        loop.call_soon_threadsafe(lambda: None)

    before = signal.signal(signal.SIGUSR1, end)
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
    await asyncio.wait_for(stop.wait(), 1)
    signal.signal(signal.SIGUSR1, before)


async def another_task_reads_slowly_what_a_child_writes() -> None:
    child = await asyncio.create_subprocess_exec("head", "-c", "800000", "/dev/zero", stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None

    async def read(stream: asyncio.StreamReader) -> None:
        await asyncio.sleep(IDLE)
        while await stream.read(400_000):
            await asyncio.sleep(0.01)

    reading = asyncio.create_task(read(child.stdout))
    await child.wait()
    await reading


async def a_failure_is_seen_later_and_others_bring_what_is_waited_for() -> None:
    results: asyncio.Queue[int] = asyncio.Queue()

    async def job(number: int) -> None:
        await asyncio.sleep(IDLE * number)
        if not number:
            raise ValueError
        results.put_nowait(number)

    jobs = [asyncio.create_task(job(number)) for number in range(3)]
    await results.get()
    await results.get()
    await asyncio.gather(*jobs, return_exceptions=True)


async def a_pool_is_emptied_to_close_it() -> None:
    pool: asyncio.Queue[str] = asyncio.Queue()
    for connection in ("a", "b"):
        pool.put_nowait(connection)
    for _ in range(5):
        pool.put_nowait(await pool.get())
    with contextlib.suppress(TimeoutError):
        while True:
            await asyncio.wait_for(pool.get(), IDLE)


async def a_callback_passes_the_exception_of_its_task_on() -> None:
    async def fail() -> None:
        raise ValueError

    failing = asyncio.create_task(fail())
    failing.add_done_callback(lambda task: task.result())
    await asyncio.wait({failing})
    failing.exception()
    await asyncio.sleep(0)


async def the_program_itself_hears_of_callbacks_that_fail() -> None:
    def fail() -> None:
        raise ValueError

    loop, heard = asyncio.get_running_loop(), asyncio.Event()
    loop.set_exception_handler(lambda *_: heard.set())
    loop.call_soon(fail)
    await heard.wait()


async def workers_idle_after_a_job_was_tried_again_and_again() -> None:
    jobs: asyncio.Queue[int] = asyncio.Queue()
    left = [2, 2]

    async def work() -> None:
        while (job := await jobs.get()) >= 0:
            await asyncio.sleep(0.01)
            if left[job]:
                left[job] -= 1
                jobs.put_nowait(job)

    async def beat() -> None:
        while True:
            await asyncio.sleep(0.05)

    beating = asyncio.create_task(beat())
    workers = [asyncio.create_task(work()) for _ in range(3)]
    jobs.put_nowait(0)
    jobs.put_nowait(1)
    await asyncio.sleep(1.5)
    for _ in workers:
        jobs.put_nowait(-1)
    await asyncio.gather(*workers)
    beating.cancel()


async def a_task_waits_with_a_timeout_for_one_that_waits_for_it() -> None:
    tasks: list[asyncio.Task[None]] = []

    async def ask() -> None:
        await asyncio.wait({tasks[1]}, timeout=IDLE)

    async def answer() -> None:
        await asyncio.shield(tasks[0])

    tasks += [asyncio.create_task(ask()), asyncio.create_task(answer())]
    await asyncio.gather(*tasks)


async def what_wakes_a_task_is_known_to_nobody_who_runs() -> None:
    loop, here, cache = asyncio.get_running_loop(), contextvars.ContextVar[asyncio.Event]("here"), Cache()
    futures = [loop.create_future() for _ in range(3)]
    events = [asyncio.Event() for _ in range(3)]

    async def set_here() -> None:
        await asyncio.sleep(2 * LONG)
        here.get().set()

    async def hold(_: object) -> None:
        await asyncio.sleep(2 * LONG)

    class Guard:
        def __init__(self, left: asyncio.Event) -> None:
            self.left = left

        def __del__(self) -> None:
            self.left.set()

    def answer(future: asyncio.Future[None]) -> None:
        time.sleep(2 * LONG)
        loop.call_soon_threadsafe(future.set_result, None)

    here.set(events[0])
    tasks = {asyncio.create_task(set_here()), asyncio.create_task(hold(Guard(events[1])))}
    tasks.add(asyncio.create_task(cache.answer_late(2 * LONG)))
    loop.call_later(2 * LONG, events[2].set)
    cache.asked["a"] = futures[0]
    threading.Thread(target=answer, args=(futures[1],)).start()
    resolve = functools.partial(lambda future, _: future.set_result(None), futures[2])
    asyncio.create_task(asyncio.sleep(2 * LONG)).add_done_callback(resolve)
    await asyncio.gather(*futures, *(event.wait() for event in events))


class Cache:
    """Refers weakly to what it answers."""

    def __init__(self) -> None:
        self.asked: weakref.WeakValueDictionary[str, asyncio.Future[None]] = weakref.WeakValueDictionary()

    async def answer_late(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        for future in self.asked.values():
            future.set_result(None)


async def a_program_is_over_at_an_interrupt_while_it_ticks() -> None:
    async def tick() -> None:
        while True:
            await asyncio.sleep(0.05)

    def interrupt() -> None:
        time.sleep(2 * LONG)
        os.kill(os.getpid(), signal.SIGINT)

    ticking = asyncio.create_task(tick())
    threading.Thread(target=interrupt).start()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
    ticking.cancel()


async def a_condition_is_waited_for_with_a_timeout() -> None:
    changed, version = asyncio.Condition(), 0

    async def poll() -> None:
        async with changed:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait_for(lambda: version), IDLE / 2)

    polls = [asyncio.create_task(poll()) for _ in range(2)]
    await asyncio.sleep(IDLE / 4)
    async with changed:
        version = 1
        changed.notify_all()
    await asyncio.gather(*polls)
    version = 0
    await poll()


async def permits_are_added_and_taken_together_and_given_back_later() -> None:
    permits = asyncio.Semaphore(2)
    loop = asyncio.get_running_loop()

    async def call() -> None:
        await permits.acquire()
        loop.call_later(0.02, permits.release)

    async def change() -> None:
        for _ in range(2):
            await permits.acquire()
        for _ in range(2):
            permits.release()

    async def raise_the_limit() -> None:
        for _ in range(2):
            await asyncio.sleep(0.01)
            permits.release()

    await asyncio.gather(*(call() for _ in range(5)), change(), raise_the_limit())
    await asyncio.sleep(0.05)


async def done_callbacks_raise_what_their_task_has_raised() -> None:
    async def fail() -> None:
        raise ValueError

    def raise_all_but_cancels(task: asyncio.Task[None]) -> None:
        try:
            task.result()
        except asyncio.CancelledError:
            print("cancelled")

    for callback in (lambda task: task.result(), raise_all_but_cancels):
        asyncio.create_task(fail()).add_done_callback(callback)
        await asyncio.sleep(0.01)


async def tasks_wait_until_their_group_is_ended_by_a_failure() -> None:
    async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 * LONG)
        writer.close()

    async def read() -> None:
        await reader.readexactly(1)

    async def write() -> None:
        while True:
            writer.write(await requests.get())

    async def ping() -> None:
        while True:
            await asyncio.sleep(0.05)

    async def give_up() -> None:
        await asyncio.sleep(2 * LONG)
        raise TimeoutError

    requests: asyncio.Queue[bytes] = asyncio.Queue()
    server = await asyncio.start_server(close, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    for end in (read, give_up):
        with contextlib.suppress(BaseExceptionGroup):
            async with asyncio.TaskGroup() as group:
                for work in (end, write, ping):
                    group.create_task(work())
    writer.close()
    server.close()


async def a_server_has_an_open_connection_as_the_program_ends() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(1))
        await reader.read()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"x")
    await reader.read(1)


async def what_came_with_the_stop_is_put_back_or_awaited() -> None:
    queue: asyncio.Queue[str] = asyncio.Queue()
    stop = asyncio.Event()

    async def puts_back() -> None:
        get, stopped = asyncio.create_task(queue.get()), asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait({get, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if stopped in done and get in done:
            queue.put_nowait(get.result())

    async def awaits() -> None:
        get, stopped = asyncio.create_task(queue.get()), asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait({get, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if get in done:
            print(await get)

    for consume in (puts_back, awaits):
        consumer = asyncio.create_task(consume())
        await asyncio.sleep(0.01)
        queue.put_nowait("last order")
        stop.set()
        await consumer
        stop.clear()


async def a_cancelled_task_keeps_the_item_that_its_helper_has() -> None:
    queue: asyncio.Queue[str] = asyncio.Queue()

    async def take() -> None:
        get = asyncio.create_task(queue.get())
        try:
            await get
        except asyncio.CancelledError:
            queue.put_nowait(get.result())
            raise

    taker = asyncio.create_task(take())
    await asyncio.sleep(0.01)
    queue.put_nowait("connection")
    await asyncio.sleep(0)
    taker.cancel()
    await asyncio.wait({taker})


async def a_message_is_kept_or_of_no_use_when_its_time_is_up() -> None:
    queue: asyncio.Queue[str] = asyncio.Queue()
    kept: list[str] = []

    async def keep() -> str:
        message = await queue.get()
        kept.append(message)
        await asyncio.sleep(0.1)
        return kept.pop()

    async def put_back() -> str:
        message = await queue.get()
        try:
            await asyncio.sleep(0.1)
        except asyncio.CancelledError:
            queue.put_nowait(message)
            raise
        return message

    async def work() -> None:
        while True:
            message = await queue.get()
            await asyncio.sleep(0.1, message)

    for function in (keep, put_back, work):
        queue.put_nowait("message")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(function(), 0.05)


async def results_of_a_gather_are_looked_through() -> None:
    async def save(number: int) -> None:
        await asyncio.sleep(0.01)
        if number % 2:
            raise OSError(number)

    results = await asyncio.gather(*(save(number) for number in range(2)), return_exceptions=True)
    print([result for result in results if isinstance(result, OSError)])


async def connections_are_closed_and_their_writes_drained() -> None:
    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(30):
            writer.write(bytes(200_000))
            await writer.drain()
        writer.writelines([bytes(2_000_000)] * 2)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(send, "127.0.0.1", 0) as server:
        for _ in range(2):
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            await reader.read()
            writer.close()
            await writer.wait_closed()


async def many_tasks_wait_for_a_permit_and_get_it() -> None:
    permits, room = asyncio.Semaphore(10), asyncio.Semaphore(150)

    async def handle() -> None:
        async with permits:
            await asyncio.sleep(0.005)
        room.release()

    async with asyncio.TaskGroup() as group:
        for _ in range(900):
            await room.acquire()
            group.create_task(handle())


async def what_comes_is_read_slowly_while_others_wait_to_write() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1_000_000):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def send() -> None:
        for _ in range(60):
            writer.write(bytes(200_000))
            await writer.drain()
        writer.write_eof()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        sending = asyncio.create_task(send())
        await asyncio.sleep(1.5)
        while await reader.read(1_000_000):
            pass
        await sending
        writer.close()
        await writer.wait_closed()


async def daemons_timers_and_kept_tasks_are_left_for_the_end() -> None:
    async def beat() -> None:
        while True:
            await asyncio.sleep(0.05)

    async def expire() -> None:
        await asyncio.sleep(60)

    async def listen() -> None:
        await asyncio.Event().wait()

    async def clean_up() -> None:
        try:
            await asyncio.sleep(0.5)
        finally:
            await asyncio.sleep(0.5)

    cancelled = asyncio.create_task(clean_up())
    await asyncio.sleep(0)
    cancelled.cancel()
    del cancelled
    asyncio.current_task().kept = [asyncio.create_task(each()) for each in (beat, expire, listen)]  # type: ignore
    await asyncio.sleep(0.01)


async def a_timer_raises_the_number_of_permits() -> None:
    permits = asyncio.Semaphore(1)

    async def work() -> None:
        async with permits:
            await asyncio.sleep(0.01)

    asyncio.get_running_loop().call_later(0.03, permits.release)
    await asyncio.gather(*(work() for _ in range(2)))
    await asyncio.sleep(0.05)


async def a_task_that_counts_opens_the_door_in_the_end() -> None:
    class Door:
        def __init__(self) -> None:
            self.opened, self.beats = asyncio.Event(), 0

        def step(self) -> None:
            self.beats += 1
            if self.beats == 50:
                self.open()

        def open(self) -> None:
            self.opened.set()

        async def beat(self) -> None:
            while True:
                self.step()
                await asyncio.sleep(0.05)

    door = Door()
    beating = asyncio.create_task(door.beat())
    await door.opened.wait()
    beating.cancel()


async def tasks_that_wait_for_the_close_are_awaited_or_cancelled() -> None:
    closed = asyncio.Event()

    async def serve() -> None:
        await asyncio.wait([asyncio.ensure_future(asyncio.sleep(10)), asyncio.ensure_future(closed.wait())])

    async def call() -> None:
        tasks = [asyncio.ensure_future(asyncio.sleep(0.005)), asyncio.ensure_future(closed.wait())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        tasks[1].cancel()

    serving = []
    for _ in range(220):
        serving.append(asyncio.create_task(serve()))
        await call()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.wait(serving)


async def a_timeout_is_in_a_context_manager_or_around_each_wait_for_a_page() -> None:
    @contextlib.asynccontextmanager
    async def for_a_while() -> AsyncIterator[None]:
        async with asyncio.timeout(0.05):
            yield

    async def pages(seconds: float) -> AsyncIterator[int]:
        for page in range(2):
            async with asyncio.timeout(0.05):
                await asyncio.sleep(seconds)
            yield page

    async def limited() -> AsyncIterator[int]:
        async with asyncio.timeout(0.05):
            yield 1
            await asyncio.sleep(1)

    with contextlib.suppress(TimeoutError):
        async with for_a_while():
            await asyncio.sleep(1)
    async for _ in pages(0):
        await asyncio.sleep(0.1)
    for each in (pages(1), limited()):
        with contextlib.suppress(TimeoutError):
            async for _ in each:
                pass


async def a_call_is_given_up_and_another_thread_is_left() -> None:
    with ThreadPoolExecutor(2) as threads:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(loop.run_in_executor(threads, time.sleep, 1.0), 0.02)
        calls = [loop.run_in_executor(threads, time.sleep, 0.3) for _ in range(3)]
        await asyncio.gather(*calls)


async def what_a_childs_child_still_writes_is_read() -> None:
    process = await asyncio.create_subprocess_exec("/bin/sh", "-c", "(sleep 0.5; echo) & echo", stdout=-1)
    await process.communicate()


async def a_group_is_in_a_context_manager_whose_block_is_cancelled_as_a_child_fails() -> None:
    async def fail() -> None:
        raise ValueError("child")

    @contextlib.asynccontextmanager
    async def service() -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            yield

    async def rows() -> AsyncIterator[int]:
        yield 1
        yield 2

    with contextlib.suppress(ExceptionGroup):
        async with service():
            async for _ in rows():
                await asyncio.sleep(1)


async def one_of_those_who_wait_for_an_event_is_cancelled_as_it_is_set() -> None:
    news, count = asyncio.Event(), 0

    async def listen() -> None:
        nonlocal count
        while count < 2:
            await news.wait()
            count += 1
            news.clear()

    first, second = asyncio.create_task(listen()), asyncio.create_task(listen())
    await asyncio.sleep(0.01)
    news.set()
    first.cancel()
    await asyncio.sleep(1.2)
    news.set()
    await second


async def one_of_some_connections_is_told_of_its_close_and_cancelled() -> None:
    async def serve(closed: asyncio.Event) -> None:
        await closed.wait()

    closings = [asyncio.Event() for _ in range(3)]
    serving = [asyncio.create_task(serve(closed)) for closed in closings]
    await asyncio.sleep(0.01)
    closings[0].set()
    serving[0].cancel()
    await asyncio.sleep(1.3)
    for closed in closings:
        closed.set()
    await asyncio.wait(serving)


async def deadlines_are_moments_of_the_loops_time_or_far_away() -> None:
    loop = asyncio.get_running_loop()
    calls = [loop.call_at(loop.time() + 1, print), loop.call_later(2**31 - 1, print), loop.call_at(1e15, print)]
    async with asyncio.timeout_at(loop.time() + 1):
        await asyncio.sleep(0)
    for call in calls:
        call.cancel()


async def locks_that_are_taken_where_they_are_made_are_given_to_others() -> None:
    class Connection:
        def __init__(self) -> None:
            self.lock = asyncio.Lock()

        async def send(self) -> None:
            async with self.lock:
                await asyncio.sleep(0.01)

    async def connect() -> None:
        ready = asyncio.Lock()
        async with ready:
            tasks = [asyncio.create_task(wait_for(ready)) for _ in range(2)]
            await asyncio.sleep(0.01)
        await asyncio.gather(*tasks)
        await Connection().send()

    async def wait_for(ready: asyncio.Lock) -> None:
        async with ready:
            await asyncio.sleep(0)

    await asyncio.gather(*(connect() for _ in range(5)))


async def locks_are_made_where_they_are_taken_and_known_to_a_cache() -> None:
    locks: weakref.WeakValueDictionary[int, asyncio.Lock] = weakref.WeakValueDictionary()

    async def use(key: int) -> None:
        lock = locks.get(key) or locks.setdefault(key, asyncio.Lock())
        async with lock:
            await asyncio.sleep(0.01)

    await asyncio.gather(*(use(number % 4) for number in range(8)))


async def a_generator_waits_for_what_a_callback_of_a_sleeping_task_puts() -> None:
    callbacks = []

    async def news() -> AsyncIterator[int]:
        queue: asyncio.Queue[int] = asyncio.Queue()
        callbacks.append(queue.put_nowait)
        while True:
            yield await queue.get()

    async def publish() -> None:
        await asyncio.sleep(2.2)
        for callback in callbacks:
            callback(1)

    publisher = asyncio.create_task(publish())
    async for _ in news():
        break
    await publisher


async def a_callback_reads_all_the_time_and_is_removed_at_the_end() -> None:
    def read() -> None:
        if not os.read(source, 10):
            loop.remove_reader(source)

    def write(count: int) -> None:
        os.write(target, b"x" * 10)
        if count:
            loop.call_soon(write, count - 1)
        else:
            os.close(target)

    loop, (source, target) = asyncio.get_running_loop(), os.pipe()
    loop.add_reader(source, read)
    write(2_000)
    await asyncio.sleep(0.5)
    os.close(source)


async def a_task_sees_soon_that_its_connection_is_lost() -> None:
    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    server = await asyncio.start_server(leave, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    await reader.read()
    for _ in range(3):
        writer.write(b"tick\n")
        await asyncio.sleep(0.001)
    with contextlib.suppress(ConnectionError):
        while True:
            writer.write(b"tick\n")
            await writer.drain()
    writer.close()
    server.close()


async def children_are_given_their_input_late() -> None:
    async def converse() -> None:
        child = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
        assert child.stdin is not None
        assert child.stdout is not None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(child.stdout.read(1), 1.6)
        await child.communicate(b"x")

    async def feed(child: asyncio.subprocess.Process) -> None:
        await asyncio.sleep(1.6)
        await child.communicate(b"x")

    child = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
    await asyncio.gather(converse(), feed(child), child.wait())


async def the_program_ends_once_it_has_what_it_looked_for() -> None:
    async def look(left: asyncio.Queue[int]) -> None:
        while True:
            place = await left.get()
            await asyncio.sleep(0.001)
            left.put_nowait(place + 1)
            left.put_nowait(place + 2)
            if place > 3:
                found.set()

    async def serve(left: asyncio.Queue[int]) -> None:
        await left.get()
        await asyncio.sleep(9)

    found, places, ports = asyncio.Event(), asyncio.Queue[int](), asyncio.Queue[int]()
    places.put_nowait(0)
    for port in range(5):
        ports.put_nowait(port)
    workers = [asyncio.create_task(work) for work in (look(places), serve(ports), serve(ports))]
    await found.wait()
    assert len(workers) == 3


async def children_whose_time_is_up_are_ended_or_kept() -> None:
    children = [await asyncio.create_subprocess_exec("sleep", "2") for _ in range(2)]
    for child in children:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(child.wait(), 0.02)
    killed = children.pop()
    killed.kill()
    del killed, child
    await asyncio.sleep(0.8)
    children[0].kill()
    await children[0].wait()


async def failed_tasks_are_cancelled_and_their_failures_read() -> None:
    async def fail() -> None:
        raise ValueError

    def told(tasks: list[asyncio.Task[None]]) -> list[BaseException | None]:
        return [task.exception() for task in tasks]

    for _ in range(2):
        tasks = [asyncio.create_task(fail()) for _ in range(2)]
        await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert all(told(tasks))
        done, _ = await asyncio.wait([asyncio.create_task(fail())], return_when=asyncio.FIRST_EXCEPTION)
        for task in (*done, asyncio.create_task(fail()), *tasks):
            task.cancel()
            with contextlib.suppress(ValueError, asyncio.CancelledError):
                await task


async def a_task_ends_itself_once_it_is_told_to_stop() -> None:
    async def work(stop: asyncio.Event) -> None:
        await stop.wait()
        raise asyncio.CancelledError

    async def watch(stop: asyncio.Event) -> None:
        await asyncio.sleep(0.01)
        stop.set()

    stop = asyncio.Event()
    tasks = [asyncio.create_task(each) for each in (work(stop), watch(stop))]
    await asyncio.gather(*tasks, return_exceptions=True)


async def locks_by_key_are_kept_for_as_long_as_they_are_used() -> None:
    locks, used = weakref.WeakValueDictionary[int, asyncio.Lock](), dict[int, asyncio.Lock]()

    async def update(key: int) -> None:
        if (lock := locks.get(key)) is None:
            lock = locks[key] = asyncio.Lock()
        async with lock, used.setdefault(key, asyncio.Lock()):
            del lock
            await asyncio.sleep(0.001)

    await asyncio.gather(*(update(number % 3) for number in range(12)))


async def a_subscriber_is_cancelled_soon_after_it_has_left() -> None:
    async def read(messages: asyncio.Queue[str]) -> None:
        while True:
            await messages.get()

    subscribers: dict[str, asyncio.Queue[str]] = {"a": asyncio.Queue()}
    reader = asyncio.create_task(read(subscribers["a"]))
    await asyncio.sleep(0.2)
    del subscribers["a"]
    await asyncio.sleep(0.1)
    reader.cancel()


async def tasks_in_line_hand_over_what_they_were_given_as_they_were_cancelled() -> None:
    async def enter(line: list[asyncio.Event]) -> None:
        event = asyncio.Event()
        line.append(event)
        try:
            await event.wait()
        finally:
            if event.is_set() and line:
                line.pop(0).set()

    line: list[asyncio.Event] = []
    tasks = [asyncio.create_task(enter(line)) for _ in range(3)]
    await asyncio.sleep(0.01)
    line.pop(0).set()
    tasks[0].cancel()
    await asyncio.wait(tasks)


async def a_pause_is_cut_short_and_the_loop_goes_on() -> None:
    async def connect(connected: asyncio.Event, pauses: list[asyncio.Task[None]]) -> None:
        for _ in range(2):
            pauses.append(asyncio.create_task(asyncio.sleep(30)))
            with contextlib.suppress(asyncio.CancelledError):
                await pauses[-1]
        connected.set()

    connected, pauses = asyncio.Event(), list[asyncio.Task[None]]()
    connector = asyncio.create_task(connect(connected, pauses))
    for _ in range(2):
        await asyncio.sleep(0.01)
        pauses[-1].cancel()
    await connected.wait()
    await connector


async def a_child_outlives_the_task_that_started_it_and_is_kept() -> None:
    async def start(children: list[asyncio.subprocess.Process], ready: asyncio.Event) -> None:
        child = await asyncio.create_subprocess_exec("sleep", "3")
        children.append(child)
        await ready.wait()

    children: list[asyncio.subprocess.Process] = []
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(start(children, asyncio.Event()), 0.2)
    await asyncio.sleep(0.6)
    children[0].kill()
    await children[0].wait()


async def a_dispatcher_waits_for_the_first_of_many_short_tasks() -> None:
    loop = asyncio.get_running_loop()
    end, tasks = loop.time() + 1.3, {asyncio.create_task(asyncio.sleep(0)) for _ in range(3)}
    while loop.time() < end:
        done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        tasks |= {asyncio.create_task(asyncio.sleep(0)) for _ in done}
    await asyncio.wait(tasks)


async def a_reader_goes_on_until_nothing_has_come_for_a_while() -> None:
    async def write(items: asyncio.Queue[int]) -> None:
        for number in range(3):
            await items.put(number)
            await asyncio.sleep(0.01)

    async def read() -> int:
        items: asyncio.Queue[int] = asyncio.Queue()
        writer, total = asyncio.create_task(write(items)), 0
        with contextlib.suppress(TimeoutError):
            while True:
                total += await asyncio.wait_for(items.get(), 0.8)
        await writer
        return total

    await asyncio.create_task(read())


async def a_thread_asks_what_became_of_its_coroutine() -> None:
    async def handle() -> None:
        raise KeyError("a")

    def listen() -> None:
        asked = asyncio.run_coroutine_threadsafe(handle(), loop)
        assert isinstance(asked.exception(), KeyError)
        asyncio.run_coroutine_threadsafe(handle(), loop).add_done_callback(lambda future: future.exception())

    loop = asyncio.get_running_loop()
    await asyncio.to_thread(listen)
    await asyncio.sleep(0.01)


async def caches_keep_a_task_and_coroutines_that_are_asked_for_once() -> None:
    @functools.lru_cache
    async def load(key: int) -> int:
        await asyncio.sleep(0)
        return key

    @functools.lru_cache
    def start(key: int) -> asyncio.Future[int]:
        return asyncio.ensure_future(load(key))

    assert [await load(1), await load(2), await start(3), await start(3)] == [1, 2, 3, 3]


async def a_task_cleans_up_in_a_loop_that_ends() -> None:
    async def serve() -> None:
        left = [1, 2, 3]
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            while left:
                await asyncio.sleep(0.05)
                left.pop()
            raise

    serves = asyncio.create_task(serve())
    await asyncio.sleep(0.01)
    serves.cancel()
    await asyncio.wait({serves})


async def each_round_waits_for_a_new_task_and_for_those_before() -> None:
    stop = asyncio.Event()
    waiting: set[asyncio.Task[object]] = set()
    for _ in range(20):
        waiting.add(asyncio.create_task(stop.wait()))
        await asyncio.wait(waiting, timeout=0.05)
    stop.set()
    await asyncio.wait(waiting)


async def a_task_takes_the_place_of_one_that_was_cancelled_or_is_kept() -> None:
    class Poller:
        def __init__(self) -> None:
            self.tasks: list[asyncio.Task[None]] = []

        def start(self) -> None:
            self.task = asyncio.create_task(self.poll())

        async def poll(self) -> None:
            while True:
                await asyncio.sleep(0.05)

    poller = Poller()
    poller.start()
    poller.tasks.append(poller.task)
    poller.start()
    poller.task.cancel()
    poller.start()
    await asyncio.sleep(1.5)
    poller.task.cancel()
    poller.tasks[0].cancel()


async def whoever_waits_for_a_task_cancels_it_as_it_is_cancelled() -> None:
    async def respond() -> None:
        task = asyncio.create_task(asyncio.sleep(1))
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()

    responds = asyncio.create_task(respond())
    await asyncio.sleep(0.05)
    responds.cancel()
    await asyncio.sleep(0.7)


async def a_timeout_ends_a_generator_and_another_one_is_begun() -> None:
    async def ticks() -> AsyncIterator[int]:
        for number in range(3):
            await asyncio.sleep(0.2 if number == 1 else 0.01)
            yield number

    source = ticks()
    for _ in range(3):
        try:
            async with asyncio.timeout(0.05):
                await anext(source)
        except TimeoutError:
            source = ticks()


async def a_timeout_ends_a_generator_that_nobody_asks_again() -> None:
    async def ticks() -> AsyncIterator[int]:
        for number in range(3):
            await asyncio.sleep(0.2 if number == 1 else 0.01)
            yield number

    source = ticks()
    with contextlib.suppress(TimeoutError):
        for _ in range(3):
            async with asyncio.timeout(0.05):
                await anext(source)


async def a_shielded_save_fails_and_is_looked_at_later() -> None:
    async def save() -> None:
        await asyncio.sleep(0.05)
        raise RuntimeError("database is closed")

    saves = asyncio.create_task(save())
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(saves), 0.01)
    await asyncio.sleep(0.1)
    with contextlib.suppress(RuntimeError):
        await saves


async def a_lock_is_released_after_others_gave_up() -> None:
    lock = asyncio.Lock()

    async def hold() -> None:
        async with lock:
            await asyncio.sleep(0.2)

    async def ask() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.05), lock:
                """It was free."""

    holding = asyncio.create_task(hold())
    await asyncio.sleep(0.01)
    await asyncio.gather(*(asyncio.create_task(ask()) for _ in range(3)))
    await holding


async def a_thread_asks_the_loop_to_go_on() -> None:
    done = asyncio.Event()
    asking = threading.Timer(0.1, asyncio.get_running_loop().call_soon_threadsafe, [done.set])
    asking.start()
    await done.wait()


async def a_step_takes_a_while_twice() -> None:
    async def render() -> None:
        time.sleep(0.25)

    await asyncio.gather(*(asyncio.create_task(render()) for _ in range(2)), asyncio.sleep(0.3))


async def tasks_that_wait_at_a_full_queue_get_through() -> None:
    events: asyncio.Queue[int] = asyncio.Queue(10)
    tasks = set[asyncio.Task[None]]()
    for number in range(250):
        tasks.add(asyncio.create_task(events.put(number)))
        if number > 20:
            events.get_nowait()
        await asyncio.sleep(0.005)
    for task in tasks:
        task.cancel()


async def a_call_is_cancelled_with_its_program_before_a_thread_begins_it() -> None:
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as threads:
        slow = [loop.run_in_executor(threads, time.sleep, 0.7) for _ in range(2)]
        asking = asyncio.create_task(asyncio.wait({loop.run_in_executor(threads, time.monotonic)}))
        await asyncio.sleep(1.0)
        asking.cancel()
        await asyncio.wait(slow)


async def a_task_connects_again_after_a_pause() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()

    async def connect() -> None:
        while True:
            with contextlib.suppress(OSError):
                await asyncio.open_connection("127.0.0.1", port)
            await asyncio.sleep(0.02)

    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(connect(), 1.5)


async def a_child_gets_its_line_later() -> None:
    async def ask(child: asyncio.subprocess.Process) -> bytes:
        assert child.stdout is not None
        return await child.stdout.readline()

    child = await asyncio.create_subprocess_exec("sed", "-u", "p", stdin=-1, stdout=-1)
    asking = asyncio.create_task(ask(child))
    await asyncio.sleep(1.5)
    assert child.stdin is not None
    child.stdin.write(b"line\n")
    await asking
    child.stdin.close()
    await child.wait()


async def a_child_stands_still_before_it_reads_its_line() -> None:
    child = await asyncio.create_subprocess_exec("sed", "-u", "p", stdin=-1, stdout=-1)
    assert child.stdin is not None
    assert child.stdout is not None
    await asyncio.sleep(0.2)
    child.send_signal(signal.SIGSTOP)
    child.stdin.write(b"line\n")
    asyncio.get_running_loop().call_later(1.6, os.kill, child.pid, signal.SIGCONT)
    await child.stdout.readline()
    child.stdin.close()
    await child.wait()


async def a_leader_keeps_its_lock_until_the_program_ends() -> None:
    lock = asyncio.Lock()

    async def lead() -> None:
        await lock.acquire()
        await asyncio.Event().wait()

    async def stand_by() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                await lock.acquire()

    tasks = [asyncio.create_task(each) for each in (lead(), stand_by(), lock.acquire())]
    await tasks[1]
    for task in tasks:
        task.cancel()


async def a_source_ends_as_its_wait_for_another_is_over() -> None:
    queue, done = asyncio.Queue[int](), asyncio.Event()

    async def feed() -> None:
        queue.put_nowait(1)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.create_task(asyncio.sleep(60)), 0.02)

    async def take() -> None:
        with contextlib.suppress(TimeoutError):
            while True:
                await asyncio.wait_for(queue.get(), 0.1)
        done.set()

    await asyncio.gather(feed(), take())
    await done.wait()


async def a_child_is_stopped_by_a_task_that_is_being_cancelled() -> None:
    async def clean_up_slowly() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)

    async def serve() -> None:
        child = asyncio.create_task(clean_up_slowly())
        try:
            await asyncio.sleep(60)
        finally:
            child.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await child
            await asyncio.sleep(0.01)

    serving = asyncio.create_task(serve())
    for _ in range(2):  # the second one only hurries it up
        await asyncio.sleep(0.005)
        serving.cancel()
    await asyncio.wait({serving})


async def each_round_waits_for_a_new_task_that_is_kept() -> None:
    async def serve(stop: asyncio.Event) -> None:
        await stop.wait()

    stop, servers = asyncio.Event(), list[asyncio.Task[None]]()
    for _ in range(15):
        servers.append(asyncio.create_task(serve(stop)))
        await asyncio.wait([servers[-1]], timeout=0.1)
    stop.set()
    await asyncio.gather(*servers)


async def a_task_cleans_up_in_a_loop_of_its_finally() -> None:
    async def serve() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            for _ in range(5):
                await asyncio.sleep(0.1)

    serves = asyncio.create_task(serve())
    await asyncio.sleep(0.01)
    serves.cancel()
    await asyncio.wait({serves})


async def a_timeout_ends_a_generator_and_a_helper_begins_another() -> None:
    class Client:
        def connect(self) -> None:
            self.source = self.ticks()

        async def ticks(self) -> AsyncIterator[int]:
            await asyncio.sleep(0.1)
            yield 1

    client = Client()
    client.connect()
    for _ in range(2):
        try:
            async with asyncio.timeout(0.05):
                await anext(client.source)
        except TimeoutError:
            client.connect()


async def a_cache_begins_anew_once_its_task_was_cancelled() -> None:
    cache: dict[str, asyncio.Task[str]] = {}

    async def load(key: str) -> str:
        return await asyncio.sleep(0.05, key)

    async def show(key: str) -> str:
        if key not in cache or cache[key].cancelled():
            cache[key] = asyncio.create_task(load(key))
        return await cache[key]

    first = asyncio.create_task(show("a"))
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.wait({first})
    await asyncio.gather(*(asyncio.create_task(show("a")) for _ in range(2)))


async def a_connection_that_comes_as_its_user_is_cancelled_is_closed() -> None:
    class Connection:
        def close(self) -> None:
            pass

    async def connect(made: asyncio.Event) -> Connection:
        await asyncio.sleep(0.01)
        made.set()
        return Connection()

    async def look_at_the_result(made: asyncio.Event) -> None:
        connecting = asyncio.create_task(connect(made))
        try:
            connection = await connecting
        except asyncio.CancelledError:
            if connecting.done():
                connecting.result().close()
            raise
        connection.close()

    async def wait_again(made: asyncio.Event) -> None:
        connecting = asyncio.create_task(connect(made))
        try:
            await asyncio.shield(connecting)
        finally:
            (await connecting).close()

    async def leave_it_to_the_pool(made: asyncio.Event) -> None:
        await asyncio.create_task(connect_in_the_pool(made))

    async def connect_in_the_pool(made: asyncio.Event) -> Connection:
        pool.append(await connect(made))
        return pool[-1]

    pool: list[Connection] = []
    for use in (look_at_the_result, wait_again, leave_it_to_the_pool):
        made = asyncio.Event()
        using = asyncio.create_task(use(made))
        await made.wait()
        using.cancel()
        await asyncio.wait({using})
    for each in pool:
        each.close()


async def tasks_wait_for_the_end_of_one_that_runs_out_of_time() -> None:
    serving = asyncio.create_task(asyncio.sleep(1))

    async def limit() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(serving, 0.01)

    async def clean_up() -> None:
        await asyncio.wait({serving})

    await asyncio.gather(limit(), clean_up())


async def a_lock_is_given_up_and_taken_later() -> None:
    lock = asyncio.Lock()

    async def write() -> None:
        for seconds in (0.05, 1.0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds), lock:
                    await asyncio.sleep(0.01)

    await lock.acquire()
    writing = asyncio.create_task(write())
    await asyncio.sleep(0.1)
    lock.release()
    await writing


async def several_tasks_wait_until_they_are_cancelled() -> None:
    def start() -> list[asyncio.Task[object]]:
        forever, never = asyncio.Event(), asyncio.get_running_loop().create_future()

        async def wait() -> None:
            await forever.wait()

        async def shield() -> None:
            await asyncio.shield(never)

        return [asyncio.create_task(each()) for each in (wait, wait, shield, shield)]

    tasks = start()
    await asyncio.sleep(LONG)
    for task in tasks:
        task.cancel()


async def several_tasks_wait_for_a_future_that_one_of_many_has() -> None:
    rounds = [asyncio.get_running_loop().create_future()]

    async def receive() -> object:
        return await asyncio.shield(rounds[0])

    receivers = [asyncio.create_task(receive()) for _ in range(2)]
    await asyncio.sleep(0.01)
    kept, rounds[0] = rounds[0], asyncio.get_running_loop().create_future()
    await asyncio.sleep(LONG)
    kept.set_result(None)
    await asyncio.wait(receivers)


async def threads_wait_for_coroutines_that_use_other_threads() -> None:
    loop = asyncio.get_running_loop()

    async def check(others: ThreadPoolExecutor) -> None:
        await loop.run_in_executor(others, time.sleep, LONG)

    def call(others: ThreadPoolExecutor) -> None:
        asyncio.run_coroutine_threadsafe(check(others), loop).result()

    with ThreadPoolExecutor(1) as threads, ThreadPoolExecutor(1) as others:
        calls = loop.run_in_executor(threads, call, others), loop.run_in_executor(threads, time.monotonic)
        await asyncio.gather(*calls)


async def a_timeout_ends_the_use_of_a_connection_that_is_closed_later() -> None:
    async def use(connections: list[asyncio.StreamWriter]) -> None:
        writer = connections[0]
        await writer.drain()
        await asyncio.sleep(1)

    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as server:
        connections = [(await asyncio.open_connection(*server.sockets[0].getsockname()))[1]]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await use(connections)
        connections.pop().close()


async def what_came_as_its_reader_was_cancelled_is_read_by_the_next() -> None:
    jobs: asyncio.Queue[str] = asyncio.Queue()
    reading: list[asyncio.Task[str]] = []

    async def take() -> str:
        return await jobs.get()

    async def work() -> str:
        if not reading:
            reading.append(asyncio.create_task(take()))
        taking = reading[0]
        return await taking

    worker = asyncio.create_task(work())
    await asyncio.sleep(0.05)
    jobs.put_nowait("job")
    await asyncio.sleep(0)
    worker.cancel()
    await asyncio.wait({worker})
    await asyncio.create_task(work())


async def a_permit_that_comes_late_is_given_back() -> None:
    permits = asyncio.Semaphore(1)

    async def call(seconds: float) -> None:
        attempt = asyncio.ensure_future(permits.acquire())
        if attempt in (await asyncio.wait({attempt}, timeout=0.1))[0]:
            await asyncio.sleep(seconds)
            permits.release()
        else:
            attempt.add_done_callback(lambda _: permits.release())

    await asyncio.gather(asyncio.create_task(call(0.3)), asyncio.create_task(call(0.0)))
    await asyncio.create_task(call(0.0))


async def all_who_wait_for_a_future_are_cancelled_together() -> None:
    async def use() -> None:
        await ready

    ready = asyncio.get_running_loop().create_future()
    users = [asyncio.create_task(use()) for _ in range(3)]
    await asyncio.sleep(0.05)
    for user in users:
        user.cancel()
    await asyncio.wait(users)


async def only_a_timer_has_the_condition_for_which_a_task_waits() -> None:
    def start() -> asyncio.Task[None]:
        filled = asyncio.Condition()

        async def take() -> None:
            async with filled:
                await filled.wait()

        async def notify() -> None:
            async with filled:
                filled.notify_all()

        loop = asyncio.get_running_loop()
        loop.call_later(LONG, lambda: notifying.append(loop.create_task(notify())))
        return loop.create_task(take())

    notifying: list[asyncio.Task[None]] = []
    await start()


async def a_block_around_a_lock_is_left_by_another_task() -> None:
    @contextlib.asynccontextmanager
    async def locked() -> AsyncIterator[None]:
        async with lock:
            yield

    lock, fixture = asyncio.Lock(), contextlib.AsyncExitStack()
    await asyncio.create_task(fixture.enter_async_context(locked()))
    await asyncio.create_task(fixture.aclose())


async def another_task_waits_for_the_condition_whose_lock_is_held() -> None:
    async def is_filled() -> None:
        await filled.wait_for(lambda: bool(items))

    async def fill() -> None:
        async with filled:
            items.append(1)
            filled.notify_all()

    filled, items = asyncio.Condition(), list[int]()
    async with filled:
        filling = asyncio.create_task(fill())
        await asyncio.create_task(is_filled())
    await filling


async def an_idle_server_answers_main_late() -> None:
    class Peer:
        def __init__(self) -> None:
            self.answers = dict[str, asyncio.Future[bytes]]()

        async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.answers.pop("greeting").set_result(await reader.readline())
            writer.close()

        async def greeting(self) -> bytes:
            self.answers["greeting"] = asyncio.get_running_loop().create_future()
            return await self.answers["greeting"]

    def send(address: tuple[str, int]) -> None:
        with socket.create_connection(address) as connection:
            connection.sendall(b"hello\n")

    peer = Peer()
    async with await asyncio.start_server(peer.hear, "127.0.0.1", 0) as server:
        threading.Timer(2 * LONG, send, [server.sockets[0].getsockname()]).start()
        await peer.greeting()


async def late_replies_are_dropped_before_the_next_request() -> None:
    requests, replies = asyncio.Queue[str](), asyncio.Queue[str]()

    async def answer() -> None:
        while True:
            request = await requests.get()
            await asyncio.sleep(0.04)
            replies.put_nowait(request)

    async def query(request: str) -> str:
        while not replies.empty():
            replies.get_nowait()
        await requests.put(request)
        return await replies.get()

    answering = asyncio.create_task(answer())
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(query("first"), 0.02)
    await asyncio.sleep(0.1)
    assert await query("second") == "second"
    answering.cancel()


async def who_gave_a_lock_up_gets_it_later() -> None:
    lock = asyncio.Lock()

    async def hold() -> None:
        await lock.acquire()
        await asyncio.sleep(0.05)
        lock.release()

    async def hand_on() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(lock.acquire(), 0.02)
        await lock.acquire()
        await asyncio.create_task(release())

    async def release() -> None:
        lock.release()

    await asyncio.gather(hold(), hand_on())


async def what_a_shielded_task_brings_too_late_is_closed_or_needs_no_closing() -> None:
    class Connection:
        def close(self) -> None:
            pass

    class Response:
        def close(self) -> None:
            pass

    async def connect() -> Connection:
        await asyncio.sleep(0.02)
        return Connection()

    async def post() -> Response:
        await asyncio.sleep(0.02)
        return Response()

    async def use() -> None:
        connecting = asyncio.create_task(connect())
        try:
            connection = await asyncio.shield(connecting)
        except asyncio.CancelledError:
            connecting.add_done_callback(lambda ended: ended.result().close())
            raise
        connection.close()

    async def send() -> None:
        await asyncio.shield(asyncio.create_task(post()))

    for call in (use, send):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(call(), 0.01)
        await asyncio.sleep(0.02)


async def what_comes_as_its_waiter_is_cancelled_is_put_back_or_closed() -> None:
    jobs: asyncio.Queue[str] = asyncio.Queue()
    made = asyncio.Event()

    class Connection:
        def close(self) -> None:
            pass

    async def connect() -> Connection:
        await made.wait()
        return Connection()

    async def take() -> str:
        return await jobs.get()

    async def work() -> None:
        getter, connecting = asyncio.create_task(take()), asyncio.create_task(connect())
        try:
            await asyncio.wait({getter, connecting}, return_when=asyncio.ALL_COMPLETED)
        except asyncio.CancelledError:
            jobs.put_nowait(getter.result())
            connecting.result().close()
            raise
        connecting.result().close()
        getter.result()

    first = asyncio.create_task(work())
    await asyncio.sleep(0.01)
    jobs.put_nowait("first")
    made.set()
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait({first})
    await work()


async def connections_of_several_tasks_are_used_as_their_maker_is_cancelled() -> None:
    class Connection:
        def close(self) -> None:
            pass

    async def connect() -> Connection:
        await asyncio.sleep(0)
        return Connection()

    async def use() -> None:
        opening = asyncio.create_task(connect())
        await asyncio.sleep(0.01)
        (await opening).close()
        (other,) = await asyncio.gather(asyncio.create_task(connect()))
        try:
            await asyncio.sleep(1)
        finally:
            other.close()

    using = asyncio.create_task(use())
    await asyncio.sleep(0.03)
    using.cancel()
    await asyncio.wait({using})


async def connections_that_a_timeout_cuts_off_are_closed_or_kept() -> None:
    pool, clients = list[asyncio.BaseTransport](), list[asyncio.StreamWriter]()

    class Kept(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            pool.append(transport)

    class GivesUp(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            asyncio.get_running_loop().call_later(IDLE, transport.close)

    async def connect(protocol: type[asyncio.Protocol], *, closes: bool) -> asyncio.Transport:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(protocol, *server.sockets[0].getsockname())
        try:
            await asyncio.sleep(1)
        finally:
            if closes:
                transport.close()
        return transport

    async with await asyncio.start_server(lambda _, client: clients.append(client), "127.0.0.1", 0) as server:
        for protocol in (Kept, GivesUp, asyncio.Protocol):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.02):
                    await connect(protocol, closes=protocol is asyncio.Protocol)
        await asyncio.sleep(IDLE)
        for transport in pool:
            transport.close()
        for client in clients:
            client.close()


async def a_cancel_is_raised_in_the_tasks_of_those_who_were_asked() -> None:
    started = asyncio.Event()

    async def work() -> None:
        started.set()
        await asyncio.sleep(1)

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(work())
            group.create_task(work())

    running = asyncio.create_task(run())
    await started.wait()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def what_comes_as_a_shielded_waiter_is_cancelled_is_closed_by_a_callback() -> None:
    made = asyncio.Event()

    class Connection:
        def close(self) -> None:
            pass

    async def connect() -> Connection:
        await made.wait()
        return Connection()

    async def use() -> None:
        connecting = asyncio.create_task(connect())
        try:
            (await asyncio.shield(connecting)).close()
        except asyncio.CancelledError:
            connecting.add_done_callback(lambda ended: ended.result().close())
            raise

    using = asyncio.create_task(use())
    await asyncio.sleep(0.01)
    made.set()
    await asyncio.sleep(0)
    using.cancel()
    await asyncio.wait({using})


async def what_a_wait_leaves_pending_is_used_later() -> None:
    kept = set[asyncio.Task[int]]()

    async def count(number: int) -> int:
        await asyncio.sleep(0.01 * number)
        return number

    def keep(task: asyncio.Task[int]) -> asyncio.Task[int]:
        kept.add(task)
        return task

    async def is_asked_for() -> int:
        first, second = asyncio.create_task(count(1)), asyncio.create_task(count(2))
        await asyncio.wait([first, second], return_when=asyncio.FIRST_COMPLETED)
        return await second

    async def is_kept() -> None:
        tasks = [keep(asyncio.create_task(count(each))) for each in (1, 2)]
        await asyncio.wait(tasks, timeout=0.005)

    async def is_kept_before() -> None:
        tasks = [asyncio.create_task(count(each)) for each in (1, 2)]
        kept.update(tasks)
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        assert (len(done), len(pending)) == (1, 1)

    async def is_cancelled() -> None:
        tasks = [asyncio.create_task(count(each)) for each in (1, 2)]
        _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()

    await asyncio.gather(is_asked_for(), is_kept(), is_kept_before(), is_cancelled())
    assert sum(await asyncio.gather(*kept)) == 6
