# bug: blocked-loop
import asyncio
import time


async def beat() -> None:
    while True:
        await asyncio.sleep(0.02)


async def main() -> None:
    task = asyncio.create_task(beat())
    await asyncio.sleep(0.03)
    time.sleep(0.6)
    task.cancel()


asyncio.run(main())
