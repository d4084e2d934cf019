"""Hosts and addresses: which proxy leads to them, and which may be asked at all."""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # typeshed has none of it

# Signed addresses of a blob have 2 KiB.
_LONGEST_URL = 16 * 1024
_SHOWN = 100


def proxy_for(host: str, environment: Mapping[str, str]) -> str:
    """Return the proxy that docker would take for this registry, empty for none."""

    def variable(name: str) -> str:
        return environment.get(name) or environment.get(name.upper(), "")

    # What takes the proxies as a parameter reads no environment of its own.
    bypass = proxy_bypass_environment(host, {"no": variable("no_proxy")})
    return "" if bypass or is_loopback(host) else variable("https_proxy")


def check_url(url: str, *, plain: bool) -> str:
    """Return an address that somebody else named, if it may be asked.

    Args:
        url: the address.
        plain: whether it may be one of HTTP on loopback.

    Raises:
        ValueError: it may not, or is none.
    """
    shown = repr(url[:_SHOWN])
    if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        msg = f"{shown} is not a URL"
        raise ValueError(msg)
    parts = urlsplit(url)
    _ = parts.port  # raises ValueError
    if not parts.hostname or "@" in parts.netloc:
        msg = f"{shown} names no host, or a login"
        raise ValueError(msg)
    if parts.scheme != "https" and not (plain and parts.scheme == "http" and is_loopback(parts.netloc)):
        msg = f"{shown} is not HTTPS"
        raise ValueError(msg)
    return url


def is_loopback(host: str) -> bool:
    """Whether docker speaks HTTP to this host; it speaks HTTP to no other registry that it was not told of."""
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    try:
        return name == "localhost" or ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
