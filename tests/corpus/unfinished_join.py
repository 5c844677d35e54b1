# bug: join-without-task-done
import asyncio


async def worker(jobs: asyncio.Queue[int]) -> None:
    while True:
        await jobs.get()


async def main() -> None:
    jobs: asyncio.Queue[int] = asyncio.Queue()
    task = asyncio.create_task(worker(jobs))
    jobs.put_nowait(1)
    await jobs.join()
    task.cancel()


asyncio.run(main())
