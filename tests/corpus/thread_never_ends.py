# bug: shutdown-hangs
import asyncio
import queue


async def main() -> None:
    typed: queue.Queue[str] = queue.Queue()
    reading = asyncio.get_running_loop().run_in_executor(None, typed.get)
    await asyncio.wait({reading}, timeout=0.01)


asyncio.run(main())
