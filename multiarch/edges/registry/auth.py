"""Logins at a registry: Basic, and tokens of a token server.

https://distribution.github.io/distribution/spec/auth/token/
"""

import re
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

import msgspec

from multiarch.edges.answers import KIB, parse
from multiarch.edges.docker.credentials import Credentials, encode
from multiarch.edges.registry.addresses import check_url, is_loopback
from multiarch.edges.registry.transport import Response, Transport
from multiarch.errors import OperationFailedError
from multiarch.image.registry import Registry
from multiarch.text.redaction import Redaction

_TOKEN_SIZE = 64 * KIB
# What may stand in a header: https://datatracker.ietf.org/doc/html/rfc6750#section-2.1, and more that is seen.
_TOKEN = re.compile(r"[\x21-\x7e]+")


class _Token(msgspec.Struct, frozen=True):
    token: str | None = None
    access_token: str | None = None


class Authorization:
    """The Authorization headers of one registry, one for each scope."""

    def __init__(
        self,
        registry: Registry,
        credentials: Callable[[], Credentials | None],
        transport: Transport,
        redaction: Redaction,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            registry: which one.
            credentials: asked when the registry wants a login.
            transport: asks token servers.
            redaction: is told each token, so that none is ever printed.
        """
        self._registry = registry
        self._credentials = credentials
        self._transport = transport
        self._redaction = redaction
        self._headers: dict[str, str] = {}

    def header(self, scope: str) -> str:
        """Return the header for a scope, empty where none is known yet."""
        if scope not in self._headers and self._registry.is_ecr:
            # ECR takes nothing but Basic: no need to be refused first.
            self._headers[scope] = self._basic(self._credentials())
        return self._headers.get(scope, "")

    def renew(self, scope: str, refusal: Response) -> str:
        """Return the header that a 401 asks for, empty where no other is to be had.

        A token ends after minutes, and a build may take longer; a login that was refused stays refused.

        Raises:
            OperationFailedError: the token server gave no token, or the registry names an invalid one.
        """
        if self.header(scope).startswith("Basic"):
            return ""
        self._headers[scope] = self._answer(refusal, scope)
        return self._headers[scope]

    def forget(self) -> None:
        """Forget the credentials; the next request asks for new ones."""
        self._headers.clear()

    def _answer(self, refusal: Response, scope: str) -> str:
        kind, _, rest = refusal.headers.get("WWW-Authenticate", "").partition(" ")
        credentials = self._credentials()
        if kind.lower() != "bearer":
            return self._basic(credentials)
        if credentials:
            self._redaction.add(credentials.password)
        wanted = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        realm = self._realm(refusal, wanted.get("realm", ""))
        response = self._ask(realm, {key: wanted[key] for key in ("service",) if key in wanted}, scope, credentials)
        if response.status != HTTPStatus.OK:
            line = f"failed to authorize: unexpected status from {realm}: {response.words}"
            raise self._transport.failure("login", line, response)
        token = _token_in(response)
        if not token:
            raise self._transport.failure("login", f"failed to authorize: {realm} returned no token", response)
        self._redaction.add(token)
        return f"Bearer {token}"

    def _realm(self, refusal: Response, realm: str) -> str:
        """Return the token server's address; the login goes to it, so it has to be HTTPS."""
        try:
            return check_url(realm, plain=is_loopback(urlsplit(refusal.url).netloc))
        except ValueError as error:
            line = f"failed to authorize: {refusal.host} names an invalid token server: {error}"
            # The status of the refusal is not what is wrong.
            raise OperationFailedError("login", [self._redaction.clean(line)], host=refusal.host) from None

    def _ask(self, realm: str, query: dict[str, str], scope: str, credentials: Credentials | None) -> Response:
        query = {**query, "scope": scope}
        if credentials and credentials.identity_token:
            form = {
                "grant_type": "refresh_token",
                "client_id": "multiarch",
                "refresh_token": credentials.password,
                **query,
            }
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            return self._transport.request("POST", realm, headers, urlencode(form).encode(), size=_TOKEN_SIZE)
        headers = {"Authorization": self._basic(credentials)} if credentials else {}
        joint = "&" if "?" in realm else "?"
        return self._transport.request("GET", f"{realm}{joint}{urlencode(query)}", headers, size=_TOKEN_SIZE)

    def _basic(self, credentials: Credentials | None) -> str:
        if not credentials:
            return ""
        encoded = encode(credentials)
        self._redaction.add(credentials.password)
        self._redaction.add(encoded)
        return f"Basic {encoded}"


def _token_in(response: Response) -> str:
    """Return the token of a token server's answer, empty where it has none."""
    try:
        answer = parse(response.body, _Token)
    except ValueError:
        return ""
    token = answer.token or answer.access_token or ""
    return token if _TOKEN.fullmatch(token) else ""
