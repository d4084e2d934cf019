"""The table of cases: what goes wrong, where, and how the run has to end.

Most rows are made of two lists, places and faults; what they share is that the image has to be published all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dev.stack.ecr.faults import ALWAYS, Fault
from dev.stack.ecr.lanes import Rules
from tests.chaos.case import Case

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dev.stack.ecr.faults import What

_SOON: Final = (("Retry-After", "1"),)
_TWO_TRIES: Final = (("MULTIARCH_RETRY_ATTEMPTS", "2"),)
_SMOKE: Final = {
    "base resolve: 503, once",
    "blob upload: reset, once",
    "manifest push: 429 with Retry-After 1, once",
    "read-back: 504, once",
    "tag: 500, once",
}


def _status(where: str, status: int, *, times: int = 1, soon: bool = False, lasts: float = 0.0) -> Fault:
    return Fault(where=where, what="status", status=status, times=times, headers=_SOON if soon else (), lasts=lasts)


def _one(fault: Fault, *, retries: int | None = None, says: tuple[str, ...] = ()) -> Case:
    """A fault that passes: the image is published."""
    name = str(fault)
    return Case(
        name=name,
        faults=(fault,),
        cold=fault.where.startswith("base"),
        before=fault.where == "cache import",
        retries=retries,
        says=says,
        smoke=name in _SMOKE,
    )


# Where multiarch asks by itself, nobody else tries again before it does.
_OWN: Final = ("look-up", "read-back", "read-back config", "tag look-up", "tag", "tag latest")
_BUILDKIT: Final = (
    "base resolve",
    "base pull",
    "cache import",
    "blob check",
    "blob start",
    "blob upload",
    "manifest push",
    "cache export",
)


def _passing() -> Iterator[Case]:
    """What passes: once at each place, in each way that registries and networks have."""
    for where in _BUILDKIT:
        for status in (429, 500, 502, 503, 504):
            yield _one(_status(where, status))
        yield _one(_status(where, 429, soon=True))
        yield _one(Fault(where=where, what="reset"))
        if where in ("base resolve", "base pull", "cache import"):
            yield _one(Fault(where=where, what="cut"))
    for where in _OWN:
        yield _one(_status(where, 503), retries=1)
    for where in ("read-back", "tag"):
        for status in (429, 500, 502, 504):
            yield _one(_status(where, status), retries=1)
        yield _one(_status(where, 429, soon=True), retries=1, says=("in 1.0 s (attempt 2 of 5)",))
        for what in _WHATS:
            yield _one(Fault(where=where, what=what), retries=1)
    yield _one(Fault(where="read-back", what="garbage"), retries=1)
    yield _one(Fault(where="read-back config", what="cut"), retries=1)
    yield _one(Fault(where="read-back", what="stall"), retries=1)
    yield _one(Fault(where="tag", what="stall"), retries=1)
    # The registry did it, and the answer was lost.
    for where in ("blob start", "blob upload", "manifest push", "cache export"):
        yield _one(Fault(where=where, what="lost"))
    yield _one(Fault(where="tag", what="lost"), retries=1)
    yield Case(
        name="tag: lost, once, in an immutable repository",
        faults=(Fault(where="tag", what="lost"),),
        mutability="IMMUTABLE",
        words=("--cache", "none"),
        retries=1,
        smoke=True,
    )


_WHATS: Final[tuple[What, ...]] = ("reset", "cut")


def _aws() -> Iterator[Case]:
    """AWS's own API: throttled, in trouble, silent."""
    for where in ("login", "find repository"):
        asked = 1 if where == "login" else None
        yield Case(
            name=f"{where}: ThrottlingException, once",
            faults=(Fault(where=where, what="throttle"),),
            retries=asked,
            smoke=where == "login",
        )
        for status in (500, 502, 503):
            yield _one(_status(where, status), retries=asked)
        for what in (*_WHATS, "garbage"):
            yield _one(Fault(where=where, what=what), retries=asked)
    yield _one(Fault(where="login", what="stall"), retries=1)
    yield Case(
        name="login: 503, once; only AWS knows the account",
        faults=(_status("login", 503),),
        environment=(("CODEBUILD_BUILD_ARN", ""),),
        retries=1,
        smoke=True,
    )
    yield Case(
        name="login: ThrottlingException, always",
        faults=(Fault(where="login", what="throttle", times=ALWAYS),),
        environment=_TWO_TRIES,
        code=7,
        says=("is rate-limiting requests",),
    )
    yield Case(
        name="login: 503, always, until the deadline",
        faults=(_status("login", 503, times=ALWAYS),),
        environment=(("MULTIARCH_RETRY_ATTEMPTS", "50"), ("MULTIARCH_RETRY_DEADLINE", "5")),
        code=7,
    )
    yield Case(
        name="AWS API: a host name that does not resolve",
        environment=(("AWS_ENDPOINT_URL", "https://api.ecr-none.eu-central-1.amazonaws.com"), *_TWO_TRIES),
        code=7,
        says=("cannot connect to",),
    )
    yield Case(
        name="AWS API: an untrusted certificate",
        environment=(("AWS_ENDPOINT_URL", "https://127.0.0.1:UNTRUSTED"),),
        code=3,
        retries=0,
        says=("certificate", "AWS_CA_BUNDLE"),
    )


