"""Names, places and ports of the stack. Constants only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Outside any checkout: a fresh clone finds a stack that another one started, and can use it or take it down.
STATE: Final = Path("/var/lib/multiarch-stack")
LOGS: Final = STATE / "log"
TOOLS: Final = STATE / "tools"
CERTIFICATES: Final = STATE / "certificates"
# dockerd's sockets and pid file: /run is emptied by a reboot, as they should be.
RUN: Final = Path("/run/multiarch-stack")

AWS_PORT: Final = 5001
AWS_URL: Final = f"http://127.0.0.1:{AWS_PORT}"
# Before moto: the one that gives out passwords that expire, and has faults on a schedule.
AWS_PROXY_PORT: Final = 5004
AWS_PROXY_URL: Final = f"http://127.0.0.1:{AWS_PROXY_PORT}"
CONTROL_PORT: Final = 5005
# Known to moto from the start of a test, in both accounts. Others are made with `create_repository`.
REPOSITORIES: Final = ("demo", "base")

DOCKER_PORT: Final = 2375
BUILDER_REPOSITORY: Final = "multiarch-test/buildkit"


@dataclass(frozen=True, kw_only=True)
class Registry:
    """A registry of the stack: ECR's host name and account, or a plain one without login."""

    name: str
    host: str
    address: str
    port: int
    # Where a builder in a container reaches it, on the bridge's own address.
    bridge_port: int
    account: str = ""
    region: str = ""

    @property
    def is_ecr(self) -> bool:
        return bool(self.account)

    @property
    def url(self) -> str:
        return f"https://{self.host}" if self.is_ecr else f"http://{self.host}"

    @property
    def user(self) -> str:
        return "AWS" if self.is_ecr else ""

    @property
    def password(self) -> str:
        """What moto's GetAuthorizationToken holds for this account."""
        return f"{self.account}-auth-token" if self.is_ecr else ""


def _ecr(name: str, account: str, region: str, address: str, bridge_port: int) -> Registry:
    host = f"{account}.dkr.ecr.{region}.amazonaws.com"
    return Registry(
        name=name, host=host, address=address, port=443, bridge_port=bridge_port, account=account, region=region
    )


ECR: Final = _ecr("ecr", "123456789012", "eu-west-1", "127.0.0.1", 8441)
OTHER_ECR: Final = _ecr("other-ecr", "210987654321", "us-east-1", "127.0.0.2", 8442)
PLAIN: Final = Registry(name="plain", host="localhost:5000", address="127.0.0.1", port=5000, bridge_port=5000)
# An ECR that behaves like ECR: a proxy, and the registry behind it. See `dev/stack/ecr`.
PROXIED: Final = _ecr("proxied", "123456789012", "eu-central-1", "127.0.0.3", 8443)
BEHIND: Final = Registry(name="behind", host="localhost:5003", address="127.0.0.1", port=5003, bridge_port=5003)
REGISTRIES: Final = (ECR, OTHER_ECR, PLAIN, BEHIND)
ECRS: Final = (ECR, OTHER_ECR, PROXIED)
# What a builder in a container has to reach.
REACHED: Final = (*ECRS, PLAIN)

BASE: Final = "base"
BASE_TAG: Final = "1"
