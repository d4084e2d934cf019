"""The words of a diagnosis: classes, phases, the diagnosis itself, and a row of the rule tables."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from functools import cached_property


class FailureClass(StrEnum):
    """What may be done about a failure."""

    TRANSIENT = "transient"  # try again as it is
    THROTTLED = "throttled"  # again, slower
    AUTH_EXPIRED = "auth-expired"  # log in again, then again
    BUILDER_LOST = "builder-lost"  # repair the builder, then again
    PERMANENT = "permanent"  # stop at once
    CONFIG = "config"  # stop; the advice names what cures it


class FailurePhase(StrEnum):
    """The part of a run that failed."""

    BASE_PULL = "base-pull"
    RUN_STEP = "run-step"
    PUSH = "push"
    STS = "sts"
    DOCKERFILE = "dockerfile"
    ECR_API = "ecr-api"
    LOGIN = "login"
    OTHER = "other"
    BUILDER_CREATE = "builder-create"
    CACHE_IMPORT = "cache-import"
    BUILDER_BOOT = "builder-boot"
    MANIFEST = "manifest"
    DAEMON = "daemon"
    GIT = "git"
    CACHE_EXPORT = "cache-export"
    QEMU = "qemu"


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """One failure: where, of which class, why, and what to do."""

    rule: str  # the name of the row of the tables that decided, `unknown` where none did
    phase: FailurePhase
    failure_class: FailureClass
    cause: str
    advice: str
    line: str  # the line of the text that decided
    retry_after: float | None = None  # seconds, where the text states them
    once: bool = False  # a RUN step that failed on the network: one more try is worth it, not more

    def as_dict(self) -> dict[str, str]:
        """The diagnosis as the report prints it."""
        return {
            "class": str(self.failure_class),
            "phase": str(self.phase),
            "rule": self.rule,
            "cause": self.cause,
            "advice": self.advice,
            "line": self.line,
        }


@dataclass(frozen=True)
class FailureRule:
    """A row of a table: when one of `signs` is found, the failure has this class and this cause.

    Attributes:
        name: unique and stable; documentation and scripts refer to it.
        phase: where it failed, None where the output decides.
        signs: regular expressions, case ignored, each with a real message that it is there for. An expression starts
            in the deciding line and may run into the next two.
        cause: a template; its {names} come from the groups of the expressions, then from the output.
        advice: a template too.
        why: why this class and no other.
        given: an expression that some line of the output must match.
        unless: an expression that the deciding line and the next two must not match.
        echo: the line is a warning or a consequence: any other line decides before it.
    """

    name: str
    phase: FailurePhase | None
    failure_class: FailureClass
    signs: Mapping[str, str]
    _: KW_ONLY
    cause: str
    advice: str
    why: str
    given: str = ""
    unless: str = ""
    echo: bool = False

    @cached_property
    def pattern(self) -> str:
        """All signs as one regular expression."""
        return "|".join(self.signs)