def _expiry() -> Iterator[Case]:
    """The token ends in the middle: a new login, and on."""
    for where in (
        "look-up",
        "base resolve",
        "base pull",
        "cache import",
        "blob start",
        "blob upload",
        "manifest push",
        "cache export",
        "read-back",
        "read-back config",
        "tag",
        "tag latest",
    ):
        name = f"{where}: the token expires"
        yield Case(
            name=name,
            faults=(Fault(where=where, what="expire"),),
            cold=where.startswith("base"),
            before=where == "cache import",
            retries=None if where.startswith("cache") else 1,
            smoke=where in ("manifest push", "tag"),
        )


def _lasting() -> Iterator[Case]:
    """Outages longer than BuildKit's own patience of 7 seconds, and such that do not end."""
    for where in ("base resolve", "blob start", "blob upload", "manifest push"):
        yield Case(
            name=f"{where}: 503, for 9 s",
            faults=(_status(where, 503, lasts=9),),
            cold=where.startswith("base"),
            retries=1,
        )
    yield Case(
        name="blob upload: reset, for 9 s",
        faults=(Fault(where="blob upload", what="reset", lasts=9),),
        retries=1,
    )
    yield Case(
        name="connection: reset, for 9 s; the step does not run again",
        faults=(Fault(where="blob start", what="reset", lasts=9),),
        retries=1,
    )
    for where in ("base resolve", "blob start", "manifest push", "read-back", "tag"):
        yield Case(
            name=f"{where}: 503, always",
            faults=(_status(where, 503, times=ALWAYS),),
            cold=where.startswith("base"),
            environment=_TWO_TRIES,
            code=7,
            says=("503", "2 attempts in"),
        )
    yield Case(
        name="manifest push: 429, always",
        faults=(_status("manifest push", 429, times=ALWAYS),),
        environment=_TWO_TRIES,
        code=7,
        says=("is rate-limiting requests",),
        smoke=True,
    )
    yield Case(
        name="tag latest: 503, always; the tag of the commit exists and is verified",
        faults=(_status("tag latest", 503, times=ALWAYS),),
        environment=_TWO_TRIES,
        code=7,
        tags=frozenset({"COMMIT"}),
    )
    yield Case(
        name="cache export: 503, always; the image is good, the cache is not written",
        faults=(_status("cache export", 503, times=ALWAYS),),
        says=("cache export failed, the image is not affected",),
        retries=0,
    )
    for where in ("base resolve", "blob upload", "manifest push"):
        yield _one(Fault(where=where, what="stall", seconds=12))


