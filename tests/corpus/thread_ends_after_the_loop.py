# right: a thread that is no daemon ends by itself some time after the loop
import asyncio
import threading

DONE = threading.Event()


async def main() -> None:
    threading.Thread(target=DONE.wait).start()
    threading.Timer(2.5, DONE.set).start()


asyncio.run(main())
