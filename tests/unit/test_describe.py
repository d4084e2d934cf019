"""What an image says of itself: labels, and annotations with their levels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from multiarch.errors import ConfigurationError
from multiarch.image.manifest import CREATED, REVISION, VERSION
from multiarch.plan.labels import Description, describe
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


def test_labels_and_annotations_say_the_same() -> None:
    assert said().labels == ALL
    assert said().annotations_for(has_index=True) == at("index,manifest", ALL)


def test_an_image_of_one_platform_has_no_index() -> None:
    assert said(platforms=("amd64",)).annotations_for(has_index=False) == at("manifest", ALL)


UNKNOWN: dict[str, tuple[Source, list[str]]] = {
    "no time": (replace(IDENTITY, commit=Commit(sha=SHA, dirty=False, origin="git")), [CREATED]),
    "1970": (replace(IDENTITY, commit=replace(COMMIT, time=0)), []),
    "a changed tree is no commit's image": (replace(IDENTITY, commit=DIRTY), [REVISION, CREATED]),
    "no commit": (replace(IDENTITY, commit=None), [REVISION, CREATED]),
    "no URL": (replace(IDENTITY, repository_url=""), [f"{OCI}source", f"{OCI}url"]),
}


@pytest.mark.parametrize(("source", "lacks"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_known_is_not_said(source: Source, lacks: list[str]) -> None:
    assert set(said(source).labels) == set(ALL) - set(lacks)


def test_without_a_url_the_title_is_the_image_s_own_name() -> None:
    assert said(Source(commit=COMMIT)).labels[f"{OCI}title"] == "shop"


def test_a_label_is_said_instead_and_an_oci_one_is_an_annotation_too() -> None:
    made = said(labels=["team=shop", f"{OCI}licenses=MIT", f"{VERSION}=9"])
    assert made.labels == {**ALL, VERSION: "9", "team": "shop", f"{OCI}licenses": "MIT"}
    assert made.annotations_for(has_index=True) == at("index,manifest", {**ALL, VERSION: "9", f"{OCI}licenses": "MIT"})


def test_an_empty_value_leaves_one_out() -> None:
    made = said(labels=[f"{OCI}url="], annotations=[f"{OCI}title="])
    assert set(made.labels) == set(ALL) - {f"{OCI}url"}
    assert made.annotations_for(has_index=True) == at(
        "index,manifest", {name: value for name, value in ALL.items() if name[len(OCI) :] not in ("url", "title")}
    )


def test_annotations_have_levels_of_their_own() -> None:
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


def test_without_them_what_a_later_run_decides_by_is_left() -> None:
    made = said(oci_labels=False, labels=["team=shop"])
    assert made.labels == {"team": "shop"}
    assert made.annotations_for(has_index=True) == at(
        "index,manifest", {name: ALL[name] for name in (REVISION, CREATED)}
    )


def test_an_index_of_images_that_were_built_one_by_one_says_what_is_for_it() -> None:
    made = said(annotations=["note=x", "index:note=y", "manifest,index-descriptor:note=z"])
    assert made.of_index == {**ALL, "note": "y"}
    assert made.annotations_for(has_index=False) == [*at("manifest", {**ALL, "note": "x"}), "manifest:note=z"]


def test_an_attested_image_of_one_platform_has_an_index() -> None:
    made = said(annotations=["index:note=x"], platforms=("amd64",), sbom="true")
    assert "index:note=x" in made.annotations_for(has_index=True)


def test_an_image_of_one_platform_has_no_annotation_of_an_index() -> None:
    with pytest.raises(ConfigurationError) as caught:
        said(annotations=["index:note=x"], platforms=("amd64",))
    assert (
        caught.value.message == "the annotation index:note: an image of one platform without attestations has no index"
    )
    assert caught.value.hint == "manifest:note=x"


def test_a_level_that_there_is_none_of_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        said(annotations=["indx:note=x"])
    assert caught.value.message == "the annotation indx:note: 'indx' is not a level"
    assert caught.value.hint == "did you mean index?"
