"""What is tried again, how often, after which wait, and the error that ends it."""

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
from multiarch.run.recovery import Recovery, final_error
from tests.unit.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable

TRANSIENT = OperationFailedError("manifest", ["GET https://h/v2/x: 503 Service Unavailable"])
THROTTLED = OperationFailedError("manifest", ["GET https://h/v2/x: 429 Too Many Requests"])
TOLD = OperationFailedError("manifest", ["toomanyrequests: retry after 12 seconds"])
EXPIRED = OperationFailedError("manifest", ["denied: Your authorization token has expired. Reauthenticate"])
LOST = OperationFailedError("other", ["rpc error: code = Unavailable desc = error reading from server: EOF"])
UNKNOWN = OperationFailedError("other", ["first", "something nobody knows", "  "])
DENIED = OperationFailedError("manifest", ["GET https://h/v2/x: 401 Unauthorized"])
DOWNLOAD = OperationFailedError(
    "other",
    [
        "#9 [linux/arm64 2/4] RUN curl https://x",
        "#9 1.000 curl: (6) Could not resolve host: x",
        '#9 ERROR: process "/bin/sh -c curl https://x" did not complete successfully: exit code: 6',
    ],
)


class Tried:
    """An operation that fails with these errors and then succeeds, and what was seen of its recovery."""

    def __init__(self, *errors: Exception, attempts: int = 5, deadline: float = 1000, takes: float = 0.0) -> None:
        self.clock = FakeClock()
        self.calls = 0
        self.cured: list[FailureClass] = []
        self.announced: list[Retry] = []
        self.fixes: dict[FailureClass, Callable[[], object]] = {
            each: lambda each=each: self.cured.append(each)  # type: ignore[misc]  # a loop's variable, bound
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


def test_success_is_returned_at_once() -> None:
    tried = Tried()
    assert (tried.run(), tried.calls, tried.clock.slept, tried.announced) == ("done", 1, [], [])


AGAIN = {
    # errors, the shortest waits, and how much longer each may be
    "what is transient waits twice as long each time": ([TRANSIENT] * 4, [1, 2, 4, 8], 1),
    "what is throttled waits longer": ([THROTTLED] * 4, [2, 4, 8, 16], 3),
    "an expired login does not wait": ([EXPIRED] * 2, [0, 0], 0),
    "a lost builder waits from the second time on": ([LOST] * 3, [0, 2, 4], 0),
}


@pytest.mark.parametrize(("errors", "least", "spread"), AGAIN.values(), ids=AGAIN)
def test_what_can_pass_is_tried_again(errors: list[OperationFailedError], least: list[float], spread: float) -> None:
    tried = Tried(*errors)
    assert tried.run() == "done"
    assert tried.calls == len(errors) + 1
    assert len(tried.clock.slept) == len(least)
    assert all(wait <= slept <= wait + spread for slept, wait in zip(tried.clock.slept, least, strict=True))


@pytest.mark.parametrize(("error", "longest"), [(TRANSIENT, 31), (THROTTLED, 123)], ids=["transient", "throttled"])
def test_no_wait_is_longer_than_its_bound(error: OperationFailedError, longest: float) -> None:
    tried = Tried(*[error] * 40, attempts=100, deadline=1e9)
    tried.run()
    assert max(tried.clock.slept) <= longest


@pytest.mark.parametrize("asked", [0, 0.0002])
def test_a_wait_that_is_none_is_the_usual_one(asked: float) -> None:
    """Some registries ask for microseconds; five tries would be over in one millisecond."""
    tried = Tried(OperationFailedError("manifest", ["429 Too Many Requests"], retry_after=asked))
    tried.run()
    assert 2 <= tried.clock.slept[0] <= 5


TOLD_TO_WAIT = {
    "by a header": (OperationFailedError("manifest", ["429 Too Many Requests"], retry_after=33), 33),
    "by the text": (TOLD, 12),
    "by both: the header counts": (OperationFailedError("manifest", list(TOLD.lines), retry_after=3), 3),
}


@pytest.mark.parametrize(("error", "wait"), TOLD_TO_WAIT.values(), ids=TOLD_TO_WAIT)
def test_the_wait_that_the_other_side_asks_for_is_kept(error: OperationFailedError, wait: float) -> None:
    tried = Tried(error)
    tried.run()
    assert tried.clock.slept == [wait]


def test_each_further_try_is_announced_before_its_wait() -> None:
    tried = Tried(TOLD, attempts=3)
    tried.run()
    retry = tried.announced[0]
    assert retry == Retry(step="push", cause="the registry is rate-limiting requests", attempt=2, attempts=3, wait=12)
    assert retry.as_line() == "push: the registry is rate-limiting requests, try 2 of 3 in 12.0 s"


GIVEN_UP = {
    "nobody knows it": (UNKNOWN, BuildError, "push: something nobody knows"),
    "a login is wanted": (DENIED, RegistryError, "push: the registry requires a login"),
}


@pytest.mark.parametrize(("error", "kind", "message"), GIVEN_UP.values(), ids=GIVEN_UP)
def test_what_cannot_pass_is_not_tried_again(
    error: OperationFailedError, kind: type[MultiarchError], message: str
) -> None:
    tried = Tried(error)
    ended = tried.error()
    assert (type(ended), ended.message) == (kind, message)
    assert (tried.calls, tried.announced) == (1, [])


def test_tries_that_are_used_up_end_in_an_error_of_their_own() -> None:
    tried = Tried(*[TOLD] * 3, attempts=3)
    error = tried.error()
    assert type(error) is RetriesExhaustedError
    assert error.message == "push: the registry is rate-limiting requests (tried 3 times in 24 s)"
    assert error.hint.splitlines()[-1] == "output: toomanyrequests: retry after 12 seconds"
    assert (tried.calls, tried.clock.slept) == (3, [12, 12])


def test_a_single_try_is_not_called_used_up_retries() -> None:
    error = Tried(TOLD, attempts=1).error()
    assert type(error) is RegistryError
    assert error.message == "push: the registry is rate-limiting requests"


def test_a_failed_download_of_the_dockerfile_s_own_is_tried_once_more_and_not_oftener() -> None:
    tried = Tried(*[DOWNLOAD] * 9)
    error = tried.error()
    assert (type(error), tried.calls) == (RetriesExhaustedError, 2)
    assert [(each.attempt, each.attempts) for each in tried.announced] == [(2, 2)]


def test_one_more_try_is_not_more_than_the_tries_that_were_given() -> None:
    tried = Tried(DOWNLOAD, attempts=1)
    tried.error()
    assert tried.calls == 1


DEADLINES = {
    # deadline, calls: the wait is 12 s each time
    "the wait would end after it": (11.9, 1),
    "the wait would end with it": (12, 1),
    "the second wait would": (23, 2),
    "it is far away": (1000, 5),
}


@pytest.mark.parametrize(("deadline", "calls"), DEADLINES.values(), ids=DEADLINES)
def test_nothing_is_tried_again_after_the_deadline(deadline: float, calls: int) -> None:
    tried = Tried(*[TOLD] * 5, deadline=deadline)
    tried.error()
    assert tried.calls == calls
    assert sum(tried.clock.slept) < deadline


def test_all_phases_share_the_deadline() -> None:
    tried = Tried(TOLD, takes=10, deadline=40)
    assert tried.run("build") == "done"
    tried._errors.append(TOLD)
    with pytest.raises(MultiarchError, match=r"^tag: "):
        tried.run("tag")
    assert tried.calls == 3


def test_random_waits_are_held_against_the_deadline_as_they_are_drawn() -> None:
    """The wait that is slept has to be the one that was weighed: no sleep runs past the deadline."""
    for _ in range(200):
        tried = Tried(*[THROTTLED] * 20, attempts=20, deadline=30)
        tried.error()
        assert tried.clock.now < 30


CURES = {
    "a new login": (EXPIRED, [FailureClass.AUTH_EXPIRED]),
    "the builder made anew": (LOST, [FailureClass.BUILDER_LOST]),
    "none for what passes by itself": (TRANSIENT, []),
}


@pytest.mark.parametrize(("error", "cured"), CURES.values(), ids=CURES)
def test_a_cure_is_called_once_before_each_further_try(error: OperationFailedError, cured: list[FailureClass]) -> None:
    tried = Tried(error)
    tried.run()
    assert tried.cured == cured


def test_no_cure_is_called_after_the_last_try() -> None:
    tried = Tried(*[EXPIRED] * 3, attempts=3)
    tried.error()
    assert len(tried.cured) == 2


def test_a_cure_that_fails_ends_the_run_with_its_own_cause() -> None:
    tried = Tried(EXPIRED)

    def refuse() -> None:
        raise OperationFailedError("ecr-api", ["botocore.exceptions.NoCredentialsError: Unable to locate credentials"])

    tried.fixes[FailureClass.AUTH_EXPIRED] = refuse
    error = tried.error()
    assert (type(error), error.message) == (AwsError, "push: no AWS credentials found")


def test_other_exceptions_pass_through_untouched() -> None:
    tried = Tried(ValueError("a bug"))
    with pytest.raises(ValueError, match="a bug"):
        tried.run()
    assert tried.calls == 1


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
def test_the_phase_decides_the_kind_of_error_and_so_the_exit_code(phase: str, kind: type[MultiarchError]) -> None:
    error = final_error("step", understand(OperationFailedError(phase, ["something nobody knows"])), 1, 0)
    assert (type(error), error.message, error.hint) == (kind, "step: something nobody knows", "")


@pytest.mark.parametrize(
    "line",
    ["manifest unknown: sha256:1 cannot be read back: 404 Not Found", "GET https://h/v2/x: 401 Unauthorized"],
    ids=["not found", "refused"],
)
def test_what_the_registry_says_to_us_is_not_a_failed_build(line: str) -> None:
    """The words are those of a base image that cannot be pulled, but nothing was built where the edge says so."""
    error = final_error("verify", understand(OperationFailedError("manifest", [line])), 1, 0)
    assert (type(error), error.exit_code) == (RegistryError, 6)


def test_a_failure_without_a_word_says_so() -> None:
    assert understand(OperationFailedError("daemon", ["", " "])) == Diagnosis(
        rule="unknown",
        phase=FailurePhase.DAEMON,
        failure_class=FailureClass.PERMANENT,
        cause="daemon failed without output",
        advice="",
        line="",
    )


def test_the_line_that_decided_stands_in_the_hint_unless_the_message_has_it() -> None:
    diagnosis = understand(DENIED)
    assert final_error("verify", diagnosis, 1, 0).hint == (
        "log in before the build: docker login the registry\noutput: GET https://h/v2/x: 401 Unauthorized"
    )
