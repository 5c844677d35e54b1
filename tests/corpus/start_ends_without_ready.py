# bug: partial-deadlock
import asyncio


class App:
    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self.beats = 0

    async def start(self, address: str) -> None:
        if address:
            self.ready.set()

    async def beat(self) -> None:
        while True:
            self.beats += 1
            await asyncio.sleep(0.05)

    async def answer(self) -> None:
        await self.ready.wait()


async def main() -> None:
    app = App()
    tasks = [asyncio.create_task(app.start("")), asyncio.create_task(app.beat())]
    await app.answer()
    print(tasks)


asyncio.run(main())
