# bug: standstill
import asyncio


async def main() -> None:
    started = asyncio.Event()
    helper = asyncio.create_task(started.wait())
    await helper


asyncio.run(main())
