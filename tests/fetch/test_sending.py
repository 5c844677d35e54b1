"""Tests proxies, passwords and TLS, and which private addresses are refused."""

import base64
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import pytest_asyncio
from yarl import URL

from asynclab.fetch import http_session
from asynclab.fetch.proxies import Environment, ProxyError
from asynclab.fetch.sending import NOT_CHECKED
from tests.fetch.practice_fetches import fetched_row
from tests.fetch.raw_server import RawServer, answer, redirect

CERTIFICATES = Path(__file__).with_name("old_authority.pem")
"""A server's key and certificate, and that of an authority that leaves out what was not asked for of old."""

NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


@pytest_asyncio.fixture
async def proxy() -> AsyncIterator[RawServer]:
    """A proxy that answers each request with its request line, and none that is for a tunnel."""
    async with RawServer({}) as running:
        yield running


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The addresses of names; others have none."""
    known: dict[str, str] = {}

    def look_up(host: str, *_: object) -> list[tuple[int, int, str]]:
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "no")
        return [(socket.AF_INET, socket.IPPROTO_TCP, known[host])]

    monkeypatch.setattr(http_session, "look_up", look_up)
    return known


def environment(monkeypatch: pytest.MonkeyPatch, **values: str) -> Environment:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return Environment()


@pytest.mark.parametrize(
    ("values", "url", "proxy"),
    [
        ({"http_proxy": "http://p:1"}, "http://a.com/", "http://p:1"),
        ({"http_proxy": "p:1"}, "http://a.com/", "http://p:1"),
        ({"http_proxy": "http://p:1"}, "https://a.com/", None),
        ({"all_proxy": "http://p:1"}, "http://a.com/", "http://p:1"),
        ({"ALL_PROXY": "http://p:1", "HTTPS_PROXY": "http://q:2"}, "https://a.com/", "http://q:2"),
        ({"all_proxy": "http://p:1", "no_proxy": "a.com, .b.com"}, "http://x.a.com/", None),
        ({"all_proxy": "http://p:1", "no_proxy": "*"}, "http://a.com/", None),
        ({"all_proxy": "http://p:1", "no_proxy": "10.0.0.0/8,[fd00::]/8"}, "http://10.1.2.3/", None),
        ({"all_proxy": "http://p:1", "no_proxy": "10.0.0.0/8, fd00::/8"}, "http://[fd00::1]/", None),
        ({"all_proxy": "http://p:1", "no_proxy": "10.0.0.0/8,127.0.0.1"}, "http://127.0.0.1:8000/", None),
        ({"all_proxy": "http://p:1", "no_proxy": "10.0.0.0/8"}, "http://11.1.2.3/", "http://p:1"),
    ],
)
def test_curl_takes_the_same(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], url: str, proxy: str | None
) -> None:
    chosen = environment(monkeypatch, **values).proxy_for(URL(url))
    assert chosen == (None if proxy is None else URL(proxy))


@pytest.mark.parametrize("proxy", ["socks5://p:1", "http://", "http://[bad"])
def test_a_proxy_that_can_t_be_used_is_told(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    with pytest.raises(ProxyError):
        environment(monkeypatch, all_proxy=proxy).proxy_for(URL("http://a.com/"))


async def test_a_proxy_of_another_kind_is_told_in_a_sentence(proxy: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:1")
    row = await fetched_row(proxy, "/", proxy_from_environment=True)
    assert (row.outcome, row.sentence) == ("refused", "Can't use a socks5 proxy: only http and https")


async def test_a_proxy_is_asked_with_its_own_password(proxy: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy.url().replace("//", "//u:p@"))
    row = await fetched_row(proxy, "http://a.invalid/x", proxy_from_environment=True)
    assert (row.outcome, row.page.head) == ("ok", b"GET http://a.invalid/x HTTP/1.1")
    assert proxy.header("proxy-authorization") == f"basic {base64.b64encode(b'u:p').decode().lower()}"


async def test_passwords_of_netrc_and_of_urls_go_to_their_server_alone(proxy: RawServer, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login n password m\n")
    (tmp_path / "netrc").chmod(0o600)
    await fetched_row(proxy, "/", proxy_from_environment=True)
    assert proxy.header("authorization") == f"basic {base64.b64encode(b'n:m').decode().lower()}"
    await fetched_row(proxy, proxy.url().replace("//", "//ü:p%40@"), proxy_from_environment=True)
    assert proxy.header("authorization") == f"basic {base64.b64encode('ü:p@'.encode()).decode().lower()}"
    await fetched_row(proxy, "/")
    assert proxy.header("authorization") is None
    await fetched_row(proxy, proxy.url().replace("//", "//u:p@"), headers=(("authorization", "mine"),))
    assert proxy.header("authorization") == "mine"


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("http://10.0.0.1/", "10.0.0.1"),
        ("http://[64:ff9b::7f00:1]/", "64:ff9b::7f00:1"),
        ("http://inside.invalid/", "10.0.0.2"),
        ("https://inside.invalid/", "10.0.0.2"),
    ],
)
async def test_a_proxy_is_not_asked_for_what_is_private(
    proxy: RawServer, monkeypatch: pytest.MonkeyPatch, names: dict[str, str], url: str, refused: str
) -> None:
    names["inside.invalid"] = "10.0.0.2"
    monkeypatch.setenv("all_proxy", proxy.url())
    row = await fetched_row(proxy, url, proxy_from_environment=True, block_private=True)
    assert (row.outcome, row.sentence) == ("blocked", f"{refused} is not a public address")
    assert proxy.heads == []


async def test_a_private_proxy_is_the_user_s_choice_and_asked_for_what_is_public(
    proxy: RawServer, monkeypatch: pytest.MonkeyPatch, names: dict[str, str]
) -> None:
    names["outside.invalid"] = "8.8.8.8"
    monkeypatch.setenv("all_proxy", proxy.url())
    for url, notes in (("http://outside.invalid/", ()), ("http://8.8.8.8/", ()), ("http://a.invalid/", (NOT_CHECKED,))):
        row = await fetched_row(proxy, url, proxy_from_environment=True, block_private=True)
        assert (row.outcome, row.notes) == ("ok", notes)


async def test_no_redirect_to_a_private_address_is_followed(proxy: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy.answers["http://8.8.8.8/"] = redirect(b"http://127.0.0.1/")
    monkeypatch.setenv("all_proxy", proxy.url())
    row = await fetched_row(proxy, "http://8.8.8.8/", proxy_from_environment=True, block_private=True)
    assert (row.outcome, row.sentence, len(proxy.heads)) == ("blocked", "127.0.0.1 is not a public address", 1)


async def test_no_proxy_opens_no_private_address(proxy: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.0/8")
    row = await fetched_row(proxy, "/", proxy_from_environment=True, block_private=True)
    assert (row.outcome, proxy.heads) == ("blocked", [])


@pytest.mark.parametrize(
    "address", ["[64:ff9b::7f00:1]", "[::127.0.0.1]", "[fec0::1]", "[::ffff:0:127.0.0.1]", "[2002:7f00:1::]"]
)
async def test_what_is_not_public_is_not_connected_to(proxy: RawServer, address: str) -> None:
    row = await fetched_row(proxy, f"http://{address}/", block_private=True)
    assert row.outcome == "blocked"


def _tls_server() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES)
    return context


async def test_the_authority_of_a_company_is_trusted_on_every_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES))
    async with RawServer({"/": answer(b"secret")}, tls=_tls_server()) as server:
        row = await fetched_row(server, "/")
    assert (row.outcome, row.page.head) == ("ok", b"secret"), row.sentence


async def test_tls_is_watched_and_trusts_the_same_after_a_redirect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES))
    async with RawServer({}, tls=_tls_server()) as secure, RawServer({}) as plain:
        plain.answers["/"] = redirect(secure.url("/x").encode())
        row = await fetched_row(plain, "/")
    assert (row.outcome, row.effective_url) == ("ok", secure.url("/x")), row.sentence
    assert "tls" in dict(row.phases.items())


@pytest.fixture
def demanding_port() -> Iterator[int]:
    """A port where clients need a certificate; asyncio's server would go without saying why."""
    context = _tls_server()
    context.verify_mode = ssl.CERT_REQUIRED

    def serve() -> None:
        for _ in range(2):  # aiohttp asks once more by itself
            connection, _ = listening.accept()
            with connection, context.wrap_socket(connection.dup(), True, do_handshake_on_connect=False) as tls:
                with pytest.raises(ssl.SSLError, match="certificate"):
                    tls.do_handshake()
                while connection.recv(1_000):  # else the system resets the connection, and takes back what was said
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor() as threads:
        served = threads.submit(serve)
        yield listening.getsockname()[1]
        served.result()


async def test_a_server_that_asks_for_a_certificate_of_the_client_is_told_so(
    demanding_port: int, proxy: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES))
    row = await fetched_row(proxy, f"https://127.0.0.1:{demanding_port}/")
    assert (row.outcome, row.attempts) == ("tls", 1), row.sentence
    assert row.sentence == "TLS failed: the server asks for a client certificate"


async def test_a_handshake_that_breaks_off_is_a_failure_of_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES))
    context = _tls_server()
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # there, asyncio's server says nothing before it goes
    async with RawServer({}, tls=context) as server:
        row = await fetched_row(server, "/", retries=0)
    assert (row.outcome, row.sentence) == ("tls", "TLS failed: the server broke off the handshake")


async def test_an_ipv6_zone_chooses_the_interface_and_is_not_sent() -> None:
    async with RawServer({}, host="::1") as server:
        for zone in ("%251", "%1"):
            row = await fetched_row(server, server.url().replace("]", f"{zone}]"))
            assert row.outcome == "ok", row.sentence
            assert server.header("host") == server.url().split("/")[2]
