"""What to do when a phase fails: try again what can pass, repair what can be repaired, explain the rest.

`failures.diagnose` says what a failure is; this module acts on it, phase by phase, with tenacity's waits.
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
    # Doubled from try to try, so that five tries outlast an outage of 15 s (30 s of throttling), and spread, so that
    # builds that failed together do not come again together.
    FailureClass.TRANSIENT: tenacity.wait_exponential(multiplier=1, max=30) + tenacity.wait_random(0, 1),
    FailureClass.THROTTLED: tenacity.wait_exponential(multiplier=2, max=120) + tenacity.wait_random(0, 3),
    FailureClass.AUTH_EXPIRED: tenacity.wait_none(),
    # At once, and then more and more patiently: the docker below the builder may be restarting.
    FailureClass.BUILDER_LOST: tenacity.wait_incrementing(start=0, increment=2, max=10),
}
# Steps that prove that docker is running, and the rule for a docker that is not.
_OF_DOCKER = ("docker", "builder")
_AWAY = "docker-unreachable"

_Outcome = TypeVar("_Outcome")


class Recovery:
    """Runs the phases of one plan; all of them share its deadline."""

    def __init__(
        self,
        policy: RetryPolicy,
        *,
        fixes: Mapping[FailureClass, Callable[[], object]],
        announce: Callable[[Retry], object],
        evidence: Callable[[Diagnosis], str] = lambda _: "",
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        begin: float | None = None,
    ) -> None:
        """Start the clock.

        Args:
            policy: tries of each phase, and seconds for the whole run.
            fixes: what to do before the next try of a failure of a class: log in again, repair the builder.
            announce: is told of each further try before the wait.
            evidence: is asked once about what failed for good; what it finds out is added to the error's hint.
            sleep: waits for some seconds.
            clock: tells the seconds.
            begin: when the run began, now by default.
        """
        self._policy = policy
        self._cures = fixes
        self._announce = announce
        self._evidence = evidence
        self._sleep = sleep
        self._clock = clock
        self._start = clock() if begin is None else begin
        self._curing: set[FailureClass] = set()
        self._docker_answered = False

    def run(self, step: str, operation: Callable[[], _Outcome]) -> _Outcome:
        """Carry out an operation, and again where that can help.

        Raises:
            MultiarchError: it failed for good; the error says why, and what to do.
        """

        def attempt() -> _Outcome:
            try:
                outcome = operation()
            except OperationFailedError as error:
                raise _DiagnosedError(error, self._understand(error)) from None
            self._docker_answered = self._docker_answered or step in _OF_DOCKER
            return outcome

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_can_pass),
            stop=self._is_over,
            wait=_wait,
            before_sleep=lambda state: self._before_sleep(step, state),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except _DiagnosedError as error:
            tries = int(retrying.statistics["attempt_number"])
            final = final_error(step, error.diagnosis, tries, self._clock() - self._start)
            final.hint = "\n".join(filter(None, (final.hint, self._evidence(error.diagnosis))))
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
        cure = self._cures.get(diagnosis.failure_class)
        # A cure may fail of the very cause that it cures: an expired session cannot log in again.
        if cure and diagnosis.failure_class not in self._curing:
            self._curing.add(diagnosis.failure_class)
            try:
                cure()
            except OperationFailedError as error:
                found = self._understand(error)
                # What can pass is left to the next try, which fails of it again and comes back here.
                if found.failure_class not in _WAITS:
                    raise final_error(step, found, state.attempt_number, self._clock() - self._start) from None
            finally:
                self._curing.discard(diagnosis.failure_class)

    def _understand(self, error: OperationFailedError) -> Diagnosis:
        """Diagnose in the light of this run: a docker that answered before is one that restarts, not one that lacks."""
        found = understand(error)
        if self._docker_answered and found.phase is FailurePhase.DAEMON and found.rule == _AWAY:
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


def final_error(step: str, diagnosis: Diagnosis, tries: int, seconds: float) -> MultiarchError:
    """Return the error that ends the run."""
    kind = _ERROR_OF_PHASE.get(diagnosis.phase, BuildError)
    message = f"{step}: {diagnosis.cause}"
    if diagnosis.failure_class in _WAITS and tries > 1:
        kind, message = RetriesExhaustedError, f"{message} (tried {tries} times in {seconds:.0f} s)"
    hint = diagnosis.advice
    if diagnosis.line.strip() and diagnosis.line.strip() not in message:
        hint = f"{hint}\noutput: {diagnosis.line.strip()}".strip()
    return kind(message, hint=hint, diagnosis=diagnosis)


def _can_pass(error: BaseException) -> bool:
    return isinstance(error, _DiagnosedError) and error.diagnosis.failure_class in _WAITS


def _diagnosis(state: tenacity.RetryCallState) -> Diagnosis:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, _DiagnosedError)
    return error.diagnosis


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, _DiagnosedError)
    asked = error.error.retry_after if error.error.retry_after is not None else error.diagnosis.retry_after
    # Some registries ask for microseconds: that is no wait.
    return asked if asked is not None and asked >= 1 else _WAITS[error.diagnosis.failure_class](state)
