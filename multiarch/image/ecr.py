"""What ECR keeps of a repository, and the IAM actions that it asks for. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from multiarch.image.reference import Repository

# What a push with a cache does: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html; the last
# of them is what reading the cache, or a base image, adds to a push.
PUSH_ACTIONS = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:InitiateLayerUpload",
    "ecr:UploadLayerPart",
    "ecr:CompleteLayerUpload",
    "ecr:PutImage",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
)
PULL_ACTIONS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
# These two begin or make something even where the request is nonsense, so nobody asks them without need.
UNASKED_ACTIONS = ("ecr:InitiateLayerUpload", "ecr:PutImage")

_MOST_FILTERS = 5


class Permission(StrEnum):
    """What the answer to a harmless call says of the role."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"


Permissions = Mapping[str, Permission]


def denied(permissions: Permissions) -> list[str]:
    return [action for action, permission in permissions.items() if permission is Permission.DENIED]


@dataclass(frozen=True, kw_only=True)
class RepositoryFacts:
    """A repository's own settings, as DescribeRepositories tells them.

    Attributes:
        mutability: MUTABLE or IMMUTABLE, either with _WITH_EXCLUSION.
        exclusions: wildcards of the tags that the mutability does not hold for.
    """

    mutability: str = "MUTABLE"
    exclusions: tuple[str, ...] = ()

    def is_immutable(self, tag: str) -> bool:
        """https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html."""
        excluded = any(fits(wildcard, tag) for wildcard in self.exclusions)
        return self.mutability.startswith("IMMUTABLE") != excluded

    def shown(self) -> str:
        words = self.mutability.removesuffix("_WITH_EXCLUSION").lower()
        return f"{words} except {', '.join(self.exclusions)}" if self.exclusions else words


def fits(wildcard: str, tag: str) -> bool:
    """Whether a tag is one of those that a wildcard of ECR stands for."""
    return bool(re.fullmatch(".*".join(map(re.escape, wildcard.split("*"))), tag))


def let_move(repository: Repository, facts: RepositoryFacts, tags: Iterable[str]) -> str:
    """Return the AWS CLI's command that lets these tags move and leaves the others immutable, with its warning."""
    keep = list(facts.exclusions) if facts.mutability.startswith("IMMUTABLE") else []
    filters = list(dict.fromkeys((*keep, *tags)))
    if facts.mutability.startswith("MUTABLE") or len(filters) > _MOST_FILTERS:
        return f"{_put_mutability(repository)} MUTABLE"
    words = " ".join(f"filterType=WILDCARD,filter={each}" for each in filters)
    return f"{_put_mutability(repository)} IMMUTABLE_WITH_EXCLUSION --image-tag-mutability-exclusion-filters {words}"


def _put_mutability(repository: Repository) -> str:
    where = f"--region {repository.registry.region} --registry-id {repository.registry.account}"
    return f"aws ecr put-image-tag-mutability {where} --repository-name {repository.name} --image-tag-mutability"


def create_command(repository: Repository) -> str:
    return f"aws ecr create-repository --region {repository.registry.region} --repository-name {repository.name}"
