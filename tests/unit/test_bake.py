"""The bake definition: what docker is told, as data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from multiarch.plan.build.bake import (
    TARGET,
    BakeTarget,
    bake_definition,
    dockerfile_of,
    hidden_arguments,
    hidden_values,
    is_remote,
    outside_paths,
    target_name,
)
from multiarch.plan.build.labels import Annotation, Description
from tests.unit.fakes import load

NOTHING = Description(labels={}, annotations=())


def target(*annotations: Annotation, **flags: object) -> dict[str, object]:
    settings = load(flags).settings.image
    only = BakeTarget(name=TARGET, platforms=settings.platforms, cache_from=("type=registry,ref=a",), cache_to=())
    description = Description(labels=settings.labels, annotations=annotations)
    definition = bake_definition(settings, [only], output="type=image", description=description)
    assert list(definition) == ["target"]
    targets = definition["target"]
    assert isinstance(targets, dict)
    assert list(targets) == ["image"]
    value = targets["image"]
    assert isinstance(value, dict)
    return value


def test_bake_definition_of_defaults_has_no_optional_keys() -> None:
    assert target() == {
        "context": ".",
        "dockerfile": "Dockerfile",
        "platforms": ["linux/amd64", "linux/arm64"],
        "output": ["type=image"],
        "attest": ["type=provenance,disabled=true", "type=sbom,disabled=true"],
        "cache-from": ["type=registry,ref=a"],
    }


def test_bake_definition_contains_all_settings() -> None:
    made = target(
        Annotation(name="org.example", value="x"),
        context="app",
        dockerfile="docker/Dockerfile.prod",
        target="run",
        build_args=["A=1"],
        labels=["l=2"],
        secrets=("id=a,src=b",),
        ssh=("default",),
        pull=True,
        no_cache=True,
    )
    assert made | {"output": None, "attest": None, "platforms": None, "cache-from": None} == {
        "context": "app",
        "dockerfile": "../docker/Dockerfile.prod",
        "target": "run",
        "args": {"A": "1"},
        "labels": {"l": "2"},
        "annotations": ["index,manifest:org.example=x"],
        "secret": ["id=a,src=b"],
        "ssh": ["default"],
        "pull": True,
        "no-cache": True,
        "output": None,
        "attest": None,
        "platforms": None,
        "cache-from": None,
    }


ATTESTATIONS = {
    "false": "type=provenance,disabled=true",
    "true": "type=provenance",
    "mode=max": "type=provenance,mode=max",
    "mode=max,version=v1": "type=provenance,mode=max,version=v1",
}


@pytest.mark.parametrize(("words", "expected"), ATTESTATIONS.items(), ids=ATTESTATIONS)
def test_bake_definition_enables_or_disables_attestations(words: str, expected: str) -> None:
    assert target(provenance=words)["attest"] == [expected, "type=sbom,disabled=true"]


def test_bake_definition_sbom_has_its_generator() -> None:
    made = target(sbom="generator=localhost:5000/syft:1")
    assert made["attest"] == ["type=provenance,disabled=true", "type=sbom,generator=localhost:5000/syft:1"]


TEMPLATES = {
    "${HOME}": "$${HOME}",
    "%{if true}": "%%{if true}",
    "a ${b} c ${d}": "a $${b} c $${d}",
    "$${b}": "$$${b}",
    "100% {x}": "100% {x}",
    "$HOME": "$HOME",
    "{}": "{}",
}


@pytest.mark.parametrize(("value", "escaped"), TEMPLATES.items(), ids=TEMPLATES)
def test_bake_definition_escapes_templates(value: str, escaped: str) -> None:
    made = target(Annotation(name="note", value=value), build_args=[f"A={value}"], labels=[f"l={value}"])
    assert made["args"] == {"A": escaped}
    assert made["labels"] == {"l": escaped}
    assert made["annotations"] == [f"index,manifest:note={escaped}"]


def test_bake_definition_hides_secret_arguments() -> None:
    """Bake finds it in a variable, and the run sets that for docker alone."""
    given = load({"build_args": ["VERSION=1", "NPM_TOKEN=hunter22", "FROM_OUTSIDE"]}, {"FROM_OUTSIDE": "x${y}"})
    only = BakeTarget(name=TARGET, platforms=("linux/amd64",), cache_from=(), cache_to=())
    definition = bake_definition(given.settings.image, [only], output="type=image", description=NOTHING)
    assert definition["variable"] == {"BUILD_ARG_NPM_TOKEN": {}, "FROM_OUTSIDE": {}}
    assert "hunter22" not in str(definition)
    targets = definition["target"]
    assert isinstance(targets, dict)
    assert targets["image"]["args"] == {
        "VERSION": "1",
        "NPM_TOKEN": "${BUILD_ARG_NPM_TOKEN}",
        "FROM_OUTSIDE": "${FROM_OUTSIDE}",
    }
    assert hidden_values(given.settings.image, {"FROM_OUTSIDE": "x"}) == {
        "BUILD_ARG_NPM_TOKEN": "hunter22",
        "FROM_OUTSIDE": "x",
    }


@pytest.mark.parametrize(
    ("flags", "level"),
    [
        ({}, "index,manifest"),
        ({"platforms": ("amd64",)}, "manifest"),
        ({"platforms": ("amd64",), "provenance": "mode=max"}, "index,manifest"),
        ({"platforms": ("amd64",), "sbom": "true"}, "index,manifest"),
    ],
)
def test_bake_definition_annotations_have_the_levels_of_the_image(flags: dict[str, object], level: str) -> None:
    assert target(Annotation(name="a", value="b"), **flags)["annotations"] == [f"{level}:a=b"]


def test_bake_definition_target_per_platform_has_its_caches() -> None:
    settings = load({"labels": ["a=b"], "build_args": ["A=1"]}).settings.image
    targets = [
        BakeTarget(name=target_name(each), platforms=(each,), cache_from=(f"from {each}",), cache_to=(f"to {each}",))
        for each in settings.platforms
    ]
    noted = Description(labels=settings.labels, annotations=(Annotation(name="a", value="b"),))
    definition = bake_definition(settings, targets, output="type=image", description=noted, epoch=7)
    common = {
        "context": ".",
        "dockerfile": "Dockerfile",
        "output": ["type=image"],
        "attest": ["type=provenance,disabled=true", "type=sbom,disabled=true"],
        "args": {"A": "1", "SOURCE_DATE_EPOCH": "7"},
        "labels": {"a": "b"},
        "annotations": ["manifest:a=b"],
    }
    assert definition == {
        "group": {"image": {"targets": ["image-linux-amd64", "image-linux-arm64"]}},
        "target": {
            f"image-linux-{each}": {
                **common,
                "platforms": [f"linux/{each}"],
                "cache-from": [f"from linux/{each}"],
                "cache-to": [f"to linux/{each}"],
            }
            for each in ("amd64", "arm64")
        },
    }


CONTEXTS = {
    "https://github.com/a/b.git#main": True,
    "git://example.com/a": True,
    "git@github.com:a/b.git": True,
    "github.com/a/b": True,
    "ssh://git@example.com/a": True,
    ".": False,
    "app": False,
    "/srv/app": False,
    "github.company/a": False,
    "my-github.com/a": False,
}


@pytest.mark.parametrize(("context", "expected"), CONTEXTS.items(), ids=CONTEXTS)
def test_is_remote_returns_true_only_for_urls(context: str, expected: bool) -> None:  # noqa: FBT001
    assert is_remote(context) is expected


DOCKERFILES = {
    "the default": ({}, "Dockerfile"),
    "the default in a context": ({"context": "app"}, "Dockerfile"),
    "beside the context": ({"context": "app", "dockerfile": "Dockerfile"}, "../Dockerfile"),
    "in the context": ({"context": "app", "dockerfile": "app/sub/Dockerfile"}, "sub/Dockerfile"),
    "an absolute path": ({"context": "app", "dockerfile": "/etc/Dockerfile"}, "/etc/Dockerfile"),
    "two absolute paths": ({"context": "/srv/app", "dockerfile": "/srv/Dockerfile"}, "../Dockerfile"),
    "in a URL": ({"context": "https://example.com/a.git", "dockerfile": "sub/Dockerfile"}, "sub/Dockerfile"),
}


@pytest.mark.parametrize(("flags", "expected"), DOCKERFILES.values(), ids=DOCKERFILES)
def test_dockerfile_of_settings_is_relative_to_the_context(flags: dict[str, object], expected: str) -> None:
    assert dockerfile_of(load(flags).settings.image) == expected


ALLOWED: dict[str, tuple[dict[str, object], list[str], list[str]]] = {
    "nothing outside": ({"context": "app", "secrets": ("id=a,src=b",)}, ["dist/x.tar"], []),
    "the context": ({"context": "../app"}, [], ["fs.read=../app"]),
    "a context that comes back": ({"context": "app/../../x"}, [], ["fs.read=app/../../x"]),
    "one that only looks so": ({"context": "..app"}, [], []),
    "an absolute context": ({"context": "/srv"}, [], ["fs.read=/srv"]),
    "the Dockerfile's folder": ({"dockerfile": "../docker/Dockerfile"}, [], ["fs.read=../docker"]),
    "a Dockerfile in the folder above": ({"dockerfile": "../Dockerfile"}, [], ["fs.read=.."]),
    "a secret": ({"secrets": ("id=a,src=/run/s", "id=b,source=../t")}, [], ["fs.read=/run/s", "fs.read=../t"]),
    "a secret in a variable": ({"secrets": ("id=a,env=/X",)}, [], []),
    "a folder that is written": ({}, ["/var/cache"], ["fs.write=/var/cache"]),
    "SSH": ({"ssh": ("default",)}, [], ["ssh"]),
    "the same one once": ({"context": "/a", "dockerfile": "/a/Dockerfile"}, [], ["fs.read=/a"]),
    "a URL is read by BuildKit": ({"context": "https://example.com/a.git", "dockerfile": "../x/D"}, [], []),
}


@pytest.mark.parametrize(("flags", "written", "words"), ALLOWED.values(), ids=ALLOWED)
def test_outside_paths_returns_allow_flags(flags: dict[str, object], written: list[str], words: list[str]) -> None:
    expected = [word for each in words for word in ("--allow", each)]
    assert outside_paths(load(flags).settings.image, written=written) == expected


def test_hidden_arguments_with_similar_names_have_distinct_variables() -> None:
    # The check of settings refuses the last one, and the names do not depend on it.
    arguments = {"a-b": None, "a.b": None, "BUILD_ARG_a_b": "1", "ünï": None}
    settings = replace(load().settings.image, build_args=arguments)
    assert hidden_arguments(settings) == {"a-b": "BUILD_ARG_a_b_", "a.b": "BUILD_ARG_a_b__", "ünï": "BUILD_ARG__n_"}
