# right: a long step, and many items at once in a queue without a bound; but nobody else was there to be kept waiting
import asyncio
import time


async def load() -> list[int]:
    time.sleep(0.6)
    return list(range(500))


async def main() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    for number in await asyncio.create_task(load()):
        queue.put_nowait(number)
    while not queue.empty():
        await queue.get()
        await asyncio.sleep(0.001)


asyncio.run(main())
