# bug: partial-deadlock
import asyncio


class Session:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.replies = dict[str, asyncio.Future[str]]()
        self.reading = asyncio.create_task(self.read(), name="reader")

    async def read(self) -> None:
        while line := await self.reader.readline():
            request, _, reply = line.decode().partition(":")
            self.replies.pop(request).set_result(reply)

    async def call(self, request: str) -> str:
        reply: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.replies[request] = reply
        self.writer.write(f"{request}\n".encode())
        return await reply


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write((await reader.readline()).strip() + b":ready\n")
    await reader.readline()
    writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    session = Session(*await asyncio.open_connection(*server.sockets[0].getsockname()))
    print(await session.call("initialize"))
    print(await session.call("list"))
    server.close()


asyncio.run(main())
