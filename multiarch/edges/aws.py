"""The only importer of boto3, which is imported where AWS is asked and not before: it costs 0.3 s."""

import base64
import importlib.util
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from multiarch.errors import OperationFailedError
from multiarch.image.ecr import Permission, RepositoryFacts
from multiarch.image.registry import Partitions, Registry

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import ClientError
    from mypy_boto3_ecr import ECRClient

_CONNECT_TIMEOUT = 5
_READ_TIMEOUT = 15

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, kw_only=True)
class Token:
    """An ECR authorization token: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_AuthorizationData.html.

    Attributes:
        host: the registry that AWS names with it.
        password: the secret.
        expires: when it ends, None where AWS does not say.
    """

    host: str
    username: str
    password: str
    expires: datetime | None

    def __repr__(self) -> str:
        return f"Token(host={self.host!r}, username={self.username!r}, password=<redacted>)"


def load_partitions() -> Partitions:
    """Read the partitions that the installed botocore ships, without importing it."""
    found = importlib.util.find_spec("botocore")
    assert found
    assert found.origin
    data = json.loads((Path(found.origin).parent / "data" / "partitions.json").read_bytes())["partitions"]
    return Partitions(
        suffix_of_partition={each["id"]: each["outputs"]["dnsSuffix"] for each in data},
        partition_of_region={region: each["id"] for each in data for region in each["regions"]},
        # ECR's dual-stack hosts: https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html
        dual_stack_suffix_of_partition={
            each["id"]: each["outputs"]["dualStackDnsSuffix"].replace("api.", "on.", 1) for each in data
        },
    )


class Aws:
    """Asks STS and ECR. Each call is made once: what to try again is decided elsewhere, for all edges alike."""

    def __init__(self) -> None:
        self._clients: dict[str, ECRClient] = {}
        self._tokens: dict[tuple[str, str], Token] = {}
        self._lock = threading.Lock()

    def default_region(self) -> str:
        """Return the region of the user's AWS profile, empty where there is none.

        Raises:
            OperationFailedError: there is no such profile.
        """
        return _ask(lambda: _session().region_name) or ""

    def token(self, *, region: str, account: str = "", fresh: bool = False) -> Token:
        """Get a token for a registry; without an account for the caller's own, whose host comes with it.

        Raises:
            OperationFailedError: AWS refused, or did not answer.
        """
        if not fresh and (known := self._tokens.get((region, account))):
            return known
        ids = {"registryIds": [account]} if account else {}
        client = self._ecr(region)
        answer = _ask(lambda: client.get_authorization_token(**ids), needs="authorizationData")
        data = answer["authorizationData"][0]
        username, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
        host = data["proxyEndpoint"].removeprefix("https://")
        token = Token(host=host, username=username, password=password, expires=data.get("expiresAt"))
        self._tokens[region, account] = token
        self._tokens[region, Registry.parse(host).account] = token
        return token

    def find_repository(self, registry: Registry, name: str) -> RepositoryFacts | Literal["missing", "unknown"]:
        """Return what ECR keeps of a repository, or say that it is not there and no push will make it.

        `unknown`: the role may not ask, or AWS did not answer, or the push makes it; the push will tell.
        """
        try:
            if found := self.repository(registry, name):
                return found
        except OperationFailedError:
            return "unknown"
        return "missing" if self.is_made_on_push(registry, name) is False else "unknown"

    def repository(self, registry: Registry, name: str) -> RepositoryFacts | None:
        """Return what ECR keeps of a repository, None where there is none.

        Raises:
            OperationFailedError: AWS refused, or did not answer.
        """
        client = self._ecr(registry.region)
        try:
            answer = _ask(
                lambda: client.describe_repositories(registryId=registry.account, repositoryNames=[name]),
                needs="repositories",
            )
        except OperationFailedError as error:
            if _code(error) == "RepositoryNotFoundException":
                return None
            raise
        found = answer["repositories"][0]
        filters = found.get("imageTagMutabilityExclusionFilters", [])
        return RepositoryFacts(
            mutability=found.get("imageTagMutability", "MUTABLE"), exclusions=tuple(each["filter"] for each in filters)
        )

    def is_made_on_push(self, registry: Registry, name: str) -> bool | None:
        """Whether a creation template makes a repository at its first push; None where AWS does not say.

        https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-creation-templates.html
        """
        try:
            client = self._ecr(registry.region)
            pages = client.get_paginator("describe_repository_creation_templates").paginate()
            templates = _ask(lambda: [each for page in pages for each in page["repositoryCreationTemplates"]])
        except (OperationFailedError, KeyError):
            return None
        made = [each["prefix"] for each in templates if "CREATE_ON_PUSH" in each.get("appliedFor", [])]
        return any(prefix == "ROOT" or name.startswith(f"{prefix.rstrip('/')}/") for prefix in made)

    def permission(self, registry: Registry, name: str, action: str) -> Permission:
        """Find out whether the role may do something, by asking it of what cannot exist.

        ECR looks at the role before it looks for the layer or the upload, so the answer is either AccessDenied or that
        there is no such thing; nothing is made, and nothing of the repository is read.

        Args:
            registry: whose repository it is.
            name: the repository, which has to be there.
            action: one of `HARMLESS_ACTIONS`.
        """
        call = _HARMLESS_CALLS[action]
        try:
            client = self._ecr(registry.region)
            _ask(lambda: call(client, {"registryId": registry.account, "repositoryName": name}))
        except OperationFailedError as error:
            code = _code(error)
            if code.startswith("AccessDenied"):
                return Permission.DENIED
            return Permission.ALLOWED if code in _NO_SUCH_THING else Permission.UNKNOWN
        return Permission.ALLOWED

    def image_count(self, registry: Registry, name: str) -> int:
        """Count a repository's images, a page of 1000 a call.

        Raises:
            OperationFailedError: AWS refused, or did not answer.
        """
        client = self._ecr(registry.region)
        pages = client.get_paginator("list_images").paginate(
            registryId=registry.account, repositoryName=name, PaginationConfig={"PageSize": _PAGE}
        )
        # A tag is an entry too; the quota counts images.
        return len(_ask(lambda: {each["imageDigest"] for page in pages for each in page["imageIds"]}))

    def caller(self, region: str) -> str:
        """Return the ARN of the user or role that AWS takes us for; everybody may ask.

        Raises:
            OperationFailedError: AWS refused, or did not answer.
        """
        client = _ask(lambda: _session().client("sts", region_name=region, config=_config()))
        return _ask(client.get_caller_identity)["Arn"]

    def _ecr(self, region: str) -> "ECRClient":
        with self._lock:
            if region not in self._clients:
                self._clients[region] = _ask(lambda: _new_client(region))
            return self._clients[region]


