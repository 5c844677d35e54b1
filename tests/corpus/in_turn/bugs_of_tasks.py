"""Bugs that show as they happen: each coroutine is run by itself, and its docstring names the rule."""

import asyncio
import contextlib
import functools
import gc
import io
import os
import signal
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor

import aiohttp


async def a_get_is_given_up_and_takes_an_item() -> None:
    """abandoned-get"""
    queue: asyncio.Queue[int] = asyncio.Queue()

    async def poll() -> None:
        for _ in range(3):
            await asyncio.wait({asyncio.create_task(queue.get())}, timeout=0.01)

    await poll()
    queue.put_nowait(1)
    await asyncio.sleep(0.01)


async def a_lock_is_released_though_acquire_timed_out() -> None:
    """released-by-another"""
    lock = asyncio.Lock()

    async def hold(seconds: float) -> None:
        async with lock:
            await asyncio.sleep(seconds)

    async def hasty() -> None:
        try:
            async with asyncio.timeout(0.01):
                await lock.acquire()
        finally:
            lock.release()

    assert await asyncio.gather(hold(0.3), hasty(), hold(0.6), return_exceptions=True)


async def a_timer_releases_a_lock_whose_holder_is_still_inside() -> None:
    """released-by-another"""
    lock = asyncio.Lock()

    async def hold() -> None:
        async with lock:
            await asyncio.sleep(0.02)

    def expire() -> None:
        lock.release()

    asyncio.get_running_loop().call_later(0.01, expire)
    assert any(await asyncio.gather(hold(), hold(), return_exceptions=True))


async def one_callers_cancel_hits_the_other() -> None:
    """shared-cancel"""
    lookup = asyncio.create_task(asyncio.sleep(1))

    async def call() -> None:
        await lookup

    first, second = asyncio.create_task(call()), asyncio.create_task(call())
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.wait({first, second})


async def a_second_failure_is_hidden_by_gather() -> None:
    """left-behind"""

    async def fail(seconds: float) -> None:
        await asyncio.sleep(seconds)
        raise ValueError

    with contextlib.suppress(ValueError):
        await asyncio.gather(fail(0.01), fail(0.1))
    await asyncio.sleep(0.15)


async def a_task_awaits_one_that_waits_for_its_lock() -> None:
    """deadlock"""
    lock = asyncio.Lock()

    async def child() -> None:
        async with lock:
            pass

    async def parent() -> None:
        async with lock:
            await asyncio.gather(child(), child())

    await asyncio.wait({asyncio.create_task(parent())}, timeout=1.3)


async def the_outer_of_two_gathers_fails() -> None:
    """left-behind"""

    async def fail() -> None:
        raise ValueError

    charges = asyncio.Barrier(3)

    async def charge() -> None:
        for _ in range(2):
            await asyncio.sleep(0.01)
        await charges.wait()

    with contextlib.suppress(ValueError):
        await asyncio.gather(asyncio.gather(charge(), charge()), fail())
    await charges.wait()
    await asyncio.sleep(0.01)


async def a_cancelled_request_leaves_its_reply_to_the_next() -> None:
    """reply-of-another"""
    connection, replies = io.BytesIO(), asyncio.StreamReader()

    async def ask(request: bytes) -> bytes:
        connection.write(request)
        return await replies.readline()

    first = asyncio.create_task(ask(b"who is alice?\n"))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait({first})
    asyncio.get_running_loop().call_later(0.2, replies.feed_data, b"alice\n")
    await ask(b"who is bob?\n")


async def a_cancel_is_taken_for_that_of_a_child() -> None:
    """ignored-cancel"""

    async def clean_up_slowly() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(1)  # on a busy machine, too, it still lasts at the second cancel

    async def stop_a_child() -> None:
        child = asyncio.create_task(clean_up_slowly())
        await asyncio.sleep(0)
        child.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await child
        await asyncio.sleep(0.05)

    stopping = asyncio.create_task(stop_a_child())
    await asyncio.sleep(0.01)
    stopping.cancel()
    await asyncio.wait({stopping})


async def a_call_in_a_thread_fails_unseen() -> None:
    """never-retrieved"""

    def write() -> None:
        raise OSError

    call = asyncio.get_running_loop().run_in_executor(None, write)
    await asyncio.wait({call})


async def a_lookup_waits_behind_slow_calls() -> None:
    """executor-full"""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(1))
    slow = asyncio.create_task(asyncio.to_thread(time.sleep, 1.2))
    await asyncio.sleep(0.01)
    await loop.getaddrinfo("127.0.0.1", 80)
    await slow


async def threads_wait_for_a_permit_whose_release_waits_for_a_thread() -> None:
    """executor-full"""
    executor, permits = ThreadPoolExecutor(2), threading.Semaphore(1)
    loop = asyncio.get_running_loop()

    async def request() -> None:
        if await loop.run_in_executor(executor, permits.acquire, True, 1.2):
            await asyncio.sleep(0.01)
            await loop.run_in_executor(executor, permits.release)

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(request())


async def nobody_refers_to_a_task() -> None:
    """task-collected"""

    async def work() -> None:
        await asyncio.get_running_loop().create_future()

    tasks = weakref.WeakSet([asyncio.create_task(work())])
    await asyncio.sleep(0.01)
    gc.collect()
    assert not tasks


