"""Settings that conflict with each other: refused with one message that names both sides."""

from __future__ import annotations

import pytest

from multiarch.errors import ConfigurationError
from tests.unit.fakes import load

ONE = {"platforms": ("linux/arm64",)}
S3 = {"cache": "s3", "s3_bucket": "b"}

REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "Lambda and two platforms": (
        {"for_": "lambda", "platforms": ("amd64", "arm64")},
        "--for lambda conflicts with --platform linux/amd64,linux/arm64: Lambda runs images of a single platform"),
    "Lambda and a platform that it has no machines for": (
        {"for_": "lambda", "platforms": ("linux/arm/v7",)},
        "--for lambda conflicts with --platform linux/arm/v7: Lambda runs linux/amd64, linux/arm64"),
    "Lambda and provenance": (
        {"for_": "lambda", "provenance": "mode=max"},
        "--for lambda conflicts with --provenance mode=max: an attestation needs an index, which Lambda rejects"),
    "Lambda and an SBOM": (
        {"for_": "lambda", "sbom": "true"},
        "--for lambda conflicts with --sbom true: an attestation needs an index, which Lambda rejects"),
    "Lambda and zstd": (
        {"for_": "lambda", "compression": "zstd"},
        "--for lambda conflicts with --compression zstd: Lambda reads gzip layers"),
    "ECS and a platform that it has no machines for": (
        {"for_": "ecs", "platforms": ("amd64", "s390x")},
        "--for ecs conflicts with --platform linux/amd64,linux/s390x: "  # noqa: ISC004 - one message
        "ECS runs linux/amd64, linux/arm64, windows/amd64"),
    "a level without levels": (
        {"compression": "uncompressed", "compression_level": "1"},
        "--compression-level 1 conflicts with --compression uncompressed, which has no levels"),
    "a level of another compression": (
        {"compression_level": "12"},
        "--compression-level 12 conflicts with --compression gzip, which has the levels 0 to 9"),
    "reproducible with a time of one's own": (
        {"reproducible": True, "build_args": ["SOURCE_DATE_EPOCH=1"]},
        "--reproducible conflicts with --build-arg SOURCE_DATE_EPOCH: both set the same build argument"),
    "reproducible with provenance": (
        {"reproducible": True, "provenance": "true"},
        "--reproducible conflicts with --provenance true: an attestation contains the build time"),
    "a repository for a bucket": (
        {**S3, "cache_repository": "c"},
        "--cache-repository c conflicts with --cache s3: only a registry cache has a repository"),
    "two repositories": (
        {"cache_repository": "c", "cache_ref": "x/y:z"},
        "--cache-repository c conflicts with --cache-ref x/y:z: the reference already names a repository"),
    "a folder for a bucket": (
        {**S3, "local_cache": "x"}, "--local-cache conflicts with --cache s3: one is a folder, the other a bucket"),
    "all steps in the image": (
        {"cache": "inline", "cache_mode": "max"},
        "--cache inline conflicts with --cache-mode max: an inline cache contains only the steps of the final image"),
    "branches without names": (
        {"cache": "inline", "cache_scope": "branch"},
        "--cache-scope branch conflicts with --cache inline: this cache has no name, so it cannot have several"),
    "platforms without names": (
        {"cache": "none", "cache_per_platform": True},
        "--cache-per-platform conflicts with --cache none: this cache has no name, so it cannot have several"),
    "pull requests without names": (
        {"cache": "none", "cache_pull_request": "own"},
        "--cache-pull-request own conflicts with --cache none: this cache has no name, so it cannot have several"),
    "S3 without a bucket": ({"cache": "s3"}, "--cache s3 needs a bucket"),
    "S3 with docker's own builder": (
        {**S3, "builder_driver": "docker"},
        "--cache s3 conflicts with --driver docker: BuildKit in docker has no S3 cache"),
    "S3 with a reference": (
        {**S3, "cache_ref": "a/b"}, "--cache s3 conflicts with --cache-ref a/b: a key in a bucket is not a reference"),
    "a bucket for a registry": (
        {"s3_bucket": "b"}, "--s3-bucket conflicts with --cache registry: only --cache s3 has a bucket"),
    "an option that has a setting": (
        {"cache_options": ("mode=min",)}, "--cache-option mode has a separate flag"),
    "an option that there is not": (
        {"cache_options": ("touch_refresh=1h",)}, "--cache registry has no option 'touch_refresh'"),
    "an option without a value": (
        {"cache_options": ("ignore-error",)}, "--cache-option: 'ignore-error' is not an option of a cache"),
    "a key among the options": (
        {**S3, "cache_options": ("secret_access_key=abc",)},
        "--cache-option secret_access_key=… would write a secret to the plan and the log"),
    "a key among further caches": (
        {"cache_from": ("type=s3,bucket=b,secret_access_key=abc",)},
        "--cache-from secret_access_key=… would write a secret to the plan and the log"),
}  # fmt: skip


@pytest.mark.parametrize(("flags", "message"), REFUSED.values(), ids=REFUSED)
def test_conflict_is_refused_with_both_sides(flags: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(flags)
    assert caught.value.message == message
    assert caught.value.hint
    assert "abc" not in f"{caught.value.message}{caught.value.hint}"


ALLOWED: dict[str, dict[str, object]] = {
    "Lambda, one platform": {"for_": "lambda", **ONE},
    "EKS, attested and zstd": {"for_": "eks", "provenance": "mode=max", "compression": "zstd"},
    "ECS, both": {"for_": "ecs"},
    "an inline cache at its own mode": {"cache": "inline"},
    "pull requests that read an inline cache": {"cache": "inline", "cache_pull_request": "read"},
    "a level of zstd": {"compression": "zstd", "compression_level": "22"},
    "a number from a file": {"compression": "zstd", "compression_level": "7"},
    "reproducible": {"reproducible": True},
    "S3": {**S3, "cache_scope": "branch", "cache_options": ("endpoint_url=http://s3", "retry_mode=adaptive")},
    "a folder for local builds, beside a registry": {"local_cache": "x"},
}


@pytest.mark.parametrize("flags", ALLOWED.values(), ids=ALLOWED)
def test_check_conflicts_compatible_settings_pass(flags: dict[str, object]) -> None:
    load(flags)


def test_check_conflicts_target_sets_its_defaults() -> None:
    loaded = load({"for_": "lambda"})
    assert loaded.settings.image.platforms == ("linux/amd64",)
    assert loaded.origins["platforms"] == "--for lambda"
    assert load(environment={"MULTIARCH_FOR": "ecs"}).settings.image.platforms == ("linux/amd64", "linux/arm64")


def test_load_settings_level_as_number_is_accepted() -> None:
    assert load(file={"compression": {"level": 9}}).settings.image.compression_level == "9"
