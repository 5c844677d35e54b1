"""A server on loopback that sends given bytes, for faults that the practice server doesn't have."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self


def answer(body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
    """An answer with a body and the correct Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def redirect(location: bytes) -> bytes:
    return b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"


class RawServer:
    """Answers each path with its bytes, and all other paths with their own request line; then closes the connection.

    If a path has several pieces, each is sent when the piece before is on its way. An empty piece resets the
    connection.
    """

    def __init__(
        self, answers: Mapping[str, bytes | Iterable[bytes]], tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.heads: list[str] = []
        """The requests as received; bytes that are not ASCII as Latin-1."""
        self.answers = dict(answers)
        self._tls = tls
        self._host = host
        self._port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._host, 0, ssl=self._tls)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        await self._server.wait_closed()

    def url(self, path: str = "/") -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http{'s' if self._tls else ''}://{host}:{self._port}{path}"

    @property
    def request_lines(self) -> list[str]:
        return [head.split("\r\n", 1)[0] for head in self.heads]

    def header(self, name: str, number: int = -1) -> str | None:
        lines = self.heads[number].split("\r\n")[1:]
        found = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
        return found.get(name.lower())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heads.append(head)
            method, target, *_ = head.split(" ")
            pieces = self.answers.get(f"{method} {target}", self.answers.get(target))
            if pieces is None:
                pieces = answer(head.split("\r\n", 1)[0].encode("latin-1"))
            for piece in [pieces] if isinstance(pieces, bytes) else pieces:
                if not piece:
                    sent_by = writer.get_extra_info("socket")
                    sent_by.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    writer.transport.abort()
                    break
                writer.write(piece)
                await writer.drain()
                for _ in range(10):  # so that the client sees it apart from the next
                    await asyncio.sleep(0)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