async def a_producer_is_faster_than_its_consumer() -> None:
    """growing-queue"""
    queue: asyncio.Queue[int] = asyncio.Queue()

    async def produce() -> None:
        for number in range(700):
            await queue.put(number)
            await asyncio.sleep(0.001)

    producer = asyncio.create_task(produce())
    while not producer.done():
        await queue.get()
        await asyncio.sleep(0.02)


async def a_timeout_is_dropped() -> None:
    """ignored-cancel"""

    async def stubborn() -> None:
        for _ in range(2):
            try:
                await asyncio.sleep(0.1)
            except BaseException:
                pass

    async with asyncio.timeout(0.03):
        await stubborn()


async def a_retry_catches_the_cancel_of_a_timeout() -> None:
    """ignored-cancel"""

    async def fetch() -> None:
        for _ in range(3):
            try:
                await asyncio.sleep(0.1)
            except BaseException:
                await asyncio.sleep(0.01)

    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.create_task(fetch()), 0.05)


async def a_service_takes_its_own_cancel_for_that_of_its_child() -> None:
    """ignored-cancel"""

    async def child() -> None:
        try:
            await asyncio.sleep(1)
        finally:
            cleaning.set()
            await asyncio.sleep(0.05)

    async def service() -> None:
        for _ in range(3):
            task = asyncio.create_task(child())
            await asyncio.sleep(0.02)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    cleaning = asyncio.Event()
    served = asyncio.create_task(service())
    await cleaning.wait()
    served.cancel()
    await asyncio.wait({served})


async def a_step_keeps_others_from_running() -> None:
    """blocked-loop"""

    async def beat() -> None:
        while True:
            await asyncio.sleep(0.02)

    task = asyncio.create_task(beat())
    await asyncio.sleep(0.03)
    time.sleep(1.5)
    task.cancel()


async def a_cancelled_task_starts_its_next_round() -> None:
    """ignored-cancel"""

    async def poll() -> None:
        for _ in range(2):
            try:
                await asyncio.sleep(0.1)
            except BaseException:
                pass

    poller = asyncio.create_task(poll())
    await asyncio.sleep(0.02)
    poller.cancel()
    await poller


async def a_gather_has_failed_and_its_other_task_goes_on() -> None:
    """left-behind"""

    async def fail() -> None:
        await asyncio.sleep(0.01)
        raise ValueError

    async def write() -> None:
        for _ in range(4):
            await asyncio.sleep(0.02)

    with contextlib.suppress(ValueError):
        await asyncio.gather(fail(), write())
    await asyncio.sleep(0.12)


async def an_order_is_sent_after_its_payment_has_failed() -> None:
    """left-behind"""
    events = list[str]()

    async def pay() -> None:
        await asyncio.sleep(0.01)
        raise ValueError

    async def send() -> None:
        await asyncio.sleep(0.03)
        events.append("sent")

    try:
        await asyncio.gather(pay(), send())
    except ValueError:
        events.append("given up")
    await asyncio.sleep(0.04)
    assert events == ["given up", "sent"]


KEPT: list[asyncio.Task[None]] = []


async def a_failed_task_is_kept_to_the_end_and_nobody_looks() -> None:
    """never-retrieved"""

    async def fail() -> None:
        raise ValueError

    KEPT.append(asyncio.create_task(fail()))
    await asyncio.sleep(0.01)


async def a_task_asks_again_and_again_whether_it_may_go_on() -> None:
    """busy-wait"""
    timer = asyncio.create_task(asyncio.sleep(2.2))
    while not timer.done():
        await asyncio.sleep(0)


async def an_event_is_replaced_under_its_waiter() -> None:
    """dropped-event"""
    changed = [asyncio.Event()]

    async def watch() -> None:
        await changed[0].wait()

    watcher = asyncio.create_task(watch())
    await asyncio.sleep(0.01)
    changed[0] = asyncio.Event()
    changed[0].set()
    await asyncio.wait({watcher}, timeout=0.7)


async def a_lock_is_held_during_a_slow_request() -> None:
    """lock-held-long"""
    lock = asyncio.Lock()

    async def use(seconds: float) -> None:
        async with lock:
            await asyncio.sleep(seconds)

    await asyncio.gather(use(2.1), use(0), use(0))


async def a_session_is_made_for_each_request() -> None:
    """session-per-request"""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await reader.read()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        for _ in range(25):
            async with aiohttp.ClientSession() as session, session.get(f"http://{host}:{port}/"):
                pass


async def a_timeout_passes_unnoticed() -> None:
    """timeout-dropped"""

    async def fetch() -> int | None:
        try:
            return await asyncio.sleep(9, 1)
        except asyncio.CancelledError:
            return None

    async with asyncio.timeout(0.02):
        await fetch()


async def a_thread_sets_a_future() -> None:
    """wrong-thread"""
    answer = asyncio.get_running_loop().create_future()
    threading.Timer(0.1, answer.set_result, (1,)).start()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            await answer


async def a_signal_handler_sets_an_event() -> None:
    """wrong-thread"""
    stop = asyncio.Event()
    before = signal.signal(signal.SIGUSR1, lambda *_: stop.set())
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1)).start()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), 1)
    signal.signal(signal.SIGUSR1, before)


