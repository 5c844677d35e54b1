# bug: partial-deadlock
import asyncio


class Cache:
    def __init__(self) -> None:
        self.loading: dict[str, asyncio.Future[str]] = {}

    async def get(self, key: str) -> str:
        if key in self.loading:
            return await self.loading[key]
        loaded: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.loading[key] = loaded
        await asyncio.sleep(1)
        loaded.set_result(key.upper())
        return await loaded


async def beat() -> None:
    while True:
        await asyncio.sleep(0.05)


async def main() -> None:
    cache, beating = Cache(), asyncio.create_task(beat())
    leader = asyncio.create_task(cache.get("a"), name="leader")
    await asyncio.sleep(0.05)
    follower = asyncio.create_task(cache.get("a"), name="follower")
    await asyncio.sleep(0.05)
    leader.cancel()
    await follower
    beating.cancel()


asyncio.run(main())
