"""A queue passes items from producers to consumers; while it is full, producers wait.

Watch: the queue's gauge. The consumer waits at get() for each item. With maxsize 1 and consume_seconds 3 it is the
    producer that waits, at put(). At the end main waits at join() until task_done() was called for every item.
Watch forget_task_done: the last item is consumed and the queue is empty, but main waits at join() forever: the gauge
    still counts 5 unfinished items. The run is stuck: cancel it with c. Finding: join-without-task-done.
Belief: "asyncio.Queue is thread-safe": it is not; it belongs to one event loop. From another thread use
    asyncio.run_coroutine_threadsafe(queue.put(item), loop); between threads use queue.Queue.
Docs: Queues, Queue
"""

import asyncio
from collections.abc import Iterator
from typing import Annotated


async def produce(queue: asyncio.Queue[int | None], numbers: Iterator[int], seconds: float) -> None:
    for number in numbers:
        print(f"Producing {number}")
        await queue.put(number)
        await asyncio.sleep(seconds)


async def consume(queue: asyncio.Queue[int | None], seconds: float, forget_task_done: bool) -> None:
    while (number := await queue.get()) is not None:
        print(f"Consuming {number}")
        await asyncio.sleep(seconds)
        if not forget_task_done:
            queue.task_done()
    queue.task_done()  # the None that ends the loop was an item, too


async def main(
    producers: Annotated[int, range(1, 11)] = 1,
    consumers: Annotated[int, range(1, 11)] = 1,
    items: Annotated[int, range(1, 1001)] = 5,
    maxsize: Annotated[int, range(51)] = 3,
    produce_seconds: Annotated[float, (0.0, 10.0)] = 1.0,
    consume_seconds: Annotated[float, (0.0, 10.0)] = 0.5,
    forget_task_done: Annotated[bool, "mistake: task_done() is never called"] = False,
) -> None:
    queue: asyncio.Queue[int | None] = asyncio.Queue(maxsize)
    numbers = iter(range(items))  # shared by all producers: each number is produced once
    async with asyncio.TaskGroup() as group:
        producing = [
            group.create_task(produce(queue, numbers, produce_seconds), name=f"producer-{number}")
            for number in range(1, producers + 1)
        ]
        for number in range(1, consumers + 1):
            group.create_task(consume(queue, consume_seconds, forget_task_done), name=f"consumer-{number}")
        await asyncio.gather(*producing)
        await queue.join()
        for _ in range(consumers):
            await queue.put(None)


if __name__ == "__main__":
    asyncio.run(main())