async def a_watcher_fails_and_its_event_is_never_set() -> None:
    """unseen-failure never-retrieved"""
    ready = asyncio.Event()

    async def watch(tries: int) -> None:
        await asyncio.sleep(0.01 / tries)
        if tries > 1:
            raise ConnectionError
        ready.set()

    async def beat() -> None:
        while True:
            await asyncio.sleep(0.05)

    tasks = [asyncio.create_task(watch(2)), asyncio.create_task(beat())]
    await asyncio.wait({asyncio.create_task(ready.wait())}, timeout=1.8)
    tasks.clear()


async def a_reader_fails_and_no_request_is_answered() -> None:
    """unseen-failure never-retrieved"""
    requests: dict[int, asyncio.Future[str]] = {}
    replies: asyncio.Queue[int] = asyncio.Queue()

    async def read() -> None:
        while True:
            requests[await replies.get()].set_result("reply")

    async def ask(number: int) -> None:
        requests[number] = asyncio.get_running_loop().create_future()
        await requests[number]

    reader = asyncio.create_task(read())
    replies.put_nowait(0)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(ask(1), 1.3)
    del reader


async def a_reply_that_comes_after_its_timeout_ends_the_reader() -> None:
    """never-retrieved"""
    replies: asyncio.Queue[str] = asyncio.Queue()
    waiters = list[asyncio.Future[str]]()

    async def read() -> None:
        while True:
            reply = await replies.get()
            waiters[-1].set_result(reply)

    reader = asyncio.create_task(read())
    waiters.append(asyncio.get_running_loop().create_future())
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.01):
            await waiters[0]
    replies.put_nowait("late")
    await asyncio.sleep(0.01)
    del reader


async def a_failed_gather_is_tried_again_beside_its_first_try() -> None:
    """left-behind"""
    tries, uploads = iter((OSError("reset"), None)), list[int]()

    async def connect() -> None:
        await asyncio.sleep(0.01)
        if error := next(tries):
            raise error

    async def upload(part: int) -> None:
        await asyncio.sleep(0.05)
        uploads.append(part)

    for _ in range(2):
        with contextlib.suppress(OSError):
            await asyncio.gather(connect(), upload(1), upload(2))
    assert uploads == [1, 2, 1, 2]


async def a_callback_that_calls_itself_again_fails() -> None:
    """callback-failed"""

    def beat(left: int) -> None:
        asyncio.get_running_loop().call_later(0.01, beat, left - 1)
        assert left

    beat(2)
    await asyncio.sleep(0.1)


async def a_step_waits_for_what_the_loop_would_bring() -> None:
    """blocked-loop"""
    call = asyncio.run_coroutine_threadsafe(asyncio.sleep(0), asyncio.get_running_loop())
    with contextlib.suppress(TimeoutError):
        threading.Thread(target=call.result, args=(1.6,)).start()
        threading.Timer(1.6, call.cancel).start()
        call.result()


async def two_tasks_take_two_locks_in_either_order_with_a_timeout_around() -> None:
    """deadlock"""

    async def move(source: asyncio.Lock, target: asyncio.Lock) -> None:
        async with source:
            await asyncio.sleep(0.01)
            async with target:
                pass

    async def beat() -> None:
        while True:
            await asyncio.sleep(0.05)

    locks, beating = (asyncio.Lock(), asyncio.Lock()), asyncio.create_task(beat())
    assert await asyncio.gather(
        asyncio.wait_for(move(*locks), 1), asyncio.wait_for(move(*reversed(locks)), 1), return_exceptions=True
    )
    beating.cancel()


async def locks_are_released_in_a_finally_and_never_had_in_order() -> None:
    """deadlock"""

    async def move(source: asyncio.Lock, target: asyncio.Lock) -> None:
        await source.acquire()
        try:
            await asyncio.sleep(0.01)
            await target.acquire()
            target.release()
        finally:
            source.release()

    async def beat() -> None:
        while True:
            await asyncio.sleep(0.05)

    locks, beating = (asyncio.Lock(), asyncio.Lock()), asyncio.create_task(beat())
    moves = [asyncio.create_task(move(*locks)), asyncio.create_task(move(*reversed(locks)))]
    await asyncio.wait(moves, timeout=1.6)
    for task in (*moves, beating):
        task.cancel()
    await asyncio.gather(*moves, return_exceptions=True)


async def a_task_fails_with_a_lock_while_others_go_on() -> None:
    """never-released"""
    lock = asyncio.Lock()

    async def fail() -> None:
        await lock.acquire()
        raise ValueError

    async def beat() -> None:
        while True:
            await asyncio.sleep(0.05)

    beating = asyncio.create_task(beat())
    assert await asyncio.gather(asyncio.create_task(fail()), return_exceptions=True)
    waiting = asyncio.create_task(lock.acquire())
    await asyncio.wait({waiting}, timeout=1.5)
    for task in (waiting, beating):
        task.cancel()


async def a_server_fails_at_what_a_client_sends() -> None:
    """callback-failed"""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"%d" % int(await reader.readline()))

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"x\n")
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(reader.read(), 0.1)
    writer.close()
    server.close()


