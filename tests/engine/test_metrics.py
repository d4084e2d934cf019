"""One line of CloudWatch's embedded metric format at the end of each run that asks for it, however it ended."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from tests.engine.test_deploy_files import append
from tests.engine.test_recovery import read_until, started
from tests.unit.test_report_metrics import SCHEMA

if TYPE_CHECKING:
    from dev.project import Project

pytestmark = pytest.mark.engine

TOKEN = "s3cret-of-the-build"


@pytest.fixture(autouse=True)
def _wanted(project: Project) -> None:
    project.environment |= {"MULTIARCH_METRICS": "Builds", "MULTIARCH_PLATFORMS": "linux/amd64"}


def metrics(stderr: str) -> dict[str, Any]:
    """The only line that CloudWatch would make metrics of: JSON alone, with nothing before or after it."""
    [line] = [line for line in stderr.splitlines() if '"_aws"' in line]
    fields: dict[str, Any] = json.loads(line)
    jsonschema.validate(fields, SCHEMA)
    directive = fields["_aws"]["CloudWatchMetrics"][0]
    assert directive["Namespace"] == "Builds"
    assert directive["Dimensions"] == [["Repository"]]
    assert all(isinstance(fields[each["Name"]], int | float) for each in directive["Metrics"])
    return fields


def test_metrics_of_built_and_reused_image(project: Project) -> None:
    built = project.multiarch("build", "--output", "json")
    assert built.code == 0, built.said
    fields = metrics(built.stderr)
    assert (fields["Status"], fields["Failures"], fields["Retries"]) == ("built", 0, 0)
    assert fields["Repository"] == project.environment["AWS_ECR_REPOSITORY_NAME"]
    assert (fields["Image"], fields["Commit"]) == (built.image["image"], project.sha)
    use = built.json["cache"]
    assert fields["CachedShare"] == round(100 * use["cached"] / use["steps"], 1)
    assert 0 < fields["BuildSeconds"] <= fields["Seconds"] <= built.seconds
    assert 0 < fields["ImageBytes"] < sum(image["size"] for image in built.image["platforms"])
    reused = project.multiarch("build", "--log-format", "json")
    fields = metrics(reused.stderr)
    assert (fields["Status"], fields["Failures"]) == ("reused", 0)
    assert "CachedShare" not in fields
    for line in reused.stderr.splitlines():
        json.loads(line)


def test_metrics_of_failed_build_have_no_secret(project: Project) -> None:
    append(project, f"RUN echo {TOKEN}; false")
    run = project.multiarch("build", "--secret", "id=token,env=TOKEN", TOKEN=TOKEN)
    assert run.code == 5, run.said
    fields = metrics(run.stderr)
    assert (fields["Status"], fields["Failures"], fields["Image"]) == ("failed", 1, "")
    assert TOKEN not in run.said


def test_metrics_of_interrupted_run_are_a_failure(project: Project) -> None:
    append(project, "RUN echo goes on; sleep 60")
    process = started(project)
    read_until(process, "] goes on")
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=20)
    assert process.returncode == 143, rest
    fields = metrics(rest)
    assert (fields["Status"], fields["Failures"]) == ("interrupted", 1)


def test_metrics_are_off_by_default(project: Project) -> None:
    run = project.multiarch("build", MULTIARCH_METRICS=None)
    assert run.code == 0, run.said
    assert "_aws" not in run.said
