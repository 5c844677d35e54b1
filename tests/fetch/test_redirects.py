"""Tests redirects: the next URL, how it is escaped, and which headers are sent to it."""

import pytest

from asynclab.fetch.address import redirected
from tests.fetch.practice_fetches import fetched_row
from tests.fetch.raw_server import RawServer, answer, redirect

SECRET = ("Authorization", "Cookie", "Proxy-Authorization", "Private-Token", "X-Goog-Api-Key")

ASKED = "http://a.com/dir/page?x=1"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        (b"/t/\xf8", "http://a.com/t/%F8"),
        ("/ü?q=ü".encode(), "http://a.com/%C3%BC?q=%C3%BC"),
        (b"/a b?c d", "http://a.com/a%20b?c%20d"),
        (b"/x HTTP/1.1", "http://a.com/x%20HTTP/1.1"),
        (b"/\x01\x1b[31m\x7f", "http://a.com/%01%1B[31m%7F"),
        (b"/a\tb", "http://a.com/ab"),
        (b"/%7Ex%2fy%zz?a%20b+c", "http://a.com/%7Ex%2fy%zz?a%20b+c"),
        (b'/{a}|"b"<c>^`', "http://a.com/%7Ba%7D%7C%22b%22%3Cc%3E%5E%60"),
        (b"  /x  ", "http://a.com/x"),
        (b"y", "http://a.com/dir/y"),
        (b"../y", "http://a.com/y"),
        (b"?y", "http://a.com/dir/page?y"),
        (b"/x#part", "http://a.com/x"),
        (b"#part", "http://a.com/dir/page?x=1"),
        (b"//b.com/x", "http://b.com/x"),
        (b"///b.com/x", "http://b.com/x"),
        (b"\\\\b.com\\x?y\\z", "http://b.com/x?y%5Cz"),
        (b"http:y", "http://a.com/dir/y"),
        (b"http:/y", "http://a.com/y"),
        (b"https:b.com", "https://b.com/"),
        (b"HTTPS://B.com", "https://b.com/"),
        ("http://bücher.example/".encode(), "http://xn--bcher-kva.example/"),
        (b"http://b%C3%BCcher.example/", "http://xn--bcher-kva.example/"),
        (b"/" + b"x" * 20_000, "http://a.com/" + "x" * 20_000),
    ],
)
def test_a_location_is_read_as_browsers_read_it(location: bytes, target: str) -> None:
    assert redirected(location.decode("utf-8", "surrogateescape"), ASKED) == target


@pytest.mark.parametrize(
    "location", ["http://[bad", "http://", "http://b.com:99999/", "http://\udcf8.com/", "//a b/", "//", "///?x"]
)
def test_what_is_no_url_is_an_error(location: str) -> None:
    with pytest.raises(ValueError, match="has "):
        redirected(location, ASKED)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/x", "http://u:p@a.com/x"),
        ("http://a.com:80/x", "http://u:p@a.com:80/x"),
        ("http://v:q@a.com/x", "http://v:q@a.com/x"),
        ("https://a.com/x", "https://a.com/x"),
        ("http://b.com/x", "http://b.com/x"),
    ],
)
def test_a_password_holds_for_its_server_and_no_other(location: str, target: str) -> None:
    assert redirected(location, "http://u:p@a.com/") == target


@pytest.mark.parametrize(
    ("location", "sent"),
    [
        (b"/t/\xf8", "/t/%F8"),
        ("/ü".encode(), "/%C3%BC"),
        (b"/x HTTP/1.1 x", "/x%20HTTP/1.1%20x"),
        (b"/\x01?a b", "/%01?a%20b"),
    ],
)
async def test_no_raw_byte_of_a_location_reaches_the_request_line(location: bytes, sent: str) -> None:
    async with RawServer({"/": redirect(location)}) as server:
        row = await fetched_row(server, "/")
    assert server.request_lines[1] == f"GET {sent} HTTP/1.1"
    assert (row.outcome, row.effective_url, len(row.hops)) == ("ok", server.url(sent), 1)


async def test_an_encoded_line_break_adds_no_header() -> None:
    async with RawServer({"/": redirect(b"/x%0d%0aX-Evil: 1")}) as server:
        await fetched_row(server, "/")
    assert server.request_lines[1] == "GET /x%0d%0aX-Evil:%201 HTTP/1.1"
    assert server.header("x-evil") is None


async def test_headers_that_were_meant_for_a_server_go_to_no_other() -> None:
    headers = (("Host", "a.example"), *[(name, "x") for name in SECRET], ("X-More", "yes"))
    async with RawServer({}) as other, RawServer({"/": redirect(b"/same")}) as server:
        server.answers["/same"] = redirect(other.url().encode())
        row = await fetched_row(server, "/", headers=headers)
    assert row.outcome == "ok"
    for number in (0, 1):
        assert [server.header(name, number) for name, _ in headers] == [value for _, value in headers]
    assert other.header("host") == other.url().split("/")[2]
    assert [other.header(name) for name in SECRET] == [None] * len(SECRET)
    assert other.header("x-more") == "yes"


async def test_a_redirect_without_a_place_to_go_is_an_answer() -> None:
    async with RawServer({"/": answer(b"here", status="302 Found")}) as server:
        row = await fetched_row(server, "/")
    assert (row.outcome, row.status, row.page.head, row.hops) == ("ok", 302, b"here", ())


async def test_ten_redirects_are_followed_and_no_more() -> None:
    async with RawServer({f"/{count}": redirect(b"/%d" % (count - 1)) for count in range(1, 12)}) as server:
        ten = await fetched_row(server, "/10")
        eleven = await fetched_row(server, "/11")
    assert (ten.outcome, len(ten.hops)) == ("ok", 10)
    assert (eleven.outcome, eleven.sentence) == ("too_many_redirects", "More than 10 redirects")
