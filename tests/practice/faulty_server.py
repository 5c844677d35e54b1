"""The practice server with additional routes, one for each fault that a client has to survive, and with TLS."""

import asyncio
import gzip
import socket
import ssl
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from asynclab.practice.pages import document
from asynclab.practice.routes import begin, has_body, html, pause, whole_number
from asynclab.practice.server import HOST, PracticeServer

BOMB_MEGABYTES = 200
"""The unpacked size of the gzip bomb in bytes."""

ESCAPES = "\x1b]0;PWNED\x07\x1b[31m\x9b31m\u202e\x01\u2028"
"""Text that would control a terminal, or be invisible in it."""

MARKUP = "done [/] [red]x[/red] [@click=app.quit]here[/]"
"""Text that a view would obey if it read text as markup."""

_TEXT = "naïve café, 10 €: ☕\n"

CERTIFICATE = Path(__file__).with_name("loopback.pem")
"""The self-signed certificate of the TLS listener, with its key."""

faults = web.RouteTableDef()


class FaultyServer(PracticeServer):
    """The practice server with faults. With `tls`, it also answers over TLS, with a certificate that isn't trusted."""

    ROUTES = (*PracticeServer.ROUTES, faults)

    def __init__(self, *, pace: float = 1.0, tls: bool = False) -> None:
        super().__init__(pace=pace)
        self._tls, self._tls_port = tls, 0

    def tls_url(self, path: str = "/") -> str:
        return f"https://{HOST}:{self._tls_port}{path}"

    async def _listen(self) -> web.AppRunner:
        runner = await super()._listen()
        if not self._tls:
            return runner
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        await web.TCPSite(runner, HOST, 0, ssl_context=context).start()
        self._tls_port = runner.addresses[1][1]
        return runner


