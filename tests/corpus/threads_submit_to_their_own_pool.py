# bug: executor-deadlock
import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

POOL = ThreadPoolExecutor(2)
ALL_BUSY = threading.Barrier(2)


def exchange() -> None:
    ALL_BUSY.wait()
    POOL.submit(print, "sent").result()


async def main() -> None:
    loop = asyncio.get_running_loop()
    await asyncio.gather(*(loop.run_in_executor(POOL, exchange) for _ in range(2)))


asyncio.run(main())
