"""A diagnosis, as text and as JSON. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from multiarch.errors import Diagnosis, FailureClass, FailurePhase
from multiarch.text.plain import as_json


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The diagnosis of a build's output. All of it is None if the output has no failure.

    Attributes:
        class_: what can be done about it.
        phase: where it failed.
        rule: the failure rule that decided; `unknown` if none did.
        cause: what went wrong.
        fix: how to fix it; empty if unknown.
        output: the line of the output that decided.
    """

    class_: FailureClass | None = None
    phase: FailurePhase | None = None
    rule: str | None = None
    cause: str | None = None
    fix: str | None = None
    output: str | None = None


def explanation_as_json(diagnosis: Diagnosis | None) -> str:
    if not diagnosis:
        return as_json("explain", Explanation())
    return as_json(
        "explain",
        Explanation(
            class_=diagnosis.failure_class,
            phase=diagnosis.phase,
            rule=diagnosis.rule,
            cause=diagnosis.cause,
            fix=diagnosis.advice,
            output=diagnosis.line.strip(),
        ),
    )


def explanation_as_text(diagnosis: Diagnosis | None) -> Iterator[str]:
    if not diagnosis:
        yield "no failure found in this output"
        return
    yield f"cause    {diagnosis.cause}"
    if diagnosis.advice:
        yield f"fix      {diagnosis.advice}"
    yield f"phase    {diagnosis.phase}"
    yield f"rule     {diagnosis.rule}"
    yield f"class    {diagnosis.failure_class}: {_MEANING[diagnosis.failure_class]}"
    yield f"output   {diagnosis.line.strip()}"


_MEANING = {
    "transient": "retrying may succeed",
    "throttled": "retrying may succeed after a longer wait",
    "auth-expired": "retrying may succeed after a new login",
    "builder-lost": "retrying may succeed after the builder is repaired",
    "permanent": "a retry will fail again",
    "config": "a retry will fail until the configuration is fixed",
}
