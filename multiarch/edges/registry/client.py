"""Reads and tags images over the registry's HTTP API: a request takes milliseconds, a docker command 0.1 s and more.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus

import msgspec

from multiarch.edges.answers import MIB, one_line, parse
from multiarch.edges.docker.credentials import Credentials
from multiarch.edges.registry.auth import Authorization
from multiarch.edges.registry.transport import Response, Transport
from multiarch.errors import OperationFailedError
from multiarch.image.manifest import MEDIA_TYPES, Manifest, digest_of, short_digest
from multiarch.image.reference import Repository
from multiarch.image.registry import DOCKER_HUB, Registry
from multiarch.text.redaction import Redaction

# The limit that registries themselves have to accept:
# https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests
_MANIFEST_SIZE = 4 * MIB
_CONFIG_SIZE = 8 * MIB
_ACCEPT = {"Accept": ", ".join(MEDIA_TYPES)}
_API_HOST = DOCKER_HUB[-1]


class _Typed(msgspec.Struct, frozen=True, rename="camel"):
    media_type: str = ""


class RegistryClient:
    """One registry, asked as docker would ask it: with docker's logins and docker's certificates."""

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
            transport: the registry's connections.
            redaction: is told each token, so that none is ever printed.
        """
        self._registry = registry
        self._transport = transport
        self._authorization = Authorization(registry, credentials, transport, redaction)

    def manifest(self, repository: Repository, reference: str) -> Manifest | None:
        """Read a manifest or an index by tag or digest; None where there is none.

        Raises:
            OperationFailedError: the registry refused, did not answer, or answered with another content than asked for.
        """
        response = self._ask("GET", repository, f"manifests/{reference}", _ACCEPT, size=_MANIFEST_SIZE)
        if response.status == HTTPStatus.NOT_FOUND:
            return None
        self._check(response, "GET", HTTPStatus.OK)
        digest = digest_of(response.body)
        for wanted in (reference, response.headers.get("Docker-Content-Digest", "")):
            if wanted.startswith("sha256:") and digest != wanted:
                raise self._mismatch(response, repository, f"manifest {_short(wanted)}", digest)
        return Manifest(content=response.body, media_type=self._media_type(response))

    def has(self, repository: Repository, reference: str) -> bool:
        """Whether there is such a manifest; Docker Hub's limits do not count this request as a pull.

        Raises:
            OperationFailedError: the registry refused, or did not answer.
        """
        response = self._ask("HEAD", repository, f"manifests/{reference}", _ACCEPT, size=_MANIFEST_SIZE)
        if response.status == HTTPStatus.NOT_FOUND:
            return False
        self._check(response, "HEAD", HTTPStatus.OK)
        return True

    def blob(self, repository: Repository, digest: str) -> bytes:
        """Read a small blob: an image's configuration.

        Raises:
            OperationFailedError: as `manifest`, or it is not there.
        """
        response = self._ask("GET", repository, f"blobs/{digest}", {}, size=_CONFIG_SIZE)
        self._check(response, "GET", HTTPStatus.OK)
        if digest_of(response.body) != digest:
            raise self._mismatch(response, repository, f"blob {_short(digest)}", digest_of(response.body))
        return response.body

    def tag(self, repository: Repository, tag: str, manifest: Manifest) -> None:
        """Point a tag at a manifest that the registry has; its bytes, and so its digest, stay as they are.

        The registry's word is not enough: read the tag back.

        Raises:
            OperationFailedError: the registry refused, did not answer, or does not say that it created the manifest.
        """
        headers = {"Content-Type": manifest.media_type}
        response = self._ask("PUT", repository, f"manifests/{tag}", headers, manifest.content, size=_MANIFEST_SIZE)
        self._check(response, "PUT", HTTPStatus.CREATED)
        created = response.headers.get("Docker-Content-Digest", "")
        if created.startswith("sha256:") and created != manifest.digest:
            raise self._mismatch(response, repository, f"tag {tag}, expected {_short(manifest.digest)}", created)

    def forget_login(self) -> None:
        """Forget the credentials; the next request asks for new ones."""
        self._authorization.forget()

    def _ask(
        self,
        method: str,
        repository: Repository,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        size: int,
    ) -> Response:
        actions = "pull" if method in ("GET", "HEAD") else "pull,push"
        name, host = repository.name, self._registry.host
        if host == DOCKER_HUB[0]:
            name, host = name if "/" in name else f"library/{name}", _API_HOST
        scope, url = f"repository:{name}:{actions}", f"https://{host}/v2/{name}/{path}"

        def ask(authorization: str) -> Response:
            login = {"Authorization": authorization} if authorization else {}
            return self._transport.request(method, url, {**headers, **login}, body, size=size)

        response = ask(self._authorization.header(scope))
        if response.status == HTTPStatus.UNAUTHORIZED and (login := self._authorization.renew(scope, response)):
            response = ask(login)
        return response

    def _check(self, response: Response, method: str, expected: HTTPStatus) -> None:
        """Take nothing but the expected status for success: a proxy's page has 200 too, where 201 is expected."""
        if response.status != expected:
            raise self._failure(
                response, f"unexpected status from {method} request to {response.url}: {response.words}"
            )

    def _media_type(self, response: Response) -> str:
        """Return the media type of a manifest, from its content where the header has a general one."""
        named = response.headers.get("Content-Type", "").partition(";")[0].strip()
        if named in MEDIA_TYPES:
            return named
        try:
            inner = parse(response.body, _Typed).media_type
        except ValueError:
            inner = ""
        if inner in MEDIA_TYPES:
            return inner
        raise self._failure(
            response, f"GET {response.url}: Content-Type {one_line(named) or '(none)'} is not an image manifest"
        )

    def _mismatch(self, response: Response, repository: Repository, asked: str, found: str) -> OperationFailedError:
        return self._failure(response, f"unexpected digest {_short(found)} from {repository} for {asked}")

    def _failure(self, response: Response, line: str) -> OperationFailedError:
        return self._transport.failure("manifest", line, response)


def _short(digest: str) -> str:
    return short_digest(one_line(digest))
