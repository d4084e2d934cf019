"""Where a build has several bake targets, BuildKit puts the target before the names of its steps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from multiarch.record import BuildReader, ImageInfo, PartInfo, Record, RunInfo, StepKind, make_record
from multiarch.record.buildkit import parse_name
from multiarch.record.live import LiveLog, as_fields, as_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

AMD64, ARM64 = "linux/amd64", "linux/arm64"


def image(name: str, *parts: tuple[str, tuple[str, ...]], cache_to: tuple[str, ...] = ()) -> ImageInfo:
    """An image whose parts have these names and platforms."""
    platforms = tuple(dict.fromkeys(platform for _, each in parts for platform in each))
    made = tuple(PartInfo(name=target, platforms=each) for target, each in parts)
    return ImageInfo(name=name, tags=("0123456",), platforms=platforms, parts=made, cache_to=cache_to)


OF_ONE = (("image-linux-arm64", (ARM64,)), ("image-linux-arm-v7", ("linux/arm/v7",)), ("ibm", ("linux/s390x",)))
ONE = RunInfo(images=(image("shop", *OF_ONE),))
SEVERAL = RunInfo(
    images=(
        image("team/web", ("web", (AMD64, ARM64)), cache_to=("type=registry,ref=x:web",)),
        image("team/api", ("api-arm64", (ARM64,)), cache_to=("type=registry,ref=x:api",)),
    )
)

NAMES: dict[str, tuple[str, str, str, StepKind]] = {
    "[image-linux-arm64 compile 2/3] RUN make": (
        "[linux/arm64 compile 2/3] RUN make", "linux/arm64", "compile", StepKind.DOCKERFILE),
    "[image-linux-arm-v7 2/3] RUN make": ("[linux/arm/v7 2/3] RUN make", "linux/arm/v7", "", StepKind.DOCKERFILE),
    "[ibm 2/3] RUN make": ("[linux/s390x 2/3] RUN make", "linux/s390x", "", StepKind.DOCKERFILE),
    "[image-linux-arm64 internal] load .dockerignore": (
        "[internal] load .dockerignore", "", "", StepKind.INTERNAL),
    "[image-linux-arm64] importing cache manifest from x:cache-linux-arm64": (
        "importing cache manifest from x:cache-linux-arm64", "linux/arm64", "", StepKind.CACHE_IMPORT),
    "[image-linux-arm64] exporting cache to registry": (
        "exporting cache to registry", "linux/arm64", "", StepKind.CACHE_EXPORT),
    "[image-linux-arm64] exporting to image": ("exporting to image", "linux/arm64", "", StepKind.EXPORT),
    # A stage's name: the plan has no such part.
    "[image-linux-amd64 2/3] RUN make": (
        "[image-linux-amd64 2/3] RUN make", "", "image-linux-amd64", StepKind.DOCKERFILE),
    "[image 2/3] RUN make": ("[image 2/3] RUN make", "", "image", StepKind.DOCKERFILE),
}  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), NAMES.items(), ids=NAMES)
def test_parse_name_after_the_target_of_a_part_finds_its_platform(
    name: str, expected: tuple[str, str, str, StepKind]
) -> None:
    found = parse_name(name, ONE.bake_targets)
    title, platform, stage, kind = expected
    assert (found.title, found.image, found.stage, found.kind) == (title, "", stage, kind)
    assert not platform or found.platform == platform


OF_IMAGES: dict[str, tuple[str, str, str]] = {
    "[web linux/arm64 compile 2/3] RUN make": ("[team/web linux/arm64 compile 2/3] RUN make", "team/web", ARM64),
    "[web linux/amd64->arm64 1/2] RUN make": ("[team/web linux/amd64->arm64 1/2] RUN make", "team/web", ARM64),
    "[api-arm64 web 2/3] RUN make": ("[team/api linux/arm64 web 2/3] RUN make", "team/api", ARM64),
    "[api-arm64] exporting to image": ("[team/api] exporting to image", "team/api", ARM64),
    "[web internal] load build context": ("[team/web] [internal] load build context", "team/web", ""),
    "[other 2/3] RUN make": ("[other 2/3] RUN make", "", ""),
    "importing cache manifest from x": ("importing cache manifest from x", "", ""),
}


@pytest.mark.parametrize(("name", "expected"), OF_IMAGES.items(), ids=OF_IMAGES)
def test_parse_name_of_several_images_finds_the_image(name: str, expected: tuple[str, str, str]) -> None:
    found = parse_name(name, SEVERAL.bake_targets)
    assert (found.title, found.image, found.platform) == expected


def test_bake_targets_of_a_build_of_one_target_are_none() -> None:
    """BuildKit does not name the only target, so a stage may have the target's name."""
    run = RunInfo(images=(image("shop", ("image", (AMD64, ARM64))),))
    assert run.bake_targets == {}
    found = parse_name("[image 2/3] RUN make", run.bake_targets)
    assert (found.stage, found.platform) == ("image", "")


