"""Errors and exit codes: a typo is told from an outage."""

from __future__ import annotations

import signal

import pytest

from multiarch.errors import (
    EXIT_CODES,
    AwsError,
    BuilderError,
    BuildError,
    ConfigurationError,
    Diagnosis,
    FailureClass,
    FailurePhase,
    InterruptedRunError,
    MultiarchError,
    OperationFailedError,
    OutputError,
    RegistryError,
    RetriesExhaustedError,
)

CODES = {
    MultiarchError: 1,
    ConfigurationError: 2,
    AwsError: 3,
    BuilderError: 4,
    BuildError: 5,
    RegistryError: 6,
    RetriesExhaustedError: 7,
    OutputError: 8,
}


@pytest.mark.parametrize(("error", "code"), CODES.items(), ids=[each.__name__ for each in CODES])
def test_error_of_each_type_has_its_exit_code(error: type[MultiarchError], code: int) -> None:
    raised = error("what", hint="how")
    assert (raised.exit_code, raised.message, raised.hint, str(raised)) == (code, "what", "how", "what")
    assert (str(code), error.meaning) in EXIT_CODES


def test_errors_have_distinct_exit_codes() -> None:
    assert set(CODES) == {MultiarchError, *MultiarchError.__subclasses__()}
    assert len(set(CODES.values())) == len(CODES)


@pytest.mark.parametrize(
    ("number", "code", "message"),
    [
        (signal.SIGINT, 130, "interrupted by SIGINT"),
        (signal.SIGTERM, 143, "interrupted by SIGTERM"),
        (signal.SIGHUP, 129, "interrupted by SIGHUP"),
    ],
)
def test_interrupted_run_error_has_the_exit_code_of_a_shell(number: signal.Signals, code: int, message: str) -> None:
    error = InterruptedRunError(number)
    assert (error.exit_code, error.message) == (code, message)


def test_interrupted_run_error_is_not_an_exception() -> None:
    assert not issubclass(InterruptedRunError, Exception)


def test_exit_codes_are_in_order() -> None:
    assert [code for code, _ in EXIT_CODES] == ["0", "1", "2", "3", "4", "5", "6", "7", "8", "130"]


def test_operation_failed_error_keeps_its_lines() -> None:
    error = OperationFailedError("manifest", ["one", "two"], retry_after=3)
    assert (error.phase, error.lines, error.retry_after, str(error)) == ("manifest", ("one", "two"), 3, "one\ntwo")


def test_cleaned_diagnosis_shows_no_secret() -> None:
    diagnosis = Diagnosis(
        rule="step-failed",
        phase=FailurePhase.RUN_STEP,
        failure_class=FailureClass.PERMANENT,
        cause="step failed: curl -u hunter2",
        advice="fix the step: curl -u hunter2",
        line="hunter2 was rejected",
    )
    shown = diagnosis.cleaned(lambda text: text.replace("hunter2", "***"))
    assert "hunter2" not in repr(shown)
    assert shown.rule == "step-failed"
