# right: nothing can wake the tasks, but the first one waits for what nobody else has: until ctrl+c
import asyncio


async def main() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    worker = asyncio.create_task(queue.get())
    try:
        await asyncio.Event().wait()
    finally:
        worker.cancel()


asyncio.run(main())
