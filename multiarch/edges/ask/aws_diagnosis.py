"""Asks AWS about a failure: read-only calls, side by side, given up after some seconds."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Literal, TypeVar

from multiarch.edges.ask.later import Deadline, Later
from multiarch.edges.aws import HARMLESS_ACTIONS, Aws
from multiarch.errors import MultiarchError, OperationFailedError
from multiarch.image.ecr import Permission, RepositoryFacts
from multiarch.image.reference import Repository
from multiarch.run.aws_diagnosis import AwsAnswers, AwsQuestion

_SECONDS = 5.0

_Value = TypeVar("_Value")


def ask_aws(
    aws: Aws, repository: Repository, questions: Sequence[AwsQuestion], *, seconds: float = _SECONDS
) -> AwsAnswers:
    """Return what AWS says; a question that it does not answer is as good as one that was not asked."""
    registry, name = repository.registry, repository.name
    deadline = Deadline(seconds)

    def permission(action: str) -> Later[Permission]:
        return Later(lambda: aws.permission(registry, name, action), phase="ecr-api", deadline=deadline)

    state: Later[RepositoryFacts | Literal["missing"]] | None = None
    images: Later[int] | None = None
    permissions: dict[str, Later[Permission]] = {}
    if AwsQuestion.REPOSITORY in questions:
        state = Later(lambda: _state(aws, repository), phase="ecr-api", deadline=deadline)
    if AwsQuestion.IMAGES in questions:
        images = Later(lambda: aws.image_count(registry, name), phase="ecr-api", deadline=deadline)
    if AwsQuestion.PERMISSIONS in questions:
        permissions = {action: permission(action) for action in HARMLESS_ACTIONS}
    return AwsAnswers(
        repository=_answer(state) or "unknown",
        permissions={action: _answer(later) or Permission.UNKNOWN for action, later in permissions.items()},
        images=_answer(images),
    )


def _state(aws: Aws, repository: Repository) -> RepositoryFacts | Literal["missing"]:
    return aws.repository(repository.registry, repository.name) or "missing"


def _answer(later: Later[_Value] | None) -> _Value | None:
    with suppress(OperationFailedError, MultiarchError):
        return later.get() if later else None
    return None
