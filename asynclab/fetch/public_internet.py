"""Distinguishes addresses of the public internet from all others, by IANA's special-purpose registries."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

# Not `ipaddress.is_global`: its copy of the registries differs between Python versions.
_REACHABLE = """
    0.0.0.0/0 192.0.0.9/32 192.0.0.10/32
    2000::/3 2001::/32 2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:3::/32 2001:4:112::/48 2001:20::/28 2001:30::/28
"""
"""Public blocks, except for smaller blocks in `_SPECIAL`; of IPv6, only 2000::/3 is allocated."""

_SPECIAL = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
    192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
    ::/0 2001::/23 2001:db8::/32 3fff::/20
"""
"""Blocks that aren't public, except for smaller blocks in `_REACHABLE`: private, loopback, documentation and others."""

_BLOCKS = sorted(
    [(ip_network(block), True) for block in _REACHABLE.split()]
    + [(ip_network(block), False) for block in _SPECIAL.split()],
    key=lambda block: -block[0].prefixlen,
)

_EMBEDDING = [
    (IPv6Network("::ffff:0:0/96"), 0),  # mapped
    (IPv6Network("::ffff:0:0:0/96"), 0),  # translated (SIIT)
    (IPv6Network("::/96"), 0),  # compatible
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64
    (IPv6Network("2002::/16"), 80),  # 6to4
]
"""Blocks of IPv6 addresses that contain an IPv4 address, each with the number of bits to the right of it."""

_ISATAP = (0x00005EFE, 0x02005EFE)
"""The 32 bits before the IPv4 address in an interface identifier of ISATAP, with any prefix."""


@lru_cache(1_024)
def is_private(address: str) -> bool:
    """Whether an IP address is outside the public internet; False for a text that isn't an IP address."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return not _is_public(ip)


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv6Address):
        for block, shift in _EMBEDDING:
            if ip in block and int(ip) > 1:  # :: and ::1 don't contain an IPv4 address
                return _is_public(IPv4Address(int(ip) >> shift & 0xFFFFFFFF))
        if not all(_is_public(inner) for inner in _tunnelled_to(int(ip))):
            return False
    return next(is_public for block, is_public in _BLOCKS if ip in block)


def _tunnelled_to(bits: int) -> Iterator[IPv4Address]:
    """The IPv4 addresses that a tunnel's IPv6 address contains: the IPv6 address may be public when they aren't."""
    if bits >> 96 == 0x20010000:  # Teredo: its server, and its client inverted
        yield IPv4Address(bits >> 64 & 0xFFFFFFFF)
        yield IPv4Address(~bits & 0xFFFFFFFF)
    if (bits >> 32 & 0xFFFFFFFF) in _ISATAP:
        yield IPv4Address(bits & 0xFFFFFFFF)
