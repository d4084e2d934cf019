"""The real cause behind a registry's answer that misleads, from what AWS says of repository and role. Pure.

A registry has few words: 403 is a missing right or a full repository, EOF a missing right, 404 a missing repository or
an image, 400 on the cache an old BuildKit or an immutable tag. ECR's own API tells them apart.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from multiarch.errors import Diagnosis, FailurePhase
from multiarch.image.ecr import (
    UNTESTED_ACTIONS,
    Permission,
    Permissions,
    RepositoryFacts,
    create_command,
    denied,
    mutability_command,
)
from multiarch.image.reference import Repository
from multiarch.plan.model import Plan
from multiarch.plan.repositories import references
from multiarch.plan.steps import UNVERIFIED_TAG

# ECR's quota of images in a repository has been 10,000 and is 100,000 now; fewer have never been too many.
_MANY_IMAGES = 10_000
_PHASES = (FailurePhase.PUSH, FailurePhase.MANIFEST, FailurePhase.CACHE_EXPORT)


class AwsQuestion(StrEnum):
    """What can be asked of AWS without changing anything."""

    REPOSITORY = "repository"  # DescribeRepositories
    PERMISSIONS = "permissions"  # calls that name what cannot exist
    IMAGES = "images"  # ListImages


@dataclass(frozen=True, kw_only=True)
class AwsAnswers:
    """What AWS answered; what it would not say keeps its default."""

    repository: RepositoryFacts | Literal["missing", "unknown"] = "unknown"
    permissions: Permissions = field(default_factory=dict)
    images: int | None = None


Ask = Callable[[Repository, Sequence[AwsQuestion]], AwsAnswers]

_ALL = (AwsQuestion.REPOSITORY, AwsQuestion.PERMISSIONS, AwsQuestion.IMAGES)
# What a failure rule may hide. Other rules name the cause themselves.
_HIDDEN: Mapping[str, Sequence[AwsQuestion]] = {
    **dict.fromkeys(("tag-immutable", "push-rejected", "cache-export-refused"), (AwsQuestion.REPOSITORY,)),
    **dict.fromkeys(
        ("repository-missing", "ecr-repository-missing", "push-repository-missing", "image-not-found"),
        (AwsQuestion.REPOSITORY,),
    ),
    **dict.fromkeys(("registry-forbidden", "image-access-denied", "aws-operation-denied"), _ALL),
    **dict.fromkeys(
        ("ecr-upload-cut", "ecr-push-cut", "registry-connection-closed"),
        (AwsQuestion.REPOSITORY, AwsQuestion.PERMISSIONS),
    ),
}


def questions(diagnosis: Diagnosis) -> Sequence[AwsQuestion]:
    """Return what is worth asking about a failure; nothing where the failure names its cause."""
    return _HIDDEN.get(diagnosis.rule, ()) if diagnosis.phase in _PHASES else ()


def diagnose_with_aws(plan: Plan, diagnosis: Diagnosis, ask: Ask) -> str:
    """Ask AWS about a failure for good, and say what it means; empty where nothing is to be learnt."""
    asked = questions(diagnosis)
    subject = _subject(plan, diagnosis)
    if not asked or not subject or not subject[0].registry.is_ecr:
        return ""
    repository, tags = subject
    return finding(diagnosis, repository, tags, ask(repository, asked))


def _subject(plan: Plan, diagnosis: Diagnosis) -> tuple[Repository, Sequence[str]] | None:
    """Return the repository that was written to, and the tags that were."""
    if diagnosis.phase is FailurePhase.CACHE_EXPORT:
        caches = [each for target in plan.targets for each in references(target.cache_to)]
        return (caches[0][0], [caches[0][1]]) if caches else None
    pushed = [(target.repository, [*target.tags, UNVERIFIED_TAG]) for target in plan.targets if target.repository]
    return pushed[0] if pushed else None


def finding(diagnosis: Diagnosis, repository: Repository, tags: Sequence[str], said: AwsAnswers) -> str:
    """Say what AWS's answers mean for a failure; empty where they mean nothing."""
    registry = repository.registry
    if said.repository == "missing":
        where = f"account {registry.account}, {registry.region}"
        return f"AWS says: the repository {repository.name} does not exist in {where}; {create_command(repository)}"
    if stuck := _stuck(diagnosis, tags, said):
        assert isinstance(said.repository, RepositoryFacts)
        cure = mutability_command(repository, said.repository, stuck)
        return f"AWS says: {', '.join(stuck)} is immutable in {repository.name}; let it move: {cure}"
    if lacking := denied(said.permissions):
        text = f"AWS says: the role may not do {', '.join(lacking)} on {repository.name}"
        return f"{text}; python -m multiarch policy prints the policy that it needs"
    if said.images is not None and said.images >= _MANY_IMAGES:
        text = f"AWS says: {repository.name} holds {said.images:,} images, which may be all that its quota allows"
        return f"{text}; let a lifecycle rule remove untagged and old ones, or ask for a higher quota"
    if Permission.ALLOWED in said.permissions.values():
        allowed = ", ".join(action for action, each in said.permissions.items() if each is Permission.ALLOWED)
        rest = " and ".join(UNTESTED_ACTIONS)
        return f"AWS says: the role may do {allowed}; {rest} cannot be tried without writing: has it those?"
    return ""


def _stuck(diagnosis: Diagnosis, tags: Sequence[str], said: AwsAnswers) -> list[str]:
    """Return the immutable ones of the tags: of those that the failure names, where it names any."""
    if not isinstance(said.repository, RepositoryFacts) or AwsQuestion.PERMISSIONS in questions(diagnosis):
        return []
    words = set(re.split(r"[^\w.-]+", diagnosis.line))
    named = [tag for tag in tags if tag in words]
    return [tag for tag in named or tags if tag != UNVERIFIED_TAG or named if said.repository.is_immutable(tag)]
