"""Tests of multiarch/run/recovery.py: retries, waits, fixes and the error that ends a run."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import pytest

from multiarch.errors import (
    AwsError,
    BuilderError,
    BuildError,
    Diagnosis,
    FailureClass,
    FailurePhase,
    MultiarchError,
    OperationFailedError,
    RegistryError,
    RetriesExhaustedError,
)
from multiarch.failures import understand
from multiarch.plan.model import RetryPolicy
from multiarch.record import Retry
from multiarch.record.outcome import failure_of
from multiarch.run.recovery import Recovery, final_error
from tests.unit.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable

TRANSIENT = OperationFailedError("manifest", ["GET https://h/v2/x: 503 Service Unavailable"])
THROTTLED = OperationFailedError("manifest", ["GET https://h/v2/x: 429 Too Many Requests"])
STATED = OperationFailedError("manifest", ["toomanyrequests: retry after 12 seconds"])
EXPIRED = OperationFailedError("manifest", ["denied: Your authorization token has expired. Reauthenticate"])
LOST = OperationFailedError("other", ["rpc error: code = Unavailable desc = error reading from server: EOF"])
UNKNOWN = OperationFailedError("other", ["first", "an unknown message", "  "])
DENIED = OperationFailedError("manifest", ["GET https://h/v2/x: 401 Unauthorized"])
DOWNLOAD = OperationFailedError(
    "other",
    [
        "#9 [linux/arm64 2/4] RUN curl https://x",
        "#9 1.000 curl: (6) Could not resolve host: x",
        '#9 ERROR: process "/bin/sh -c curl https://x" did not complete successfully: exit code: 6',
    ],
)


class Attempts:
    """An operation that fails with these errors and then succeeds, and what its recovery did."""

    def __init__(self, *errors: Exception, attempts: int = 5, deadline: float = 1000, takes: float = 0.0) -> None:
        self.clock = FakeClock()
        self.calls = 0
        self.fixed: list[FailureClass] = []
        self.announced: list[Retry] = []
        self.fixes: dict[FailureClass, Callable[[], object]] = {
            each: lambda each=each: self.fixed.append(each)  # type: ignore[misc]  # a loop's variable, bound
            for each in (FailureClass.AUTH_EXPIRED, FailureClass.BUILDER_LOST)
        }
        self._errors = deque(errors)
        self._takes = takes
        self._policy = RetryPolicy(attempts=attempts, deadline=deadline)
        self._recovery: Recovery | None = None

    def run(self, step: str = "push") -> str:
        self._recovery = self._recovery or Recovery(
            self._policy,
            fixes=self.fixes,
            announce=self.announced.append,
            sleep=self.clock.sleep,
            clock=self.clock,
        )
        return self._recovery.run(step, self._operation)

    def error(self) -> MultiarchError:
        with pytest.raises(MultiarchError) as caught:
            self.run()
        return caught.value

    def _operation(self) -> str:
        self.calls += 1
        self.clock.now += self._takes
        if self._errors:
            raise self._errors.popleft()
        return "done"


def test_run_success_returns_without_retry() -> None:
    ran = Attempts()
    assert (ran.run(), ran.calls, ran.clock.slept, ran.announced) == ("done", 1, [], [])


RETRIED = {
    # errors, the shortest waits, and how much longer each may be
    "transient: doubled": ([TRANSIENT] * 4, [1, 2, 4, 8], 1),
    "throttled: doubled from 2 s": ([THROTTLED] * 4, [2, 4, 8, 16], 3),
    "expired login: none": ([EXPIRED] * 2, [0, 0], 0),
    "lost builder: from the second on": ([LOST] * 3, [0, 2, 4], 0),
}


@pytest.mark.parametrize(("errors", "least", "spread"), RETRIED.values(), ids=RETRIED)
def test_run_transient_failure_waits_and_retries(
    errors: list[OperationFailedError], least: list[float], spread: float
) -> None:
    ran = Attempts(*errors)
    assert ran.run() == "done"
    assert ran.calls == len(errors) + 1
    assert len(ran.clock.slept) == len(least)
    assert all(wait <= slept <= wait + spread for slept, wait in zip(ran.clock.slept, least, strict=True))


@pytest.mark.parametrize(("error", "longest"), [(TRANSIENT, 31), (THROTTLED, 123)], ids=["transient", "throttled"])
def test_run_wait_has_an_upper_bound(error: OperationFailedError, longest: float) -> None:
    ran = Attempts(*[error] * 40, attempts=100, deadline=1e9)
    ran.run()
    assert max(ran.clock.slept) <= longest


@pytest.mark.parametrize("stated", [0, 0.0002])
def test_run_stated_wait_below_one_second_is_ignored(stated: float) -> None:
    """Some registries state microseconds; five attempts would end within one millisecond."""
    ran = Attempts(OperationFailedError("manifest", ["429 Too Many Requests"], retry_after=stated))
    ran.run()
    assert 2 <= ran.clock.slept[0] <= 5


STATED_WAITS = {
    "in a header": (OperationFailedError("manifest", ["429 Too Many Requests"], retry_after=33), 33),
    "in the text": (STATED, 12),
    "in both: the header decides": (OperationFailedError("manifest", list(STATED.lines), retry_after=3), 3),
}


@pytest.mark.parametrize(("error", "wait"), STATED_WAITS.values(), ids=STATED_WAITS)
def test_run_stated_wait_is_used(error: OperationFailedError, wait: float) -> None:
    ran = Attempts(error)
    ran.run()
    assert ran.clock.slept == [wait]


def test_run_retry_is_announced_before_its_wait() -> None:
    ran = Attempts(STATED, attempts=3)
    ran.run()
    retry = ran.announced[0]
    assert retry == Retry(step="push", cause="the registry is rate-limiting requests", attempt=2, attempts=3, wait=12)
    assert retry.as_line() == "retrying push in 12.0 s (attempt 2 of 3): the registry is rate-limiting requests"


PERMANENT = {
    "unknown": (UNKNOWN, BuildError, "push: an unknown message"),
    "no login": (DENIED, RegistryError, "push: the registry requires a login"),
}


@pytest.mark.parametrize(("error", "kind", "message"), PERMANENT.values(), ids=PERMANENT)
def test_run_permanent_failure_is_not_retried(
    error: OperationFailedError, kind: type[MultiarchError], message: str
) -> None:
    ran = Attempts(error)
    ended = ran.error()
    assert (type(ended), ended.message) == (kind, message)
    assert (ran.calls, ran.announced) == (1, [])


def test_run_exhausted_attempts_raises_retries_exhausted() -> None:
    ran = Attempts(*[STATED] * 3, attempts=3)
    error = ran.error()
    assert type(error) is RetriesExhaustedError
    assert error.message == "push: the registry is rate-limiting requests (3 attempts in 24 s)"
    assert failure_of(error).more[-1] == "output: toomanyrequests: retry after 12 seconds"
    assert (ran.calls, ran.clock.slept) == (3, [12, 12])


def test_run_single_attempt_raises_the_error_of_its_phase() -> None:
    error = Attempts(STATED, attempts=1).error()
    assert type(error) is RegistryError
    assert error.message == "push: the registry is rate-limiting requests"


def test_run_failed_download_in_a_step_is_retried_once() -> None:
    ran = Attempts(*[DOWNLOAD] * 9)
    error = ran.error()
    assert (type(error), ran.calls) == (RetriesExhaustedError, 2)
    assert [(each.attempt, each.attempts) for each in ran.announced] == [(2, 2)]


def test_run_failed_download_with_one_attempt_is_not_retried() -> None:
    ran = Attempts(DOWNLOAD, attempts=1)
    ran.error()
    assert ran.calls == 1


DEADLINES = {
    # deadline, calls: the wait is 12 s each time
    "the wait would end after the deadline": (11.9, 1),
    "the wait would end at the deadline": (12, 1),
    "the second wait would end after the deadline": (23, 2),
    "a late deadline": (1000, 5),
}


@pytest.mark.parametrize(("deadline", "calls"), DEADLINES.values(), ids=DEADLINES)
def test_run_deadline_ends_retries(deadline: float, calls: int) -> None:
    ran = Attempts(*[STATED] * 5, deadline=deadline)
    ran.error()
    assert ran.calls == calls
    assert sum(ran.clock.slept) < deadline


def test_run_all_phases_share_the_deadline() -> None:
    ran = Attempts(STATED, takes=10, deadline=40)
    assert ran.run("build") == "done"
    ran._errors.append(STATED)
    with pytest.raises(MultiarchError, match=r"^tag: "):
        ran.run("tag")
    assert ran.calls == 3


def test_run_random_wait_never_exceeds_the_deadline() -> None:
    """The random wait that is compared with the deadline is the wait that is slept."""
    for _ in range(200):
        ran = Attempts(*[THROTTLED] * 20, attempts=20, deadline=30)
        ran.error()
        assert ran.clock.now < 30


FIXES = {
    "log in again": (EXPIRED, [FailureClass.AUTH_EXPIRED]),
    "repair the builder": (LOST, [FailureClass.BUILDER_LOST]),
    "none for a transient failure": (TRANSIENT, []),
}


@pytest.mark.parametrize(("error", "fixed"), FIXES.values(), ids=FIXES)
def test_run_fix_is_called_before_the_retry(error: OperationFailedError, fixed: list[FailureClass]) -> None:
    ran = Attempts(error)
    ran.run()
    assert ran.fixed == fixed


def test_run_fix_is_not_called_after_the_last_attempt() -> None:
    ran = Attempts(*[EXPIRED] * 3, attempts=3)
    ran.error()
    assert len(ran.fixed) == 2


def test_run_failed_fix_raises_its_cause() -> None:
    ran = Attempts(EXPIRED)

    def refuse() -> None:
        raise OperationFailedError("ecr-api", ["botocore.exceptions.NoCredentialsError: Unable to locate credentials"])

    ran.fixes[FailureClass.AUTH_EXPIRED] = refuse
    error = ran.error()
    assert (type(error), error.message) == (AwsError, "push: no AWS credentials found")


def test_run_other_exception_is_raised() -> None:
    ran = Attempts(ValueError("a bug"))
    with pytest.raises(ValueError, match="a bug"):
        ran.run()
    assert ran.calls == 1


KINDS = {
    "sts": AwsError,
    "ecr-api": AwsError,
    "login": AwsError,
    "builder-create": BuilderError,
    "builder-boot": BuilderError,
    "daemon": BuilderError,
    "qemu": BuilderError,
    "push": RegistryError,
    "manifest": RegistryError,
    "run-step": BuildError,
    "dockerfile": BuildError,
    "base-pull": BuildError,
    "other": BuildError,
}


@pytest.mark.parametrize(("phase", "kind"), KINDS.items(), ids=KINDS)
def test_final_error_of_phase_has_its_type(phase: str, kind: type[MultiarchError]) -> None:
    error = final_error("step", understand(OperationFailedError(phase, ["an unknown message"])), 1, 0)
    assert (type(error), error.message, error.hint) == (kind, "step: an unknown message", "")


@pytest.mark.parametrize(
    "line",
    ["manifest unknown: sha256:1 cannot be read back: 404 Not Found", "GET https://h/v2/x: 401 Unauthorized"],
    ids=["not found", "refused"],
)
def test_final_error_of_registry_answer_is_registry_error(line: str) -> None:
    """The message is that of a base image that cannot be pulled; the edge knows that nothing was pulled."""
    error = final_error("verify", understand(OperationFailedError("manifest", [line])), 1, 0)
    assert (type(error), error.exit_code) == (RegistryError, 6)


def test_understand_failure_without_output_names_the_phase() -> None:
    assert understand(OperationFailedError("daemon", ["", " "])) == Diagnosis(
        rule="unknown",
        phase=FailurePhase.DAEMON,
        failure_class=FailureClass.PERMANENT,
        cause="daemon failed without output",
        advice="",
        line="",
    )


def test_final_error_shows_the_output_unless_the_message_has_it() -> None:
    diagnosis = understand(DENIED)
    error = final_error("verify", diagnosis, 1, 0)
    assert error.hint == "log in before the build: docker login the registry"
    assert failure_of(error).more == (f"fix: {error.hint}", "output: GET https://h/v2/x: 401 Unauthorized")
    error.message = f"verify: {diagnosis.line}"
    assert failure_of(error).more == (f"fix: {error.hint}",)
