# bug: executor-deadlock
import asyncio
from concurrent.futures import ThreadPoolExecutor

POOL = ThreadPoolExecutor(2)


def exchange() -> None:
    POOL.submit(print, "sent").result()


async def main() -> None:
    loop = asyncio.get_running_loop()
    await asyncio.gather(*(loop.run_in_executor(POOL, exchange) for _ in range(2)))


asyncio.run(main())