def read(run: RunInfo, *steps: tuple[str, str, Sequence[str]]) -> Record:
    """Steps that ran for a second: digest, name and inputs."""
    reader = BuildReader(run)
    times = {"started": "2026-01-01T00:00:00Z", "completed": "2026-01-01T00:00:01Z"}
    for digest, name, inputs in steps:
        vertex = {"digest": digest, "name": name, "inputs": list(inputs), **times}
        list(reader.feed(json.dumps({"vertexes": [vertex]})))
    return make_record(reader, run=run)


def test_make_record_of_several_images_names_the_image_of_each_step() -> None:
    record = read(
        SEVERAL,
        ("a", "[web linux/arm64 1/2] FROM base", ()),
        ("b", "[web linux/arm64 2/2] RUN web", ("a",)),
        ("c", "[api-arm64 2/2] RUN api", ("a",)),
        ("d", "[web linux/amd64 2/2] RUN web", ()),
        ("e", "[web] exporting cache to registry", ()),
        ("f", "[api-arm64] exporting cache to registry", ()),
    )
    assert [(step.image, step.platform) for step in record.steps] == [
        ("", ARM64),  # both images build on this one
        ("team/web", ARM64),
        ("team/api", ARM64),
        ("team/web", AMD64),
        ("team/web", ""),
        ("team/api", ARM64),
    ]
    assert [each.reference for each in record.caches] == ["x:web", "x:api"]


def test_make_record_of_several_images_with_one_built_names_that_image() -> None:
    """The other image exists already: bake builds one target, whose steps have no prefix."""
    web, api = SEVERAL.images
    run = RunInfo(images=(ImageInfo(name=web.name, platforms=web.platforms), api))
    [step] = read(run, ("a", "[web 2/2] RUN make", ())).steps
    assert (step.image, step.stage) == ("team/api", "web")


def test_live_log_of_several_images_names_the_image() -> None:
    reader, live = BuildReader(SEVERAL), LiveLog(lambda: 0.0)
    vertex = {"digest": "a", "name": "[api-arm64 2/2] RUN make", "started": "2026-01-01T00:00:00Z"}
    [event] = [chosen for event in reader.feed(json.dumps({"vertexes": [vertex]})) for chosen in live.choose(event)]
    assert list(as_lines(event)) == ["[team/api linux/arm64 2/2] RUN make"]
    [fields] = as_fields(event)
    assert (fields["image"], fields["platform"]) == ("team/api", ARM64)


def test_make_record_with_a_cache_per_platform_names_each() -> None:
    caches = tuple(f"type=registry,ref=x:cache-linux-{each},mode=max" for each in ("amd64", "arm64"))
    parts = (("image-linux-amd64", (AMD64,)), ("image-linux-arm64", (ARM64,)))
    record = read(
        RunInfo(images=(image("shop", *parts, cache_to=caches),)),
        *(
            (f"{platform}{what}", f"[image-linux-{platform}] {what}", ())
            for platform in ("amd64", "arm64")
            for what in (f"importing cache manifest from x:cache-linux-{platform}", "exporting cache to registry")
        ),
    )
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
def test_make_record_with_one_cache_names_it(cache_to: tuple[str, ...], reference: str) -> None:
    run = RunInfo(images=(image("shop", ("image", (AMD64,)), cache_to=cache_to),))
    record = read(run, ("a", "exporting cache to registry", ()))
    assert [each.reference for each in record.caches] == [reference]
