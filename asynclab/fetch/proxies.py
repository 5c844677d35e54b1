"""Reads a request's proxy and password from the environment and ~/.netrc, as curl does."""

from __future__ import annotations

import netrc
import os
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL


class ProxyError(Exception):
    """A proxy can't be used; the message is a sentence."""


class Environment:
    """The current HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY and ~/.netrc."""

    def __init__(self) -> None:
        self._proxies = getproxies()
        self._direct = list(_networks(self._proxies.get("no", "")))
        self._netrc: netrc.netrc | None = None
        with suppress(OSError, netrc.NetrcParseError):
            self._netrc = netrc.netrc(os.environ.get("NETRC") or Path.home() / ".netrc")

    def proxy_for(self, url: URL) -> URL | None:
        """The proxy for a URL; None to ask the server directly. Raises a ProxyError if the proxy can't be used."""
        text = self._proxies.get(url.scheme) or self._proxies.get("all")
        if not text or self._is_direct(url.host or ""):
            return None
        try:
            proxy = URL(text if "://" in text else f"http://{text}")
        except ValueError:
            raise ProxyError(f"The {url.scheme} proxy in the environment is not a URL") from None
        if proxy.scheme not in ("http", "https") or not proxy.host:
            raise ProxyError(f"Can't use a {proxy.scheme} proxy: only http and https")
        return proxy

    def authorization_for(self, url: URL) -> str | None:
        """The Authorization header for a server with an entry in ~/.netrc."""
        found = self._netrc.authenticators(url.host or "") if self._netrc is not None else None
        return None if found is None else aiohttp.encode_basic_auth(found[0], found[2])

    def _is_direct(self, host: str) -> bool:
        with suppress(ValueError):
            address = ip_address(host.partition("%")[0])
            if any(address in network for network in self._direct):
                return True
        return bool(proxy_bypass(host))


def _networks(no_proxy: str) -> Iterator[IPv4Network | IPv6Network]:
    """The networks in NO_PROXY; Python itself would compare them with host names."""
    for entry in no_proxy.split(","):
        with suppress(ValueError):
            yield ip_network(entry.strip().strip("[]"), strict=False)
