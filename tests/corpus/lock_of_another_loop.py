# bug: not-shareable
import asyncio

lock = asyncio.Lock()


async def use() -> None:
    async with lock:
        await asyncio.sleep(0.01)


async def main() -> None:
    assert await asyncio.gather(use(), use(), return_exceptions=True)


for _ in range(2):
    asyncio.run(main())
