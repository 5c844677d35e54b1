# bug: executor-deadlock
import asyncio
from concurrent.futures import ThreadPoolExecutor


async def sort(numbers: list[int]) -> list[int]:
    return await asyncio.to_thread(sorted, numbers)


async def main() -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(1))

    def call() -> list[int]:
        return asyncio.run_coroutine_threadsafe(sort([2, 1]), loop).result()

    await asyncio.to_thread(call)


asyncio.run(main())
