"""The ECR lifecycle policy that keeps caches and untagged images of a plan from piling up. Pure.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from multiarch.errors import ConfigurationError
from multiarch.image.ecr import fits
from multiarch.image.reference import Repository
from multiarch.plan.build.cache.choose import cache_base
from multiarch.plan.model import Plan
from multiarch.settings.image import ImageSettings

_Selection = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Days:
    """After how many days something goes: what has no tag, and a cache that nobody writes any more."""

    untagged: int
    cache: int


def repository_of(plan: Plan, settings: ImageSettings, *, holds: Literal["image", "cache"]) -> Repository:
    """Return the repository that a policy is for.

    Raises:
        ConfigurationError: the caches are in no repository.
    """
    image = _image(plan)
    if holds == "image":
        return image
    if base := cache_base(settings, image):
        return base[0]
    msg = f"--cache {settings.cache} is in no repository"
    raise ConfigurationError(msg, hint="leave --of cache out: the policy of the image's repository is for what is left")


def _image(plan: Plan) -> Repository:
    """Return the repository of a plan that pushes."""
    [image] = dict.fromkeys(target.repository for target in plan.targets if target.repository)
    return image


def lifecycle_as_json(plan: Plan, settings: ImageSettings, repository: Repository, days: Days) -> str:
    """Return the policy of a repository as JSON.

    Raises:
        ConfigurationError: it would let a tag of the image expire.
    """
    rules = [
        {
            "rulePriority": priority,
            "description": description,
            "selection": {**selection, "countType": "sinceImagePushed", "countUnit": "days", "countNumber": count},
            "action": {"type": "expire"},
        }
        for priority, (description, selection, count) in enumerate(_rules(plan, settings, repository, days), start=1)
    ]
    return json.dumps({"rules": rules}, indent=2)


def _rules(
    plan: Plan, settings: ImageSettings, repository: Repository, days: Days
) -> Iterator[tuple[str, _Selection, int]]:
    # Each export leaves the cache before it without a tag, and so does a build that ends before it names its image.
    untagged = "Caches before the last, and images that got no name"
    yield untagged, {"tagStatus": "untagged"}, days.untagged
    base = cache_base(settings, _image(plan))
    if not base or base[0] != repository:
        return
    # Several patterns in one rule would all have to match: a rule each.
    patterns = (base[1], f"{base[1]}-*")
    _check_tags([tag for each in plan.targets if each.repository == repository for tag in each.tags], patterns)
    for pattern in patterns:
        description = f"Caches ({pattern}) that no build has written for {days.cache} days"
        yield description, {"tagStatus": "tagged", "tagPatternList": [pattern]}, days.cache


def _check_tags(tags: Sequence[str], patterns: Sequence[str]) -> None:
    for tag, pattern in product(tags, patterns):
        if fits(pattern, tag):
            msg = f"the rule for caches, {pattern}, would let {tag} expire, which names an image"
            raise ConfigurationError(msg, hint="name the cache otherwise: --cache-ref TAG, or --cache-repository NAME")
