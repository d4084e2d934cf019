"""What came of a run, for people and as JSON."""

from __future__ import annotations

import dataclasses
import json

import pytest

from multiarch.errors import AwsError, OperationFailedError
from multiarch.failures import diagnose, understand
from multiarch.image.manifest import Layer, PlatformImage
from multiarch.record import (
    BuildStep,
    CacheAccess,
    Failure,
    ImageInfo,
    ImageOutcome,
    Interval,
    Outcome,
    PublishedTag,
    Record,
    Retry,
    RunInfo,
    RunPhase,
    StepKind,
)
from multiarch.report.result import (
    ReportedResult,
    cache_as_text,
    error_as_json,
    load_hint,
    result_as_json,
    result_as_text,
)
from multiarch.run.recovery import final_error
from multiarch.show.explain import explanation_as_json
from multiarch.text.sizes import human_size
from tests.unit.fakes import AMD64, ECR_HOST, SHA

BEFORE = f"sha256:{'b' * 64}"
READ = CacheAccess(direction="import", reference="x:cache", status="read", interval=Interval(start=1.0, end=1.2))
LOST = CacheAccess(direction="export", reference="", status="failed", error="403 Forbidden")
STEPS = tuple(
    BuildStep(index=index, digest=str(index), name="RUN x", kind=StepKind.DOCKERFILE, cached=index < 4)
    for index in range(6)
)
IMAGE = PlatformImage(
    platform=AMD64, digest="sha256:1", size=2_030_000, layers=(Layer(digest="sha256:2", size=2_000_000),)
)
RECORD = Record(
    run=RunInfo(images=(ImageInfo(name="shop", cache_to=("type=registry,ref=x",)),), commit=SHA),
    phases=(
        RunPhase(name="prepare", interval=Interval(start=0.0, end=0.9)),
        RunPhase(name="build", interval=Interval(start=0.9, end=13.24)),
    ),
    caches=(
        CacheAccess(direction="import", reference="x:cache-a", status="missing"),
        READ,
        LOST,
    ),
    steps=STEPS,
    outcome=Outcome(
        status="built",
        images=(
            ImageOutcome(
                name="shop",
                repository=f"{ECR_HOST}/shop",
                status="built",
                image=f"{ECR_HOST}/shop@sha256:0",
                digest="sha256:0",
                tags=(
                    PublishedTag(tag="0123456", reference=f"{ECR_HOST}/shop:0123456", action="created", previous=""),
                    PublishedTag(tag="latest", reference=f"{ECR_HOST}/shop:latest", action="moved", previous=BEFORE),
                ),
                platforms=(IMAGE,),
            ),
        ),
        seconds=13.31,
        retries=(Retry(step="push", cause="the host had trouble", attempt=2, attempts=5, wait=1.0),),
        warnings=("latest stays",),
    ),
)


def test_result_as_text_has_all_lines() -> None:
    assert list(result_as_text(RECORD)) == [
        f"{ECR_HOST}/shop@sha256:0",
        "tag        0123456  created",
        "tag        latest  moved (was sha256:bbbbbbbbbbbb)",
        "platform   linux/amd64  2.0 MB  sha256:1",
        "cache      4 of 6 steps, export failed: 403 Forbidden",
        "  read     x:cache-a  not found",
        "  read     x:cache  read in 0.2 s",
        "  write    cache  failed: 403 Forbidden",
        "warning    latest stays",
        "retried    push: the host had trouble",
        "time       13.3 s (prepare 0.9 s, build 12.3 s)",
    ]


def test_result_as_text_local_build_has_folder_and_digest() -> None:
    [image] = RECORD.outcome.images
    image = dataclasses.replace(image, status="local", image="dist/shop", tags=())
    local = dataclasses.replace(RECORD, outcome=Outcome(status="local", images=(image,)))
    assert list(result_as_text(local))[:2] == ["dist/shop", "digest     sha256:0"]