class RawAnswer(web.StreamResponse):
    """Sends given bytes instead of a correct response, and then closes the connection."""

    def __init__(self, send: Callable[[asyncio.Transport], AsyncIterator[bytes]], *, reset: bool = False) -> None:
        super().__init__()
        self._send = send
        self._reset = reset
        self.force_close()

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        transport = request.transport
        assert isinstance(transport, asyncio.Transport)
        async for data in self._send(transport):
            transport.write(data)
        if self._reset:
            _reset(transport)
        else:
            transport.close()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Send no more bytes."""


def raw(*parts: bytes, reset: bool = False) -> RawAnswer:
    async def send(_: asyncio.Transport) -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    return RawAnswer(send, reset=reset)


def _evil() -> bytes:
    """Escape sequences in the reason, the headers, the title and the body."""
    escapes = ESCAPES.encode()
    body = f"<title>{ESCAPES}title</title>{ESCAPES}body".encode()
    head = b"HTTP/1.1 200 " + escapes + b"\r\nX-Evil: " + escapes + b"\r\nContent-Type: text/html; charset=utf-8\r\n"
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


ANSWERS = {
    "/disconnect": b"",
    "/short": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 100,
    "/bad-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n",
    "/not-http": b"SSH-2.0-practice\r\n\r\n",
    "/lying-encoding": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 11\r\n\r\nnot gzipped",
    "/evil": _evil(),
}
"""For each path, the bytes that are sent before the connection is closed."""


@faults.get("/reset")
async def send_bytes(request: web.Request) -> web.StreamResponse:
    """Send the bytes of this path and nothing else; without bytes, reset the connection."""
    return raw(ANSWERS.get(request.path, b""), reset=request.path not in ANSWERS)


for path in ANSWERS:
    faults.get(path)(send_bytes)


@faults.get("/hang")
async def hang(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")


@faults.get("/hang-in-body")
async def hang_in_body(request: web.Request) -> web.StreamResponse:
    """Send the beginning of a body, but never the rest."""
    response = await begin(request, "text/plain", 1_000)
    if has_body(request):
        await response.write(b"the beginning\n")
    await asyncio.Event().wait()
    return response


@faults.get("/slow-headers/{count}")
async def slow_headers(request: web.Request) -> web.StreamResponse:
    """Send this number of header lines, one every tenth of a second, and then the rest."""
    count = whole_number("count", request.match_info["count"], 0, 100)

    async def send(_: asyncio.Transport) -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n"
        for number in range(count):
            await pause(request, 0.1)
            yield b"X-Slow-%d: yes\r\n" % number
        yield b"Content-Length: 5\r\n\r\nslow\n"

    return RawAnswer(send)


@faults.get("/reset-in-body")
async def reset_in_body(request: web.Request) -> web.StreamResponse:
    """Reset the connection in the middle of the body."""

    async def send(_: asyncio.Transport) -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 500
        await asyncio.sleep(0.02)  # otherwise the reset overtakes the sent bytes

    return RawAnswer(send, reset=True)


@faults.get("/gzip")
async def zipped(_: web.Request) -> web.StreamResponse:
    """Send 200,000 bytes of text, packed into a few hundred."""
    body = gzip.compress(b"the same line again\n" * 10_000)
    return web.Response(body=body, headers={"Content-Type": "text/plain", "Content-Encoding": "gzip"})


@faults.get("/bomb")
async def bomb(request: web.Request) -> web.StreamResponse:
    """Send 200 kB that unpack to 200 MB."""
    response = web.StreamResponse(headers={"Content-Type": "text/plain", "Content-Encoding": "gzip"})
    await response.prepare(request)
    packer = zlib.compressobj(9, wbits=31)
    megabyte = bytes(1_000_000)
    if has_body(request):
        for _ in range(BOMB_MEGABYTES):
            await response.write(packer.compress(megabyte))
            await asyncio.sleep(0)
        await response.write(packer.flush())
    return response


@faults.get("/endless")
async def endless(request: web.Request) -> web.StreamResponse:
    """Send a body that never ends, as fast as the client reads it."""
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(request)
    block = b"on and on and on\n" * 1_000
    while has_body(request):
        await response.write(block)
        await asyncio.sleep(0)
    return response


@faults.get("/redirect-loop")
async def redirect_loop(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/redirect-loop")


@faults.get("/redirect-to")
async def redirect_to(request: web.Request) -> web.StreamResponse:
    """Redirect to the URL in `url`, whatever its scheme."""
    return raw(f"HTTP/1.1 302 Found\r\nLocation: {request.query.get('url', '/')}\r\nContent-Length: 0\r\n\r\n".encode())


@faults.get("/charset/{declared}")
async def charset(request: web.Request) -> web.StreamResponse:
    """Declare one charset and send text in another, `sent`, which is UTF-8 by default."""
    declared = request.match_info["declared"]
    body = _TEXT.encode(request.query.get("sent", "utf-8"), errors="replace")
    return web.Response(body=body, headers={"Content-Type": f"text/plain; charset={declared}"})


@faults.get("/meta-charset")
async def meta_charset(_: web.Request) -> web.StreamResponse:
    """Send HTML that declares its charset only in a meta element."""
    text = document("10 €", _TEXT).replace("utf-8", "windows-1252")
    return web.Response(body=text.encode("windows-1252", errors="replace"), headers={"Content-Type": "text/html"})


@faults.get("/markup")
async def markup(_: web.Request) -> web.StreamResponse:
    """Send a page whose title looks like markup."""
    return html(document(MARKUP, "<p>a title</p>"))


@faults.get("/no-head", allow_head=False)
async def no_head(_: web.Request) -> web.StreamResponse:
    """Answer GET, but refuse HEAD."""
    return web.Response(text="GET it is\n")


@faults.get("/cookies")
async def cookies(request: web.Request) -> web.StreamResponse:
    """List the cookies of the request, and set one."""
    response = web.Response(text=f"cookies: {', '.join(sorted(request.cookies)) or 'none'}\n")
    response.set_cookie("visited", "yes")
    return response


@faults.get("/echo")
async def echo(request: web.Request) -> web.StreamResponse:
    """Answer with the raw path and the headers of the request."""
    return web.json_response({"path": request.raw_path, "headers": dict(request.headers)})


def _reset(transport: asyncio.Transport) -> None:
    """Break the connection so that the client sees a reset."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
