# bug: shutdown-hangs
import asyncio
import queue
import threading
from collections.abc import Callable


class Connection:
    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="connection").start()

    def execute(self, call: Callable[[], object]) -> None:
        self._calls.put(call)

    def _work(self) -> None:
        while True:
            call = self._calls.get()
            call()


async def main() -> None:
    connection, done = Connection(), asyncio.Event()
    loop = asyncio.get_running_loop()
    connection.execute(lambda: loop.call_soon_threadsafe(done.set))
    await done.wait()


asyncio.run(main())
