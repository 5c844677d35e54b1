"""gather returns the results in the order in which the coroutines were given, whichever is done first.

Watch: the squares are ready last to first, and the list still reads first to last.
Watch one_fails: main raises when the first square is due, and no list is printed; the other squares are still asleep
    and are cancelled with the program.
Belief: "If one fails, gather cancels the others": it raises the first exception at once, returns no results,
    and the others run on; here asyncio.run ends them with the program. With return_exceptions=True it waits for all
    and lists the exception among the results. A TaskGroup does cancel the others.
Docs: Coroutines and tasks, Running tasks concurrently
"""

import asyncio
from typing import Annotated


async def square(number: int, seconds: float, fails: bool) -> int:
    await asyncio.sleep(seconds)
    if fails:
        raise ValueError(f"no square of {number} today")
    return number * number


async def main(
    numbers: Annotated[int, range(1, 21)] = 3,
    seconds: Annotated[float, (0.0, 10.0)] = 1.0,
    return_exceptions: bool = False,
    one_fails: Annotated[bool, "mistake: one fails, and all results are lost"] = False,
) -> None:
    failing = numbers if one_fails else None
    squares = [
        asyncio.create_task(square(number, seconds / number, number == failing), name=f"square-{number}")
        for number in range(1, numbers + 1)
    ]
    results = await asyncio.gather(*squares, return_exceptions=return_exceptions)
    print(results)


if __name__ == "__main__":
    asyncio.run(main())
