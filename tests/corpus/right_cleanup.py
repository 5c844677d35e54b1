# right: cancelled tasks clean up with awaits, one keeps its exception, one takes the request back
import asyncio


async def in_finally() -> None:
    try:
        await asyncio.sleep(9)
    finally:
        await asyncio.sleep(0.02)


async def in_handler() -> None:
    try:
        await asyncio.sleep(9)
    except asyncio.CancelledError:
        await asyncio.sleep(0.02)
        raise


async def keeps() -> None:
    kept = None
    try:
        await asyncio.sleep(9)
    except asyncio.CancelledError as error:
        kept = error
    await asyncio.sleep(0.02)
    if kept is not None:
        raise kept


async def takes_back() -> None:
    try:
        await asyncio.sleep(9)
    except asyncio.CancelledError:
        asyncio.current_task().uncancel()  # type: ignore[union-attr]
    await asyncio.sleep(0.02)


async def fails() -> None:
    await asyncio.sleep(0.01)
    raise ValueError


async def main() -> None:
    tasks = [asyncio.create_task(each()) for each in (in_finally, in_handler, keeps, takes_back)]
    await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    try:
        async with asyncio.timeout(0.02):
            await in_finally()
    except TimeoutError:
        pass
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fails())
            group.create_task(in_finally())
    except* ValueError:
        pass
    await asyncio.sleep(0.02)  # before Python 3.13 the group's request is still counted


asyncio.run(main())