async def a_connection_is_lost_while_others_go_on() -> None:
    """pool-drained"""
    pool: asyncio.Queue[str] = asyncio.Queue()
    pool.put_nowait("connection")

    async def query(fails: bool) -> None:
        connection = await pool.get()
        if fails:
            raise ValueError
        pool.put_nowait(connection)

    async def beat() -> None:
        while True:
            await asyncio.sleep(0.05)

    beating = asyncio.create_task(beat())
    for fails in (False, False, True):
        assert await asyncio.gather(asyncio.create_task(query(fails)), return_exceptions=True)
    waiting = asyncio.create_task(query(False))
    await asyncio.wait({waiting}, timeout=1.5)
    for task in (waiting, beating):
        task.cancel()


async def tasks_wait_for_each_other_among_others() -> None:
    """deadlock"""
    tasks: list[asyncio.Task[None]] = []

    async def follow(number: int) -> None:
        await asyncio.sleep(0)
        await asyncio.wait({tasks[1 - number]})

    tasks += [asyncio.create_task(follow(number)) for number in range(2)]
    await asyncio.sleep(1)
    for task in tasks:
        task.cancel()


async def an_item_that_came_with_the_stop_is_dropped() -> None:
    """abandoned-get"""
    queue: asyncio.Queue[str] = asyncio.Queue()
    stop = asyncio.Event()

    async def consume() -> None:
        while True:
            get, stopped = asyncio.create_task(queue.get()), asyncio.create_task(stop.wait())
            done, _ = await asyncio.wait({get, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if stopped in done:
                get.cancel()
                return
            stopped.cancel()
            get.result()

    consumer = asyncio.create_task(consume())
    await asyncio.sleep(0.01)
    queue.put_nowait("first order")
    await asyncio.sleep(0.01)
    queue.put_nowait("last order")
    stop.set()
    await consumer


async def a_cancel_comes_when_the_helper_has_the_item() -> None:
    """abandoned-get"""
    queue: asyncio.Queue[str] = asyncio.Queue()

    async def take() -> None:
        await asyncio.create_task(queue.get())

    taker = asyncio.create_task(take())
    await asyncio.sleep(0.01)
    queue.put_nowait("connection")
    await asyncio.sleep(0)
    taker.cancel()
    await asyncio.wait({taker})


async def a_timeout_ends_who_has_taken_a_message_and_decodes_it() -> None:
    """abandoned-get"""
    queue: asyncio.Queue[str] = asyncio.Queue()

    async def next_message() -> str:
        message = await queue.get()
        await asyncio.sleep(0.1)  # such as a call to decode it
        return message

    for seconds in (0.03, 0.01):
        asyncio.get_running_loop().call_later(seconds, queue.put_nowait, f"message at {seconds}")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(next_message(), 0.06)


async def a_callers_timeout_is_that_of_all() -> None:
    """shared-cancel"""
    loading = asyncio.create_task(asyncio.sleep(1, "value"))

    async def hurry() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(loading, 0.01)

    async def wait() -> str:
        try:
            return await loading
        except asyncio.CancelledError:
            return "not there"

    await asyncio.gather(hurry(), wait())


async def a_cache_keeps_a_task_that_was_cancelled() -> None:
    """shared-cancel"""
    cache: dict[str, asyncio.Task[str]] = {}

    async def load(key: str) -> str:
        return await asyncio.sleep(1, key)

    async def show(key: str) -> str:
        if key not in cache:
            cache[key] = asyncio.create_task(load(key))
        return await cache[key]

    first = asyncio.create_task(show("a"))
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.wait({first})
    await asyncio.wait({asyncio.create_task(show("a"))})


async def a_connection_comes_as_its_user_is_cancelled() -> None:
    """lost-handover"""
    made = asyncio.Event()

    class Connection:
        def close(self) -> None:
            pass

    async def connect() -> Connection:
        await asyncio.sleep(0.01)
        made.set()
        return Connection()

    async def use() -> None:
        connecting = asyncio.create_task(connect())
        connection = await connecting
        connection.close()

    using = asyncio.create_task(use())
    await made.wait()
    using.cancel()
    await asyncio.wait({using})


async def a_race_takes_one_of_two_messages_and_then_more() -> None:
    """abandoned-get"""
    left: asyncio.Queue[str] = asyncio.Queue()
    right: asyncio.Queue[str] = asyncio.Queue()

    async def receive(queue: asyncio.Queue[str]) -> str:
        return await queue.get()

    async def merge() -> None:
        while True:
            tasks = [asyncio.create_task(receive(queue)) for queue in (left, right)]
            done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            print(next(task for task in tasks if task in done).result())
            for task in pending:
                task.cancel()

    merging = asyncio.create_task(merge())
    for number in range(3):
        await asyncio.sleep(0.01)
        left.put_nowait(f"left {number}")
        right.put_nowait(f"right {number}")
    await asyncio.sleep(0.01)
    merging.cancel()
    await asyncio.wait([merging])


async def a_gather_collects_failures_and_nobody_looks() -> None:
    """never-retrieved"""

    async def save(number: int) -> None:
        await asyncio.sleep(0.01)
        if number % 2:
            raise OSError(number)

    await asyncio.gather(*(save(number) for number in range(2)), return_exceptions=True)


async def a_connection_comes_when_its_shielded_waiter_is_gone() -> None:
    """lost-handover"""

    class Connection:
        def close(self) -> None:
            pass

    async def connect() -> Connection:
        await asyncio.sleep(0.02)
        return Connection()

    async def use() -> None:
        connecting = asyncio.create_task(connect())
        connection = await asyncio.shield(connecting)
        connection.close()

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.01):
            await use()
    await asyncio.sleep(0.02)


async def a_connection_comes_in_the_turn_in_which_its_shielded_waiter_is_cancelled() -> None:
    """lost-handover"""
    made = asyncio.Event()

    class Connection:
        def close(self) -> None:
            pass

    async def connect() -> tuple[str, Connection]:
        await made.wait()
        return "localhost", Connection()

    async def use() -> None:
        connecting = asyncio.create_task(connect())
        _, connection = await asyncio.shield(connecting)
        connection.close()

    using = asyncio.create_task(use())
    await asyncio.sleep(0.01)
    made.set()
    await asyncio.sleep(0)
    using.cancel()
    await asyncio.wait({using})


async def an_item_comes_as_wait_is_cancelled_and_another_worker_goes_on() -> None:
    """abandoned-get"""
    jobs: asyncio.Queue[str] = asyncio.Queue()

    async def take() -> str:
        job = await jobs.get()
        return job  # noqa: RET504

    async def work() -> None:
        getter = asyncio.create_task(take())
        try:
            await asyncio.wait({getter})
        except asyncio.CancelledError:
            getter.cancel()
            raise
        getter.result()

    first = asyncio.create_task(work())
    await asyncio.sleep(0.01)
    jobs.put_nowait("first")
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait({first})
    jobs.put_nowait("second")
    await work()


async def the_error_of_the_first_caller_is_raised_in_those_who_wait_for_it() -> None:
    """shared-cancel"""
    resolved, errors = asyncio.Event(), list[BaseException]()

    async def resolve() -> None:
        try:
            await asyncio.sleep(1)
        except BaseException as error:
            errors.append(error)
            raise
        finally:
            resolved.set()

    async def follow() -> None:
        await resolved.wait()
        if errors:
            raise errors[0]

    first, second = asyncio.create_task(resolve()), asyncio.create_task(follow())
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.wait({first, second})


async def a_timeout_cuts_off_a_handshake_and_leaves_the_connection() -> None:
    """never-closed"""
    clients = list[asyncio.StreamWriter]()

    async def connect() -> asyncio.Transport:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(asyncio.Protocol, *server.sockets[0].getsockname())
        await asyncio.sleep(1)
        return transport

    async with await asyncio.start_server(lambda _, client: clients.append(client), "127.0.0.1", 0) as server:
        for _ in range(2):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.02):
                    (await connect()).close()
        await asyncio.sleep(0.2)
        for client in clients:
            client.close()


