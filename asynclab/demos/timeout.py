"""wait_for cancels its task when the time is up, and raises TimeoutError.

Watch: the countdown reaches zero at 2 s. At that moment the task is cancelled, with its bar not even half full.
Watch swallow_cancel: at 2 s the time is up and the task is cancelled, yet it sleeps for another second. main waits for
    it, and gets a result instead of TimeoutError.
Watch block: nothing moves for a second, not even this screen, because the task's step does not end. The timeout of
    0.5 s comes due in the meantime and cannot stop it. Finding: blocked-loop.
Belief: "wait_for(work, 2) returns within 2 seconds": it asks the task to stop, and waits until the task has. A task
    that swallows the cancellation returns late, without TimeoutError. One that blocks the loop cannot even be asked.
Docs: Coroutines and tasks, Timeouts
"""

import asyncio
import time
from typing import Annotated


async def work(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "Task finished"


async def stubborn_work(seconds: float) -> str:
    try:
        await asyncio.sleep(seconds)
        return "Task finished"
    except asyncio.CancelledError:
        await asyncio.sleep(1)  # carries on, and no `raise` passes the cancellation on
        return "Task finished late"


async def blocking_work(seconds: float) -> str:
    crunch(seconds)  # an ordinary function: it does not give control back to the event loop
    return "Task finished without a pause"


def crunch(seconds: float) -> None:
    time.sleep(min(seconds, 1.0))  # stops everything on this event loop, the screen too: for a second at most


async def main(
    limit: Annotated[float, (0.1, 10.0)] = 2.0,
    seconds: Annotated[float, (0.0, 10.0)] = 5.0,
    swallow_cancel: Annotated[bool, "mistake: the task swallows its cancellation"] = False,
    block: Annotated[bool, "mistake: the task blocks the event loop"] = False,
) -> None:
    job = blocking_work if block else stubborn_work if swallow_cancel else work
    task = asyncio.create_task(job(seconds), name="work")
    try:
        print(await asyncio.wait_for(task, timeout=0.5 if block else limit))
    except TimeoutError:
        print("Task timed out")


if __name__ == "__main__":
    asyncio.run(main())
