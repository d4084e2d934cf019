"""The words of an examination: what was observed, and what it means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias, TypeVar

from multiarch.doctor.machine import Daemon
from multiarch.image.ecr import Permissions, RepositoryFacts
from multiarch.image.platform import Platform
from multiarch.image.reference import Repository
from multiarch.plan.builder import Builder


class CheckStatus(StrEnum):
    """What a check says of the build."""

    OK = "ok"
    WARNING = "warning"  # it works, but not as well as it could; or nobody could tell
    PROBLEM = "problem"  # it will not work


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of the report.

    Attributes:
        name: what was examined.
        found: what is there.
        cure: what to do about it, empty where nothing has to be done.
        said: the words of the program that refused, empty where nobody did.
        exit_code: how the build would end; 0 where it is no problem.
    """

    name: str
    status: CheckStatus
    found: str
    cure: str = ""
    said: str = ""
    exit_code: int = 0


@dataclass(frozen=True, kw_only=True)
class Unanswered:
    """A question that got no answer.

    Attributes:
        cause: why.
        advice: what to do about it.
        said: the other side's own words.
        exit_code: how a build ends that fails of it.
        refused: AWS said that the role may not ask.
    """

    cause: str
    advice: str = ""
    said: str = ""
    exit_code: int
    refused: bool = False


_Value = TypeVar("_Value")
Answer: TypeAlias = _Value | Unanswered
RepositoryState: TypeAlias = RepositoryFacts | Literal["missing", "made on push", "missing, or made on push"]


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What was found out. None: it was not asked, because this plan does not depend on it.

    Attributes:
        now: when all of this was observed.
        refusals: what the settings or the checkout lack, by the name of the check.
        endpoint: where docker listens.
        buildx: what `docker buildx version` prints.
        emulators: the platforms that the running builder's own emulators run, of those that it does not list.
        free: bytes that are free where docker keeps its data.
        image_is_here: docker has the builder's image.
        image_is_there: the registry has it.
        caller: the ARN that AWS knows this role by.
        expires: when the registry's token ends, None in it where AWS does not say.
        login_is_left: a credential helper of the user's signs in, so there is no token of ours.
        repositories: those of the plan that are in ECR.
        permissions: of the role, by repository.
        tags: whether a tag is there, by `repository:tag`.
    """

    now: datetime
    refusals: Mapping[str, Unanswered] = field(default_factory=dict)
    endpoint: Answer[str] = ""
    docker: Answer[Daemon]
    buildx: Answer[str]
    builders: Answer[tuple[Builder, ...]]
    emulators: Answer[frozenset[Platform]] | None = None
    free: Answer[int] | None = None
    image_is_here: Answer[bool] | None = None
    image_is_there: Answer[bool] | None = None
    caller: Answer[str] | None = None
    expires: Answer[datetime | None] = None
    login_is_left: bool = False
    repositories: Mapping[Repository, Answer[RepositoryState]] = field(default_factory=dict)
    permissions: Mapping[Repository, Answer[Permissions]] = field(default_factory=dict)
    tags: Mapping[str, Answer[bool]] = field(default_factory=dict)


def ok(name: str, found: str) -> Check:
    return Check(name=name, status=CheckStatus.OK, found=found)


def warning(name: str, found: str, cure: str = "") -> Check:
    return Check(name=name, status=CheckStatus.WARNING, found=found, cure=cure)


def problem(name: str, found: str, cure: str, exit_code: int) -> Check:
    return Check(name=name, status=CheckStatus.PROBLEM, found=found, cure=cure, exit_code=exit_code)


def failed(name: str, why: Unanswered) -> Check:
    """A question that a build asks too, and that failed: so will the build."""
    return Check(
        name=name, status=CheckStatus.PROBLEM, found=why.cause, cure=why.advice, said=why.said, exit_code=why.exit_code
    )


def not_known(name: str, why: Unanswered) -> Check:
    """A question that a build can do without."""
    return Check(name=name, status=CheckStatus.WARNING, found=f"not known: {why.cause}", cure=why.advice, said=why.said)


def not_examined(name: str, because: str) -> Check:
    return warning(name, f"not examined: {because}")
