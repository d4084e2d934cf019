"""What ECR refuses, with ECR's own words and status codes. Pure.

Read in people's reports, where AWS documents no text:
- a missing repository, 404: https://github.com/aws/containers-roadmap/issues/1299
- an immutable tag, 400, for the same image too: https://github.com/moby/buildkit/issues/3776 and, with the words of
  2025, https://github.com/osscontainertools/kaniko/pull/204
- an expired token, 403: https://github.com/aws/aws-cli/issues/6580
- an action that the role lacks, 403: https://github.com/aws-samples/aws-modern-application-workshop/issues/95
- the quota of images, 403: https://github.com/aws/containers-roadmap/issues/2159, its words in
  https://github.com/theopensystemslab/planx-new/pull/4074
- a cache that is no image, 400: https://github.com/aws/containers-roadmap/issues/876
- a manifest of an unknown form, 405: https://github.com/awslabs/cfn-ecr-aws-soci-index-builder
"""

from __future__ import annotations

import fnmatch
import json
import re
from dataclasses import dataclass
from typing import Final

_INDEXES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_MANIFESTS: Final = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
TYPES: Final = (*_INDEXES, *_MANIFESTS)
# The IAM action that ECR asks for, by method and path.
_ACTIONS: Final = (
    ("GET|HEAD", "/manifests/", "ecr:BatchGetImage"),
    ("HEAD", "/blobs/sha256", "ecr:BatchCheckLayerAvailability"),
    ("GET", "/blobs/sha256", "ecr:GetDownloadUrlForLayer"),
    ("POST", "/blobs/uploads/", "ecr:InitiateLayerUpload"),
    ("PATCH", "/blobs/uploads/", "ecr:UploadLayerPart"),
    ("PUT", "/blobs/uploads/", "ecr:CompleteLayerUpload"),
    ("PUT", "/manifests/", "ecr:PutImage"),
)
ROLE: Final = "assumed-role/CodeBuildServiceRole/AWSCodeBuild-3f2a1b6c"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    status: int
    code: str
    message: str

    @property
    def body(self) -> bytes:
        return json.dumps({"errors": [{"code": self.code, "message": self.message}]}).encode()


@dataclass(frozen=True, kw_only=True)
class Repository:
    """What AWS says of a repository: its tags' mutability, and the patterns that are excepted from it."""

    name: str
    account: str
    region: str
    mutability: str = "MUTABLE"
    excepted: tuple[str, ...] = ()

    def keeps(self, tag: str) -> bool:
        """Whether a tag, once there, stays where it is."""
        is_excepted = any(fnmatch.fnmatchcase(tag, pattern) for pattern in self.excepted)
        return self.mutability.startswith("IMMUTABLE") != is_excepted


EXPIRED: Final = Refusal(
    status=403, code="DENIED", message="Your authorization token has expired. Reauthenticate and try again."
)


def missing_repository(name: str, account: str) -> Refusal:
    message = f"The repository with name '{name}' does not exist in the registry with id '{account}'"
    return Refusal(status=404, code="NAME_UNKNOWN", message=message)


def missing_right(method: str, path: str, repository: Repository, denied: tuple[str, ...]) -> Refusal | None:
    action = next((name for methods, part, name in _ACTIONS if re.fullmatch(methods, method) and part in path), "")
    if action not in denied:
        return None
    resource = f"arn:aws:ecr:{repository.region}:{repository.account}:repository/{repository.name}"
    message = (
        f"User: arn:aws:sts::{repository.account}:{ROLE} is not authorized to perform: {action} on resource: "
        f"{resource} because no identity-based policy allows the {action} action"
    )
    return Refusal(status=403, code="DENIED", message=message)


def full(repository: Repository) -> Refusal:
    message = (
        f"The repository with name '{repository.name}' in registry with id '{repository.account}' already has the "
        "maximum allowed number of images which is '10000'"
    )
    return Refusal(status=403, code="DENIED", message=message)


def immutable(repository: Repository, tag: str) -> Refusal:
    message = (
        f"The image tag '{tag}' already exists in the '{repository.name}' repository and cannot be overwritten "
        "because the tag is immutable."
    )
    return Refusal(status=400, code="TAG_INVALID", message=message)


def no_image(media_type: str, content: bytes) -> Refusal | None:
    """Refuse a manifest that is neither an image nor an index of images: BuildKit's first form of a cache is none."""
    try:
        manifest = json.loads(content)
    except ValueError:
        manifest = {}
    message = "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'"
    if media_type not in TYPES:
        return Refusal(status=405, code="UNSUPPORTED", message=message)
    children = manifest.get("manifests", [])
    if media_type in _INDEXES and any(each.get("mediaType") not in TYPES for each in children):
        return Refusal(status=400, code="UNSUPPORTED", message=message)
    return None