async def connections_are_opened_and_never_closed() -> None:
    """never-closed"""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()
        await reader.read()
        writer.close()

    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"one\n")
        return await reader.readline()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        for _ in range(3):
            await ask()


async def a_session_is_never_closed() -> None:
    """never-closed"""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await reader.read()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        session = aiohttp.ClientSession()
        async with session.get("http://{}:{}".format(*server.sockets[0].getsockname())):
            pass
        del session
        gc.collect()


async def a_server_writes_more_than_its_client_reads() -> None:
    """write-without-drain"""
    all_written = asyncio.Event()

    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(100):
            writer.write(bytes(200_000))
            await asyncio.sleep(0.001)
        writer.transport.abort()
        all_written.set()

    server = await asyncio.start_server(send, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    await all_written.wait()
    writer.close()
    server.close()


async def the_program_ends_before_its_work_is_done() -> None:
    """cut-off"""

    async def save() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0.5)
        print("saved")

    asyncio.create_task(save())
    await asyncio.sleep(0.01)


async def a_task_ends_with_a_lock_while_others_go_on() -> None:
    """never-released"""
    lock = asyncio.Lock()

    async def job(skips: bool) -> None:
        await lock.acquire()
        if not skips:
            lock.release()

    async def beat() -> None:
        while True:
            lock.locked()
            await asyncio.sleep(0.05)

    beating = asyncio.create_task(beat())
    await asyncio.create_task(job(True))
    await asyncio.wait({asyncio.create_task(job(False))}, timeout=1.5)
    beating.cancel()


async def a_connection_is_given_to_a_cancelled_task_while_others_go_on() -> None:
    """lost-handover"""
    loop = asyncio.get_running_loop()
    waiters: list[asyncio.Future[str]] = []

    async def acquire() -> str:
        waiters.append(loop.create_future())
        return await waiters[-1]

    async def beat() -> None:
        while True:
            len(waiters)
            await asyncio.sleep(0.05)

    beating = asyncio.create_task(beat())
    first, second = asyncio.create_task(acquire()), asyncio.create_task(acquire())
    await asyncio.sleep(0.01)
    waiters[0].set_result("connection")
    first.cancel()
    await asyncio.wait({second}, timeout=1.5)
    second.cancel()
    beating.cancel()


