"""The registries of a run: a client for each, with docker's logins and certificates, and ECR's tokens."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from multiarch.deadline import Deadline
from multiarch.edges.aws import Aws, Token
from multiarch.edges.docker.config import DockerConfig
from multiarch.edges.docker.credentials import Credentials
from multiarch.edges.registry.addresses import proxy_for
from multiarch.edges.registry.client import RegistryClient
from multiarch.edges.registry.transport import Transport
from multiarch.errors import OperationFailedError
from multiarch.image.registry import Registry
from multiarch.text.redaction import Redaction


class Registries:
    """One client for each registry, made when it is first asked for."""

    def __init__(
        self,
        environment: Mapping[str, str],
        config: DockerConfig,
        redaction: Redaction,
        *,
        deadline: Deadline | None = None,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            environment: names the proxies.
            config: docker's logins and certificates.
            redaction: is told each token, so that none is ever printed.
            deadline: the end of the run's retries: no request outlasts it by more than `answers.LEAST` seconds.
        """
        self._environment = environment
        self._config = config
        self._redaction = redaction
        self._deadline = deadline
        self._clients: dict[Registry, RegistryClient] = {}

    def client(self, registry: Registry, credentials: Callable[[], Credentials | None] | None = None) -> RegistryClient:
        """Return the registry's client.

        Args:
            registry: which one.
            credentials: asked, when the client is made and the registry wants a login, in place of docker's logins.
        """
        if registry not in self._clients:
            transport = Transport(
                registry.host,
                certificates=(self._config.folder / "certs.d", Path("/etc/docker/certs.d")),
                redaction=self._redaction,
                proxy=proxy_for(registry.host, self._environment),
                deadline=self._deadline,
            )
            ask = credentials or (lambda: self._config.credentials(registry.host))
            made = RegistryClient(registry, ask, transport, self._redaction)
            # Of two threads that make one, both get the first.
            self._clients.setdefault(registry, made)
        return self._clients[registry]

    def forget_login(self, registry: Registry) -> None:
        """Forget the credentials of a registry; the next request asks for new ones."""
        if registry in self._clients:
            self._clients[registry].forget_login()


def ecr_token(
    aws: Aws, registry: Registry, suffixes: Sequence[Collection[str]], redaction: Redaction, *, fresh: bool = False
) -> Token:
    """Ask AWS for the token of a registry; it is never printed, and shown to nobody whom AWS did not name.

    Args:
        aws: who is asked.
        registry: whose token.
        suffixes: how AWS's own host names end, for each partition.
        redaction: is told the token.
        fresh: a new one, also where one is known.

    Raises:
        OperationFailedError: AWS refused, did not answer, or named another registry.
    """
    token = aws.token(region=registry.region, account=registry.account, fresh=fresh)
    redaction.add(token.password)
    if not registry.is_answered_by(token.host, suffixes):
        raise OperationFailedError("login", [f"AWS returned a token for {token.host} instead of {registry}"])
    return token
