# bug: ignored-cancel
import asyncio


async def stubborn() -> None:
    for _ in range(2):
        try:
            await asyncio.sleep(0.1)
        except BaseException:
            pass


async def main() -> None:
    async with asyncio.timeout(0.03):
        await stubborn()


asyncio.run(main())
