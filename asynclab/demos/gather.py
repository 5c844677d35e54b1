"""gather runs coroutines concurrently, each in a task, and waits for all of them.

Watch: the task listed last is done first, and the whole takes as long as the longest task, not as long as the sum.
Watch one_by_one: main alone is in the table, as no tasks are made; the second begins when the first has finished, and
    the whole takes as long as the sum.
Watch one_fails: gather raises as soon as one fails, and the other task sleeps on to its end: it was not cancelled.
Belief: "Async code is concurrent by itself": coroutines awaited one by one run one by one. Tasks are what runs
    concurrently, and gather makes one of each coroutine that it is given.
Docs: Coroutines and tasks, Running tasks concurrently
"""

import asyncio
from typing import Annotated, Literal


async def work(number: int, seconds: float, fails: bool = False) -> None:
    print(f"Task {number} started")
    await asyncio.sleep(seconds)
    if fails:
        raise ValueError(f"Task {number} failed")
    print(f"Task {number} finished")


async def run_one_by_one(delays: list[float]) -> None:
    for number, delay in enumerate(delays, start=1):
        await work(number, delay)


async def run_together(delays: list[float], failing: int | None) -> None:
    tasks = [
        asyncio.create_task(work(number, delay, fails=number == failing), name=f"task-{number}")
        for number, delay in enumerate(delays, start=1)
    ]
    try:
        await asyncio.gather(*tasks)
    except ValueError as error:
        print(f"gather raised: {error}")
        await asyncio.wait(tasks)  # the others were not cancelled: they go on to their end


async def main(
    tasks: Annotated[int, range(2, 21)] = 2,
    seconds: Annotated[float, (0.0, 5.0)] = 1.0,
    first: Literal["longest", "shortest"] = "longest",
    one_by_one: Annotated[bool, "mistake: each is awaited before the next one starts"] = False,
    one_fails: Annotated[bool, "mistake: one fails, as if gather would cancel the others"] = False,
) -> None:
    delays = [seconds * number for number in range(1, tasks + 1)]
    if first == "longest":
        delays.reverse()
    if one_by_one:
        await run_one_by_one(delays)
    else:
        await run_together(delays, failing=delays.index(min(delays)) + 1 if one_fails else None)


if __name__ == "__main__":
    asyncio.run(main())
