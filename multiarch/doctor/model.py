"""The model of `doctor`: observed facts, and the checks made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias, TypeVar

from multiarch.doctor.machine import Daemon
from multiarch.image.ecr import Permissions, RepositoryFacts
from multiarch.image.platform import Platform
from multiarch.image.reference import Repository
from multiarch.plan.build.builder import Builder


class CheckStatus(StrEnum):
    """The result of a check."""

    OK = "ok"
    WARNING = "warning"  # the build works with a drawback, or the check got no answer
    PROBLEM = "problem"  # the build will fail


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check of the report.

    Attributes:
        name: the subject of the check, such as `builder` or `disk`.
        found: the finding.
        fix: how to fix a problem or a warning; empty if nothing needs to be done.
        output: the line of docker, AWS or the registry that reports the failure; empty if none does.
        exit_code: the exit code that the build would have; 0 unless the status is `problem`.
    """

    name: str
    status: CheckStatus
    found: str
    fix: str = ""
    output: str = ""
    exit_code: int = 0


@dataclass(frozen=True, kw_only=True)
class Unanswered:
    """A question without an answer.

    Attributes:
        cause: the reason.
        advice: how to fix it.
        output: the line of docker, AWS or the registry that reports the failure.
        exit_code: the exit code of a build that fails for this reason.
        refused: AWS denied the role this question.
    """

    cause: str
    advice: str = ""
    output: str = ""
    exit_code: int
    refused: bool = False


_Value = TypeVar("_Value")
Answer: TypeAlias = _Value | Unanswered
RepositoryState: TypeAlias = RepositoryFacts | Literal["missing", "created on push", "missing, or created on push"]


@dataclass(frozen=True, kw_only=True)
class Observed:
    """The observed facts. None: not requested, because this plan does not depend on the fact.

    Attributes:
        now: the time of the observation.
        refusals: errors in the settings or the checkout, by the name of the check.
        endpoint: docker's address; empty for the default.
        buildx: the output of `docker buildx version`.
        emulators: the platforms that the running builder can emulate, of the platforms that it does not list.
        free: free bytes on the disk of docker's data folder.
        image_is_local: docker has the builder's image.
        image_in_registry: the registry has the builder's image.
        caller: the ARN of the caller, from STS.
        expires: when the registry's token expires; the answer None means that AWS did not report a time.
        uses_credential_helper: docker's configuration has a credential helper for the registry, so `build` does not
            sign in.
        repositories: the plan's repositories in ECR.
        permissions: of the role, by repository.
        tags: whether a tag exists, by `repository:tag`.
    """

    now: datetime
    refusals: Mapping[str, Unanswered] = field(default_factory=dict)
    endpoint: Answer[str] = ""
    docker: Answer[Daemon]
    buildx: Answer[str]
    builders: Answer[tuple[Builder, ...]]
    emulators: Answer[frozenset[Platform]] | None = None
    free: Answer[int] | None = None
    image_is_local: Answer[bool] | None = None
    image_in_registry: Answer[bool] | None = None
    caller: Answer[str] | None = None
    expires: Answer[datetime | None] = None
    uses_credential_helper: bool = False
    repositories: Mapping[Repository, Answer[RepositoryState]] = field(default_factory=dict)
    permissions: Mapping[Repository, Answer[Permissions]] = field(default_factory=dict)
    tags: Mapping[str, Answer[bool]] = field(default_factory=dict)


def ok(name: str, found: str) -> Check:
    return Check(name=name, status=CheckStatus.OK, found=found)


def warning(name: str, found: str, fix: str = "") -> Check:
    return Check(name=name, status=CheckStatus.WARNING, found=found, fix=fix)


def problem(name: str, found: str, fix: str, exit_code: int) -> Check:
    return Check(name=name, status=CheckStatus.PROBLEM, found=found, fix=fix, exit_code=exit_code)


def failed(name: str, why: Unanswered) -> Check:
    """Return a problem: the build depends on the same answer, so it will fail too."""
    return Check(
        name=name,
        status=CheckStatus.PROBLEM,
        found=why.cause,
        fix=why.advice,
        output=why.output,
        exit_code=why.exit_code,
    )


def unknown(name: str, why: Unanswered) -> Check:
    """Return a warning: the build does not depend on this answer."""
    return Check(
        name=name, status=CheckStatus.WARNING, found=f"unknown: {why.cause}", fix=why.advice, output=why.output
    )


def skipped(name: str, reason: str) -> Check:
    return warning(name, f"skipped: {reason}")