async def a_permit_is_given_back_though_wait_for_got_none() -> None:
    """released-too-often"""
    permits = asyncio.Semaphore(1)

    async def work() -> None:
        try:
            await asyncio.wait_for(permits.acquire(), 0.02)
            await asyncio.sleep(0.05)
        except TimeoutError:
            pass
        finally:
            permits.release()

    await asyncio.gather(work(), work())


async def a_permit_is_given_back_by_its_task_and_by_a_callback() -> None:
    """released-too-often"""
    permits = asyncio.Semaphore(1)

    async def work() -> None:
        async with permits:
            await asyncio.sleep(0.01)

    working = asyncio.create_task(work())
    working.add_done_callback(lambda _: permits.release())
    await working
    await asyncio.sleep(0.01)


async def a_timeout_around_a_yield_hits_who_goes_over_it() -> None:
    """cancel-across-yield"""

    async def pages() -> AsyncIterator[int]:
        async with asyncio.timeout(0.05):
            for page in range(3):
                yield page

    async def read() -> None:
        async for _ in pages():
            await asyncio.sleep(0.1)

    await asyncio.wait([asyncio.create_task(read())])


async def a_task_group_around_a_yield_cancels_who_goes_over_it() -> None:
    """cancel-across-yield never-retrieved"""

    async def fail() -> None:
        raise ValueError("child")

    async def pages() -> AsyncIterator[int]:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            for page in range(3):
                yield page

    async def read() -> None:
        async for _ in pages():
            await asyncio.sleep(0.1)

    await asyncio.wait([asyncio.create_task(read())])


async def a_step_waits_with_a_timeout_for_what_the_loop_would_bring() -> None:
    """blocked-loop"""
    call = asyncio.run_coroutine_threadsafe(asyncio.sleep(0), asyncio.get_running_loop())
    with contextlib.suppress(TimeoutError):
        call.result(1.6)


async def what_only_one_may_use_is_shared() -> None:
    """not-shareable"""

    @functools.cache
    def load() -> Coroutine[object, object, None]:
        return asyncio.sleep(0)

    async def use() -> None:
        await load()

    async def pages() -> AsyncIterator[int]:
        await asyncio.sleep(0.01)
        yield 1

    async def read() -> None:
        async for _ in shared:
            pass

    shared, stream = pages(), asyncio.StreamReader()
    received = (asyncio.wait_for(stream.read(1), 0.05) for _ in range(2))
    assert await asyncio.gather(use(), use(), read(), read(), *received, return_exceptions=True)


async def a_deadline_is_told_by_the_time_of_day() -> None:
    """wrong-clock"""
    async with asyncio.timeout_at(time.time() + 1):
        await asyncio.sleep(0)


async def each_call_makes_the_semaphore_that_is_to_bound_them() -> None:
    """private-lock"""

    async def call() -> None:
        limit = asyncio.Semaphore(2)
        async with limit:
            await asyncio.sleep(0.01)

    await asyncio.gather(*(call() for _ in range(4)))


