"""Makes the ECR lifecycle policy that expires caches and untagged images. Pure.

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
    """Days after which untagged images, and caches that no build writes, expire."""

    untagged: int
    cache: int


def repository_of(plan: Plan, settings: ImageSettings, *, holds: Literal["image", "cache"]) -> Repository:
    """Return the repository of a policy.

    Raises:
        ConfigurationError: no repository has the caches.
    """
    image = _image(plan)
    if holds == "image":
        return image
    if base := cache_base(settings, image):
        return base[0]
    msg = f"no repository has the caches of --cache {settings.cache}"
    raise ConfigurationError(msg, hint="remove --of cache: the policy of the image repository expires untagged images")


def _image(plan: Plan) -> Repository:
    """Return the repository of a plan that pushes."""
    [image] = dict.fromkeys(target.repository for target in plan.targets if target.repository)
    return image


def lifecycle_as_json(plan: Plan, settings: ImageSettings, repository: Repository, days: Days) -> str:
    """Return the policy of a repository as JSON.

    Raises:
        ConfigurationError: a rule would expire a tag of the image.
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
    # A cache export untags the previous cache, and a build that fails before publishing leaves an untagged image.
    untagged = "Replaced caches and unpublished images"
    yield untagged, {"tagStatus": "untagged"}, days.untagged
    base = cache_base(settings, _image(plan))
    if not base or base[0] != repository:
        return
    # One rule per pattern, because a tag must match all patterns of a rule.
    patterns = (base[1], f"{base[1]}-*")
    _check_tags([tag for each in plan.targets if each.repository == repository for tag in each.tags], patterns)
    for pattern in patterns:
        description = f"Caches ({pattern}) that no build has written for {days.cache} days"
        yield description, {"tagStatus": "tagged", "tagPatternList": [pattern]}, days.cache


def _check_tags(tags: Sequence[str], patterns: Sequence[str]) -> None:
    for tag, pattern in product(tags, patterns):
        if fits(pattern, tag):
            msg = f"the rule for caches ({pattern}) would expire the image tag {tag}"
            raise ConfigurationError(
                msg, hint="use another cache tag (--cache-ref TAG) or repository (--cache-repository NAME)"
            )
