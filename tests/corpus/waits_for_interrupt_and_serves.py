# right: a server goes on until ctrl+c
import asyncio


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.readline())
    writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        await asyncio.get_running_loop().create_future()


asyncio.run(main())
