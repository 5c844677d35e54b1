# bug: growing-queue
import asyncio


async def read(queue: asyncio.Queue[int]) -> None:
    for number in range(800):
        await queue.put(number)
        await asyncio.sleep(0.001)


async def main() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    task = asyncio.create_task(read(queue))
    while not task.done():
        await queue.get()
        await asyncio.sleep(0.02)


asyncio.run(main())
