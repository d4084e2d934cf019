"""Retries transient failures, repairs what the next attempt needs, and turns other failures into errors.

`failures.diagnose` finds the class of a failure; this module decides what to do for each class.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

import tenacity

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
from multiarch.record.outcome import Retry

_ERROR_OF_PHASE: Mapping[FailurePhase, type[MultiarchError]] = {
    FailurePhase.STS: AwsError,
    FailurePhase.ECR_API: AwsError,
    FailurePhase.LOGIN: AwsError,
    FailurePhase.BUILDER_CREATE: BuilderError,
    FailurePhase.BUILDER_BOOT: BuilderError,
    FailurePhase.DAEMON: BuilderError,
    FailurePhase.QEMU: BuilderError,
    FailurePhase.PUSH: RegistryError,
    FailurePhase.MANIFEST: RegistryError,
}
_WAITS: Mapping[FailureClass, tenacity.wait.wait_base] = {
    # Doubled from attempt to attempt, so that five attempts outlast an outage of 15 s (30 s of throttling). The random
    # part keeps builds that failed together from retrying together.
    FailureClass.TRANSIENT: tenacity.wait_exponential(multiplier=1, max=30) + tenacity.wait_random(0, 1),
    FailureClass.THROTTLED: tenacity.wait_exponential(multiplier=2, max=120) + tenacity.wait_random(0, 3),
    FailureClass.AUTH_EXPIRED: tenacity.wait_none(),
    # The first retry is immediate, later ones wait longer: docker itself can be restarting.
    FailureClass.BUILDER_LOST: tenacity.wait_incrementing(start=0, increment=2, max=10),
}
# Steps whose success shows that docker is running, and the rule for a docker that is not running.
_DOCKER_STEPS = ("docker", "builder")
_NO_DOCKER = "docker-unreachable"

_Outcome = TypeVar("_Outcome")


class Recovery:
    """Runs the phases of one plan; all of them share its deadline."""

    def __init__(
        self,
        policy: RetryPolicy,
        *,
        fixes: Mapping[FailureClass, Callable[[], object]],
        announce: Callable[[Retry], object],
        aws_diagnosis: Callable[[Diagnosis], str] = lambda _: "",
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        begin: float | None = None,
    ) -> None:
        """Start the clock.

        Args:
            policy: attempts of each phase, and seconds for the whole run.
            fixes: by class of failure, what to do before the next attempt: log in again, or repair the builder.
            announce: is called with each retry before the wait.
            aws_diagnosis: is called with the failure that ends the run; its text is added to the error's hint.
            sleep: waits for a number of seconds.
            clock: returns seconds.
            begin: the clock's time at the begin of the run, from which the deadline counts; now by default.
        """
        self._policy = policy
        self._fixes = fixes
        self._announce = announce
        self._aws_diagnosis = aws_diagnosis
        self._sleep = sleep
        self._clock = clock
        self._start = clock() if begin is None else begin
        self._fixing: set[FailureClass] = set()
        self._docker_answered = False

    def run(self, step: str, operation: Callable[[], _Outcome]) -> _Outcome:
        """Run an operation, and retry transient failures until the attempts or the deadline are exhausted.

        Raises:
            MultiarchError: the operation failed; the error has its cause and a hint.
        """

        def attempt() -> _Outcome:
            try:
                outcome = operation()
            except OperationFailedError as error:
                raise _DiagnosedError(error, self._understand(error)) from None
            self._docker_answered = self._docker_answered or step in _DOCKER_STEPS
            return outcome

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_retried),
            stop=self._is_over,
            wait=_wait,
            before_sleep=lambda state: self._before_sleep(step, state),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except _DiagnosedError as error:
            attempts = int(retrying.statistics["attempt_number"])
            final = final_error(step, error.diagnosis, attempts, self._clock() - self._start)
            final.hint = "\n".join(filter(None, (final.hint, self._aws_diagnosis(error.diagnosis))))
            raise final from None

    def _before_sleep(self, step: str, state: tenacity.RetryCallState) -> None:
        diagnosis = _diagnosis(state)
        wait = state.next_action.sleep if state.next_action else 0.0
        self._announce(
            Retry(
                step=step,
                cause=diagnosis.cause,
                attempt=state.attempt_number + 1,
                attempts=2 if diagnosis.once else self._policy.attempts,
                wait=wait,
            )
        )
        fix = self._fixes.get(diagnosis.failure_class)
        # A fix can fail for the cause that it fixes: an expired session cannot log in again.
        if fix and diagnosis.failure_class not in self._fixing:
            self._fixing.add(diagnosis.failure_class)
            try:
                fix()
            except OperationFailedError as error:
                found = self._understand(error)
                # A transient failure of the fix is left to the next attempt, which fails for the same cause.
                if found.failure_class not in _WAITS:
                    raise final_error(step, found, state.attempt_number, self._clock() - self._start) from None
            finally:
                self._fixing.discard(diagnosis.failure_class)

    def _understand(self, error: OperationFailedError) -> Diagnosis:
        """Diagnose a failure; a docker that answered earlier in this run and is not running now is restarting."""
        found = understand(error)
        if self._docker_answered and found.phase is FailurePhase.DAEMON and found.rule == _NO_DOCKER:
            return replace(found, failure_class=FailureClass.BUILDER_LOST)
        return found

    def _is_over(self, state: tenacity.RetryCallState) -> bool:
        attempts = 2 if _diagnosis(state).once else self._policy.attempts
        is_late = self._clock() - self._start + state.upcoming_sleep >= self._policy.deadline
        return state.attempt_number >= min(attempts, self._policy.attempts) or is_late


class _DiagnosedError(Exception):
    def __init__(self, error: OperationFailedError, diagnosis: Diagnosis) -> None:
        super().__init__(diagnosis.cause)
        self.error = error
        self.diagnosis = diagnosis


def final_error(step: str, diagnosis: Diagnosis, attempts: int, seconds: float) -> MultiarchError:
    """Return the error that ends the run, of the type that belongs to the phase."""
    kind = _ERROR_OF_PHASE.get(diagnosis.phase, BuildError)
    message = f"{step}: {diagnosis.cause}"
    if diagnosis.failure_class in _WAITS and attempts > 1:
        kind, message = RetriesExhaustedError, f"{message} ({attempts} attempts in {seconds:.0f} s)"
    return kind(message, hint=diagnosis.advice, diagnosis=diagnosis)


def _is_retried(error: BaseException) -> bool:
    return isinstance(error, _DiagnosedError) and error.diagnosis.failure_class in _WAITS


def _diagnosis(state: tenacity.RetryCallState) -> Diagnosis:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, _DiagnosedError)
    return error.diagnosis


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, _DiagnosedError)
    stated = error.error.retry_after if error.error.retry_after is not None else error.diagnosis.retry_after
    # Some registries state microseconds, which is as good as no wait.
    return stated if stated is not None and stated >= 1 else _WAITS[error.diagnosis.failure_class](state)
