"""What came of a run, for people and as JSON."""

from __future__ import annotations

import dataclasses
import json

import pytest

from multiarch.errors import AwsError
from multiarch.image.manifest import Layer, PlatformImage
from multiarch.record import CacheAccess, CacheUse, Interval, Retry, TagOutcome
from multiarch.run.result import Result, cache_as_text, error_as_json, load_hint, result_as_json, result_as_text
from multiarch.text.redaction import Redaction
from multiarch.text.sizes import human_size
from tests.unit.fakes import AMD64, ECR_HOST, SHA

BEFORE = f"sha256:{'b' * 64}"
USE = CacheUse(steps=6, cached=4, imported=True, export_error="")
IMAGE = PlatformImage(
    platform=AMD64, digest="sha256:1", size=2_030_000, layers=(Layer(digest="sha256:2", size=2_000_000),)
)
RESULT = Result(
    status="built",
    image=f"{ECR_HOST}/shop@sha256:0",
    digest="sha256:0",
    commit=SHA,
    tags=(
        TagOutcome(tag="0123456", reference=f"{ECR_HOST}/shop:0123456", action="created", previous=""),
        TagOutcome(tag="latest", reference=f"{ECR_HOST}/shop:latest", action="moved", previous=BEFORE),
    ),
    platforms=(IMAGE,),
    cache=USE,
    caches=(
        CacheAccess(direction="import", reference="x:cache-a", status="missing"),
        CacheAccess(direction="import", reference="x:cache", status="read", interval=Interval(start=1.0, end=1.2)),
        CacheAccess(direction="export", reference="", status="failed", error="403 Forbidden"),
    ),
    cache_to=("type=registry,ref=x",),
    phases={"prepare": 0.9, "build": 12.34},
    seconds=13.31,
    retries=(Retry(step="push", cause="the host had trouble", attempt=2, attempts=5, wait=1.0),),
    warnings=("latest stays",),
)


def test_the_end_of_the_log_says_everything() -> None:
    assert list(result_as_text(RESULT)) == [
        f"{ECR_HOST}/shop@sha256:0",
        "tag        0123456  created",
        "tag        latest  moved (was sha256:bbbbbbbbbbbb)",
        "platform   linux/amd64  2.0 MB  sha256:1",
        "cache      4 of 6 steps",
        "  read     x:cache-a  there is none yet",
        "  read     x:cache  read in 0.2 s",
        "  write    a cache  failed: 403 Forbidden",
        "warning    latest stays",
        "retried    push: the host had trouble",
        "time       13.3 s (prepare 0.9 s, build 12.3 s)",
    ]


def test_a_local_build_s_digest_is_told_beside_its_folder() -> None:
    local = dataclasses.replace(RESULT, status="local", image="dist/shop", tags=())
    assert list(result_as_text(local))[:2] == ["dist/shop", "digest     sha256:0"]


def test_the_json_is_versioned_and_whole() -> None:
    value = json.loads(result_as_json(RESULT, Redaction()))
    assert (value["version"], value["kind"], value["status"]) == (1, "result", "built")
    assert value["platforms"] == [
        {
            "platform": "linux/amd64",
            "digest": "sha256:1",
            "size": 2_030_000,
            "layers": [{"digest": "sha256:2", "size": 2_000_000, "made_by": ""}],
        }
    ]
    assert value["tags"][1] == {
        "tag": "latest", "reference": f"{ECR_HOST}/shop:latest", "action": "moved", "previous": BEFORE
    }  # fmt: skip
    assert value["cache"] == {"steps": 6, "cached": 4, "imported": True, "export_error": ""}
    assert set(value) == {"version", "kind"} | {field.name for field in dataclasses.fields(Result)}


def test_an_error_s_json_has_its_exit_code_and_its_hint() -> None:
    assert json.loads(error_as_json(AwsError("no credentials", hint="log in"))) == {
        "version": 1,
        "kind": "error",
        "type": "AwsError",
        "message": "no credentials",
        "hint": "log in",
        "exit_code": 3,
    }


CACHES = {
    "used": (RESULT, "4 of 6 steps"),
    "not found": (
        dataclasses.replace(RESULT, cache=dataclasses.replace(USE, imported=False)),
        "4 of 6 steps, none found to read",
    ),
    "not written": (
        dataclasses.replace(RESULT, cache=dataclasses.replace(USE, export_error="400 Bad Request")),
        "4 of 6 steps, not written: 400 Bad Request",
    ),
    "not known": (dataclasses.replace(RESULT, cache=None), "unknown: the build's events could not be read"),
    "not needed": (
        dataclasses.replace(RESULT, status="reused", cache=None),
        "nothing was built: the registry has this commit's image",
    ),
}


@pytest.mark.parametrize(("result", "text"), CACHES.values(), ids=CACHES)
def test_the_cache_s_use_is_told(result: Result, text: str) -> None:
    assert cache_as_text(result) == text


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
def test_sizes_are_counted_as_docker_counts_them(size: int, text: str) -> None:
    assert human_size(size) == text


def test_a_local_image_comes_with_the_commands_that_load_and_run_it() -> None:
    assert list(load_hint("dist/shop", "shop:0123456", [IMAGE])) == [
        "load it:   tar -C dist/shop -c . | docker load",
        "run it:    docker run --rm --platform linux/amd64 shop:0123456",
    ]
