# bug: deadlock
import asyncio


async def take(first: asyncio.Lock, second: asyncio.Lock) -> None:
    async with first:
        await asyncio.sleep(0.01)
        async with second:
            pass


async def main() -> None:
    one, two = asyncio.Lock(), asyncio.Lock()
    await asyncio.gather(take(one, two), take(two, one))


asyncio.run(main())
