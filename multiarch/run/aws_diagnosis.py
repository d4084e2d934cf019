"""Finds the cause of an ambiguous answer of the registry, from AWS's answers about repository and role. Pure.

ECR's registry reports different causes alike: 403 is a missing permission or a full repository, EOF a missing
permission, 404 a missing repository or image, 400 on a cache export an old BuildKit or an immutable tag. ECR's API
tells them apart.
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

# ECR's quota of images per repository: 10,000 in the past, 100,000 now.
_MANY_IMAGES = 10_000
_PHASES = (FailurePhase.PUSH, FailurePhase.MANIFEST, FailurePhase.CACHE_EXPORT)


class AwsQuestion(StrEnum):
    """A question to AWS that changes nothing."""

    REPOSITORY = "repository"  # DescribeRepositories
    PERMISSIONS = "permissions"  # calls with a digest or an upload that cannot exist
    IMAGES = "images"  # ListImages


@dataclass(frozen=True, kw_only=True)
class AwsAnswers:
    """The answers of AWS; a question without an answer keeps the default."""

    repository: RepositoryFacts | Literal["missing", "unknown"] = "unknown"
    permissions: Permissions = field(default_factory=dict)
    images: int | None = None


Ask = Callable[[Repository, Sequence[AwsQuestion]], AwsAnswers]

_ALL = (AwsQuestion.REPOSITORY, AwsQuestion.PERMISSIONS, AwsQuestion.IMAGES)
# The questions to ask about an ambiguous failure, by its rule. Other rules name the cause.
_AMBIGUOUS: Mapping[str, Sequence[AwsQuestion]] = {
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
    """Return the questions to ask about a failure; none if the failure names its cause."""
    return _AMBIGUOUS.get(diagnosis.rule, ()) if diagnosis.phase in _PHASES else ()


def diagnose_with_aws(plan: Plan, diagnosis: Diagnosis, ask: Ask) -> str:
    """Ask AWS about a failure that ends the run, and return the cause as text; empty if AWS has no answer."""
    asked = questions(diagnosis)
    subject = _subject(plan, diagnosis)
    if not asked or not subject or not subject[0].registry.is_ecr:
        return ""
    repository, tags = subject
    return finding(diagnosis, repository, tags, ask(repository, asked))


def _subject(plan: Plan, diagnosis: Diagnosis) -> tuple[Repository, Sequence[str]] | None:
    """Return the repository and the tags that the failed write was for."""
    if diagnosis.phase is FailurePhase.CACHE_EXPORT:
        caches = [each for target in plan.targets for each in references(target.cache_to)]
        return (caches[0][0], [caches[0][1]]) if caches else None
    pushed = [(target.repository, [*target.tags, UNVERIFIED_TAG]) for target in plan.targets if target.repository]
    return pushed[0] if pushed else None


def finding(diagnosis: Diagnosis, repository: Repository, tags: Sequence[str], answers: AwsAnswers) -> str:
    """Return the cause that AWS's answers show, and how to fix it; empty if they show none."""
    registry = repository.registry
    if answers.repository == "missing":
        place = f"account {registry.account}, {registry.region}"
        text = f"AWS reports: repository {repository.name} does not exist in {place}"
        return f"{text}. To create it: {create_command(repository)}"
    if immutable := _immutable(diagnosis, tags, answers):
        assert isinstance(answers.repository, RepositoryFacts)
        command = mutability_command(repository, answers.repository, immutable)
        noun = "tags" if len(immutable) > 1 else "tag"
        return f"AWS reports: {noun} {', '.join(immutable)} immutable in {repository.name}. To allow moving: {command}"
    if missing := denied(answers.permissions):
        text = f"AWS reports: the role is not allowed to perform {', '.join(missing)} on {repository.name}"
        return f"{text}. Add the policy that python -m multiarch policy prints"
    if answers.images is not None and answers.images >= _MANY_IMAGES:
        text = f"AWS reports: repository {repository.name} has {answers.images:,} images, probably as many as its quota"
        return f"{text}. Expire untagged and old images with a lifecycle rule, or request a higher quota"
    if Permission.ALLOWED in answers.permissions.values():
        allowed = ", ".join(action for action, each in answers.permissions.items() if each is Permission.ALLOWED)
        untested = " and ".join(UNTESTED_ACTIONS)
        text = f"AWS reports: the role is allowed to perform {allowed}"
        return f"{text}. Check that it is also allowed to perform {untested}, which cannot be tested without writing"
    return ""


def _immutable(diagnosis: Diagnosis, tags: Sequence[str], answers: AwsAnswers) -> list[str]:
    """Return the immutable tags among those that the failure names; among all tags if it names none."""
    if not isinstance(answers.repository, RepositoryFacts) or AwsQuestion.PERMISSIONS in questions(diagnosis):
        return []
    words = set(re.split(r"[^\w.-]+", diagnosis.line))
    named = [tag for tag in tags if tag in words]
    return [tag for tag in named or tags if tag != UNVERIFIED_TAG or named if answers.repository.is_immutable(tag)]
