"""A program to which asynclab can attach. For each line of input it says whether asyncio is as it was at its start."""

import asyncio
import asyncio.events
import os
import sys
from typing import Any

import asynclab


def attributes() -> dict[tuple[str, str], object]:
    """The attributes that are replaced during an observation: they must be equal before and after."""
    loop = asyncio.get_running_loop()
    primitives = asyncio.Lock, asyncio.Event, asyncio.Semaphore, asyncio.Condition, asyncio.Barrier, asyncio.Queue
    kinds = *type(loop).__mro__, asyncio.Handle, asyncio.TimerHandle, *primitives
    owners: dict[str, Any] = {kind.__qualname__: kind for kind in kinds}
    owners |= {"asyncio": asyncio, "events": asyncio.events, "tasks": asyncio.tasks, "os": os, "stdout": sys.stdout}
    found = {(owner, name): value for owner, kind in owners.items() for name, value in vars(kind).items()}
    return found | {("loop", name): type(value) for name, value in vars(loop).items()}


async def holds(lock: asyncio.Lock, other: asyncio.Lock) -> None:
    """Take two locks, one after the other."""
    async with lock:
        await asyncio.sleep(0)
        async with other:
            pass


async def ticks() -> None:
    """Keep running."""
    while True:  # noqa: ASYNC110 - it waits for nothing
        await asyncio.sleep(0.01)


async def times_out() -> None:
    """Wait for an event that never comes."""
    async with asyncio.timeout(3600):
        await asyncio.Event().wait()


async def main() -> None:
    """Obey each line of input: print what has changed, block the loop, or end."""
    loop = asyncio.get_running_loop()
    before = attributes()
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop.add_reader(0, lambda: lines.put_nowait(sys.stdin.readline().strip()))
    one, other = asyncio.Lock(), asyncio.Lock()
    tasks = [
        loop.create_task(coroutine, name=name)
        for name, coroutine in (
            ("one", holds(one, other)),
            ("other", holds(other, one)),
            ("ticks", ticks()),
            ("times out", times_out()),
            ("victim", asyncio.sleep(3600)),
        )
    ]
    await asyncio.sleep(0.01)
    print("--alone" in sys.argv or asynclab.attachable(), flush=True)
    while command := await lines.get():
        if command == "block":
            print("blocks", flush=True)
            sys.stdin.readline()
        after = attributes()
        differing = {key for key in before.keys() | after.keys() if before.get(key) is not after.get(key)}
        print(f"differing: {sorted(differing)}", flush=True)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
