# right: all is done before the loop is closed
"""A loop is run until one task is done; the other one is asked to end, and waited for, before it is closed."""

import asyncio


async def serve() -> None:
    try:
        await asyncio.sleep(60)
    finally:
        print("closed")


async def start(tasks: list[asyncio.Task[None]]) -> None:
    tasks.append(asyncio.create_task(serve(), name="serve"))
    await asyncio.sleep(0.01)


if __name__ == "__main__":
    loop = asyncio.new_event_loop()
    started: list[asyncio.Task[None]] = []
    loop.run_until_complete(start(started))
    started[0].cancel()
    loop.run_until_complete(asyncio.wait(started))
    loop.close()
