"""The JSON schemas: current, kept by every output, and refusing any other."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from dev.schema import OUTPUTS, path, schema, text
from multiarch.doctor import report_as_json as doctor_as_json
from multiarch.doctor.model import Unanswered, failed, ok, warning
from multiarch.errors import AwsError, InterruptedRunError, OperationFailedError
from multiarch.failures import diagnose, understand
from multiarch.plan.destination import find_destination
from multiarch.record.outcome import failure_of
from multiarch.report.compare import compare, comparison_as_json
from multiarch.report.folder.files import report_files
from multiarch.report.folder.report_json import report_as_json
from multiarch.report.result import error_as_json, result_as_json
from multiarch.run.recovery import final_error
from multiarch.show.explain import explanation_as_json
from multiarch.show.plan_json import plan_as_json
from multiarch.show.source import source_as_json
from multiarch.source import Source, TriggerEvent
from tests.unit.command import run_command
from tests.unit.fakes import COMMIT, DIRTY, PARTITIONS, facts, load, plan_of
from tests.unit.large_records import hostile, large
from tests.unit.records import ALL, FAILED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RECORDS = {**ALL, "large": large(40), "hostile": hostile()}
PUSH = OperationFailedError("push", ["403 Forbidden: DENIED: Your authorization token has expired"])
LINES = {
    "a missing right": "failed to push: 403 Forbidden: not authorized to perform: ecr:PutImage",
    "a full disk": "write /app/x: no space left on device",
    "no failure": "all is well",
}
SOURCES = {
    "nothing": Source(),
    "a clean commit": Source(commit=COMMIT, branch="main", origins={"commit": "git"}),
    "a pull request": Source(
        commit=replace(DIRTY, changes=("a", "b")), pull_request=12, event=TriggerEvent.PULL_REQUEST, batch="b:1"
    ),
}
PLANS = {
    "the main job": plan_of(),
    "an unknown account": plan_of(facts(registry=find_destination(load(), {}, PARTITIONS).shown())),
    "a local build": plan_of(facts(registry=None)),
    "a changed tree": plan_of(facts(commit=DIRTY), tags=["latest"]),
    "no commit": plan_of(facts(commit=None), commit_tag="v1"),
    "a cache per platform": plan_of(cache_per_platform=True),
    "everything": plan_of(
        deploy_files="out", builder_keep=False, tags=["latest"], build_args=["A=1"], builder_driver="docker"
    ),
}
CHECKS = (
    ok("docker", "answers"),
    warning("disk", "2 GB are free", "free some"),
    failed("login", Unanswered(cause="AWS refused", advice="sign in", output="403", exit_code=3)),
)
REAL: Mapping[str, Sequence[str]] = {
    "plan": [plan_as_json(plan) for plan in PLANS.values()],
    "result": [result_as_json(record) for record in RECORDS.values()],
    "error": [
        error_as_json(AwsError("no credentials", hint="log in")),
        error_as_json(InterruptedRunError(15)),
        error_as_json(final_error("push", understand(PUSH), 3, 9.0)),
    ],
    "report": [
        *(report_as_json(record) for record in RECORDS.values()),
        report_files(hostile())["report.json"].decode(),
        report_as_json(
            replace(
                FAILED,
                outcome=replace(FAILED.outcome, failure=failure_of(final_error("push", understand(PUSH), 3, 9.0))),
            )
        ),
    ],
    "comparison": [comparison_as_json(compare(a, b, ("a", "b"))) for a in ALL.values() for b in ALL.values()],
    "source": [source_as_json(each, {"pinned": ("a",), "floating": ()}) for each in SOURCES.values()],
    "doctor": [doctor_as_json(CHECKS), doctor_as_json(CHECKS[:2]), doctor_as_json(())],
    "explain": [explanation_as_json(diagnose([line])) for line in LINES.values()],
}

kinds = pytest.mark.parametrize("kind", OUTPUTS)


def validate(value: object, kind: str) -> None:
    jsonschema.Draft202012Validator(schema(kind)).validate(value)


@kinds
def test_schema_file_is_current(kind: str) -> None:
    assert path(kind).read_text(encoding="utf-8") == text(kind), "run: python -m dev.schema"
    jsonschema.Draft202012Validator.check_schema(schema(kind))


def test_schemas_are_of_every_output() -> None:
    assert set(REAL) == set(OUTPUTS)
    assert {file.name.removesuffix(".schema.json") for file in path("plan").parent.iterdir()} == {*OUTPUTS, "settings"}


@kinds
def test_schema_takes_every_real_output(kind: str) -> None:
    assert REAL[kind]
    for each in REAL[kind]:
        value = json.loads(each)
        assert list(value)[:2] == ["version", "kind"]
        assert (value["version"], value["kind"]) == (2, kind)
        validate(value, kind)


EVENTS = next(Path(__file__).parent.glob("*/cold.rawjson"))
COMMANDS: Mapping[str, tuple[str, tuple[str | Path, ...]]] = {
    "a plan": (
        "plan",
        ("build", ".", "--dry-run", "--commit-tag", "v1", "--repository", "shop", "--deploy-files", "x"),
    ),
    "a local plan": ("plan", ("build", ".", "--dry-run", "--local", "--commit-tag", "v1")),
    "a bad flag": ("error", ("build", ".", "--platform", "linux/arm46")),
    "a source": ("source", ("source",)),
    "an explanation": ("explain", ("explain", EVENTS)),
    "a report": ("report", ("report", EVENTS)),
    "a comparison": ("comparison", ("report", EVENTS, EVENTS)),
}


@pytest.mark.parametrize(("kind", "words"), COMMANDS.values(), ids=COMMANDS)
def test_schema_takes_what_a_command_prints(kind: str, words: tuple[str | Path, ...]) -> None:
    value = json.loads(run_command(*words, "--output", "json").out)
    assert value["kind"] == kind
    validate(value, kind)


@kinds
def test_schema_says_what_every_field_of_the_output_is_called(kind: str) -> None:
    """In snake case, as all of them."""
    names = {field.name.rstrip("_") for field in fields(OUTPUTS[kind])}
    assert set(schema(kind)["properties"]) == {"version", "kind"} | names
    assert all(name == name.lower() and "-" not in name for name in _keys(schema(kind)))


def _keys(value: Any) -> set[str]:  # noqa: ANN401 - any part of a schema
    """The names of all properties."""
    if isinstance(value, list):
        return {key for each in value for key in _keys(each)}
    if not isinstance(value, dict):
        return set()
    own = value.get("properties", {})
    return {*own, *(key for each in value.values() for key in _keys(each))}


@kinds
def test_schema_refuses_a_changed_output(kind: str) -> None:
    good = json.loads(REAL[kind][0])
    changed: list[dict[str, Any]] = [{**good, "version": 1}, {**good, "kind": "other"}, {**good, "added": 1}]
    changed += [{key: value for key, value in good.items() if key != missing} for missing in good]
    changed += [{**good, key: ["neither", 1]} for key in good]
    for value in changed:
        with pytest.raises(jsonschema.ValidationError):
            validate(value, kind)


def _dropped(value: Any, name: str) -> Any:  # noqa: ANN401 - any part of an output
    """The value without a key, however deep."""
    if isinstance(value, list):
        return [_dropped(each, name) for each in value]
    if isinstance(value, dict):
        return {key: _dropped(each, name) for key, each in value.items() if key != name}
    return value


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("plan", "commit_tag"), ("plan", "step"), ("plan", "definition"), ("result", "digest"), ("result", "layers"),
        ("report", "state"), ("report", "images"), ("report", "transfers"), ("comparison", "first"), ("doctor", "fix"),
    ],
)  # fmt: skip
def test_schema_refuses_an_output_without_an_inner_key(kind: str, key: str) -> None:
    found = [json.loads(each) for each in REAL[kind]]
    changed = [value for value in found if _dropped(value, key) != value]
    assert changed
    for value in changed:
        with pytest.raises(jsonschema.ValidationError):
            validate(_dropped(value, key), kind)


def test_error_as_json_of_a_failed_operation_has_the_keys_of_explain() -> None:
    error = json.loads(error_as_json(final_error("push", understand(PUSH), 3, 9.0)))
    explained = json.loads(explanation_as_json(understand(PUSH)))
    assert set(explained) <= set(error)
    for key in ("class", "phase", "rule", "cause", "fix", "output"):
        assert error[key] == explained[key], key
    assert (error["class"], error["rule"]) == ("auth-expired", explained["rule"])


def test_report_as_json_has_the_keys_of_the_error() -> None:
    failure = json.loads(report_as_json(FAILED))["outcome"]["failure"]
    assert set(failure) == set(json.loads(REAL["error"][0])) - {"version", "kind"}
