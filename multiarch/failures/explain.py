"""A diagnosis, for people and as versioned JSON. Pure."""

import json
from collections.abc import Iterator

from multiarch.errors import Diagnosis

EXPLAIN_VERSION = 2


def fields_of(diagnosis: Diagnosis | None) -> dict[str, str | None]:
    """Return `{"class", "phase", "rule", "cause", "advice", "line"}`; all of them null where there is no diagnosis."""
    names = ("class", "phase", "rule", "cause", "advice", "line")
    return {**dict.fromkeys(names), **(diagnosis.as_dict() if diagnosis else {})}


def explanation_as_json(diagnosis: Diagnosis | None) -> str:
    return json.dumps({"version": EXPLAIN_VERSION, "kind": "explanation", **fields_of(diagnosis)}, indent=2)


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
    yield f"line     {diagnosis.line.strip()}"


_MEANING = {
    "transient": "retrying may succeed",
    "throttled": "retrying may succeed after a longer wait",
    "auth-expired": "retrying may succeed after a new login",
    "builder-lost": "retrying may succeed after the builder is repaired",
    "permanent": "it will fail again",
    "config": "it will fail until the configuration is fixed",
}
