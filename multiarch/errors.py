"""The errors and their exit codes.

MultiarchError                 1   a bug in multiarch; never raised as such
├── ConfigurationError         2   a setting, a file or the checkout must change
├── AwsError                   3   AWS denied a request, or did not respond
├── BuilderError               4   docker, buildx or the builder
├── BuildError                 5   the Dockerfile or one of its steps
├── RegistryError              6   push, read-back or tag
├── RetriesExhaustedError      7   a transient failure persisted
└── OutputError                8   the run succeeded, but its result or a file cannot be written

InterruptedRunError      130, 143  SIGINT, SIGTERM
"""

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar


class FailureClass(StrEnum):
    """What a retry can do about a failure."""

    TRANSIENT = "transient"  # retry
    THROTTLED = "throttled"  # retry more slowly
    AUTH_EXPIRED = "auth-expired"  # log in again, then retry
    BUILDER_LOST = "builder-lost"  # repair the builder, then retry
    PERMANENT = "permanent"  # stop
    CONFIG = "config"  # stop; the advice names the fix


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
    """One failure: where it happened, its class, its cause, and what to do.

    Attributes:
        rule: the name of the failure rule that decided, `unknown` where none did.
        line: the line of the output that decided.
        retry_after: the seconds to wait that the output states.
        once: one more attempt is worth it and no further one, as for a RUN step that failed on the network.
    """

    rule: str
    phase: FailurePhase
    failure_class: FailureClass
    cause: str
    advice: str
    line: str
    retry_after: float | None = None
    once: bool = False

    def cleaned(self, clean: Callable[[str], str]) -> "Diagnosis":
        """Return the diagnosis with each text from the output cleaned, of secrets for example."""
        return replace(self, cause=clean(self.cause), advice=clean(self.advice), line=clean(self.line))


class MultiarchError(Exception):
    """An error with an exit code, a hint with the fix, and the diagnosis if a failure rule decided."""

    exit_code: ClassVar[int] = 1
    meaning: ClassVar[str] = "a bug in multiarch: please report it"

    def __init__(self, message: str, *, hint: str = "", diagnosis: Diagnosis | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.diagnosis = diagnosis


class ConfigurationError(MultiarchError):
    exit_code = 2
    meaning = "a setting, a file or the checkout is invalid; nothing was built"


class AwsError(MultiarchError):
    exit_code = 3
    meaning = "AWS refused a request or did not respond: credentials, permissions, account"


class BuilderError(MultiarchError):
    exit_code = 4
    meaning = "docker, buildx or the builder failed"


class BuildError(MultiarchError):
    exit_code = 5
    meaning = "the build failed: the Dockerfile or one of its steps"


class RegistryError(MultiarchError):
    exit_code = 6
    meaning = "the push, the verification or a tag failed"


class RetriesExhaustedError(MultiarchError):
    exit_code = 7
    meaning = "retries exhausted: a transient failure persisted"


class OutputError(MultiarchError):
    exit_code = 8
    meaning = "the run succeeded, but standard output or a file could not be written"


@dataclass(frozen=True, kw_only=True)
class StepFailure:
    """A step of a build that failed, or that was canceled because another step failed.

    Attributes:
        title: of the step, as BuildKit prints it: `[linux/arm64 build 2/4] RUN make`.
        output: the last lines that the step printed, oldest first.
        error: BuildKit's error; it can have several lines.
    """

    title: str
    output: tuple[str, ...]
    error: str
    is_canceled: bool


class OperationFailedError(Exception):
    """A failed operation of an edge, before its diagnosis; `failures.understand` finds the cause.

    Attributes:
        phase: a value of `FailurePhase`.
        lines: the output or the answer, oldest line first.
        retry_after: the wait that the answer states, in seconds.
        status: the HTTP status of the answer; None without an answer.
        code: the error code of the answer, such as AccessDeniedException or MANIFEST_UNKNOWN; without an answer, the
            name of the exception.
        host: the host that was called, with its port if it has one.
        exit_code: of a process; None if no process ended.
        steps: the failed or canceled steps of a build.
    """

    def __init__(
        self,
        phase: str,
        lines: Sequence[str],
        *,
        retry_after: float | None = None,
        status: int | None = None,
        code: str = "",
        host: str = "",
        exit_code: int | None = None,
        steps: Sequence[StepFailure] = (),
    ) -> None:
        super().__init__("\n".join(lines))
        self.phase = phase
        self.lines = tuple(lines)
        self.retry_after = retry_after
        self.status = status
        self.code = code
        self.host = host
        self.exit_code = exit_code
        self.steps = tuple(steps)


class RunEndedError(Exception):
    """Ends a thread that still works after the end of the run; nothing waits for the thread."""


class InterruptedRunError(BaseException):
    """A signal ended the run; the exit code is 128 plus the number of the signal, as in a shell.

    It is not an Exception, so that code which handles failures does not handle a signal.
    """

    meaning: ClassVar[str] = "interrupted: 130 by SIGINT, 143 by SIGTERM"

    def __init__(self, signal_number: int) -> None:
        self.message = f"interrupted by {signal.Signals(signal_number).name}"
        super().__init__(self.message)
        self.exit_code = 128 + signal_number
        self.hint = ""
        self.diagnosis = None


EXIT_CODES: tuple[tuple[str, str], ...] = (
    ("0", "done"),
    *(
        (str(error.exit_code), error.meaning)
        for error in (
            MultiarchError,
            ConfigurationError,
            AwsError,
            BuilderError,
            BuildError,
            RegistryError,
            RetriesExhaustedError,
            OutputError,
        )
    ),
    ("130", InterruptedRunError.meaning),
)
