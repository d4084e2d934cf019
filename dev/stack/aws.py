"""The AWS API: moto's server, with two accounts."""

from __future__ import annotations

import http.client
import sys
from typing import TYPE_CHECKING, Any, Final, Literal

from dev.stack import layout, process

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_ecr import ECRClient

    from dev.stack.state import State

_NAME: Final = "moto"
# moto takes an unknown key for its first account, and keys from AssumeRole for the account of the role.
TESTING: Final = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
OTHER: Final = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""}


def ready() -> bool:
    return process.find(_NAME) is not None and _answers()


def start(state: State) -> None:
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(layout.AWS_PORT)]
    process.start(state, _NAME, command, ready=_answers)
    # moto keeps all in memory, so a new server knows nothing of the old one's keys and repositories.
    state.learn(**_assume(layout.OTHER_ECR.account))
    for registry in (layout.ECR, layout.OTHER_ECR):
        for name in layout.REPOSITORIES:
            create_repository(name, registry, credentials(state, registry))


def credentials(state: State, registry: layout.Registry) -> dict[str, str]:
    return {name: state.fact(name) for name in OTHER} if registry == layout.OTHER_ECR else dict(TESTING)


Mutability = Literal["MUTABLE", "IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"]


def create_repository(
    name: str,
    registry: layout.Registry,
    keys: Mapping[str, str],
    *,
    mutability: Mutability = "MUTABLE",
    exclusions: Sequence[str] = (),
) -> None:
    """Make the repository known to ECR's API; the registry itself takes any name."""
    ecr = _ecr(registry, keys)
    filters: Any = [{"filterType": "WILDCARD", "filter": each} for each in exclusions]
    more = {"imageTagMutabilityExclusionFilters": filters} if filters else {}
    try:
        ecr.create_repository(repositoryName=name, imageTagMutability=mutability, **more)
    except ecr.exceptions.RepositoryAlreadyExistsException:
        return


def _ecr(registry: layout.Registry, keys: Mapping[str, str]) -> ECRClient:
    import boto3  # noqa: PLC0415 - 0.25 s that an `up` of a running stack saves

    return boto3.client(
        "ecr",
        endpoint_url=layout.AWS_URL,
        region_name=registry.region,
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=keys.get("AWS_SESSION_TOKEN"),
    )


def _assume(account: str) -> dict[str, str]:
    import boto3  # noqa: PLC0415

    sts = boto3.client(
        "sts",
        endpoint_url=layout.AWS_URL,
        region_name=layout.ECR.region,
        aws_access_key_id=TESTING["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=TESTING["AWS_SECRET_ACCESS_KEY"],
    )
    answer = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/stack", RoleSessionName="stack")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": answer["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": answer["SecretAccessKey"],
        "AWS_SESSION_TOKEN": answer["SessionToken"],
    }


def _answers() -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", layout.AWS_PORT, timeout=2)
    try:
        connection.request("GET", "/moto-api/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
