"""wait_for cancels what it waits for when the time is up, and raises TimeoutError.

Watch: the countdown reaches zero at 2 seconds; in that moment the task is cancelled, with its bar not half full.
Watch swallow_cancel: at 2 seconds the countdown is over and the task is asked to stop, yet it sleeps for another
    second; main waits for it, and gets a result and no TimeoutError.
Watch block: for a second nothing moves, not even this screen: the step of the task does not end. The timeout of half
    a second comes due meanwhile and cannot stop it.
Belief: "wait_for(work, 2) returns within 2 seconds": it asks the task to stop and waits until it has. A task that
    swallows the cancellation returns late, without any TimeoutError; one that blocks the loop cannot even be asked.
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
        await asyncio.sleep(1)  # goes on as it likes: no `raise` hands the cancellation on
        return "Task finished late"


async def blocking_work(seconds: float) -> str:
    crunch(seconds)  # an ordinary function: it never gives the event loop back
    return "Task finished without a pause"


def crunch(seconds: float) -> None:
    time.sleep(min(seconds, 1.0))  # everything on this loop stands still, the screen too: a second at most


async def main(
    limit: Annotated[float, (0.1, 10.0)] = 2.0,
    seconds: Annotated[float, (0.0, 10.0)] = 5.0,
    swallow_cancel: Annotated[bool, "mistake: the task swallows its cancellation and returns late"] = False,
    block: Annotated[bool, "mistake: the task freezes loop and screen for a second; limit is 0.5"] = False,
) -> None:
    job = blocking_work if block else stubborn_work if swallow_cancel else work
    task = asyncio.create_task(job(seconds), name="work")
    try:
        print(await asyncio.wait_for(task, timeout=0.5 if block else limit))
    except TimeoutError:
        print("Task timed out")


if __name__ == "__main__":
    asyncio.run(main())
