"""What an image was built from: every setting that decides its content counts, and nothing else does."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from multiarch.plan.build.fingerprint import INDECISIVE, differences, fingerprint, fingerprint_text, parse_fingerprint
from multiarch.plan.make import make_plan
from multiarch.settings.image import ImageSettings
from tests.unit.fakes import facts, load

if TYPE_CHECKING:
    from collections.abc import Mapping


def made_of(flags: Mapping[str, object], *, salt: str = "shop@1", secret: tuple[str, ...] = ()) -> Mapping[str, str]:
    settings = load(flags).settings.image
    values = {name: value or "" for name, value in settings.build_args.items()}
    return fingerprint(settings, salt=salt, arguments=values, secret=secret)


DECISIVE: dict[str, tuple[dict[str, object], list[str]]] = {
    "a build argument": ({"build_args": ("ENV=prod",)}, ["build-arg:ENV"]),
    "a Dockerfile": ({"dockerfile": "prod.Dockerfile"}, ["file"]),
    "a context": ({"context": "app"}, ["context"]),
    "a stage": ({"target": "prod"}, ["target"]),
    "one platform": ({"platforms": ("arm64",)}, ["platforms"]),
    "provenance": ({"provenance": "mode=max"}, ["provenance"]),
    "an SBOM": ({"sbom": "true"}, ["sbom"]),
    "compression": ({"compression": "zstd"}, ["compression"]),
    "a level": ({"compression_level": "9"}, ["compression-level"]),
    "compression of the base": ({"force_compression": True}, ["force-compression"]),
    "a label": ({"labels": ("a=b",)}, ["labels"]),
    "an annotation": ({"annotations": ("a=b",)}, ["annotations"]),
    "no labels of its own": ({"oci_labels": False}, ["oci-labels"]),
    "one set of times": ({"reproducible": True}, ["reproducible"]),
    "where it runs": ({"for_": "ecs"}, ["for"]),
    "a secret": ({"secrets": ("id=npm,env=NPM",)}, ["secret:npm"]),
    "an SSH agent": ({"ssh": ("default",)}, ["ssh:default"]),
}


@pytest.mark.parametrize(("flags", "names"), DECISIVE.values(), ids=DECISIVE)
def test_fingerprint_of_a_decisive_setting_differs_by_its_name(flags: dict[str, object], names: list[str]) -> None:
    assert differences(made_of(flags), made_of({})) == names
    assert differences(made_of(flags), made_of(flags)) == []


INDIFFERENT: dict[str, dict[str, object]] = {
    "tags": {"tags": ("a", "b"), "commit_tag": "v1", "flavor": ("latest=false",)},
    "the repository": {"repository": "team/shop"},
    "caches": {"cache": "none"},
    "another cache": {"cache_ref": "c2", "cache_mode": "min"},
    "what is asked again": {"pull": True, "no_cache": True},
    "what happens if it exists": {"if_exists": "rebuild", "force_move": True},
    "the default, spelled out": {
        "platforms": ("linux/amd64", "linux/arm64"), "context": "./", "dockerfile": "Dockerfile"},
    "containers": {"containers": ("web",)},
}  # fmt: skip


@pytest.mark.parametrize("flags", INDIFFERENT.values(), ids=INDIFFERENT)
def test_fingerprint_of_other_settings_is_the_same(flags: dict[str, object]) -> None:
    assert made_of(flags) == made_of({}) == {}


def test_fingerprint_knows_every_setting_of_an_image() -> None:
    """A new setting has to be put on one side or the other."""
    counted = {"platforms", "context", "dockerfile", "target", "build_args", "labels", "annotations", "oci_labels",
               "secrets", "ssh", "provenance", "sbom", "for_", "reproducible", "compression", "compression_level",
               "force_compression"}  # fmt: skip
    rest = {each.name for each in fields(ImageSettings)} - counted
    assert {name for name in rest if not name.startswith(("cache", "s3_", "local_cache"))} == INDECISIVE


def test_fingerprint_of_a_value_is_salted_and_shows_nothing_of_it() -> None:
    one, other = made_of({"build_args": ("ENV=staging",)}), made_of({"build_args": ("ENV=staging",)}, salt="shop@2")
    assert one != other
    assert "staging" not in fingerprint_text(one)


def test_fingerprint_of_secret_argument_hashes_only_its_name() -> None:
    one = made_of({"build_args": ("NPM_TOKEN=a",)}, secret=("NPM_TOKEN",))
    assert one == made_of({"build_args": ("NPM_TOKEN=b",)}, secret=("NPM_TOKEN",))
    assert list(one) == ["build-arg:NPM_TOKEN"]


def test_fingerprint_of_argument_from_environment_hashes_its_value() -> None:
    settings = load({"build_args": ("ENV",)}, {"ENV": "x"}).settings.image

    def of(value: str) -> Mapping[str, str]:
        return fingerprint(settings, salt="", arguments={"ENV": value}, secret=())

    assert differences(of("staging"), of("prod")) == ["build-arg:ENV"]


READ = {
    "nothing": ("", None),
    "no JSON": ("{", None),
    "no object": ("[1]", None),
    "another version": ('{"version":"2","target":"a"}', None),
    "no version": ('{"target":"a"}', None),
    "the defaults": ('{"version":"1"}', {}),
    "a value that is no text": ('{"version":"1","target":1,"file":"a"}', {"file": "a"}),
    "deep": ("[" * 100_000, None),
}


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
def test_parse_fingerprint_of_whatever_an_image_says(text: str, expected: Mapping[str, str] | None) -> None:
    assert parse_fingerprint(text) == expected


def test_fingerprint_is_read_as_it_was_printed() -> None:
    found = made_of({"build_args": ("ENV=prod",), "target": "x"})
    assert parse_fingerprint(fingerprint_text(found)) == found


def test_make_plan_annotates_the_fingerprint_and_compares_it() -> None:
    plan = make_plan(load({"repository": "shop", "target": "prod"}).settings, facts())
    [target] = plan.targets
    assert target.reuse
    assert list(target.reuse.fingerprint) == ["target"]
    assert plan.build
    text = str(plan.build.definition["target"])
    assert "index,manifest:io.github.multiarch-codebuild.settings=" in text
