# right: nothing is ready for a while and no timer runs, but a thread, a signal or a connection may wake the loop
import asyncio
import os
import signal
import threading
import time


def outside(loop: asyncio.AbstractEventLoop, future: "asyncio.Future[None]") -> None:
    time.sleep(0.6)
    loop.call_soon_threadsafe(future.set_result, None)


async def main() -> None:
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    threading.Thread(target=outside, args=(loop, future)).start()
    await future
    await asyncio.to_thread(time.sleep, 0.6)
    received = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, received.set)
    child = await asyncio.create_subprocess_exec("sh", "-c", f"sleep 0.6; kill -USR1 {os.getpid()}")
    await received.wait()
    await child.wait()


asyncio.run(main())
