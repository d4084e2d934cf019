"""ECR's repository settings and IAM actions. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from multiarch.image.reference import Repository

# Actions of a push: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
# The last action is for reading the cache, or a base image.
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
# These two actions can write even if the request is invalid, so permission checks leave them out.
UNTESTED_ACTIONS = ("ecr:InitiateLayerUpload", "ecr:PutImage")

# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImageTagMutability.html
_MAX_FILTERS = 5


class Permission(StrEnum):
    """Whether the role can use an action, as the answer to a read-only call shows."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"


Permissions = Mapping[str, Permission]


def denied(permissions: Permissions) -> list[str]:
    return [action for action, permission in permissions.items() if permission is Permission.DENIED]


@dataclass(frozen=True, kw_only=True)
class RepositoryFacts:
    """Settings of a repository, from DescribeRepositories.

    Attributes:
        mutability: MUTABLE or IMMUTABLE, each also with the suffix _WITH_EXCLUSION.
        exclusions: wildcards of the excluded tags.
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
    """Return whether a tag matches a wildcard of an ECR exclusion filter or lifecycle rule."""
    # Not as a regular expression: its time may grow exponentially with the stars.
    first, *middle = wildcard.split("*")
    if not middle:
        return tag == wildcard
    last = middle.pop()
    begin, end = len(first), len(tag) - len(last)
    if begin > end or not (tag.startswith(first) and tag.endswith(last)):
        return False
    for part in middle:
        found = tag.find(part, begin, end)
        if found < 0:
            return False
        begin = found + len(part)
    return True


def mutability_command(repository: Repository, facts: RepositoryFacts, tags: Iterable[str]) -> str:
    """Return the AWS CLI command that makes these tags mutable, and keeps the other tags as they are if possible."""
    keep = list(facts.exclusions) if facts.mutability.startswith("IMMUTABLE") else []
    filters = list(dict.fromkeys((*keep, *tags)))
    if facts.mutability.startswith("MUTABLE") or len(filters) > _MAX_FILTERS:
        return f"{_put_mutability(repository)} MUTABLE"
    words = " ".join(f"filterType=WILDCARD,filter={each}" for each in filters)
    return f"{_put_mutability(repository)} IMMUTABLE_WITH_EXCLUSION --image-tag-mutability-exclusion-filters {words}"


def _put_mutability(repository: Repository) -> str:
    where = f"--region {repository.registry.region} --registry-id {repository.registry.account}"
    return f"aws ecr put-image-tag-mutability {where} --repository-name {repository.name} --image-tag-mutability"


def create_command(repository: Repository) -> str:
    return f"aws ecr create-repository --region {repository.registry.region} --repository-name {repository.name}"
