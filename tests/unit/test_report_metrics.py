from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from multiarch.report.metrics import metrics_as_json
from tests.unit.fakes import SHA
from tests.unit.large_records import hostile
from tests.unit.records import ALL, BUILT, FAILED, REUSED

if TYPE_CHECKING:
    from multiarch.record import Record

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

# The rules of the specification, in words of our own:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
_UNITS = ["Seconds", "Bytes", "Percent", "Count", "None"]
_NAME = {"type": "string", "minLength": 1, "maxLength": 1024}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "additionalProperties": False,
            "properties": {
                "Timestamp": {"type": "integer", "minimum": 1_600_000_000_000},
                "CloudWatchMetrics": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["Namespace", "Dimensions", "Metrics"],
                        "additionalProperties": False,
                        "properties": {
                            "Namespace": {**_NAME, "maxLength": 255},
                            "Dimensions": {
                                "type": "array",
                                "minItems": 1,
                                "items": {"type": "array", "maxItems": 30, "items": {**_NAME, "maxLength": 250}},
                            },
                            "Metrics": {
                                "type": "array",
                                "maxItems": 100,
                                "items": {
                                    "type": "object",
                                    "required": ["Name"],
                                    "additionalProperties": False,
                                    "properties": {"Name": {**_NAME, "maxLength": 255}, "Unit": {"enum": _UNITS}},
                                },
                            },
                        },
                    },
                },
            },
        }
    },
}
RECORDS = {**ALL, "hostile": hostile()}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_metrics_of_any_record_follow_the_specification(record: Record) -> None:
    line = metrics_as_json(record, "Builds", NOW)
    assert "\n" not in line
    fields = json.loads(line)
    jsonschema.validate(fields, SCHEMA)
    directive = fields["_aws"]["CloudWatchMetrics"][0]
    for metric in directive["Metrics"]:
        assert isinstance(fields[metric["Name"]], int | float)
    for name in (each for dimensions in directive["Dimensions"] for each in dimensions):
        assert 0 < len(fields[name]) <= 1024


def test_metrics_have_the_numbers_of_the_run() -> None:
    fields = json.loads(metrics_as_json(BUILT, "Builds", NOW))
    assert fields["_aws"]["Timestamp"] == NOW.timestamp() * 1000
    assert fields["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Repository"]]
    assert (fields["Repository"], fields["Status"], fields["Commit"]) == ("shop", "built", SHA)
    assert fields["Image"] == BUILT.outcome.images[0].image
    assert (fields["Seconds"], fields["BuildSeconds"], fields["CachedShare"]) == (85.5, 84.0, 0.0)
    assert (fields["Failures"], fields["Retries"]) == (0, 1)
    assert fields["ImageBytes"] == sum(layer.size for image in BUILT.outcome.platforms for layer in image.layers)


STATUSES = {"built": 0, "reused": 0, "local": 0, "ended": 0, "failed": 1, "interrupted": 1, "unfinished": 1}


@pytest.mark.parametrize(("status", "failures"), STATUSES.items(), ids=STATUSES)
def test_metrics_unsuccessful_run_is_a_failure(status: Any, failures: int) -> None:  # noqa: ANN401 - one of the literals
    record = replace(BUILT, outcome=replace(BUILT.outcome, status=status))
    assert json.loads(metrics_as_json(record, "Builds", NOW))["Failures"] == failures


def test_metrics_unknown_value_is_left_out() -> None:
    """A zero would pull the average down: a run that built nothing has no cached share."""
    fields = json.loads(metrics_as_json(REUSED, "Builds", NOW))
    assert "CachedShare" not in fields
    assert "BuildSeconds" not in fields
    failed = json.loads(metrics_as_json(replace(FAILED, steps=()), "Builds", NOW))
    assert failed["Failures"] == 1
    assert "ImageBytes" not in failed
