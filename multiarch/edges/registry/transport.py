"""Requests to a registry and its token server: proxies, certificates, redirects, limits and errors."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from http import HTTPStatus
from http.client import HTTPException, IncompleteRead
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import msgspec
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError
from urllib3.exceptions import TimeoutError as NoAnswerError

from multiarch.deadline import Deadline
from multiarch.edges.answers import (
    KIB,
    BoundedResponse,
    Bounds,
    bounds_until,
    exchange,
    one_line,
    parse,
    seconds_to_wait,
    timed_out,
    too_large,
)
from multiarch.edges.registry.addresses import check_url, is_loopback
from multiarch.errors import OperationFailedError
from multiarch.text.redaction import Redaction

# Seconds of a connect, and of silence.
_PATIENCE = 20.0
# Platforms are verified side by side.
_CONNECTIONS = 8
_REDIRECTS = 5
_ERROR_SIZE = 64 * KIB
_CHUNK = 64 * KIB
_MOST_ERRORS = 5
_REDIRECT_STATUSES = (301, 302, 303, 307, 308)
_CUT = (ConnectionError, IncompleteRead)


@dataclass(frozen=True, kw_only=True)
class Response:
    """A registry's answer, read as a whole.

    Attributes:
        url: what was asked, before any redirect.
        headers: by name, in any case.
        body: empty for an error whose text is too large or encoded.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def retry_after(self) -> float | None:
        return seconds_to_wait(self.headers.get("Retry-After"))

    @cached_property
    def errors(self) -> tuple["ErrorEntry", ...]:
        """What a registry says of its refusal: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes."""
        try:
            return parse(self.body, _Errors).errors[:_MOST_ERRORS]
        except ValueError:
            return ()

    @property
    def code(self) -> str:
        return one_line(self.errors[0].code) if self.errors else ""

    @property
    def words(self) -> str:
        """The status with the words of its number, whatever words came with it, and the errors."""
        known = self.status in HTTPStatus._value2member_map_
        status = f"{self.status} {HTTPStatus(self.status).phrase}" if known else str(self.status)
        errors = "; ".join(f"{each.code}: {each.message or ''}" for each in self.errors)
        return f"{status}: {one_line(errors)}" if errors else status


class ErrorEntry(msgspec.Struct, frozen=True):
    """One error of a registry's answer."""

    code: str = ""
    message: str | None = ""


class _Errors(msgspec.Struct, frozen=True):
    errors: tuple[ErrorEntry, ...]


@dataclass(frozen=True, kw_only=True)
class _Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    size: int


class _Connection(HTTPConnection):
    response_class = BoundedResponse


