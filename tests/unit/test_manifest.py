"""Tests of multiarch/image/manifest.py and verify.py."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from multiarch.errors import RegistryError
from multiarch.image.manifest import Layer, Manifest, PlatformImage, digest_of, make_index, platform_of, short_digest
from multiarch.image.platform import Platform
from multiarch.image.verify import VerifiedImage, missing_platforms, same_layers, verify_image
from tests.unit.fakes import AMD64, ARM64, INDEX_TYPE, MANIFEST_TYPE, SHA, FakeImage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ARM_V7 = Platform.parse("linux/arm/v7")
ARM_V6 = Platform.parse("linux/arm/v6")


def one_by_one(function: Callable[[Platform], PlatformImage], platforms: Sequence[Platform]) -> Sequence[PlatformImage]:
    return [function(each) for each in platforms]


def verified(image: FakeImage, *wanted: Platform) -> VerifiedImage:
    return verify_image(
        wanted,
        image.top,
        manifest=image.manifests.__getitem__,
        config=image.blobs.__getitem__,
        map_all=one_by_one,
    )


def shown(image: VerifiedImage) -> list[tuple[str, str, int]]:
    return [(str(each.platform), each.digest, each.size) for each in image.platforms]


def manifest(value: object) -> Manifest:
    return Manifest(content=json.dumps(value).encode(), media_type=INDEX_TYPE)


def test_digest_of_content_is_its_sha256() -> None:
    content = b'{ "a" : 1 }\n'
    assert Manifest(content=content, media_type="x").digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert digest_of(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    ("digest", "short"),
    [(f"sha256:0123456789ab{'0' * 52}", "sha256:0123456789ab"), ("sha256:01", "sha256:01")],
    ids=["whole", "short"],
)
def test_short_digest_returns_twelve_digits(digest: str, short: str) -> None:
    assert short_digest(digest) == short


GOOD = {
    "two platforms": (FakeImage("linux/amd64", "linux/arm64"), [AMD64, ARM64]),
    "with attestations": (FakeImage("linux/amd64", "linux/arm64", attested=True), [AMD64, ARM64]),
    "more than expected": (FakeImage("linux/amd64", "linux/arm64", "linux/s390x"), [ARM64]),
    "variants": (FakeImage("linux/arm/v7", "linux/arm/v6"), [ARM_V6, ARM_V7]),
    "docker's default variant of arm64": (FakeImage("linux/amd64", "linux/arm64/v8"), [AMD64, ARM64]),
    "one platform without an index": (FakeImage("linux/amd64"), [AMD64]),
    "one platform in an index": (FakeImage("linux/amd64", attested=True), [AMD64]),
}


@pytest.mark.parametrize(("image", "wanted"), GOOD.values(), ids=GOOD)
def test_verify_image_with_every_platform_returns_them(image: FakeImage, wanted: list[Platform]) -> None:
    outcome = verified(image, *wanted)
    assert outcome.digest == image.digest
    assert [each.platform for each in outcome.platforms] == wanted
    assert all(each.size == 1124 for each in outcome.platforms)
    assert {each.digest for each in outcome.platforms} <= set(image.manifests)


def test_verify_image_returns_the_digest_of_each_platform() -> None:
    image = FakeImage("linux/amd64", "linux/arm64")
    assert shown(verified(image, ARM64, AMD64)) == [
        ("linux/arm64", image.platform_digest(1), 1124),
        ("linux/amd64", image.platform_digest(0), 1124),
    ]


def lie(**fields: str) -> dict[str, dict[str, str]]:
    return {"linux/arm64": fields}


BAD = {
    "without a platform": (
        FakeImage("linux/amd64", "linux/s390x"), [AMD64, ARM64], "image {top} lacks linux/arm64"),
    "without all platforms": (
        FakeImage("linux/s390x", "linux/386"), [AMD64, ARM64], "image {top} lacks linux/amd64, linux/arm64"),
    "another variant is another platform": (
        FakeImage("linux/arm/v7", "linux/amd64"), [ARM_V6], "image {top} lacks linux/arm/v6"),
    "another architecture in its configuration": (
        FakeImage("linux/amd64", "linux/arm64", says=lie(os="linux", architecture="amd64")), [ARM64],
        "the image for linux/arm64 was built for linux/amd64: {second}"),
    "another system": (
        FakeImage("linux/amd64", "linux/arm64", says=lie(os="windows", architecture="arm64")), [ARM64],
        "the image for linux/arm64 was built for windows/arm64: {second}"),
    "another variant in its configuration": (
        FakeImage("linux/amd64", "linux/arm/v6", says={
            "linux/arm/v6": {"os": "linux", "architecture": "arm", "variant": "v7"}}), [ARM_V6],
        "the image for linux/arm/v6 was built for linux/arm/v7: {second}"),
    "a single manifest of another platform": (
        FakeImage("linux/amd64"), [ARM64], "the image for linux/arm64 was built for linux/amd64: {top}"),
    "a configuration that names no platform": (
        FakeImage("linux/amd64", "linux/arm64", says={"linux/arm64": {}}), [ARM64],
        "the image for linux/arm64 has no platform in its configuration: {second}"),
}  # fmt: skip


@pytest.mark.parametrize(("image", "wanted", "message"), BAD.values(), ids=BAD)
def test_verify_image_wrong_platform_raises_registry_error(
    image: FakeImage, wanted: list[Platform], message: str
) -> None:
    with pytest.raises(RegistryError) as caught:
        verified(image, *wanted)
    second = short_digest(image.platform_digest(1)) if len(image.entries) > 1 else ""
    assert caught.value.message == message.format(top=short_digest(image.digest), second=second)


def test_verify_image_wrong_platform_hint_names_from_lines() -> None:
    image = FakeImage("linux/amd64", "linux/arm64", says=lie(os="linux", architecture="amd64"))
    with pytest.raises(RegistryError) as caught:
        verified(image, ARM64)
    assert caught.value.hint.startswith("the image was not published; check whether a FROM line names a platform")


DIGEST = digest_of(b"")
TWICE = {
    "the same words": ({"os": "linux", "architecture": "amd64"}, {"os": "linux", "architecture": "amd64"}),
    "two spellings": (
        {"os": "linux", "architecture": "arm64"},
        {"os": "linux", "architecture": "arm64", "variant": "v8"},
    ),
}


@pytest.mark.parametrize("platforms", TWICE.values(), ids=TWICE)
def test_index_that_lists_a_platform_twice_is_refused(platforms: Sequence[Mapping[str, str]]) -> None:
    entries = [{"digest": digest_of(bytes([number])), "platform": each} for number, each in enumerate(platforms)]
    with pytest.raises(RegistryError, match=r"is malformed: the index lists linux/(amd64|arm64) twice"):
        missing_platforms([AMD64], manifest({"manifests": entries}))


UNKNOWN = {"os": "unknown", "architecture": "unknown"}


def test_index_with_two_attestations_is_accepted() -> None:
    entries = [{"digest": DIGEST, "platform": UNKNOWN}, {"digest": DIGEST, "platform": UNKNOWN}]
    assert missing_platforms([AMD64], manifest({"manifests": entries})) == [AMD64]


def test_missing_platforms_ignores_other_entries() -> None:
    entries = [
        {"digest": DIGEST, "platform": {"os": "freebsd", "architecture": "amd64"}},
        {"digest": DIGEST, "platform": {"os": "linux", "architecture": "arm64"}},
        {"digest": DIGEST},
        {"digest": DIGEST, "platform": None},
    ]
    assert missing_platforms([AMD64, ARM64], manifest({"manifests": entries})) == [AMD64]


NO_OBJECTS = {
    "no JSON": b"<html>",
    "a list": b"[]",
    "nothing": b"",
    "no text": b"\xff\xfe",
    "too deep": b"[" * 100_000,
    "UTF-16": "{}".encode("utf-16"),
}


@pytest.mark.parametrize("content", NO_OBJECTS.values(), ids=NO_OBJECTS)
def test_fields_of_invalid_json_raise_registry_error(content: bytes) -> None:
    broken = Manifest(content=content, media_type=INDEX_TYPE)
    with pytest.raises(RegistryError) as caught:
        _ = broken.fields
    assert caught.value.message == f"manifest {short_digest(digest_of(content))} is not a JSON object"
    assert caught.value.hint == "check whether a proxy changes the registry's answers"


BLOB = {"digest": DIGEST, "size": 1}
FOREIGN = {
    "an index whose entries are no list": {"manifests": {}},
    "an index whose entries are no objects": {"manifests": [DIGEST]},
    "a digest that is a tag": {"config": {"digest": "latest", "size": 1}, "layers": []},
    "a digest with a path": {"config": {"digest": "sha256:../../x", "size": 1}, "layers": []},
    "a digest that cannot be checked": {"config": {"digest": f"sha512:{'0' * 128}", "size": 1}, "layers": []},
    "a digest with a line's end": {"config": {"digest": f"{DIGEST}\n", "size": 1}, "layers": []},
    "a size below zero": {"config": BLOB, "layers": [{"digest": DIGEST, "size": -1}]},
    "a size that is true": {"config": BLOB, "layers": [{"digest": DIGEST, "size": True}]},
    "a size beyond everything": {"config": BLOB, "layers": [{"digest": DIGEST, "size": 10**30}]},
    "an index of entries without a digest": {"manifests": [{"platform": {"os": "linux"}}]},
    "nothing": {},
    "no configuration": {"layers": [BLOB]},
    "a configuration that is no object": {"config": DIGEST, "layers": []},
    "a configuration without a digest": {"config": {"size": 1}, "layers": []},
    "no layers": {"config": BLOB},
    "layers that are no list": {"config": BLOB, "layers": None},
    "a layer without a digest": {"config": BLOB, "layers": [{"size": 1}]},
    "a layer without a size": {"config": BLOB, "layers": [{"digest": DIGEST}]},
    "a size that is no number": {"config": BLOB, "layers": [{"digest": DIGEST, "size": "1"}]},
    "docker's first form": {"schemaVersion": 1, "name": "shop", "fsLayers": [{"blobSum": "sha256:1"}]},
}


@pytest.mark.parametrize("fields", FOREIGN.values(), ids=FOREIGN)
def test_verify_image_malformed_manifest_raises_registry_error(fields: dict[str, object]) -> None:
    config = b'{"os": "linux", "architecture": "amd64"}'
    with pytest.raises(RegistryError, match="is malformed"):
        verify_image([AMD64], manifest(fields), manifest=lambda _: manifest({}), config=lambda _: config,
                     map_all=one_by_one)  # fmt: skip


def test_verify_image_malformed_platform_raises_registry_error() -> None:
    index = manifest({"manifests": [{**BLOB, "platform": {"os": "linux", "architecture": "amd64"}}]})
    with pytest.raises(RegistryError, match="is malformed"):
        verify_image([AMD64], index, manifest=lambda _: manifest({}), config=lambda _: b"{}", map_all=one_by_one)


CONFIGS = {
    "its platform": (b'{"os": "linux", "architecture": "amd64", "config": {}}', AMD64),
    "a variant": (b'{"os": "linux", "architecture": "arm", "variant": "v7"}', ARM_V7),
    "none": (b"{}", None),
    "a list": (b"[]", None),
    "no JSON": (b"<html>", None),
    "no text": (b"\xff\xfe", None),
    "nothing": (b"", None),
    "too deep": (b'{"a":' * 100_000, None),
    "fields that are none": (b'{"os": null, "architecture": 1}', None),
}


@pytest.mark.parametrize(("content", "platform"), CONFIGS.values(), ids=CONFIGS)
def test_platform_of_configuration_returns_it_or_none(content: bytes, platform: Platform | None) -> None:
    assert platform_of(content) == platform
    top = manifest({"config": BLOB, "layers": []})
    if platform is None:
        with pytest.raises(RegistryError, match="has no platform in its configuration"):
            verify_image([AMD64], top, manifest=lambda _: top, config=lambda _: content, map_all=one_by_one)


WORDS = {
    "a commit": (SHA, SHA),
    "a version": ("1.2.3-rc.1+build", "1.2.3-rc.1+build"),
    "an option for git": ("--output=x", ""),
    "a control character": ("1.2\x1b[31m", ""),
    "a line's end": ("1.2\n", ""),
    "a sentence": ("one two", ""),
    "a number": (7, ""),
    "without end": ("1" * 10_000, ""),
}


@pytest.mark.parametrize(("value", "expected"), WORDS.values(), ids=WORDS)
def test_manifest_revision_and_version_are_one_word_or_nothing(value: object, expected: str) -> None:
    names = ("org.opencontainers.image.revision", "org.opencontainers.image.version")
    found = manifest({"annotations": dict.fromkeys(names, value)})
    assert (found.revision, found.version) == (expected, expected)


CREATED = "org.opencontainers.image.created"
TIMES = {
    "2026-01-02T03:04:05+00:00": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    "2026-01-02T03:04:05Z": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    "2026-01-02T03:04:05": None,
    "yesterday": None,
    "": None,
}


@pytest.mark.parametrize(("text", "time"), TIMES.items(), ids=TIMES)
def test_commit_time_without_zone_is_none(text: str, time: datetime | None) -> None:
    assert manifest({"annotations": {CREATED: text}}).commit_time == time


def test_revision_is_read_from_annotations() -> None:
    assert FakeImage("linux/amd64", "linux/arm64").top.revision == SHA
    assert FakeImage("linux/amd64").top.revision == SHA
    assert manifest({}).revision == ""
    assert manifest({"annotations": None}).revision == ""
    assert manifest({"annotations": ["a"]}).revision == ""
    assert manifest({"annotations": "a"}).commit_time is None


def image_of(platform: Platform, *layers: str) -> PlatformImage:
    return PlatformImage(
        platform=platform, digest="sha256:1", size=1, layers=tuple(Layer(digest=each, size=1) for each in layers)
    )


LAYERS = {
    "different": ([image_of(AMD64, "a"), image_of(ARM64, "b")], []),
    "identical": ([image_of(AMD64, "a"), image_of(ARM64, "a")], [AMD64, ARM64]),
    "in another order": ([image_of(AMD64, "a", "b"), image_of(ARM64, "b", "a")], []),
    "two of three": ([image_of(AMD64, "a"), image_of(ARM64, "b"), image_of(ARM_V7, "b")], [ARM64, ARM_V7]),
    "one platform": ([image_of(AMD64, "a")], []),
}


@pytest.mark.parametrize(("images", "expected"), LAYERS.values(), ids=LAYERS)
def test_same_layers_returns_platforms_that_share_them(images: list[PlatformImage], expected: list[Platform]) -> None:
    assert same_layers(images) == expected


def test_make_index_of_images_lists_their_platforms() -> None:
    images = {AMD64: FakeImage("linux/amd64"), ARM_V7: FakeImage("linux/arm/v7")}
    index = make_index({each: image.top for each, image in images.items()}, {"a": "b"})
    amd64, arm = (
        {"mediaType": each.top.media_type, "digest": each.digest, "size": len(each.top.content)}
        for each in images.values()
    )
    assert index.media_type == INDEX_TYPE
    assert index.fields == {
        "schemaVersion": 2,
        "mediaType": INDEX_TYPE,
        "manifests": [
            {**amd64, "platform": {"os": "linux", "architecture": "amd64"}},
            {**arm, "platform": {"os": "linux", "architecture": "arm", "variant": "v7"}},
        ],
        "annotations": {"a": "b"},
    }
    assert index.platforms() == {each: image.digest for each, image in images.items()}


def test_make_index_keeps_attestations() -> None:
    image = FakeImage("linux/arm64", attested=True)
    index = make_index({ARM64: image.top}, {})
    assert index.fields["manifests"] == image.entries
    assert "annotations" not in index.fields


DOCKERFILE = "buildkit.dockerfile.v0"
ADDED = "buildkit.exporter.image.v0"


@pytest.mark.parametrize(
    ("history", "made_by"),
    [
        (
            [("ADD rootfs /", ""), ("RUN /bin/sh -c make  all # buildkit", DOCKERFILE)],
            ["ADD rootfs /", "RUN make all"],
        ),
        (
            [("RUN |2 A=1 B=2 /bin/sh -c make it # buildkit", DOCKERFILE), ("COPY a /b # buildkit", DOCKERFILE)],
            ["RUN make it", "COPY a /b"],
        ),
        ([("COPY a /b # buildkit", DOCKERFILE), ("[2/2] COPY a /b", ADDED)], ["", ""]),
        ([("step one", ADDED), ("step two", ADDED)], ["step one", "step two"]),
        ([("COPY a /b", DOCKERFILE)], ["", ""]),
        ([], ["", ""]),
        ([("COPY \ud800 /b", ADDED), ("two", ADDED)], ["COPY ? /b", "two"]),
    ],
    ids=["base and own", "arguments", "a base without history", "no Dockerfile", "too few", "none", "a surrogate"],
)
def test_layers_have_instructions_if_the_history_fits(history: list[tuple[str, str]], made_by: list[str]) -> None:
    entries = [{"created_by": text, "comment": comment} for text, comment in history]
    config = json.dumps({"history": [{"created_by": "ENV A=1", "empty_layer": True}, *entries]}).encode()
    layers = [{"digest": digest_of(bytes([number])), "size": 1} for number in range(2)]
    manifest = Manifest(content=json.dumps({"layers": layers}).encode(), media_type=MANIFEST_TYPE)
    assert [layer.made_by for layer in manifest.layers(config)] == made_by
