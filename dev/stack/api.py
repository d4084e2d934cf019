"""What tests may use of the stack."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dev.stack import aws, browser, builder, engine, layout, tls
from dev.stack.errors import StackDownError
from dev.stack.state import READY, State

if TYPE_CHECKING:
    from pathlib import Path

    from dev.stack.layout import Registry


@dataclass(frozen=True, kw_only=True)
class Stack:
    """The stack that runs on this machine."""

    ecr: Registry
    other_ecr: Registry
    plain: Registry
    # An ECR that behaves like ECR, with faults where a test asks for them: see dev/stack/ecr/control.py.
    proxied: Registry
    endpoint_url: str
    # Two-platform images to start from: without login, and in the first ECR.
    base: str
    ecr_base: str
    # The image for `docker-container` builders; multiarch's own default where it is a stand-in.
    builder_image: str
    stand_in: bool
    # Whether docker was started by the stack, and is gone with it.
    engine_is_ours: bool
    # The authority of the ECR registries' certificates, alone and together with the machine's own.
    ca_file: Path
    ca_bundle: Path
    # A Chromium: the program's path.
    browser: str
    logs: Path

    def environment(self, registry: Registry = layout.ECR) -> dict[str, str]:
        """The variables for a program that is to see the stack as AWS, from the registry's account and region."""
        return {
            "AWS_ENDPOINT_URL": layout.AWS_PROXY_URL if registry == layout.PROXIED else self.endpoint_url,
            **aws.credentials(State(), registry),
            "AWS_DEFAULT_REGION": registry.region,
            "AWS_REGION": registry.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            # Nobody's own profiles.
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            # For Python, and for docker's `imagetools`, which does not read /etc/docker/certs.d as dockerd does.
            "SSL_CERT_FILE": str(self.ca_bundle),
        }


def load() -> Stack:
    """The running stack; raises `StackDownError` if there is none."""
    state = State()
    if not state.fact(READY) or not _answers():
        msg = "the test stack is not up\n  fix: run `make up` as root"
        raise StackDownError(msg)
    tag = f"{layout.BASE}:{layout.BASE_TAG}"
    return Stack(
        ecr=layout.ECR,
        other_ecr=layout.OTHER_ECR,
        plain=layout.PLAIN,
        proxied=layout.PROXIED,
        endpoint_url=layout.AWS_URL,
        base=f"{layout.PLAIN.host}/{tag}",
        ecr_base=f"{layout.ECR.host}/{tag}",
        builder_image=state.fact(builder.IMAGE),
        stand_in=state.fact(builder.KIND) == builder.STAND_IN,
        engine_is_ours=engine.is_ours(state),
        ca_file=tls.AUTHORITY,
        ca_bundle=tls.BUNDLE,
        browser=browser.find(),
        logs=layout.LOGS,
    )


def cold() -> None:
    """Forget what BuildKit has built: to be called when it is one's turn to be alone with the engine.

    A new builder of the real image knows nothing in any case.
    """
    stack = load()
    if stack.stand_in:
        engine.docker("builder", "prune", "--all", "--force")
    if stack.stand_in and stack.engine_is_ours:
        # What the stand-in pushes stays in docker's store as an image, and its layers would not be fetched again.
        engine.docker("image", "prune", "--all", "--force", "--filter", f"label!={builder.LABEL}")


def create_repository(name: str, registry: Registry = layout.ECR) -> str:
    """Make an ECR repository, unless it exists, and return its full name."""
    if registry.is_ecr:
        aws.create_repository(name, registry, aws.credentials(State(), registry))
    return f"{registry.host}/{name}"


_PORTS = [(registry.address, registry.port) for registry in (*layout.REGISTRIES, layout.PROXIED)]
_PORTS += [("127.0.0.1", port) for port in (layout.AWS_PORT, layout.AWS_PROXY_PORT, layout.CONTROL_PORT)]


def _answers() -> bool:
    try:
        for address in _PORTS:
            socket.create_connection(address, timeout=2).close()
    except OSError:
        return False
    return engine.works()