class _SecureConnection(HTTPSConnection):
    response_class = BoundedResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class Transport:
    """The connections to one registry, and to the hosts that it names."""

    def __init__(
        self,
        host: str,
        *,
        certificates: tuple[Path, ...],
        redaction: Redaction,
        proxy: str = "",
        deadline: Deadline | None = None,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            host: the registry, whose certificates are trusted.
            certificates: folders of `HOST/*.crt`, as /etc/docker/certs.d is one.
            redaction: cleans errors.
            proxy: the URL of the proxy to go through, empty for none.
            deadline: the end of the run's retries, which shortens requests down to `answers.LEAST`.
        """
        self._host = host
        self._certificates = certificates
        self._redaction = redaction
        self._proxy = proxy
        self._deadline = deadline
        self._plain: set[str] = set()

    @cached_property
    def _pools(self) -> urllib3.PoolManager:
        pools = _pool_manager(
            self._proxy,
            ssl_context=trusting(self._certificates, self._host),
            # What to retry is decided elsewhere; a redirect is followed here.
            retries=urllib3.Retry(total=False, redirect=False),
            maxsize=_CONNECTIONS,
        )
        pools.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return pools

    def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None, *, size: int
    ) -> Response:
        """Ask, follow redirects of GET and HEAD, and read the answer.

        A redirect to another host is followed without the login, and none from HTTPS to HTTP.

        Args:
            method: GET, HEAD, PUT or POST.
            url: `https://…`; a registry on loopback that speaks HTTP is asked by HTTP.
            headers: of the request.
            body: of the request.
            size: the most bytes of a body with status 200.

        Raises:
            OperationFailedError: there was no whole answer in time, or none within its bounds.
        """
        bounds = bounds_until(self._deadline, max(size, _ERROR_SIZE))
        request = _Request(method=method, url=url, headers=headers, body=body, size=size)
        late = self._failed(request, timed_out(bounds.deadline.seconds))
        return exchange(lambda: self._follow(request, bounds), bounds, late=late)

    def failure(self, phase: str, line: str, response: Response) -> OperationFailedError:
        """Return the error for an answer that is not what was asked for; it shows no login."""
        return OperationFailedError(
            phase,
            [self._redaction.clean(line)],
            retry_after=response.retry_after,
            status=response.status,
            code=self._redaction.clean(response.code),
            host=response.host,
        )

    def _follow(self, request: _Request, bounds: Bounds) -> Response:
        first = request = replace(request, url=self._spoken(request.url))
        for _ in range(_REDIRECTS + 1):
            try:
                found = self._ask(request, bounds)
            except HTTPError as error:
                if request is first and self._speaks_http(request.url, error):
                    return self._follow(request, bounds)
                raise self._failed(first, bounds.exceeded or _reason(error, bounds)) from None
            except (OSError, ValueError) as error:  # a ValueError is an address that is no URL
                raise self._failed(first, bounds.exceeded or one_line(str(error))) from None
            to = found.headers.get("Location", "") if request.method in ("GET", "HEAD") else ""
            if not to or found.status not in _REDIRECT_STATUSES:
                return replace(found, url=first.url)
            try:
                there = check_url(urljoin(request.url, to), plain=request.url.startswith("http://"))
            except ValueError as error:
                raise self._failed(first, f"redirected to an invalid address: {error}") from None
            headers = request.headers
            if _origin(there) != _origin(request.url):
                headers = {name: value for name, value in headers.items() if name != "Authorization"}
            request = replace(request, url=there, headers=headers)
        raise self._failed(first, "too many redirects")

    def _ask(self, request: _Request, bounds: Bounds) -> Response:
        patience = max(0.001, min(_PATIENCE, bounds.deadline.left))
        # http.client asks for an answer that is not encoded: a small gzip may hold gigabytes.
        response = self._pools.request(
            request.method,
            request.url,
            headers=dict(request.headers),
            body=request.body,
            redirect=False,
            preload_content=False,
            decode_content=False,
            timeout=urllib3.Timeout(connect=patience, read=patience),
        )
        is_good = response.status == HTTPStatus.OK
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        content = None
        try:
            if encoding in ("", "identity"):
                content = _read(response, request.size if is_good else _ERROR_SIZE)
        finally:
            # A connection whose answer was read to its end is used again.
            if content is None:
                response.close()
            else:
                response.release_conn()
        if content is None and is_good and request.method != "HEAD":
            bounds.exceeded = (
                too_large(request.size)
                if encoding in ("", "identity")
                else one_line(f"the response has Content-Encoding {encoding}, which was not requested")
            )
            raise ProtocolError(bounds.exceeded)
        return Response(url=request.url, status=response.status, headers=response.headers, body=content or b"")

    def _spoken(self, url: str) -> str:
        return url.replace("https://", "http://", 1) if urlsplit(url).netloc in self._plain else url

    def _speaks_http(self, url: str, error: HTTPError) -> bool:
        """Find out that a registry on loopback speaks HTTP."""
        host = urlsplit(url).netloc
        if not (url.startswith("https://") and is_loopback(host) and _is_plain_http(error)):
            return False
        self._plain.add(host)
        return True

    def _failed(self, request: _Request, reason: str) -> OperationFailedError:
        line = self._redaction.clean(f"{request.method} {request.url}: {reason}")
        return OperationFailedError("manifest", [line], host=urlsplit(request.url).netloc)


def trusting(folders: tuple[Path, ...], host: str) -> ssl.SSLContext:
    """Trust what docker trusts: https://docs.docker.com/engine/security/certificates/."""
    context = ssl.create_default_context()
    for folder in folders:
        for certificate in sorted((folder / host).glob("*.crt")) if (folder / host).is_dir() else ():
            context.load_verify_locations(certificate)
    return context


def _pool_manager(proxy: str, **options: Any) -> urllib3.PoolManager:  # noqa: ANN401 - urllib3's own
    if not proxy:
        return urllib3.PoolManager(**options)
    # Go takes a proxy without a scheme for HTTP.
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    login = urlsplit(proxy).netloc.rpartition("@")[0]
    headers = urllib3.make_headers(proxy_basic_auth=unquote(login)) if login else None
    return urllib3.ProxyManager(proxy, proxy_headers=headers, **options)


def _read(response: urllib3.BaseHTTPResponse, size: int) -> bytes | None:
    """Read a body; None for one that is larger."""
    found = bytearray()
    while chunk := response.read(_CHUNK, decode_content=False):
        found += chunk
        if len(found) > size:
            return None
    return bytes(found)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _reason(error: Exception, bounds: Bounds) -> str:
    """Return the innermost reason: urllib3 wraps it in the pool and the URL.

    What docker and BuildKit have words for is said in theirs, so that one rule knows it whoever met it.
    """
    match getattr(error, "reason", None) or error:
        case NewConnectionError() as reason:  # a time-out by inheritance alone
            return str(reason)
        case NoAnswerError():
            return timed_out(_PATIENCE if bounds.deadline.left else bounds.deadline.seconds)
        case ProtocolError(args=(_, HTTPException() as reason)) if not isinstance(reason, _CUT):
            return one_line(f"the response is not valid HTTP: {reason or type(reason).__name__}")
        case ProtocolError():
            return "read: connection reset by peer"
        case Exception() as reason if reason is not error:
            return _reason(reason, bounds)
        case reason:
            return one_line(str(reason))


def _is_plain_http(error: Exception) -> bool:
    # By text: ssl.SSLError.reason is None for reasons of OpenSSL that Python does not know, as 3.11 and record layer.
    return any(
        words in str(error) for words in ("WRONG_VERSION_NUMBER", "record layer failure", "packet length too long")
    )