def _new_client(region: str) -> "ECRClient":
    return _session().client("ecr", region_name=region, config=_config())


def _session() -> "boto3.session.Session":
    import boto3  # noqa: PLC0415

    return boto3.session.Session()


def _config() -> "Config":
    from botocore.config import Config  # noqa: PLC0415

    return Config(
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=_READ_TIMEOUT,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )


# Digests and uploads that nobody has.
_NO_DIGEST = f"sha256:{'0' * 64}"
_NO_UPLOAD = "00000000-0000-0000-0000-000000000000"
_PAGE = 1000
_NO_SUCH_THING = {"LayersNotFoundException", "UploadNotFoundException", "ImageNotFoundException"}
# InitiateLayerUpload and PutImage are missing here on purpose: both begin or make something.
_HARMLESS_CALLS: Mapping[str, Callable[["ECRClient", Any], object]] = {
    "ecr:BatchCheckLayerAvailability": lambda ecr, where: ecr.batch_check_layer_availability(
        **where, layerDigests=[_NO_DIGEST]
    ),
    "ecr:UploadLayerPart": lambda ecr, where: ecr.upload_layer_part(
        **where, uploadId=_NO_UPLOAD, partFirstByte=0, partLastByte=0, layerPartBlob=b"0"
    ),
    "ecr:CompleteLayerUpload": lambda ecr, where: ecr.complete_layer_upload(
        **where, uploadId=_NO_UPLOAD, layerDigests=[_NO_DIGEST]
    ),
    "ecr:BatchGetImage": lambda ecr, where: ecr.batch_get_image(**where, imageIds=[{"imageDigest": _NO_DIGEST}]),
    "ecr:GetDownloadUrlForLayer": lambda ecr, where: ecr.get_download_url_for_layer(**where, layerDigest=_NO_DIGEST),
}
HARMLESS_ACTIONS = tuple(_HARMLESS_CALLS)


def _code(error: OperationFailedError) -> str:
    """Return AWS's own name of an error, as botocore prints it; empty where it was no answer of AWS."""
    found = re.match(r"An error occurred \((\w+)\)", str(error))
    return found[1] if found else ""


def _said(error: "ClientError") -> str:
    """Return botocore's words; of an answer that is not in AWS's form it knows the status, and not what that means."""
    from http import HTTPStatus  # noqa: PLC0415 - where AWS refuses, and not for a dry run

    found = error.response.get("Error", {})
    code = str(found.get("Code", ""))
    known = code.isdigit() and int(code) in set(HTTPStatus) and not found.get("Message")
    return f"{str(error).rstrip()} {code} {HTTPStatus(int(code)).phrase}" if known else str(error)


def _ask(call: Callable[[], _Answer], *, needs: str = "") -> _Answer:
    """Make one call; whatever botocore raises becomes what the program understands.

    Args:
        call: the call.
        needs: what its answer has to hold: botocore takes one that is cut off, or a proxy's page, for an empty one.
    """
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError  # noqa: PLC0415

    try:
        answer = call()
        if needs and isinstance(answer, Mapping) and needs not in answer:
            raise OperationFailedError("ecr-api", [f"the answer of AWS is not whole: it has no {needs}"])
    except ClientError as error:
        headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        after = headers.get("retry-after", "")
        raise OperationFailedError(
            "ecr-api", [_said(error)], retry_after=float(after) if after.isdigit() else None
        ) from None
    except (BotoCoreError, HTTPClientError, ValueError) as error:  # a ValueError is an endpoint that is no URL
        raise OperationFailedError("ecr-api", [f"botocore.exceptions.{type(error).__name__}: {error}"]) from None
    return answer