def test_result_as_json_has_all_fields() -> None:
    value = json.loads(result_as_json(RECORD))
    assert (value["version"], value["kind"], value["status"]) == (2, "result", "built")
    assert value["images"][0]["platforms"] == [
        {
            "platform": "linux/amd64",
            "digest": "sha256:1",
            "size": 2_030_000,
            "layers": [{"digest": "sha256:2", "size": 2_000_000, "made_by": ""}],
        }
    ]
    assert value["images"][0]["tags"][1] == {
        "tag": "latest", "reference": f"{ECR_HOST}/shop:latest", "action": "moved", "previous": BEFORE
    }  # fmt: skip
    assert value["cache"] == {"steps": 6, "cached": 4, "imported": True, "export_error": "403 Forbidden"}
    assert set(value) == {"version", "kind"} | {field.name for field in dataclasses.fields(ReportedResult)}


def test_error_as_json_has_exit_code_and_fix() -> None:
    assert json.loads(error_as_json(AwsError("no credentials", hint="log in"))) == {
        "version": 2,
        "kind": "error",
        "type": "AwsError",
        "message": "no credentials",
        "fix": "log in",
        "exit_code": 3,
        **dict.fromkeys(("class", "phase", "rule", "cause", "output")),
    }


def test_error_json_after_a_diagnosis_equals_explain() -> None:
    line = (
        "denied: User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecr:PutImage on resource: shop"
    )
    diagnosis = understand(OperationFailedError("push", [line]))
    error = json.loads(error_as_json(final_error("build", diagnosis, 1, 0.0)))
    explained = json.loads(explanation_as_json(diagnose([line])))
    fields = ("class", "phase", "rule", "cause", "fix", "output")
    assert [error[name] for name in fields] == [explained[name] for name in fields]
    assert (error["rule"], error["type"]) == ("aws-action-denied", "RegistryError")


MORE = {
    "a fix": ("do this", None, ["fix: do this"]),
    "two lines": ("do this\nor that", None, ["fix: do this", "     or that"]),
    "a fix and the output": ("do this", "denied", ["fix: do this", "output: denied"]),
    "only the output": ("", "denied", ["output: denied"]),
    "output that the message contains": ("do this", "failed", ["fix: do this"]),
    "a cause from AWS": ("do this\nAWS reports: x", "denied", ["fix: do this", "AWS reports: x", "output: denied"]),
    "nothing": ("", None, []),
}


@pytest.mark.parametrize(("fix", "output", "lines"), MORE.values(), ids=MORE)
def test_failure_more_has_a_label_on_each_line(fix: str, output: str | None, lines: list[str]) -> None:
    failure = Failure(type="BuildError", message="build: failed", fix=fix, exit_code=5, output=output)
    assert list(failure.more) == lines


def with_caches(*caches: CacheAccess) -> Record:
    return dataclasses.replace(RECORD, caches=caches)


CACHES = {
    "used": (with_caches(READ), "4 of 6 steps"),
    "not found": (with_caches(), "4 of 6 steps, no cache found"),
    "not written": (with_caches(READ, LOST), "4 of 6 steps, export failed: 403 Forbidden"),
    "not known": (dataclasses.replace(RECORD, steps=()), "unknown: BuildKit's events could not be read"),
    "not needed": (
        dataclasses.replace(RECORD, steps=(), outcome=Outcome(status="reused")),
        "not used: the registry already has this commit's image",
    ),
}


@pytest.mark.parametrize(("record", "text"), CACHES.values(), ids=CACHES)
def test_cache_as_text_shows_the_use_of_the_cache(record: Record, text: str) -> None:
    assert cache_as_text(record) == text


SIZES = {
    0: "0 B",
    999: "999 B",
    1000: "1.0 kB",
    999_949: "999.9 kB",
    1_500_000: "1.5 MB",
    2_345_000_000: "2.35 GB",
    5_000_000_000_000: "5000.00 GB",
}


@pytest.mark.parametrize(("size", "text"), SIZES.items(), ids=SIZES.values())
def test_human_size_equals_docker(size: int, text: str) -> None:
    assert human_size(size) == text


def test_load_hint_has_commands_that_load_and_run() -> None:
    assert list(load_hint("dist/shop", "shop:0123456", [IMAGE])) == [
        "load       tar -C dist/shop -c . | docker load",
        "run        docker run --rm --platform linux/amd64 shop:0123456",
    ]
