# bug: task-collected
import asyncio
import gc
import weakref


async def work() -> None:
    await asyncio.get_running_loop().create_future()


async def main() -> None:
    tasks = weakref.WeakSet([asyncio.create_task(work())])
    await asyncio.sleep(0.01)
    gc.collect()
    print(len(tasks))


asyncio.run(main())
