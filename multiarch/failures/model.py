"""The words of a diagnosis: classes, phases, the diagnosis itself, and a row of the rule tables."""

from dataclasses import dataclass
from enum import StrEnum


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
    """A row of a table: when `pattern` is found, the failure has this class and this cause."""

    name: str  # unique and stable: scripts and the documentation name it
    phase: FailurePhase | None  # None: the text around says which
    failure_class: FailureClass
    pattern: str  # a regular expression, case ignored; it starts in the deciding line and may run into the next two
    cause: str  # its {names} come from the pattern's groups, then from the text
    advice: str
    why: str  # why this class and no other
    given: str = ""  # a second pattern, that some line of the text must hold
    unless: str = ""  # a third one, that the deciding line and the next two must not hold
    echo: bool = False  # the line is a warning or a consequence: any line that is not beats it
