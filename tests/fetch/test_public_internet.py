"""Tests which IP addresses belong to the public internet."""

from ipaddress import ip_network

import pytest

from asynclab.fetch.public_internet import is_private

NOT_REACHABLE = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/29 192.0.0.8/32
    192.0.0.170/32 192.0.0.171/32 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24
    203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32
    ::1/128 ::/128 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001:2::/48 2001:10::/28 2001:db8::/32 3fff::/20 5f00::/16
    fc00::/7 fe80::/10 fec0::/10 ff00::/8
"""
"""As IANA's registries have them, with multicast and the site-local addresses of old."""

REACHABLE = """
    1.0.0.0/8 8.8.8.8/32 172.32.0.0/16 192.0.0.9/32 192.0.0.10/32 192.31.196.0/24 192.52.193.0/24 192.175.48.0/24
    2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:3::/32 2001:4:112::/48 2001:20::/28 2001:30::/28 2001:200::/23
    2606:4700::1/128 2620:4f:8000::/48
"""

EMBEDDING = [
    *["::ffff:{}", "::ffff:0:{}", "::{}", "64:ff9b::{}", "2606:4700::5efe:{}", "2606:4700::200:5efe:{}"],
    *["2002:{hex}::1", "2001:0:{hex}::f7f7:f7f7", "2001:0:808:808::{inverted}"],
]
"""Mapped, translated, compatible, NAT64, ISATAP of both kinds, 6to4, Teredo's server and Teredo's client."""


def edges(blocks: str) -> list[str]:
    return [str(address) for block in map(ip_network, blocks.split()) for address in (block[0], block[-1])]


@pytest.mark.parametrize("address", [*edges(NOT_REACHABLE), "fe80::1%eth0", "4000::1", "127.0.0.1%1"])
def test_both_ends_of_every_special_block_are_private(address: str) -> None:
    assert is_private(address)


@pytest.mark.parametrize("address", [*edges(REACHABLE), "a.com", "", "127.0.0.1.nip.io", "999.1.1.1"])
def test_public_addresses_and_names_are_not_private(address: str) -> None:
    assert not is_private(address)


@pytest.mark.parametrize("form", EMBEDDING)
@pytest.mark.parametrize(
    ("address", "private"), [("127.0.0.1", True), ("10.1.2.3", True), ("169.254.169.254", True), ("8.8.4.4", False)]
)
def test_an_ipv4_address_in_an_ipv6_address_is_looked_through(form: str, address: str, private: bool) -> None:
    bits = int.from_bytes(bytes(map(int, address.split("."))))
    groups = [f"{value >> 16:x}:{value & 0xFFFF:x}" for value in (bits, ~bits & 0xFFFFFFFF)]
    assert is_private(form.format(address, hex=groups[0], inverted=groups[1])) is private


@pytest.mark.parametrize("address", ["64:ff9b:1::7f00:1", "64:ff9b:1::808:808"])
def test_nat64_of_a_local_network_is_private_whatever_is_in_it(address: str) -> None:
    assert is_private(address)
