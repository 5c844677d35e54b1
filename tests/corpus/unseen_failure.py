# bug: never-retrieved never-awaited
import asyncio


async def fail() -> None:
    raise ValueError("unseen")


async def main() -> None:
    asyncio.create_task(fail())
    fail()  # type: ignore[unused-coroutine]
    await asyncio.sleep(0.01)


asyncio.run(main())
