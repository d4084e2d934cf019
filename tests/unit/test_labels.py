"""What an image says of itself: labels, and annotations with their levels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from multiarch.errors import ConfigurationError
from multiarch.image.manifest import CREATED, REVISION, VERSION
from multiarch.plan.build.labels import Description, describe
from multiarch.source import Commit, Source
from tests.unit.fakes import COMMIT, DIRTY, SHA, load

OCI = "org.opencontainers.image."
URL = "https://github.com/acme/store"
IDENTITY = Source(commit=COMMIT, repository_url=URL)
ALL = {
    REVISION: SHA,
    CREATED: "2023-11-14T22:13:20+00:00",
    VERSION: "1.2.3",
    f"{OCI}title": "store",
    f"{OCI}source": URL,
    f"{OCI}url": URL,
}


def said(source: Source = IDENTITY, **flags: object) -> Description:
    return describe(load(flags).settings.image, source, name="team/shop", version="1.2.3")


def at(levels: str, notes: dict[str, str]) -> list[str]:
    return [f"{levels}:{name}={value}" for name, value in notes.items()]


def test_describe_labels_and_annotations_are_equal() -> None:
    assert said().labels == ALL
    assert said().annotations_for(has_index=True) == at("index,manifest", ALL)


def test_describe_one_platform_annotates_only_the_manifest() -> None:
    assert said(platforms=("amd64",)).annotations_for(has_index=False) == at("manifest", ALL)


UNKNOWN: dict[str, tuple[Source, list[str]]] = {
    "no time": (replace(IDENTITY, commit=Commit(sha=SHA, dirty=False, origin="git")), [CREATED]),
    "1970": (replace(IDENTITY, commit=replace(COMMIT, time=0)), []),
    "a changed tree is no commit's image": (replace(IDENTITY, commit=DIRTY), [REVISION, CREATED]),
    "no commit": (replace(IDENTITY, commit=None), [REVISION, CREATED]),
    "no URL": (replace(IDENTITY, repository_url=""), [f"{OCI}source", f"{OCI}url"]),
}


@pytest.mark.parametrize(("source", "lacks"), UNKNOWN.values(), ids=UNKNOWN)
def test_describe_unknown_values_are_left_out(source: Source, lacks: list[str]) -> None:
    assert set(said(source).labels) == set(ALL) - set(lacks)


def test_describe_without_url_uses_the_image_name_as_title() -> None:
    assert said(Source(commit=COMMIT)).labels[f"{OCI}title"] == "shop"


def test_describe_passed_label_replaces_the_standard_one() -> None:
    made = said(labels=["team=shop", f"{OCI}licenses=MIT", f"{VERSION}=9"])
    assert made.labels == {**ALL, VERSION: "9", "team": "shop", f"{OCI}licenses": "MIT"}
    assert made.annotations_for(has_index=True) == at("index,manifest", {**ALL, VERSION: "9", f"{OCI}licenses": "MIT"})


def test_describe_empty_value_removes_the_label() -> None:
    made = said(labels=[f"{OCI}url="], annotations=[f"{OCI}title="])
    assert set(made.labels) == set(ALL) - {f"{OCI}url"}
    assert made.annotations_for(has_index=True) == at(
        "index,manifest", {name: value for name, value in ALL.items() if name[len(OCI) :] not in ("url", "title")}
    )


def test_describe_annotation_with_levels_keeps_other_levels() -> None:
    made = said(
        annotations=[
            f"{OCI}title=Store",
            "note=x",
            "index:note=y",
            "manifest[linux/arm64]:note=z",
            "index,manifest-descriptor:other=a:b",
        ]
    )
    assert made.annotations_for(has_index=True) == [
        *at("index,manifest", {name: value for name, value in ALL.items() if name != f"{OCI}title"}),
        f"index,manifest:{OCI}title=Store",
        "index,manifest:note=x",
        "index:note=y",
        "manifest[linux/arm64]:note=z",
        "index,manifest-descriptor:other=a:b",
    ]
    assert made.labels == ALL


def test_describe_without_oci_labels_keeps_revision_and_time() -> None:
    made = said(oci_labels=False, labels=["team=shop"])
    assert made.labels == {"team": "shop"}
    assert made.annotations_for(has_index=True) == at(
        "index,manifest", {name: ALL[name] for name in (REVISION, CREATED)}
    )


def test_of_index_returns_only_index_annotations() -> None:
    made = said(annotations=["note=x", "index:note=y", "manifest,index-descriptor:note=z"])
    assert made.of_index == {**ALL, "note": "y"}
    assert made.annotations_for(has_index=False) == [*at("manifest", {**ALL, "note": "x"}), "manifest:note=z"]


def test_has_index_of_attested_image_is_true() -> None:
    made = said(annotations=["index:note=x"], platforms=("amd64",), sbom="true")
    assert "index:note=x" in made.annotations_for(has_index=True)


def test_describe_index_annotation_of_one_platform_raises_error() -> None:
    with pytest.raises(ConfigurationError) as caught:
        said(annotations=["index:note=x"], platforms=("amd64",))
    assert caught.value.message == "annotation index:note: an image with one platform and no attestations has no index"
    assert caught.value.hint == "use --annotation manifest:note=x"


def test_describe_unknown_level_raises_configuration_error() -> None:
    with pytest.raises(ConfigurationError) as caught:
        said(annotations=["indx:note=x"])
    assert caught.value.message == "annotation indx:note: 'indx' is not a level"
    assert caught.value.hint == "did you mean index?"
