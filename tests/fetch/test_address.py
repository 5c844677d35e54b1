"""Tests how URLs are sent to a server, and how they are shown."""

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from asynclab.fetch.address import HOST_LETTERS, host_key, redacted, request_url, sent_text
from asynclab.fetch.texts.finding import IPV6
from tests.raising import raising


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("http://a.com", "http://a.com/"),
        ("http://a.com?x=1", "http://a.com/?x=1"),
        ("https://a.com/%7Ex?sig=a%2Fb%7E+c&d=%zz", "https://a.com/%7Ex?sig=a%2Fb%7E+c&d=%zz"),
        ("https://a.com/a/../b//c?x=[1]", "https://a.com/a/../b//c?x=[1]"),
        ("https://a.com/ü?q=ü&r=%C3%BC", "https://a.com/%C3%BC?q=%C3%BC&r=%C3%BC"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://A.COM:8443/X#f", "https://a.com:8443/X"),
        ("http://[::1]:80/", "http://[::1]/"),
    ],
)
def test_what_is_escaped_is_sent_as_it_is_and_the_rest_is_escaped(text: str, sent: str) -> None:
    assert str(request_url(sent_text(text))) == sent


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ftp://a.com", "not an http"),
        ("http://", "no host"),
        ("http://a b.com", "host name"),
        ("http://a.com:port", "port"),
        ("http://a.com:0", "port"),
        ("http://[::1", "bracket"),
        ("http://[1::2::3]/", "IPv6"),
        ("http://2130706433/", "IP address"),
        ("http://" + "a" * 64 + ".com", "host name"),
        ("http://\u2028.com", "host name"),
        ("http://a.com/" + "x" * 9_000, "longer"),
    ],
)
def test_what_can_t_be_sent_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        sent_text(text)


@pytest.mark.parametrize(
    "sent",
    [
        "http://a.com/",
        "https://a.com/a/../b//c?x=[1]&y=%2F?z",
        "https://user:p%40ss@a.com:8443/x?",
        "http://[::1]:80/a:b/c",
        "http://127.0.0.1:8080/%7Ex?q=http://b.com/",
    ],
)
def test_a_url_from_its_parts_is_the_one_that_is_found_in_its_text(sent: str) -> None:
    made, found = request_url(sent), URL(sent, encoded=True)
    assert made == found
    assert (made.host, made.port, made.user, made.password) == (found.host, found.port, found.user, found.password)
    assert made.raw_path_qs == found.raw_path_qs


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:secret@a.com/x@y", "https://•••@a.com/x@y"),
        ("https://token@a.com", "https://•••@a.com"),
        ("https://u:p@ss@a.com", "https://•••@a.com"),
        ("no http://u:p@a.com and http://u:p@b.com", "no http://•••@a.com and http://•••@b.com"),
        ("a@b.com", "a@b.com"),
    ],
)
def test_credentials_are_hidden(text: str, shown: str) -> None:
    assert redacted(text) == shown


def test_a_host_is_a_name_and_a_port() -> None:
    urls = (
        "https://A.com/x",
        "https://a.com:443/y",
        "https://u:p@a.com",
        "http://a.com/",
        "http://[::1]:8080",
        "http://[::1]",
    )
    hosts = [host_key(sent_text(url)) for url in urls]
    assert hosts == ["a.com:443", "a.com:443", "a.com:443", "a.com:80", "[::1]:8080", "[::1]:80"]


LABELS = st.text(st.sampled_from("abz09-éüßœ日本中語Ωωςжщąłıİא٣ａ·कि\u0301\u200d한"), min_size=1, max_size=30)


@given(st.lists(LABELS, min_size=1, max_size=3).map(".".join))
def test_a_host_that_is_not_ascii_is_sent_as_idna_has_it(host: str) -> None:
    """Most labels take a short way, past IDNA's tables."""
    try:
        sent = sent_text(f"http://{host}/")
    except ValueError:
        return
    assert sent == f"http://{URL(f'http://{host}/').raw_host}/"


def test_usual_letters_are_looked_up_in_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(URL, "build", raising(AssertionError("a table was asked")))
    assert sent_text("http://küche.example/") == "http://xn--kche-0ra.example/"


def test_letters_that_are_looked_at_in_no_table_are_those_that_idna_leaves_as_they_are() -> None:
    letters = [chr(code) for code in range(0x80, 0x10000) if re.match(f"[{HOST_LETTERS}]", chr(code))]
    assert len(letters) > 39_000
    sent = {letter: URL.build(scheme="http", host=letter).raw_host for letter in letters}
    assert [letter for letter in letters if sent[letter] != f"xn--{letter.encode('punycode').decode()}"] == []
    longest = max(len(f"xn--{label.encode('punycode').decode()}") for label in ("ß鿿" * 6, "".join(letters[-12:])))
    assert longest <= 63


@given(st.text("0123456789abcdefABCDEF:", max_size=24) | st.ip_addresses(v=6).map(str))
def test_an_ipv6_address_that_is_not_looked_at_closely_is_one(address: str) -> None:
    if re.fullmatch(IPV6, f"[{address}]"):
        ipaddress.IPv6Address(address)
