"""gather runs coroutines concurrently, each in a task of its own, and waits until all of them are done.

Watch: gather makes two tasks, and the second one ends first. The run takes as long as the longest task, 2 s, and not
    the sum of both, 3 s.
Watch one_by_one: main stays the only task. The second coroutine starts when the first has ended, so the run takes the
    sum of both, 3 s.
Watch one_fails: gather raises as soon as one task fails. The other task sleeps on to its end: nobody cancelled it.
Belief: "Async code is concurrent by itself": coroutines that are awaited one by one run one by one. Only tasks run
    concurrently, and gather makes a task of each coroutine it is given.
Docs: Coroutines and tasks, Running tasks concurrently
"""

import asyncio
from typing import Annotated, Literal


async def work(number: int, seconds: float, fails: bool = False) -> None:
    await asyncio.sleep(seconds)
    if fails:
        raise ValueError(f"Task {number} failed")
    print(f"Task {number} complete")


async def run_together(delays: list[float]) -> None:
    coroutines = [work(number, delay) for number, delay in enumerate(delays, start=1)]
    await asyncio.gather(*coroutines)  # gather(work(1, 2.0), work(2, 1.0))


async def run_one_by_one(delays: list[float]) -> None:
    for number, delay in enumerate(delays, start=1):
        await work(number, delay)


async def run_with_a_failure(delays: list[float]) -> None:
    shortest = delays.index(min(delays)) + 1
    tasks = [
        asyncio.create_task(work(number, delay, fails=number == shortest), name=f"task-{number}")
        for number, delay in enumerate(delays, start=1)
    ]
    try:
        await asyncio.gather(*tasks)
    except ValueError as error:
        print(f"gather raised: {error}")
        await asyncio.wait(tasks)  # the others were not cancelled: they run to their end


async def main(
    tasks: Annotated[int, range(2, 21)] = 2,
    seconds: Annotated[float, (0.0, 5.0)] = 1.0,
    first: Literal["longest", "shortest"] = "longest",
    one_by_one: Annotated[bool, "mistake: coroutines are awaited one by one"] = False,
    one_fails: Annotated[bool, "mistake: one task fails, and the others go on"] = False,
) -> None:
    delays = [seconds * number for number in range(1, tasks + 1)]
    if first == "longest":
        delays.reverse()
    run = run_one_by_one if one_by_one else run_with_a_failure if one_fails else run_together
    await run(delays)


if __name__ == "__main__":
    asyncio.run(main())
