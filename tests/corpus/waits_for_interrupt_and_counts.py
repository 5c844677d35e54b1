# right: it ends at ctrl+c
import asyncio

STOP = asyncio.Event()


async def beat() -> None:
    count = 0
    while True:
        await asyncio.sleep(0.05)
        count += 1


async def main() -> None:
    beating = asyncio.create_task(beat())
    await asyncio.create_task(STOP.wait())
    beating.cancel()


asyncio.run(main())