async def a_task_writes_on_to_a_connection_that_is_lost() -> None:
    """write-without-drain"""

    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    server = await asyncio.start_server(leave, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    await reader.read()
    for _ in range(20):
        writer.write(b"tick\n")
        await asyncio.sleep(0.001)
    writer.close()
    server.close()


async def the_program_ends_with_items_in_the_queue_of_a_worker() -> None:
    """cut-off"""

    async def work() -> None:
        while True:
            await jobs.get()
            await asyncio.sleep(0.01)
            jobs.task_done()

    jobs: asyncio.Queue[int] = asyncio.Queue()
    for job in range(20):
        jobs.put_nowait(job)
    worker = asyncio.create_task(work())
    await asyncio.sleep(0.03)
    assert not worker.done()


async def a_shutdown_cancels_what_had_failed_before() -> None:
    """never-retrieved"""

    async def consume(messages: asyncio.Queue[dict[str, int]]) -> None:
        while True:
            (await messages.get())["value"]

    messages: asyncio.Queue[dict[str, int]] = asyncio.Queue()
    consumer = asyncio.create_task(consume(messages))
    messages.put_nowait({})
    await asyncio.sleep(0.01)
    consumer.cancel()
    await asyncio.wait([consumer])


async def a_wait_ends_with_the_first_exception_and_nobody_looks() -> None:
    """never-retrieved"""

    async def fail() -> None:
        raise ValueError

    async def run() -> None:
        tasks = [asyncio.create_task(fail()), asyncio.create_task(asyncio.sleep(9))]
        _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in pending:
            task.cancel()

    await run()
    await asyncio.sleep(0.01)


async def an_error_that_all_get_is_a_cancel_of_one() -> None:
    """shared-cancel"""

    class Lookup:
        def __init__(self) -> None:
            self.done, self.error = asyncio.Event(), BaseException()

        async def run(self) -> None:
            try:
                await asyncio.sleep(1)
            except BaseException as error:
                self.error = error
                raise
            finally:
                self.done.set()

        async def follow(self) -> None:
            await self.done.wait()
            raise self.error

    lookup = Lookup()
    leader, follower = asyncio.create_task(lookup.run()), asyncio.create_task(lookup.follow())
    await asyncio.sleep(0.01)
    leader.cancel()
    await asyncio.gather(leader, follower, return_exceptions=True)


async def a_lock_is_replaced_while_a_task_holds_it() -> None:
    """private-lock"""

    class Client:
        def __init__(self) -> None:
            self.lock = asyncio.Lock()

        async def send(self, seconds: float) -> None:
            async with self.lock:
                await asyncio.sleep(seconds)

    client = Client()
    tasks = [asyncio.create_task(client.send(0.02)) for _ in range(2)]
    await asyncio.sleep(0.001)
    client.lock = asyncio.Lock()
    await client.send(0.001)
    await asyncio.gather(*tasks)


async def a_request_leaves_a_task_that_reads_from_its_queue() -> None:
    """dropped-event"""

    async def serve(incoming: asyncio.Queue[str]) -> None:
        while True:
            await incoming.get()

    async def request(tasks: list[asyncio.Task[None]]) -> None:
        incoming: asyncio.Queue[str] = asyncio.Queue()
        tasks.append(asyncio.create_task(serve(incoming)))
        incoming.put_nowait("call")
        await asyncio.sleep(0.01)

    tasks: list[asyncio.Task[None]] = []
    await request(tasks)
    await asyncio.sleep(1)
    tasks[0].cancel()


CLIENTS: list[object] = []
"""What goes only as Python ends."""


async def a_future_fails_that_nobody_waits_for() -> None:
    """never-retrieved"""

    class Client:
        def __init__(self) -> None:
            loop = asyncio.get_running_loop()
            self.connected, self.closed = loop.create_future(), loop.create_future()

        def refuse(self) -> None:
            error = ConnectionError("refused")
            for each in (self.connected, self.closed):
                each.set_exception(error)

    client = Client()
    CLIENTS.append(client)
    asyncio.get_running_loop().call_soon(client.refuse)
    with contextlib.suppress(ConnectionError):
        await client.connected


async def no_thread_asks_what_became_of_its_coroutine() -> None:
    """never-retrieved"""

    async def handle() -> None:
        raise KeyError("a")

    def listen() -> None:
        asyncio.run_coroutine_threadsafe(handle(), loop)

    loop = asyncio.get_running_loop()
    await asyncio.to_thread(listen)
    await asyncio.sleep(0.01)


async def a_timeout_outlives_the_task_that_entered_it() -> None:
    """cancel-across-yield"""

    @contextlib.asynccontextmanager
    async def session() -> AsyncIterator[None]:
        async with asyncio.timeout(0.05):
            yield

    async with contextlib.AsyncExitStack() as stack:
        await asyncio.create_task(stack.enter_async_context(session()))
        await asyncio.sleep(0.1)


async def a_task_never_leaves_the_loop_in_its_handler() -> None:
    """ignored-cancel"""

    async def poll() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            while True:
                await asyncio.sleep(0.01)

    polls = asyncio.create_task(poll())
    await asyncio.sleep(0.01)
    polls.cancel()
    await asyncio.wait({polls}, timeout=0.1)
    polls.cancel()


async def a_timeout_ends_a_generator_that_is_asked_again() -> None:
    """killed-generator"""

    async def ticks() -> AsyncIterator[int]:
        for number in range(3):
            await asyncio.sleep(0.2 if number == 1 else 0.01)
            yield number

    source = ticks()
    for _ in range(3):
        with contextlib.suppress(TimeoutError, StopAsyncIteration):
            async with asyncio.timeout(0.05):
                await anext(source)


async def a_shielded_save_fails_after_its_request_was_cancelled() -> None:
    """never-retrieved"""

    async def save() -> None:
        await asyncio.sleep(0.05)
        raise RuntimeError("database is closed")

    async def request() -> None:
        await asyncio.shield(asyncio.create_task(save()))

    requests = asyncio.create_task(request())
    await asyncio.sleep(0.01)
    requests.cancel()
    await asyncio.sleep(0.1)


async def a_lock_is_left_by_a_timeout_to_those_who_give_up_soon() -> None:
    """never-released"""
    lock = asyncio.Lock()

    async def connect(seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                await lock.acquire()
                await asyncio.sleep(seconds)
                lock.release()

    for seconds in (1.0, 0.0):
        await asyncio.create_task(connect(seconds))


async def a_coroutine_function_is_called_in_a_thread() -> None:
    """never-awaited"""

    async def save() -> None:
        """Nothing to save."""

    call: Callable[[], object] = save
    await asyncio.get_running_loop().run_in_executor(None, call)


async def a_permit_is_released_by_who_was_cancelled_before_it_had_one() -> None:
    """released-too-often"""
    permits = asyncio.Semaphore(1)

    async def use() -> None:
        try:
            await permits.acquire()
            await asyncio.sleep(0.1)
        finally:
            permits.release()

    tasks = [asyncio.create_task(use()) for _ in range(3)]
    await asyncio.sleep(0.02)
    tasks[1].cancel()
    await asyncio.wait(tasks)


async def a_task_uses_a_loop_that_was_closed() -> None:
    """not-shareable"""
    closed = asyncio.new_event_loop()
    closed.close()

    async def use() -> None:
        closed.call_soon(print)

    assert await asyncio.gather(asyncio.create_task(use()), return_exceptions=True)


async def a_task_releases_a_lock_that_it_has_given_up() -> None:
    """released-by-another"""

    lock = asyncio.Lock()

    async def write(seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            try:
                async with asyncio.timeout(0.05):
                    await lock.acquire()
            finally:
                if lock.locked():
                    lock.release()
        await asyncio.sleep(seconds)

    async with lock:
        await asyncio.create_task(write(0.01))
        await lock.acquire()


async def several_tasks_wait_for_an_event_that_is_replaced() -> None:
    """dropped-event"""

    changed = [asyncio.Event()]

    async def watch() -> None:
        await changed[0].wait()

    watchers = [asyncio.create_task(watch()) for _ in range(3)]
    await asyncio.sleep(0.01)
    changed[0] = asyncio.Event()
    await asyncio.wait(watchers, timeout=1.0)


async def a_shielded_future_is_replaced() -> None:
    """dropped-event"""

    rounds = [asyncio.get_running_loop().create_future()]

    async def receive() -> object:
        return await asyncio.shield(rounds[0])

    receivers = [asyncio.create_task(receive()) for _ in range(2)]
    await asyncio.sleep(0.01)
    rounds[0] = asyncio.get_running_loop().create_future()
    await asyncio.wait(receivers, timeout=1.0)


async def threads_wait_for_coroutines_that_wait_for_a_thread() -> None:
    """executor-full"""

    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(2))

    async def check() -> None:
        await asyncio.gather(asyncio.to_thread(time.monotonic))

    def call() -> None:
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(check(), loop).result(timeout=1.2)

    await asyncio.gather(*(asyncio.to_thread(call) for _ in range(2)))


async def threads_wait_for_a_permit_of_a_task_that_waits_for_a_thread() -> None:
    """executor-full"""

    async def request(executor: ThreadPoolExecutor, permits: threading.Semaphore) -> None:
        loop = asyncio.get_running_loop()
        if await loop.run_in_executor(executor, permits.acquire, True, 1.2):
            await loop.run_in_executor(executor, time.monotonic)
            permits.release()

    with ThreadPoolExecutor(2) as executor:
        permits = threading.Semaphore(1)
        await asyncio.gather(*(request(executor, permits) for _ in range(4)))


async def a_timeout_ends_the_closing_of_a_connection() -> None:
    """never-closed"""

    async def close(connections: list[asyncio.StreamWriter]) -> None:
        writer = connections.pop()
        await asyncio.sleep(1)
        writer.close()

    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as server:
        connections = [(await asyncio.open_connection(*server.sockets[0].getsockname()))[1]]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await close(connections)
        await asyncio.sleep(0.05)


async def a_task_is_cancelled_as_its_item_comes() -> None:
    """abandoned-get"""

    jobs: asyncio.Queue[str] = asyncio.Queue()

    async def take() -> str:
        return await jobs.get()

    async def work() -> str:
        taking = asyncio.create_task(take())
        return await taking

    worker = asyncio.create_task(work())
    await asyncio.sleep(0.05)
    jobs.put_nowait("job")
    await asyncio.sleep(0)
    worker.cancel()
    await asyncio.wait({worker})


async def a_permit_comes_when_whoever_wanted_it_is_gone() -> None:
    """never-released"""

    permits = asyncio.Semaphore(1)

    async def call(seconds: float) -> None:
        attempt = asyncio.ensure_future(permits.acquire())
        if attempt in (await asyncio.wait({attempt}, timeout=0.1))[0]:
            await asyncio.sleep(seconds)
            permits.release()

    await asyncio.gather(asyncio.create_task(call(0.3)), asyncio.create_task(call(0.0)))
    await asyncio.create_task(call(0.0))
    await asyncio.sleep(0.1)


async def a_future_that_is_shared_is_given_up_by_one() -> None:
    """shared-cancel"""

    async def publish(seconds: float) -> None:
        async with asyncio.timeout(seconds):
            await ready

    ready = asyncio.get_running_loop().create_future()
    assert await asyncio.gather(publish(1.0), publish(0.05), return_exceptions=True)


async def a_condition_is_replaced() -> None:
    """dropped-event"""

    filled = [asyncio.Condition()]

    async def take() -> None:
        async with filled[0]:
            await filled[0].wait()

    taker = asyncio.create_task(take())
    await asyncio.sleep(0.01)
    filled[0] = asyncio.Condition()
    await asyncio.wait({taker}, timeout=1.0)


async def a_retry_releases_the_lock_of_the_connection() -> None:
    """released-by-another"""

    connecting = asyncio.Lock()

    async def connect() -> None:
        async with connecting:
            await asyncio.sleep(0.05)

    async def send() -> None:
        try:
            await asyncio.sleep(0.01)
        finally:
            if connecting.locked():
                connecting.release()

    assert await asyncio.gather(connect(), send(), return_exceptions=True)


async def who_gave_a_lock_up_goes_on_and_releases_it_later() -> None:
    """released-by-another"""

    lock = asyncio.Lock()

    async def write(timeout: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(lock.acquire(), timeout)
        try:
            await asyncio.sleep(0.3)
        finally:
            if lock.locked():
                lock.release()

    await asyncio.gather(write(9), write(0.15), write(9))
