"""Connections to a registry: proxies, certificates, time limits and errors."""

import ipaddress
import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # typeshed has none of it

if TYPE_CHECKING:
    import urllib3

TIMEOUT = 20

# Platforms are verified side by side.
CONNECTIONS = 8

ERRORS = 400


def proxy_for(host: str, environment: Mapping[str, str]) -> str:
    """Return the proxy that docker would take for this registry, empty for none."""

    def variable(name: str) -> str:
        return environment.get(name) or environment.get(name.upper(), "")

    # What takes the proxies as a parameter reads no environment of its own.
    bypass = proxy_bypass_environment(host, {"no": variable("no_proxy")})
    return "" if bypass or is_loopback(host) else variable("https_proxy")


def make_pool(proxy: str, **options: Any) -> "urllib3.PoolManager":  # noqa: ANN401 - urllib3's own
    import urllib3  # noqa: PLC0415

    if not proxy:
        return urllib3.PoolManager(**options)
    # Go takes a proxy without a scheme for HTTP.
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    login = urlsplit(proxy).netloc.rpartition("@")[0]
    headers = urllib3.make_headers(proxy_basic_auth=unquote(login)) if login else None
    return urllib3.ProxyManager(proxy, proxy_headers=headers, **options)


def status_of(response: "urllib3.BaseHTTPResponse") -> str:
    """Return the status, and what the registry says of it in its JSON."""
    words = f"{response.status} {response.reason or ''}".strip()
    try:
        errors = json.loads(response.data)["errors"]
        return f"{words}: " + "; ".join(f"{each.get('code', '')}: {each.get('message', '')}" for each in errors)
    except (ValueError, KeyError, TypeError, AttributeError):
        return words


def reason_of(error: Exception) -> str:
    """Return the innermost reason: urllib3 wraps it in the pool, the URL and the count of tries.

    What docker and BuildKit have words for is said in theirs, so that one rule knows it whoever met it.
    """
    from urllib3.exceptions import NewConnectionError, ProtocolError  # noqa: PLC0415
    from urllib3.exceptions import TimeoutError as NoAnswerError  # noqa: PLC0415

    match getattr(error, "reason", None) or error:
        case NewConnectionError() as reason:  # a time-out by inheritance alone
            return str(reason)
        case NoAnswerError():
            return f"net/http: request canceled (Client.Timeout of {TIMEOUT} s exceeded): i/o timeout"
        case ProtocolError():
            return "read: connection reset by peer"
        case Exception() as reason if reason is not error:
            return reason_of(reason)
        case reason:
            return str(reason)


def is_plain_http(error: Exception) -> bool:
    return any(
        words in str(error) for words in ("WRONG_VERSION_NUMBER", "record layer failure", "packet length too long")
    )


def is_loopback(host: str) -> bool:
    """Docker speaks HTTP to these, and to no other registry that it was not told of."""
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    try:
        return name == "localhost" or ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def trusting(folders: tuple[Path, ...], host: str) -> ssl.SSLContext:
    """Trust what docker trusts: https://docs.docker.com/engine/security/certificates/."""
    context = ssl.create_default_context()
    for folder in folders:
        for certificate in sorted((folder / host).glob("*.crt")) if (folder / host).is_dir() else ():
            context.load_verify_locations(certificate)
    return context
