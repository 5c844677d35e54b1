# bug: partial-deadlock
import asyncio

JOBS: "asyncio.Queue[tuple[int, asyncio.Future[None]]]" = asyncio.Queue()


async def submit(depth: int) -> None:
    done = asyncio.get_running_loop().create_future()
    await JOBS.put((depth, done))
    await done


async def work() -> None:
    while True:
        depth, done = await JOBS.get()
        if depth:
            await submit(depth - 1)
        done.set_result(None)


async def beat() -> None:
    while True:
        await asyncio.sleep(0.05)


async def main() -> None:
    tasks = [asyncio.create_task(beat()), asyncio.create_task(work())]
    await submit(1)
    print(len(tasks))


asyncio.run(main())
