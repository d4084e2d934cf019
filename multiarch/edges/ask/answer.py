"""Answers of doctor's questions, or why there is none."""

from collections.abc import Callable
from typing import TypeVar

from multiarch.doctor.model import Answer, Unanswered
from multiarch.edges.ask.question import Asked
from multiarch.errors import FailurePhase, MultiarchError, OperationFailedError
from multiarch.failures import understand
from multiarch.run.recovery import final_error

_DOCKER = "check that dockerd responds (docker info), and that DOCKER_HOST is right"
_NETWORK = "check the network path: NAT, proxy, VPC endpoints, security groups"
# What to do where no failure rule knows better: mostly no answer.
_FIXES = {
    FailurePhase.DAEMON: _DOCKER,
    FailurePhase.BUILDER_BOOT: _DOCKER,
    FailurePhase.ECR_API: _NETWORK,
    FailurePhase.STS: _NETWORK,
    FailurePhase.LOGIN: _NETWORK,
    FailurePhase.MANIFEST: _NETWORK,
}

_Value = TypeVar("_Value")


def unanswered(error: OperationFailedError | MultiarchError) -> Unanswered:
    """Return why a question has no answer, in the words of a failed build."""
    if isinstance(error, MultiarchError):
        return Unanswered(cause=error.message, advice=error.hint, exit_code=error.exit_code)
    diagnosis = understand(error)
    output = diagnosis.line.strip()
    return Unanswered(
        cause=diagnosis.cause,
        advice=diagnosis.advice or _FIXES.get(diagnosis.phase, ""),
        output="" if output in diagnosis.cause else output,
        exit_code=final_error("", diagnosis, 1, 0.0).exit_code,
        refused=error.code.startswith("AccessDenied"),
    )


def answer(future: Asked[_Value]) -> Answer[_Value]:
    """Wait for a question's answer."""
    try:
        return future.result()
    except (OperationFailedError, MultiarchError) as error:
        return unanswered(error)


def map_answer(value: Answer[_Value], function: Callable[[_Value], object]) -> object:
    return value if isinstance(value, Unanswered) else function(value)