def _rules() -> Iterator[Case]:
    """ECR rules: a retry does not change the outcome."""
    yield Case(
        name="ECR: the repository does not exist",
        missing=True,
        code=6,
        retries=0,
        says=("aws ecr create-repository --region eu-central-1",),
        smoke=True,
    )
    yield Case(
        name="ECR: the repository does not exist, and the role cannot check it",
        missing=True,
        faults=(Fault(where="find repository", what="forbid", times=ALWAYS),),
        code=6,
        retries=0,
        says=("does not exist", "create-repository"),
    )
    yield Case(
        name="ECR: all tags are immutable, and the tags of the commit and the cache exist",
        mutability="IMMUTABLE",
        before=True,
        code=2,
        says=("cannot move", ":latest from", "--image-tag-mutability-exclusion-filters"),
        retries=0,
        smoke=True,
    )
    yield Case(
        name="ECR: tags are immutable, and the tag of the commit exists: rebuild",
        mutability="IMMUTABLE",
        before=True,
        words=("--if-exists", "rebuild", "--commit-tag", "v1"),
        code=2,
        says=("cannot replace",),
        retries=0,
    )
    for action in (
        "ecr:BatchGetImage",
        "ecr:BatchCheckLayerAvailability",
        "ecr:InitiateLayerUpload",
        "ecr:CompleteLayerUpload",
        "ecr:PutImage",
        "ecr:GetDownloadUrlForLayer",
    ):
        yield Case(
            name=f"ECR: the role lacks {action}",
            rules=Rules(denied=(action,)),
            code=6,
            retries=0,
            says=(action,),
            smoke=action == "ecr:InitiateLayerUpload",
        )
    yield Case(name="ECR: the repository is full", rules=Rules(full=True), code=6, retries=0, says=("quota",))
    yield Case(
        name="ECR: the role cannot log in",
        faults=(Fault(where="login", what="forbid", times=ALWAYS),),
        code=3,
        retries=0,
        says=("ecr:GetAuthorizationToken",),
    )
    yield Case(
        name="ECR: the AWS credentials have expired",
        faults=(Fault(where="login", what="old", times=ALWAYS),),
        environment=_TWO_TRIES,
        code=7,
        says=("expired",),
    )


def _connections() -> Iterator[Case]:
    """TLS and DNS."""
    yield Case(
        name="connection: an untrusted certificate",
        faults=(Fault(where="connection", what="untrusted", times=ALWAYS),),
        code=6,
        retries=0,
        says=("certificate", "certs.d"),
    )
    yield Case(
        name="connection: plain HTTP instead of TLS",
        faults=(Fault(where="connection", what="plain", times=ALWAYS),),
        code=6,
        retries=0,
        says=("does not support TLS",),
    )
    yield _one(Fault(where="connection", what="reset"), retries=1)
    yield _one(Fault(where="connection", what="reset", skip=1, times=2))
    yield _one(Fault(where="connection", what="reset", lasts=8), retries=1)
    yield _one(Fault(where="connection", what="stall", seconds=25), retries=1)
    yield Case(
        name="base image: an AWS host name that does not resolve",
        environment=(
            ("MULTIARCH_BUILD_ARGS", "BASE_IMAGE=123456789012.dkr.ecr-none.eu-central-1.amazonaws.com/base:1"),
            *_TWO_TRIES,
        ),
        code=7,
        says=("cannot resolve",),
    )
    yield Case(
        name="base image: an unknown host name",
        environment=(("MULTIARCH_BUILD_ARGS", "BASE_IMAGE=registry.nowhere.invalid/base:1"),),
        code=5,
        retries=0,
    )
    yield Case(
        name="base image: missing",
        environment=(("MULTIARCH_BUILD_ARGS", "BASE_IMAGE=localhost:5000/base:none"),),
        code=5,
        retries=0,
        says=("does not exist",),
    )


def _machine() -> Iterator[Case]:
    """The builder and docker itself. Last: the second one is felt by all that run on the machine."""
    yield Case(name="machine: the builder container is killed during a step", deed="kill builder", retries=1)
    yield Case(name="machine: docker restarts during a step", deed="restart docker", retries=1)


# By their heading in the documentation.
GROUPS: Final[Mapping[str, tuple[Case, ...]]] = {
    "Temporary errors": (Case(name="nowhere", retries=0, smoke=True), *_passing()),
    "The AWS API": tuple(_aws()),
    "A token that expires during the run": tuple(_expiry()),
    "Outages": tuple(_lasting()),
    "ECR rules": tuple(_rules()),
    "Connections and base images": tuple(_connections()),
    "The builder and docker": tuple(_machine()),
}
CASES: Final = tuple(case for cases in GROUPS.values() for case in cases)
