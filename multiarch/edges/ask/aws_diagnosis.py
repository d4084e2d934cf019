"""Asks AWS about a failure: read-only calls, side by side, given up after some seconds."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Literal, TypeVar

from multiarch.deadline import Deadline
from multiarch.edges.ask.question import Asked, ask
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

    def permission(action: str) -> Asked[Permission]:
        return ask(lambda: aws.permission(registry, name, action), phase="ecr-api", deadline=deadline)

    state: Asked[RepositoryFacts | Literal["missing"]] | None = None
    images: Asked[int] | None = None
    permissions: dict[str, Asked[Permission]] = {}
    if AwsQuestion.REPOSITORY in questions:
        state = ask(lambda: _state(aws, repository), phase="ecr-api", deadline=deadline)
    if AwsQuestion.IMAGES in questions:
        images = ask(lambda: aws.image_count(registry, name), phase="ecr-api", deadline=deadline)
    if AwsQuestion.PERMISSIONS in questions:
        permissions = {action: permission(action) for action in HARMLESS_ACTIONS}
    return AwsAnswers(
        repository=_answer(state) or "unknown",
        permissions={action: _answer(future) or Permission.UNKNOWN for action, future in permissions.items()},
        images=_answer(images),
    )


def _state(aws: Aws, repository: Repository) -> RepositoryFacts | Literal["missing"]:
    return aws.repository(repository.registry, repository.name) or "missing"


def _answer(future: Asked[_Value] | None) -> _Value | None:
    with suppress(OperationFailedError, MultiarchError):
        return future.result() if future else None
    return None
