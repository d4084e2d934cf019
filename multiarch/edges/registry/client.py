"""Reads and tags images over the registry's HTTP API: a request takes milliseconds, a docker command 0.1 s and more.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from multiarch.edges.registry.auth import challenge_fields, token_in
from multiarch.edges.registry.transport import (
    CONNECTIONS,
    ERRORS,
    TIMEOUT,
    is_loopback,
    is_plain_http,
    make_pool,
    reason_of,
    status_of,
    trusting,
)
from multiarch.errors import OperationFailedError
from multiarch.image.manifest import Manifest, digest_of
from multiarch.image.reference import Repository
from multiarch.image.registry import Registry
from multiarch.text.redaction import Redaction

if TYPE_CHECKING:
    import urllib3

    from multiarch.edges.docker.config import Credentials

_MANIFEST_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)

_DOCKER_HUB = "registry-1.docker.io"

_NOT_FOUND = 404

_UNAUTHORIZED = 401


class RegistryClient:
    """One registry, asked as docker would ask it: with docker's logins and docker's certificates."""

    def __init__(
        self,
        registry: Registry,
        credentials: Callable[[], "Credentials | None"],
        *,
        certificates: tuple[Path, ...],
        redaction: Redaction,
        proxy: str = "",
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            registry: which one.
            credentials: asked when the registry wants a login.
            certificates: folders of `HOST/*.crt`, as /etc/docker/certs.d is one.
            redaction: is told each token, so that none is ever printed.
            proxy: the URL of the proxy to go through, empty for none.
        """
        self._registry = registry
        self._credentials = credentials
        self._certificates = certificates
        self._redaction = redaction
        self._proxy = proxy
        self._authorization: dict[str, str] = {}
        self._pool_manager: urllib3.PoolManager | None = None
        self._scheme = "https"

    def manifest(self, repository: Repository, reference: str) -> Manifest | None:
        """Read a manifest or an index by tag or digest; None where there is none.

        Raises:
            OperationFailedError: the registry refused, did not answer, or answered with other bytes than asked for.
        """
        response = self._ask(
            "GET", repository, f"manifests/{reference}", headers={"Accept": ", ".join(_MANIFEST_TYPES)}
        )
        if response.status == _NOT_FOUND:
            return None
        self._check(response, "GET", repository, f"manifests/{reference}")
        found = Manifest(content=response.data, media_type=response.headers.get("Content-Type", "").split(";")[0])
        if reference.startswith("sha256:") and found.digest != reference:
            raise OperationFailedError("manifest", [f"{repository}@{reference} came back as {found.digest}"])
        return found

    def has(self, repository: Repository, reference: str) -> bool:
        """Whether there is such a manifest; Docker Hub's limits do not count this request as a pull.

        Raises:
            OperationFailedError: the registry refused, or did not answer.
        """
        path = f"manifests/{reference}"
        response = self._ask("HEAD", repository, path, headers={"Accept": ", ".join(_MANIFEST_TYPES)})
        if response.status == _NOT_FOUND:
            return False
        self._check(response, "HEAD", repository, path)
        return True

    def blob(self, repository: Repository, digest: str) -> bytes:
        """Read a small blob: an image's configuration.

        Raises:
            OperationFailedError: as `manifest`, or it is not there.
        """
        response = self._ask("GET", repository, f"blobs/{digest}", headers={})
        self._check(response, "GET", repository, f"blobs/{digest}")
        if digest_of(response.data) != digest:
            raise OperationFailedError("manifest", [f"blob {digest} of {repository} came back with another content"])
        return bytes(response.data)

    def tag(self, repository: Repository, tag: str, manifest: Manifest) -> None:
        """Point a tag at a manifest that the registry has; its bytes, and so its digest, stay as they are.

        Raises:
            OperationFailedError: the registry refused, or did not answer.
        """
        headers = {"Content-Type": manifest.media_type}
        response = self._ask("PUT", repository, f"manifests/{tag}", headers=headers, body=manifest.content)
        self._check(response, "PUT", repository, f"manifests/{tag}")

    def forget_login(self) -> None:
        """Ask for credentials anew at the next request."""
        self._authorization.clear()

    def _ask(
        self, method: str, repository: Repository, path: str, *, headers: Mapping[str, str], body: bytes | None = None
    ) -> "urllib3.BaseHTTPResponse":
        actions = "pull" if method in ("GET", "HEAD") else "pull,push"
        name = repository.name
        if self._registry.host == "docker.io" and "/" not in name:
            name = f"library/{name}"
        scope = f"repository:{name}:{actions}"
        if scope not in self._authorization and self._registry.is_ecr:
            # ECR takes nothing but Basic: no need to be refused first.
            self._authorization[scope] = self._basic(self._credentials())
        response = self._send(method, f"/v2/{name}/{path}", headers, self._authorization.get(scope, ""), body)
        # A token ends after minutes, and a build may take longer; a login that was refused stays refused.
        if response.status == _UNAUTHORIZED and not self._authorization.get(scope, "").startswith("Basic"):
            self._authorization[scope] = self._answer(response.headers.get("WWW-Authenticate", ""), scope)
            response = self._send(method, f"/v2/{name}/{path}", headers, self._authorization[scope], body)
        return response

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], authorization: str, body: bytes | None
    ) -> "urllib3.BaseHTTPResponse":
        authorized = {**headers, **({"Authorization": authorization} if authorization else {})}
        host = _DOCKER_HUB if self._registry.host == "docker.io" else self._registry.host
        return self._request(method, f"{self._scheme}://{host}{path}", authorized, body)

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> "urllib3.BaseHTTPResponse":
        import urllib3  # noqa: PLC0415 - not for a dry run

        self._pool_manager = self._pool_manager or make_pool(
            self._proxy,
            ssl_context=trusting(self._certificates, self._registry.host),
            # What to try again is decided elsewhere. urllib3 shows no other host our login when it follows to a blob.
            retries=urllib3.Retry(total=5, connect=0, read=0, status=0, other=0, redirect=5, raise_on_status=False),
            timeout=TIMEOUT,
            maxsize=CONNECTIONS,
        )
        try:
            return self._pool_manager.request(method, url, headers=dict(headers), body=body)
        except urllib3.exceptions.HTTPError as error:
            if url.startswith("https://") and is_loopback(urlsplit(url).netloc) and is_plain_http(error):
                self._scheme = "http"
                return self._request(method, url.replace("https://", "http://", 1), headers, body)
            raise OperationFailedError(
                "manifest", [self._redaction.clean(f"{method} {url}: {reason_of(error)}")]
            ) from None

    def _answer(self, challenge: str, scope: str) -> str:
        """Make the Authorization header that a 401 asks for: https://distribution.github.io/distribution/spec/auth/token/."""
        kind, _, rest = challenge.partition(" ")
        credentials = self._credentials()
        if kind.lower() != "bearer":
            return self._basic(credentials)
        if credentials:
            self._redaction.add(credentials.password)
        wanted = dict(challenge_fields(rest))
        query = {key: wanted[key] for key in ("service",) if key in wanted} | {"scope": scope}
        if credentials and credentials.identity_token:
            form = {
                "grant_type": "refresh_token",
                "client_id": "multiarch",
                "refresh_token": credentials.password,
                **query,
            }
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            response = self._request("POST", wanted.get("realm", ""), headers, urlencode(form).encode())
        else:
            headers = {"Authorization": self._basic(credentials)} if credentials else {}
            response = self._request("GET", f"{wanted.get('realm', '')}?{urlencode(query)}", headers)
        if response.status >= ERRORS:
            said = self._redaction.clean(status_of(response))
            raise OperationFailedError(
                "login", [f"failed to authorize: unexpected status from {wanted.get('realm')}: {said}"]
            )
        token = token_in(response)
        if not token:
            raise OperationFailedError("login", [f"failed to authorize: {wanted.get('realm')} gave no token"])
        self._redaction.add(token)
        return f"Bearer {token}"

    def _basic(self, credentials: "Credentials | None") -> str:
        if not credentials:
            return ""
        encoded = base64.b64encode(f"{credentials.username}:{credentials.password}".encode()).decode()
        self._redaction.add(credentials.password)
        self._redaction.add(encoded)
        return f"Basic {encoded}"

    def _check(self, response: "urllib3.BaseHTTPResponse", method: str, repository: Repository, path: str) -> None:
        if response.status < ERRORS:
            return
        after = response.headers.get("Retry-After", "")
        line = f"unexpected status from {method} request to {self._scheme}://{repository.registry}/v2/{repository.name}/{path}"
        raise OperationFailedError(
            "manifest",
            [self._redaction.clean(f"{line}: {status_of(response)}")],
            retry_after=float(after) if after.isdigit() else None,
        )
