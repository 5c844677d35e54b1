"""A queue carries items from producers to consumers, and with a maxsize it holds the faster side back.

Watch: the queue's gauge. With maxsize 1 and three seconds for consuming an item, the producer waits at put(). At the
    end join() waits until every item that was put has its task_done(); that the queue is empty is not enough.
Watch forget_task_done: the last item is consumed, the queue is empty, and main still waits at join(), for ever:
    cancel it. The gauge still counts all items as unfinished.
Belief: "asyncio.Queue is thread-safe": it is not, it belongs to one event loop. From another thread use
    asyncio.run_coroutine_threadsafe(queue.put(item), loop); between threads use queue.Queue.
Docs: Queues, Queue
"""

import asyncio
from typing import Annotated


async def produce(queue: asyncio.Queue[str | None], letter: str, items: int, seconds: float) -> None:
    for number in range(1, items + 1):
        await asyncio.sleep(seconds)
        item = f"{letter}{number}"
        await queue.put(item)
        print(f"Produced {item}")


async def consume(queue: asyncio.Queue[str | None], seconds: float, forget_task_done: bool) -> None:
    while (item := await queue.get()) is not None:
        await asyncio.sleep(seconds)
        print(f"Consumed {item}")
        if not forget_task_done:
            queue.task_done()
    queue.task_done()  # the None that ends it was an item, too


async def main(
    producers: Annotated[int, range(1, 11)] = 1,
    consumers: Annotated[int, range(1, 11)] = 1,
    items: Annotated[int, range(1, 101)] = 5,
    maxsize: Annotated[int, range(51)] = 3,
    produce_seconds: Annotated[float, (0.0, 10.0)] = 1.0,
    consume_seconds: Annotated[float, (0.0, 10.0)] = 0.5,
    forget_task_done: Annotated[bool, "mistake: without task_done(), join() waits forever"] = False,
) -> None:
    queue: asyncio.Queue[str | None] = asyncio.Queue(maxsize)
    async with asyncio.TaskGroup() as group:
        producing = [
            group.create_task(produce(queue, letter, items, produce_seconds), name=f"producer-{letter}")
            for letter in "ABCDEFGHIJ"[:producers]
        ]
        for number in range(1, consumers + 1):
            group.create_task(consume(queue, consume_seconds, forget_task_done), name=f"consumer-{number}")
        await asyncio.gather(*producing)
        await queue.join()
        for _ in range(consumers):
            await queue.put(None)


if __name__ == "__main__":
    asyncio.run(main())
