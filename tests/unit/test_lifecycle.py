"""The lifecycle policy: ECR's own rules for one, and no tag of an image in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import pytest

from multiarch.errors import ConfigurationError
from multiarch.image.ecr import fits
from multiarch.image.reference import Repository
from multiarch.provision.lifecycle import Days, lifecycle_as_json, repository_of
from tests.unit.fakes import ECR, ECR_HOST, SHA, SHOP, load, plan_of

if TYPE_CHECKING:
    from collections.abc import Sequence

DAYS = Days(untagged=7, cache=30)
OTHER = Repository(registry=ECR, name="caches")


def rules(holds: Literal["image", "cache"] = "image", **flags: object) -> Sequence[dict[str, Any]]:
    settings = load({"repository": "shop", **flags}).settings.image
    plan = plan_of(**flags)
    found: Sequence[dict[str, Any]] = json.loads(
        lifecycle_as_json(plan, settings, repository_of(plan, settings, holds=holds), DAYS)
    )["rules"]
    return found


def shown(found: Sequence[dict[str, Any]]) -> list[tuple[str, int]]:
    return [
        ((each["selection"].get("tagPatternList") or ["untagged"])[0], each["selection"]["countNumber"])
        for each in found
    ]


POLICIES: dict[str, tuple[Literal["image", "cache"], dict[str, object], list[tuple[str, int]]]] = {
    "beside the image": ("image", {}, [("untagged", 7), ("cache", 30), ("cache-*", 30)]),
    "another tag": ("image", {"cache_ref": "bc"}, [("untagged", 7), ("bc", 30), ("bc-*", 30)]),
    "the image's alone": ("image", {"cache_repository": "caches"}, [("untagged", 7)]),
    "the caches'": ("cache", {"cache_repository": "caches"}, [("untagged", 7), ("cache", 30), ("cache-*", 30)]),
    "a whole reference": ("cache", {"cache_ref": f"{ECR_HOST}/caches:x"}, [("untagged", 7), ("x", 30), ("x-*", 30)]),
    "no cache in a registry": ("image", {"cache": "none"}, [("untagged", 7)]),
}  # fmt: skip


@pytest.mark.parametrize(("holds", "flags", "expected"), POLICIES.values(), ids=POLICIES)
def test_lifecycle_expires_caches_and_untagged_images(
    holds: Literal["image", "cache"], flags: dict[str, object], expected: list[tuple[str, int]]
) -> None:
    assert shown(rules(holds, **flags)) == expected


@pytest.mark.parametrize(("holds", "flags"), [each[:2] for each in POLICIES.values()], ids=POLICIES)
def test_lifecycle_follows_the_constraints_of_ecr(holds: Literal["image", "cache"], flags: dict[str, object]) -> None:
    """https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html."""
    found = rules(holds, **flags)
    priorities = [each["rulePriority"] for each in found]
    assert priorities == sorted(set(priorities))
    assert [each["selection"]["tagStatus"] for each in found].count("untagged") == 1
    for each in found:
        selection = each["selection"]
        assert each["action"] == {"type": "expire"}
        assert (selection["countType"], selection["countUnit"]) == ("sinceImagePushed", "days")
        assert selection["countNumber"] > 0
        patterns = selection.get("tagPatternList", [])
        assert bool(patterns) == (selection["tagStatus"] == "tagged")
        assert len(patterns) <= 1
        assert all(pattern.count("*") <= 4 for pattern in patterns)


def test_lifecycle_patterns_match_caches_and_no_image_tag() -> None:
    patterns = [each["selection"]["tagPatternList"][0] for each in rules() if "tagPatternList" in each["selection"]]
    for tag in ("cache", "cache-main", "cache-pr-7", "cache-feature-x-linux-arm64"):
        assert any(fits(pattern, tag) for pattern in patterns)
    for tag in (SHA[:7], "latest", "cached", "mycache", "v1.2.3"):
        assert not any(fits(pattern, tag) for pattern in patterns)


@pytest.mark.parametrize("tag", ["cache-fix", "cache-"])
def test_lifecycle_rule_that_matches_an_image_tag_raises_error(tag: str) -> None:
    with pytest.raises(ConfigurationError, match=f"\\(cache-\\*\\) would expire the image tag {tag}"):
        rules(tags=(tag,))
    assert rules("cache", tags=(tag,), cache_repository="caches")


def test_repository_of_cache_without_repository_raises_error() -> None:
    settings = load({"cache": "none"}).settings.image
    with pytest.raises(ConfigurationError, match="no repository has the caches of --cache none"):
        repository_of(plan_of(), settings, holds="cache")
    assert repository_of(plan_of(), settings, holds="image") == SHOP
    assert repository_of(plan_of(), load({"cache_repository": "caches"}).settings.image, holds="cache") == OTHER
