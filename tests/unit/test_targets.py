"""Where each platform is a target of bake's own, BuildKit puts its name before those of the steps."""

from __future__ import annotations

import json

import pytest

from multiarch.record import RunInfo, StepKind, make_record
from multiarch.record.buildkit import parse_name
from multiarch.record.reader import BuildReader

NAMES: dict[str, tuple[str, str, str, StepKind]] = {
    "[image-linux-arm64 compile 2/3] RUN make": (
        "[linux/arm64 compile 2/3] RUN make", "linux/arm64", "compile", StepKind.DOCKERFILE),
    "[image-linux-arm-v7 2/3] RUN make": ("[linux/arm/v7 2/3] RUN make", "linux/arm/v7", "", StepKind.DOCKERFILE),
    "[image-linux-arm64 internal] load .dockerignore": (
        "[internal] load .dockerignore", "", "", StepKind.INTERNAL),
    "[image-linux-arm64] importing cache manifest from x:cache-linux-arm64": (
        "importing cache manifest from x:cache-linux-arm64", "linux/arm64", "", StepKind.CACHE_IMPORT),
    "[image-linux-arm64] exporting cache to registry": (
        "exporting cache to registry", "linux/arm64", "", StepKind.CACHE_EXPORT),
    "[image-linux-arm64] exporting to image": ("exporting to image", "linux/arm64", "", StepKind.EXPORT),
    "[image 2/3] RUN make": ("[image 2/3] RUN make", "", "image", StepKind.DOCKERFILE),
}  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), NAMES.items(), ids=NAMES)
def test_a_step_is_known_without_its_target(name: str, expected: tuple[str, str, str, StepKind]) -> None:
    found = parse_name(name)
    title, platform, stage, kind = expected
    assert (found.title, found.stage, found.kind) == (title, stage, kind)
    assert not platform or found.platform == platform


def test_each_platform_s_cache_is_told_apart() -> None:
    reader = BuildReader()
    for number, platform in enumerate(("amd64", "arm64")):
        for what in (f"importing cache manifest from x:cache-linux-{platform}", "exporting cache to registry"):
            vertex = {
                "digest": f"sha256:{number}{what}",
                "name": f"[image-linux-{platform}] {what}",
                "started": "2026-01-01T00:00:00Z",
                "completed": "2026-01-01T00:00:01Z",
            }
            list(reader.feed(json.dumps({"vertexes": [vertex]})))
    caches = tuple(f"type=registry,ref=x:cache-linux-{each},mode=max" for each in ("amd64", "arm64"))
    record = make_record(reader, run=RunInfo(cache_to=caches))
    assert [(each.direction, each.reference, each.status) for each in record.caches] == [
        ("import", "x:cache-linux-amd64", "read"),
        ("export", "x:cache-linux-amd64", "written"),
        ("import", "x:cache-linux-arm64", "read"),
        ("export", "x:cache-linux-arm64", "written"),
    ]


@pytest.mark.parametrize(
    ("cache_to", "reference"),
    [
        (("type=registry,ref=x:cache,mode=max",), "x:cache"),
        (("type=local,dest=/cache",), "/cache"),
        (("type=s3,region=r,bucket=b,name=shop/cache",), "shop/cache"),
        (("type=inline",), "inline"),
        (("type=registry,ref=a", "type=registry,ref=b"), ""),
    ],
)
def test_the_one_cache_that_is_written_is_named(cache_to: tuple[str, ...], reference: str) -> None:
    reader = BuildReader()
    vertex = {"digest": "sha256:0", "name": "exporting cache to registry", "started": "2026-01-01T00:00:00Z"}
    list(reader.feed(json.dumps({"vertexes": [vertex]})))
    assert [each.reference for each in make_record(reader, run=RunInfo(cache_to=cache_to)).caches] == [reference]
