# bug: standstill
import asyncio


class Handshake:
    def __init__(self) -> None:
        self.agreed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def offer(self, versions: list[int]) -> None:
        for version in versions:
            if version >= 3:
                self.agreed.set_result(version)
                return

    async def agree(self) -> int:
        return await self.agreed


async def main() -> None:
    handshake = Handshake()
    async with asyncio.TaskGroup() as group:
        group.create_task(handshake.offer([1, 2]))
        agreeing = group.create_task(handshake.agree())
    print(agreeing.result())


asyncio.run(main())
