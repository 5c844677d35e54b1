# bug: partial-deadlock
import asyncio


async def beat() -> None:
    while True:
        await asyncio.sleep(0.05)


async def main() -> None:
    changed = asyncio.Condition()

    async def change() -> None:
        async with changed:
            changed.notify_all()

    async def wait() -> None:
        await asyncio.sleep(0.05)
        async with changed:
            await changed.wait()

    await asyncio.gather(beat(), change(), wait())


asyncio.run(main())
