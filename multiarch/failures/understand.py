"""Diagnoses what an edge raised: by the code or the status of an answer, else by its text. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from multiarch.errors import Diagnosis, FailureClass, FailurePhase, OperationFailedError
from multiarch.failures.diagnose import diagnose, diagnose_among
from multiarch.failures.model import FailureRule
from multiarch.failures.rules import RULES
from multiarch.failures.tables.aws import AWS_RULES
from multiarch.failures.tables.unexplained import UNKNOWN_RULE
from multiarch.failures.unwrap import unwrapped

_OF_AWS = (FailurePhase.ECR_API, FailurePhase.STS)


def understand(error: OperationFailedError) -> Diagnosis:
    """Return the diagnosis of an error; an unknown one is permanent, with its last line as the cause."""
    phase = FailurePhase(error.phase)
    found = diagnose_among(_answered(error, phase), error.lines, phase=phase)
    found = found or diagnose(unwrapped(error.lines), phase=phase, steps=error.steps)
    if found:
        # The edge knows the phase, except for a build: a registry answers a push and the pull of a base image alike.
        return found if phase is FailurePhase.OTHER else replace(found, phase=phase)
    lines = [line for line in error.lines if line.strip()]
    return Diagnosis(
        rule=UNKNOWN_RULE,
        phase=phase,
        failure_class=FailureClass.PERMANENT,
        cause=lines[-1].strip() if lines else f"{phase} failed without output",
        advice="",
        line=lines[-1] if lines else "",
    )


def _answered(error: OperationFailedError, phase: FailurePhase) -> Sequence[FailureRule]:
    """Return the rules that the code of an answer means; if no rule has the code, those that its status means.

    The status of an answer of AWS names no cause: its code does. botocore gives an answer in another form, such as the
    page of a proxy, its status as the code.
    """
    is_aws = phase in _OF_AWS
    code = error.code.lower()
    known = [rule for rule in (AWS_RULES if is_aws else RULES) if code in map(str.lower, rule.codes)]
    return known if known or is_aws else [rule for rule in RULES if error.status in rule.statuses]
