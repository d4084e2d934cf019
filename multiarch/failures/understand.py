"""Diagnoses what an edge raised. Pure."""

from dataclasses import replace

from multiarch.errors import Diagnosis, FailureClass, FailurePhase, OperationFailedError
from multiarch.failures.diagnose import diagnose
from multiarch.failures.tables.unexplained import UNKNOWN_RULE
from multiarch.failures.unwrap import unwrapped


def understand(error: OperationFailedError) -> Diagnosis:
    """Return the diagnosis of an error; an unknown one is permanent, with its last line as the cause."""
    phase = FailurePhase(error.phase)
    found = diagnose(unwrapped(error.lines), phase=phase)
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
